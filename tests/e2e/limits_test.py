#!/usr/bin/python3
"""Budgets, the alarm at the resolver and upstream proxies, in a running engine with a real guest."""

import json
import re
import unittest

from world import NET4, World, wait_for

world = guest = None
USER, PASSWORD = "somebody", "proxy-pass-1"


def setUpModule():
    global world, guest
    world = World()
    config = world.dir / "tinyproxy.conf"
    config.write_text(f"Port 3128\nListen {NET4}\nTimeout 60\nMaxClients 50\nBasicAuth {USER} {PASSWORD}\nConnectPort 443\nLogFile \"{world.dir}/tinyproxy.log\"\nLogLevel Connect\n")
    # The proxy resolves names, by the same list as the engine.
    script = 'mount --bind "$1" /etc/hosts && exec tinyproxy -d -c "$2"'
    world.spawn("ip", "netns", "exec", world.net_ns, "unshare", "--mount", "sh", "-c", script, "sh", world.dir / "hosts", config)
    guest = world.sandbox("agent-1", defaultAction="allow")


def tearDownModule():
    world.close()


def curl(*arguments, url="https://web.example.com/"):
    """Status, headers and body."""
    done = guest.run("curl", "-sS", "-m", "120", "-D", "/dev/stderr", "-w", "\\n%{http_code}", *arguments, url)
    body, _, status = done.stdout.rpartition("\n")
    return status, done.stderr, body


def restart_engine():
    world.client.call("engine.shutdown", stopSandboxes=False)
    world.engine.wait(60)
    world.client.close()
    world.start_engine()
    wait_for("the new engine has the sandbox", lambda: guest.info["state"] == "running")


def used():
    return world.client.call("budgets.list", sandbox=guest.id)["budgets"]


class Limits(unittest.TestCase):
    def set(self, name, value, **owner):
        world.client.call("settings.set", name=name, value=value, **owner)
        self.addCleanup(lambda: world.client.call("settings.reset", name=name, **owner))

    def test_a_budget_is_kept_shown_and_says_when_it_begins_anew(self):
        self.set("budget.window", 7_200_000, sandbox=guest.id)
        self.set("budget.requests", 2, sandbox=guest.id)
        self.assertEqual(curl()[0], "200")
        (budget,) = used()
        self.assertEqual((budget["requests"], budget["mostRequests"]), (1, 2), budget)
        self.assertGreater(budget["bytes"], 0)
        self.assertEqual(curl()[0], "200")
        # A new engine begins where the one before was.
        restart_engine()
        self.assertEqual(used()[0]["requests"], 2)
        status, headers, body = curl()
        self.assertEqual(status, "429", body)
        after = int(re.search(r"(?i)retry-after: (\d+)", headers)[1])
        self.assertGreater(after, 3600, "two hours, less what has passed")
        self.assertLessEqual(after, 7200)
        self.assertIn("2 of 2 requests", world.ctl("settings", "budgets", guest.name).stdout)

    def test_a_request_over_its_budget_asks(self):
        self.set("budget.over", "ask", sandbox=guest.id)
        self.set("budget.hosts", ["web.example.com 1 request per 1h"], sandbox=guest.id)
        self.assertEqual(curl()[0], "200")
        for action, expected in (("allow", "200"), ("deny", "403")):
            with self.subTest(action):
                program = guest.start_program("curl", "-sS", "-m", "120", "-o", "/dev/null", "-w", "%{http_code}", "https://web.example.com/")
                question = world.question(host="web.example.com")
                self.assertIn("budget", question["why"])
                world.answer(question, action, reach="thisRequest", lifetime="once")
                self.assertEqual(program.finish().stdout, expected)

    def test_names_that_look_like_data_make_a_row(self):
        self.set("door.dnsAlarmNames", 3)
        script = (
            "import hashlib, socket\n"
            "for n in range(12):\n"
            "    try: socket.getaddrinfo(hashlib.sha256(str(n).encode()).hexdigest()[:50] + '.drop.example.org', 80)\n"
            "    except OSError: pass\n"
        )
        guest.run("python3", "-c", script)
        row = wait_for("a row of the alarm", lambda: next((r for r in world.rows() if r["protocol"] == "dns" and r["reason"].startswith("alarm")), None))
        self.assertTrue(row["host"].endswith("example.org"), row)
        self.assertEqual(row["state"], "denied")

    def proxied(self):
        return [line for line in (world.dir / "tinyproxy.log").read_text().splitlines() if "CONNECT web.example.com:443" in line]

    def test_a_proxy_with_a_password_of_the_vault(self):
        world.client.call("vault.unlock", passphrase="a passphrase")
        credential = {"name": "proxy", "hosts": ["proxy.example.com"], "use": "header", "header": "Authorization: Bearer {}", "sandboxes": []}
        world.client.call("credentials.add", credential=credential, value=f"{USER}:{PASSWORD}")
        self.set("proxy.url", f"http://{NET4}:3128")
        status, _, body = curl()
        self.assertEqual(status, "502", body)
        self.assertIn("the upstream proxy", json.loads(body)["reason"])
        before = len(self.proxied())
        self.set("proxy.credential", "proxy")
        self.assertEqual(curl()[::2], ("200", "hello from the outside\n"))
        self.assertGreater(len(self.proxied()), before)
        # Locked: nothing passes, and nothing goes round the proxy.
        world.client.call("vault.lock")
        status, _, body = curl()
        self.assertEqual(status, "502", body)
        world.client.call("vault.unlock", passphrase="a passphrase")
        self.assertEqual(curl()[0], "200")

    def test_z_a_proxy_of_the_environment(self):
        world.environment.update(https_proxy=f"http://{USER}:{PASSWORD}@{NET4}:3128", no_proxy="other.example.com")
        restart_engine()
        before = len(self.proxied())
        self.assertEqual(curl()[0], "200")
        self.assertEqual(len(self.proxied()), before + 1)
        self.assertEqual(curl(url="https://other.example.com/")[0], "200")
        row = next(r for r in world.rows(text="other.example.com") if r["status"] == 200)
        self.assertNotIn("3128", row["upstreamAddress"])


if __name__ == "__main__":
    unittest.main(verbosity=2)

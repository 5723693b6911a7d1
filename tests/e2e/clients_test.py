#!/usr/bin/python3
"""Third-party clients in the guest, unmodified, trusting the sandbox's authority by the guest's own trust store."""

import unittest

from world import World

world = guest = None


def setUpModule():
    global world, guest
    world = World()
    guest = world.sandbox(size="basic")
    world.client.call("rules.add", rule={"sandbox": guest.id, "action": "allow", "match": {"host": "*.example.com"}})


def tearDownModule():
    world.close()


class Clients(unittest.TestCase):
    def check(self, script, expected):
        done = guest.sh(script)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(expected, done.stdout, done.stderr)

    def test_curl_http1(self):
        self.check("curl -sS --http1.1 -w '%{http_version} %{ssl_verify_result}' https://web.example.com/", "hello from the outside\n1.1 0")

    def test_curl_http2(self):
        self.check("curl -sS --http2 -w '%{http_version}' https://web.example.com/", "hello from the outside\n2")

    def test_curl_mirrors_an_upstream_without_http2(self):
        self.check("curl -sS https://one.example.com/ >/dev/null; curl -sS -w '%{http_version}' https://one.example.com/", "hello from the outside\n1.1")

    def test_curl_plain_http(self):
        self.check("curl -sS http://web.example.com/", "hello from the outside")

    def test_download_is_whole(self):
        self.check("curl -sS https://web.example.com/big.bin | sha256sum", self.checksum())

    def checksum(self):
        import hashlib

        return hashlib.sha256((world.dir / "www/big.bin").read_bytes()).hexdigest()

    def test_git_clone(self):
        self.check("rm -rf /tmp/p && git clone -q https://web.example.com/project.git /tmp/p && cat /tmp/p/README", "cloned")

    def test_node_fetch(self):
        self.check("node -e \"fetch('https://web.example.com/').then(r=>r.text()).then(console.log)\"", "hello from the outside")

    def test_python_urllib(self):
        self.check("python3 -c \"import urllib.request as u; print(u.urlopen('https://web.example.com/').read().decode())\"", "hello from the outside")

    def test_the_log_tells_what_happened(self):
        guest.sh("curl -sS https://web.example.com/echo?row=1")
        row = next(r for r in world.rows(text="row=1"))
        self.assertEqual((row["method"], row["host"], row["port"], row["status"], row["verdict"]), ("GET", "web.example.com", 443, 200, "allow"))
        self.assertEqual((row["state"], row["step"]), ("done", "rule"))
        self.assertTrue(row["rule"])
        detail = world.client.call("log.get", row=row["id"])
        self.assertIn("user-agent", [name.lower() for name, _ in detail["requestHeaders"]])


if __name__ == "__main__":
    unittest.main(verbosity=2)

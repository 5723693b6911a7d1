#!/usr/bin/python3
"""Datagrams of a real guest: refused with ICMP unless a rule names their host and port, then relayed within limits."""

import unittest

from world import NODE4, PYTHON4, PREFIX, RpcError, World, wait_for

world = guest = None

# Answers as a time server does, and says what came.
SERVER = f"""
import select, socket
sockets = []
for address in ("{PYTHON4}", "{NODE4}"):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, 123))
    sockets.append(s)
print("ready", flush=True)
while True:
    for s in select.select(sockets, [], [])[0]:
        data, peer = s.recvfrom(65536)
        print(s.getsockname()[0], len(data), flush=True)
        s.sendto(bytes([0x24]) + data[1:], peer)
"""

# Sends N datagrams of SIZE bytes by one socket, each after the answer to the one before.
CLIENT = """
import socket, sys
host, port, count, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(60)
s.connect((host, port))
answered = 0
for _ in range(count):
    try:
        s.send(b'\\x23' + b'x' * (size - 1))
        answered += s.recv(65536)[0] == 0x24
    except OSError as error:
        print('refused' if error.errno in (111, 113, 13, 101) else repr(error), end=' ')
        break
print(answered)
"""


def setUpModule():
    global world, guest
    world = World()
    log = open(world.dir / "time.log", "w")
    world.spawn("ip", "netns", "exec", world.net_ns, "python3", "-c", SERVER, stdout=log)
    wait_for("the time server is there", lambda: arrived("ready"))
    guest = world.sandbox("agent-1", defaultAction="allow")


def tearDownModule():
    world.close()


def arrived(text=""):
    return [line for line in (world.dir / "time.log").read_text().splitlines() if line.startswith(text)]


def send(host, port=123, count=1, size=48):
    done = guest.run("python3", "-c", CLIENT, host, str(port), str(count), str(size))
    return done.stdout.strip() or done.stderr


def rows(**wanted):
    return [r for r in world.rows() if r["protocol"] == "udp" and all(r.get(k) == v for k, v in wanted.items())]


class Udp(unittest.TestCase):
    def setUp(self):
        self.before = len(arrived())
        self.rules = []

    def tearDown(self):
        for rule in self.rules:
            world.client.call("rules.remove", rule=rule)

    def allow(self, host, action="allow", **match):
        rule = world.client.call("rules.add", rule={"sandbox": guest.id, "action": action, "match": {"host": host, **match}})
        self.rules.append(rule["id"])
        return rule["id"]

    def opened(self, host="python.example.com"):
        """A rule, in force: the port is opened a moment after it."""
        rule = self.allow(host, scheme="udp", port=123)
        wait_for("an answer", lambda: send("python.example.com") == "1")
        return rule

    def test_refused_without_a_rule_that_names_it(self):
        self.allow("python.example.com")
        self.assertEqual(send("python.example.com"), "refused 0")
        self.assertEqual(len(arrived()), self.before)

    def test_a_rule_needs_its_port(self):
        with self.assertRaises(RpcError):
            self.allow("python.example.com", scheme="udp")
        with self.assertRaises(RpcError):
            self.allow("python.example.com", scheme="udp", port=53)

    def test_relayed_by_name_and_logged(self):
        self.opened()
        self.assertEqual(send("python.example.com", count=5), "5")
        world.client.call("settings.set", name="door.udpIdleTime", value=1000)
        try:
            row = wait_for("the flow has its end", lambda: next((r for r in rows(state="done") if r["requestBytes"] == 5 * 48), None))
        finally:
            world.client.call("settings.reset", name="door.udpIdleTime")
        self.assertEqual((row["host"], row["port"], row["method"], row["scheme"], row["verdict"], row["step"]),
                         ("python.example.com", 123, "UDP", "udp", "allow", "rule"))  # fmt: skip
        self.assertEqual(row["responseBytes"], 5 * 48)
        self.assertEqual(row["upstreamAddress"], f"{PYTHON4}:123")
        self.assertIn("5 datagrams out, 5 in", row["reason"])

    def test_another_name_and_another_port_are_refused(self):
        self.opened()
        count = len(arrived(NODE4))
        self.assertEqual(send("node.example.com"), "refused 0")
        self.assertEqual(send("python.example.com", port=124), "refused 0")
        self.assertEqual(len(arrived(NODE4)), count)
        self.assertTrue(rows(host="node.example.com", state="denied"))

    def test_the_floor_holds(self):
        self.opened("*.example.com")
        packets = world.packets("other")
        self.assertEqual(send("lan.example.com"), "refused 0")
        self.assertEqual(send("10.9.9.9"), "refused 0")
        self.assertEqual(world.packets("other"), packets)
        self.assertTrue(rows(host="lan.example.com", step="floor"))

    def test_denied_rules_are_above(self):
        self.opened("*.example.com")
        self.allow("node.example.com", action="deny")
        self.assertEqual(send("node.example.com"), "refused 0")

    def test_bytes_of_a_flow_are_bounded(self):
        self.opened()
        world.client.call("settings.set", name="door.udpBytes", value=4096)
        try:
            self.assertEqual(send("python.example.com", count=20, size=500), "refused 4")
        finally:
            world.client.call("settings.reset", name="door.udpBytes")
        wait_for("a row that says so", lambda: any("door.udpBytes" in r["error"] for r in rows(state="failed")))

    def test_flows_are_bounded(self):
        self.opened()  # its flow is not idle for long enough yet
        world.client.call("settings.set", name="door.udpFlows", value=1)
        try:
            self.assertEqual(send("python.example.com"), "refused 0")
        finally:
            world.client.call("settings.reset", name="door.udpFlows")
        wait_for("a row that says so", lambda: any("door.udpFlows" in r["reason"] for r in rows(state="denied")))

    def test_the_rate_is_bounded(self):
        self.opened()
        script = (
            "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('python.example.com', 123)); s.settimeout(5)\n"
            "for _ in range(30): s.send(b'x' * 48)\n"
            "answered = 0\n"
            "try:\n"
            "    while s.recv(100): answered += 1\n"
            "except TimeoutError: print(answered)\n"
        )
        world.client.call("settings.set", name="door.udpRate", value=1)
        try:
            answered = int(guest.run("python3", "-c", script).stdout)
        finally:
            world.client.call("settings.reset", name="door.udpRate")
        self.assertGreater(answered, 0)
        self.assertLess(answered, 15)

    def test_a_rule_that_goes_ends_the_flow(self):
        rule = self.opened()
        script = CLIENT.replace("for _ in range(count):\n    try:", "for n in range(count):\n    try:\n        if n == 1: print('first', flush=True); sys.stdin.readline()")
        import subprocess

        command = [PREFIX / "bin/sallyctl", "--socket", world.socket, "exec", guest.name, "--", "python3", "-u", "-c", script, "python.example.com", "123", "2", "48"]
        process = world.popen(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.assertEqual(process.stdout.readline().strip(), b"first")
        world.client.call("rules.remove", rule=rule)
        self.rules.remove(rule)
        out, _ = process.communicate(b"go on\n", timeout=180)
        self.assertEqual(out.strip(), b"refused 1")

    def test_a_new_engine_opens_it_again(self):
        self.opened()
        world.client.call("engine.shutdown")
        world.engine.wait(60)
        self.assertEqual(world.engine.returncode, 0)
        world.start_engine()
        wait_for("the sandbox is taken over", lambda: guest.info["state"] == "running")
        wait_for("an answer", lambda: send("python.example.com") == "1")


if __name__ == "__main__":
    unittest.main(verbosity=2)

#!/usr/bin/python3
"""kill -9 of each process while a request is held: nothing passes meanwhile, nothing is lost, and what can go on does."""

import os
import signal
import unittest

from world import World, wait_for

world = None


def setUpModule():
    global world
    world = World()


def tearDownModule():
    world.close()


class Faults(unittest.TestCase):
    def setUp(self):
        self.guest = world.sandbox(self.id().rsplit("_", 1)[-1])
        self.guest.run("/bin/sh", "-c", "echo kept > /root/note; sync")
        self.path = f"/held-by-{self.guest.name}"
        self.request = self.guest.start_program("curl", "-sS", "-m", "60", f"https://web.example.com{self.path}")
        self.question = world.question(host="web.example.com", sandbox=self.guest.id)
        self.row = world.rows(sandbox=self.guest.id)[0]

    def tearDown(self):
        self.assertEqual(world.served(self.path), [], "a held request passed")
        if world.client.call("sandbox.get", sandbox=self.guest.id)["state"] == "running":
            world.client.call("sandbox.stop", sandbox=self.guest.id, force=True)
        world.client.call("sandbox.remove", sandbox=self.guest.id)

    def kill(self, pids):
        self.assertTrue(pids, "there is nothing to kill")
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    def qemu(self):
        return world.pids("qemu-system-x86_64", f"sallyport-{self.guest.id}")

    def boot_id(self):
        return self.guest.run("cat", "/proc/sys/kernel/random/boot_id").stdout

    def test_engine(self):
        boot = self.boot_id()
        rules = world.client.call("rules.list")["rules"]
        self.kill([world.engine_pid()])
        world.engine.wait(60)
        world.start_engine()
        wait_for("it is adopted", lambda: self.guest.info["state"] == "running")
        self.assertEqual(self.boot_id(), boot, "the microVM went on")
        self.assertEqual(world.client.call("rules.list")["rules"], rules)
        row = world.client.call("log.get", row=self.row["id"])["row"]
        self.assertEqual(row["state"], "denied", "the row that was shown is kept, and ended")
        self.assertIn(self.question["id"], [q["id"] for q in world.questions()])
        # The guest's trust store still works: the keys came back from the jail.
        world.client.call("rules.add", rule={"sandbox": self.guest.id, "action": "allow", "match": {"host": "web.example.com"}})
        self.assertEqual(self.guest.run("curl", "-sS", "https://web.example.com/").stdout, "hello from the outside\n")

    def test_libvirtd(self):
        boot = self.boot_id()
        self.kill(world.pids("libvirtd"))
        self.assertEqual(self.boot_id(), boot)
        self.assertEqual(self.guest.info["state"], "running")
        # It can still be stopped in order, so a new libvirtd knows it.
        self.request.hang_up()
        wait_for("libvirtd is back", lambda: world.pids("libvirtd"))
        world.client.call("sandbox.stop", sandbox=self.guest.id)
        self.assertEqual(self.guest.info["state"], "stopped")

    def test_qemu(self):
        self.kill(self.qemu())
        wait_for("it has crashed", lambda: self.guest.info["state"] == "crashed")
        self.assertTrue(self.guest.info["stateReason"])
        wait_for("its question is withdrawn", lambda: self.question["id"] not in [q["id"] for q in world.questions()])
        world.client.call("sandbox.start", sandbox=self.guest.id)
        self.assertEqual(self.guest.run("cat", "/root/note").stdout, "kept\n")

    def test_jail(self):
        self.kill(world.pids("sallyport-jail"))
        wait_for("it has crashed", lambda: self.guest.info["state"] == "crashed")
        wait_for("nothing of the jail is left", lambda: not self.qemu() and not world.pids("libvirtd"))
        world.client.call("sandbox.start", sandbox=self.guest.id)
        self.assertEqual(self.guest.run("cat", "/root/note").stdout, "kept\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)

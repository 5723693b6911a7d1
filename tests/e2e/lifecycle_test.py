#!/usr/bin/python3
"""Create, run, stop, start again, delete: by the command line, as a person would type it."""

import json
import unittest

from world import World, wait_for

world = None


def setUpModule():
    global world
    world = World()


def tearDownModule():
    world.close()


class Lifecycle(unittest.TestCase):
    def test_everything_by_the_command_line(self):
        world.ctl("create", "box", "--size", "lite")
        self.assertIn("box", world.ctl("ls").stdout)
        self.assertEqual([s["name"] for s in json.loads(world.ctl("ls", "--json").stdout)], ["box"])
        world.ctl("start", "box")
        info = world.client.call("sandbox.get", sandbox="box")
        self.assertEqual(info["state"], "running")
        self.assertEqual(info["accelerator"], "tcg" if info["accelerator"] == "tcg" else "kvm")

        self.assertEqual(world.ctl("exec", "box", "--", "hostname").stdout, "box\n")
        self.assertEqual(world.ctl("exec", "box", "--", "/bin/sh", "-c", "exit 7", check=False).returncode, 7)
        self.assertEqual(world.ctl("exec", "box", "--", "cat", input="through\n").stdout, "through\n")
        missing = world.ctl("exec", "box", "--", "no-such-program", check=False)
        self.assertNotEqual(missing.returncode, 0)
        self.assertIn("no-such-program", missing.stderr)

        # Statistics come by themselves.
        wait_for("memory is measured", lambda: world.client.call("sandbox.get", sandbox="box")["stats"]["memoryUsedBytes"] > 0)

        world.ctl("exec", "box", "--", "/bin/sh", "-c", "echo kept > /root/note; sync")
        world.ctl("stop", "box")
        self.assertEqual(world.client.call("sandbox.get", sandbox="box")["state"], "stopped")
        self.assertNotEqual(world.ctl("exec", "box", "--", "true", check=False).returncode, 0)
        world.ctl("start", "box")
        self.assertEqual(world.ctl("exec", "box", "--", "cat", "/root/note").stdout, "kept\n")

        refused = world.ctl("rm", "box", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("running", refused.stderr)
        world.ctl("stop", "box")
        world.ctl("rm", "box")
        self.assertIn("No sandboxes", world.ctl("ls").stdout)
        self.assertEqual(list((world.user_home / ".local/share/sallyport/sandboxes").iterdir()), [])

    def test_clear_errors(self):
        nothing = world.ctl("start", "nobody", check=False)
        self.assertEqual(nothing.returncode, 4)
        self.assertIn("nobody", nothing.stderr)
        self.assertEqual(world.ctl("create", "Not A Name", check=False).returncode, 2)
        self.assertEqual(world.ctl("frobnicate", check=False).returncode, 2)

    def test_power_off_from_inside_is_a_stop(self):
        guest = world.sandbox("inner")
        guest.start_program("/sbin/poweroff")
        wait_for("it is stopped", lambda: guest.info["state"] == "stopped")
        self.assertEqual(guest.info["stateReason"], "")

    def test_shutdown_ends_the_engine_and_not_its_sandboxes(self):
        guest = world.sandbox("goes-on")
        boot = guest.run("cat", "/proc/sys/kernel/random/boot_id").stdout
        self.assertIn("the installed one", world.ctl("shutdown", "--if-replaced").stdout)
        self.assertIsNone(world.engine.poll())
        world.ctl("shutdown")
        world.engine.wait(60)
        self.assertEqual(world.ctl("shutdown").stdout, "No engine runs.\n")
        self.assertTrue(world.pids("qemu-system-x86_64", f"sallyport-{guest.id}"))
        world.engine = None
        self.assertIn("goes-on", world.ctl("ls").stdout)  # starts one
        world.connect()
        wait_for("it is adopted", lambda: guest.info["state"] == "running")
        self.assertEqual(guest.run("cat", "/proc/sys/kernel/random/boot_id").stdout, boot)
        world.client.call("sandbox.remove", sandbox=guest.id, force=True)

    def test_doctor(self):
        report = world.client.call("engine.doctor")["checks"]
        self.assertTrue(all(check["title"] for check in report))
        self.assertFalse([check for check in report if check["state"] == "failed"], report)


if __name__ == "__main__":
    unittest.main(verbosity=2)

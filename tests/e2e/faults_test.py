#!/usr/bin/python3
"""kill -9 of each process while a request is held: nothing passes meanwhile, nothing is lost, and what can go on does."""

import json
import os
import pathlib
import signal
import sys
import unittest

from world import World, wait_for

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "ui"))

from desktop import Desktop  # noqa: E402

BUDGET = 20  # seconds; less than curl's patience below
world = None


def setUpModule():
    global world
    world = World(engine_options=["--hold-budget", str(BUDGET)])


def tearDownModule():
    world.close()


def descriptors(pid):
    """What each descriptor of a process is, and whether a program that it starts would inherit it."""
    found = {}
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            flags = int((entry.parent.parent / "fdinfo" / entry.name).read_text().split("flags:")[1].split()[0], 8)
            found[int(entry.name)] = (os.readlink(entry), not flags & os.O_CLOEXEC)
        except FileNotFoundError:
            continue
    return found


class Held(unittest.TestCase):
    """A sandbox with one request that waits for an answer."""

    def setUp(self):
        self.guest = world.sandbox(self.id().split("test_")[-1].replace("_", "-"))
        self.guest.run("/bin/sh", "-c", "echo kept > /root/note; sync")
        self.path = f"/held-by-{self.guest.name}"
        self.packets = world.packets("web"), world.packets("other")
        self.hold()

    def hold(self):
        # On its own: it outlives the engine, and the connection by which the engine started it.
        fetch = f"curl -sS -m 60 -w %{{http_code}} -o /root/answer https://web.example.com{self.path} > /root/status 2> /root/problem"
        self.guest.sh(f"setsid -f sh -c '{fetch}; echo over >> /root/status' < /dev/null > /dev/null 2>&1")
        self.question = world.question(host="web.example.com", sandbox=self.guest.id)
        wait_for("it is held", lambda: self.open_question()["waiting"] == 1)
        self.row = wait_for("its row is stored", lambda: world.rows(sandbox=self.guest.id))[0]
        self.assertEqual(self.row["state"], "held")

    def held_status(self):
        """What the held request got at last."""
        return wait_for("the held request ends", lambda: (lambda text: "over" in text and text.split()[0])(
            self.guest.run("cat", "/root/status").stdout))[:3]  # fmt: skip

    def refusal(self):
        return json.loads(self.guest.run("cat", "/root/answer").stdout)["error"]

    def fetch(self):
        """The same request again; its status."""
        url = f"https://web.example.com{self.path}"
        return self.guest.run("curl", "-sS", "-m", "60", "-w", "%{http_code}", "-o", "/root/answer", url).stdout

    def tearDown(self):
        self.assert_nothing_passed()
        if world.client.call("sandbox.get", sandbox=self.guest.id)["state"] == "running":
            world.client.call("sandbox.stop", sandbox=self.guest.id, force=True)
        world.client.call("sandbox.remove", sandbox=self.guest.id)

    def assert_nothing_passed(self):
        self.assertEqual(world.served(self.path), [], "a held request passed")
        self.assertEqual((world.packets("web"), world.packets("other")), self.packets, "packets left meanwhile")

    def assert_row_is_kept(self, state):
        row = world.client.call("log.get", row=self.row["id"])["row"]
        self.assertEqual((row["state"], row["path"], row["sandbox"]), (state, self.path, self.guest.id))
        return row

    def kill(self, pids, number=signal.SIGKILL):
        self.assertTrue(pids, "there is nothing to kill")
        for pid in pids:
            os.kill(pid, number)

    def qemu(self):
        return world.pids("qemu-system-x86_64", f"sallyport-{self.guest.id}")

    def boot_id(self):
        return self.guest.run("cat", "/proc/sys/kernel/random/boot_id").stdout

    def open_question(self):
        return next((q for q in world.questions() if q["id"] == self.question["id"]), None)

    def restart_engine(self):
        world.start_engine()
        wait_for("it is adopted", lambda: self.guest.info["state"] != "starting")
        self.assertEqual(self.guest.info["state"], "running", self.guest.info["stateReason"])

    def allow_and_fetch(self):
        """What the question was about passes now: the only packets of this test."""
        self.assert_nothing_passed()
        world.answer(self.open_question(), "allow", reach="thisRequest", lifetime="once")
        self.assertEqual(self.fetch(), "404", "the server was reached")
        self.assertEqual(len(world.served(self.path)), 1)
        self.path = "/nothing-more"
        self.packets = world.packets("web"), world.packets("other")


class Faults(Held):
    def test_engine(self):
        old = world.client  # connected before the jail was started, which could have inherited it
        boot = self.boot_id()
        rules = world.client.call("rules.list")["rules"]
        self.kill([world.engine_pid()])
        world.engine.wait(60)
        wait_for("a client sees the engine's end", lambda: old.closed, deadline=20)
        self.assert_nothing_passed()
        self.restart_engine()
        self.assertEqual(self.boot_id(), boot, "the microVM went on")
        self.assertEqual(world.client.call("rules.list")["rules"], rules)
        row = self.assert_row_is_kept("denied")
        self.assertIn("engine", row["reason"])
        self.assertEqual(self.open_question()["waiting"], 0)
        # The guest's trust store still works: the keys came back from the jail.
        self.allow_and_fetch()

    def test_engine_in_order(self):
        boot = self.boot_id()
        self.kill([world.engine_pid()], signal.SIGTERM)
        self.assertEqual(world.engine.wait(60), 0)
        self.restart_engine()
        self.assertEqual(self.held_status(), "403", "told to retry")
        self.assertEqual(self.boot_id(), boot, "the microVM went on")
        self.assertEqual(self.refusal(), "approval_pending")
        self.assert_row_is_kept("denied")
        self.allow_and_fetch()

    def test_engine_and_libvirtd(self):
        """What runs is not known for a moment, and must not be taken for ended."""
        boot = self.boot_id()
        self.kill([world.engine_pid(), *world.pids("libvirtd")])
        world.engine.wait(60)
        self.restart_engine()
        self.assertEqual(self.boot_id(), boot, "the microVM went on")
        self.assert_row_is_kept("denied")
        self.assertTrue(self.open_question())

    def test_libvirtd(self):
        boot = self.boot_id()
        self.kill(world.pids("libvirtd"))
        self.assertEqual(self.boot_id(), boot)
        self.assertEqual(self.guest.info["state"], "running")
        self.assertEqual(self.open_question()["waiting"], 1, "the request is held on")
        self.assert_row_is_kept("held")
        self.assert_nothing_passed()
        # It can still be stopped in order, so a new libvirtd knows it.
        wait_for("libvirtd is back", lambda: world.pids("libvirtd"))
        world.client.call("sandbox.stop", sandbox=self.guest.id)
        self.assertEqual(self.guest.info["state"], "stopped")

    def test_libvirtd_that_hangs(self):
        boot, hung = self.boot_id(), world.pids("libvirtd")
        self.kill(hung, signal.SIGSTOP)
        world.ctl("stop", "--force", self.guest.name, check=False)  # waits for it, and fails when it is ended
        wait_for("another one is started", lambda: world.pids("libvirtd") not in ([], hung))
        self.assertEqual(self.boot_id(), boot, "the microVM went on")
        self.assert_row_is_kept("denied")
        wait_for("it can be stopped", lambda: world.ctl("stop", "--force", self.guest.name, check=False).returncode == 0)
        self.assertEqual(self.guest.info["state"], "stopped")

    def test_qemu(self):
        self.kill(self.qemu())
        wait_for("it has crashed", lambda: self.guest.info["state"] == "crashed")
        self.assertTrue(self.guest.info["stateReason"])
        wait_for("its question is withdrawn", lambda: not self.open_question())
        wait_for("its row has ended", lambda: world.client.call("log.get", row=self.row["id"])["row"]["state"] != "held")
        world.client.call("sandbox.start", sandbox=self.guest.id)
        self.assertEqual(self.guest.run("cat", "/root/note").stdout, "kept\n")

    def test_jail(self):
        self.kill(world.pids("sallyport-jail"))
        wait_for("it has crashed", lambda: self.guest.info["state"] == "crashed")
        wait_for("nothing of the jail is left", lambda: not self.qemu() and not world.pids("libvirtd"))
        wait_for("its question is withdrawn", lambda: not self.open_question())
        self.assert_nothing_passed()
        world.client.call("sandbox.start", sandbox=self.guest.id)
        self.assertEqual(self.guest.run("cat", "/root/note").stdout, "kept\n")
        # Made by an engine with everything open, the new jail holds nothing of it but what was handed over: none of its
        # files, and of its sockets the listeners, which are the jail's own.
        engine, jail = (descriptors(pid) for pid in (world.engine_pid(), *world.pids("sallyport-jail")))
        self.assertEqual({fd: what for fd, (what, inherits) in engine.items() if inherits and fd > 2}, {})
        shared = {what for what, _ in jail.values()} & {what for what, _ in engine.values() if what.startswith("socket:")}
        self.assertEqual(len(shared), 4, f"the listeners of one sandbox: {jail} {engine}")
        self.assertEqual([what for what, _ in jail.values() if "sallyport.db" in what or "engine" in what], [])


class Window(Held):
    """The window, where it is the only one that could answer."""

    def setUp(self):
        world.client.close()
        world.connect(subscribe=False)
        if not getattr(world, "desktop", None):
            world.desktop = Desktop(world)
        self.open_window()
        super().setUp()

    def tearDown(self):
        super().tearDown()
        for pid in world.pids("sallyport"):
            os.kill(pid, signal.SIGKILL)
        world.client.close()
        world.connect()

    def open_window(self):
        world.desktop.open_window("--theme", "light")
        world.desktop.wait("Create.*|New sandbox.*|.*agent.*|Sandboxes", None)

    def test_window(self):
        world.desktop.wait(".*question waits.*|.*wants to GET.*")
        self.kill(world.pids("sallyport"))
        self.assertEqual(self.held_status(), "403", "nobody answers")
        self.assertEqual(self.refusal(), "approval_pending")
        self.assert_row_is_kept("denied")
        self.assertEqual(self.open_question()["waiting"], 0, "the question stays")
        # Nobody can be asked now, so nobody waits.
        self.assertEqual(self.fetch(), "403")
        self.assert_nothing_passed()
        # The next window shows it.
        self.open_window()
        world.desktop.wait(".*question waits.*|.*wants to GET.*")
        self.allow_and_fetch()


if __name__ == "__main__":
    unittest.main(verbosity=2)

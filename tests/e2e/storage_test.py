#!/usr/bin/python3
"""A disk that is full, or that can't be read: nothing passes that could not be logged, every message says what to do, and
all goes on when there is room again."""

import json
import os
import unittest

from world import World, run, wait_for

SIZE_MIB = 600  # of each of the two file systems below

world = None


def setUpModule():
    """The product's data on a small file system, and the sandboxes' disks on another."""
    global world
    world = World(start_engine=False)
    world.data = world.user_home / ".local/share/sallyport"
    world.disks = world.data / "sandboxes"
    (world.data / "images").unlink()
    for place in (world.data, world.disks):
        place.mkdir(exist_ok=True)
        run("mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m,uid={world.uid},gid={world.gid},mode=0755", "none", place)
    world.prepare_images()
    world.start_engine()


def tearDownModule():
    places = (world.disks, world.data)
    world.close()
    for place in places:
        run("umount", "-l", place, check=False)
    run("rm", "-rf", world.dir)


class Filling:
    """Takes all of the room in a file system but so much."""

    def __init__(self, place, leave_mib=0):
        self.place, self.leave_mib = place, leave_mib
        self.path = place / "filling"

    def __enter__(self):
        info = os.statvfs(self.place)
        free_mib = info.f_bavail * info.f_frsize // 2**20
        with open(self.path, "wb", buffering=0) as file:
            try:
                for _ in range(max(0, free_mib - self.leave_mib)):
                    file.write(bytes(2**20))
                while self.leave_mib == 0:
                    file.write(bytes(512))
            except OSError:
                pass

    def __exit__(self, *_):
        self.path.unlink()


class Storage(unittest.TestCase):
    def test_what_cannot_be_logged_does_not_pass(self):
        guest = world.sandbox("unlogged", defaultAction="allow")

        def fetch(path):
            done = guest.run("curl", "-s", "-m", "60", "-w", "\\n%{http_code}", f"https://web.example.com{path}")
            body, _, status = done.stdout.rpartition("\n")
            return int(status), body

        self.assertEqual(fetch("/before")[0], 404)
        last = world.rows(sandbox=guest.id)[0]["id"]
        with Filling(world.data):
            # The first may be logged in room that the log has already; then none.
            status, body = wait_for("it is refused", lambda: (lambda got: got[0] == 403 and got)(fetch("/first")))
            self.assertIn("the log can't be written", json.loads(body)["reason"])
            self.assertEqual(fetch("/while-full")[0], 403)
            self.assertEqual(world.served("/while-full"), [])
            self.assertEqual(world.client.call("log.get", row=last)["row"]["path"], "/before", "what was logged can be read")
        wait_for("it passes again", lambda: fetch("/after")[0] == 404)
        wait_for("it is logged", lambda: [row for row in world.rows(sandbox=guest.id) if row["path"] == "/after"])
        world.client.call("sandbox.remove", sandbox=guest.id, force=True)

    def test_a_guest_whose_disk_cannot_grow_stands_still_and_goes_on(self):
        guest = world.sandbox("grows")
        with Filling(world.disks):
            script = "dd if=/dev/urandom of=/root/big bs=1M count=64 2> /dev/null; sync; wc -c < /root/big"
            writes = guest.start_program("sh", "-c", script)
            wait_for("it stands still", lambda: "Make room" in guest.info["stateReason"])
            self.assertEqual(guest.info["state"], "running")
        self.assertEqual(int(writes.finish().stdout), 64 * 2**20)
        wait_for("nothing troubles it", lambda: guest.info["stateReason"] == "")
        world.client.call("sandbox.remove", sandbox=guest.id, force=True)

    def test_too_little_room_for_a_sandbox(self):
        guest = world.sandbox("waits", start=False)
        with Filling(world.disks, leave_mib=100):
            for command in (("create", "one-more"), ("start", guest.name)):
                refused = world.ctl(*command, check=False)
                self.assertEqual(refused.returncode, 1, refused.stderr)
                self.assertIn("is nearly full", refused.stderr)
                self.assertIn("MiB are free", refused.stderr)
        with Filling(world.data, leave_mib=100):
            disk = next(check for check in world.client.call("engine.doctor")["checks"] if check["id"] == "disk")
            self.assertEqual(disk["state"], "failed")
        world.ctl("start", guest.name)
        world.client.call("sandbox.remove", sandbox=guest.id, force=True)

    def test_a_database_that_is_none(self):
        guest = world.sandbox("kept", start=False)
        world.client.call("engine.shutdown", stopSandboxes=True)
        world.engine.wait(60)
        database = world.data / "sallyport.db"
        kept = database.with_suffix(".kept")
        for suffix in ("-wal", "-shm"):
            self.assertFalse(database.with_name(database.name + suffix).exists(), "an engine that ended in order leaves one file")
        database.rename(kept)
        try:
            database.write_text("this is no database\n" * 100)
            os.chown(database, world.uid, world.gid)
            failed = world.ctl("ls", check=False)
            self.assertEqual(failed.returncode, 3)
            self.assertIn(str(database), failed.stderr)
            self.assertEqual(database.read_text()[:19], "this is no database", "it was not touched")
        finally:
            kept.rename(database)
        world.start_engine()
        self.assertEqual(world.client.call("sandbox.get", sandbox=guest.id)["name"], "kept")
        world.client.call("sandbox.remove", sandbox=guest.id)


if __name__ == "__main__":
    unittest.main(verbosity=2)

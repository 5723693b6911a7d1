#!/usr/bin/python3
"""What a person waits for, with real microVMs: a cold boot beside QEMU started by hand with the same kernel, initramfs and
disk, in turns; a held request until its dialog, and a click until the guest has its answer; what the door adds to a request
beside one that it only relays; and the memory of each process. As root, after tests/support/prepare. Prints a table.
usage: tests/bench/sandbox_bench.py [boot] [dialog] [latency] [memory]"""

import os
import pathlib
import re
import shlex
import socket
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "ui"), str(HERE.parent / "e2e")]

from desktop import Desktop  # noqa: E402
from world import PREFIX, World, run, wait_for  # noqa: E402

SYNC_MARK = b"\xa5sallyport-sync\x0a"  # engine/guest/protocol.h
SYNC_PADDING = 10 + 64 * 1024 + 4
ROUNDS = int(os.environ.get("SALLYPORT_BENCH_ROUNDS", 7))

# In the guest: for each line on its input as many GETs on the connection that it keeps; prints the last one's status.
CLIENT = """
import http.client, sys
client = http.client.HTTPSConnection(sys.argv[1])
print("ready", flush=True)
for line in sys.stdin:
    for _ in range(int(line)):
        client.request("GET", "/echo")
        answer = client.getresponse()
        answer.read()
    print(answer.status, flush=True)
"""


def row(name, values, unit="ms"):
    values = sorted(values)
    print(f"{name:58} n={len(values):<5} median {statistics.median(values):9.2f}  min {values[0]:9.2f}  max {values[-1]:9.2f} {unit}")


def milliseconds(begin):
    return (time.monotonic() - begin) * 1000


# -- cold boot


def wait_for_agent(path):
    """As the engine does: syncs until guestd answers."""
    wait_for("the agent's socket", path.exists, pause=0.002)
    channel = socket.socket(socket.AF_UNIX)
    channel.connect(str(path))
    channel.settimeout(0.02)
    seen = b""
    end = time.monotonic() + 120
    while SYNC_MARK not in seen and time.monotonic() < end:
        try:
            channel.sendall(b"\0" * SYNC_PADDING + SYNC_MARK + os.urandom(16))
        except (TimeoutError, BlockingIOError):
            pass
        try:
            seen += channel.recv(65536)
        except TimeoutError:
            pass
    channel.close()


def by_hand(world, command, directory):
    """The command line that libvirt made, without what binds it to the jail: its files and sockets are ours."""
    disk = directory / "disk.qcow2"
    run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", command["base"], disk)
    agent = directory / "agent.sock"
    agent.unlink(missing_ok=True)
    argv = [
        "qemu-system-x86_64", "-M", command["machine"], "-accel", command["accel"], "-cpu", command["cpu"], "-m", "256", "-smp", "1",
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-kernel", command["kernel"], "-initrd", command["initrd"],
        "-append", command["append"], "-chardev", f"file,id=console,path={directory}/console.log", "-serial", "chardev:console",
        "-drive", f"if=none,id=disk,format=qcow2,file={disk}", "-device", "virtio-blk-device,drive=disk",
        "-device", "virtio-serial-device", "-chardev", f"socket,id=agent,server=on,wait=off,path={agent}",
        "-device", "virtserialport,chardev=agent,name=org.sallyport.agent.0",
        "-netdev", "user,id=net,restrict=on", "-device", "virtio-net-device,netdev=net",
    ]  # fmt: skip
    begin = time.monotonic()
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_agent(agent)
    took = milliseconds(begin)
    process.kill()
    process.wait()
    return took


def qemu_command(world, guest):
    """What the sandbox's own QEMU was given, by its command line."""
    pid = next(p for p in world.pids("qemu-system-x86_64") + world.pids("qemu-system-x86_64", guest.name))
    argv = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")

    def value(option):
        return argv[argv.index(option) + 1]

    image = (world.user_home / ".local/share/sallyport/images/debian-12").resolve()
    accel = value("-accel") if "-accel" in argv else re.search(r"accel=(\w+)", value("-machine")).group(1)
    return {
        "machine": "microvm,acpi=on",
        "accel": accel.split(",")[0],
        "cpu": value("-cpu") if "-cpu" in argv else "max",
        "kernel": value("-kernel"),
        "initrd": value("-initrd"),
        "append": value("-append"),
        "base": (image / "base.ext4").resolve(),
    }


def boot(world):
    guest = world.sandbox("boot")  # the first start makes the jail and proves it: not counted
    command = qemu_command(world, guest)
    world.client.call("sandbox.stop", sandbox=guest.id, force=True)
    ours, to_shell, hand = [], [], []
    for _ in range(ROUNDS):
        begin = time.monotonic()
        world.client.call("sandbox.start", sandbox=guest.id)
        ours.append(milliseconds(begin))
        world.ctl("exec", "boot", "--", "true")
        to_shell.append(milliseconds(begin))
        world.client.call("sandbox.stop", sandbox=guest.id, force=True)
        hand.append(by_hand(world, command, world.dir))
    world.client.call("sandbox.remove", sandbox=guest.id, force=True)
    row("start until its agent answers", ours)
    row("start until a program has run in it", to_shell)
    row("QEMU by hand, until its agent answers", hand)
    print(f"{'ratio, of the medians':58} {statistics.median(ours) / statistics.median(hand):.2f}")


# -- requests


class Requests:
    """One client in the guest with one connection."""

    def __init__(self, guest, host):
        self.program = guest.world.popen(*exec_command(guest, "python3", "-u", "-c", CLIENT, host),
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # fmt: skip
        assert self.program.stdout.readline() == "ready\n"

    def send(self, count=1):
        self.program.stdin.write(f"{count}\n")
        self.program.stdin.flush()

    def answer(self):
        status = int(self.program.stdout.readline())
        assert status == 200, status

    def close(self):
        self.program.stdin.close()
        self.program.wait(60)


def exec_command(guest, *argv):
    return [PREFIX / "bin/sallyctl", "--socket", guest.world.socket, "exec", guest.name, "--", "env",
            "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt", *argv]  # fmt: skip


def latency(world):
    guest = world.sandbox("latency")
    root = world.root_certificate.read_text()
    guest.run("sh", "-c", f"cat >> /etc/ssl/certs/ca-certificates.crt << 'END'\n{root}\nEND")  # for what is only relayed
    call = world.client.call
    world.ctl("rules", "add", "allow", "web.example.com", "--sandbox", guest.name)
    call("sandbox.setOutboundByHost", sandbox=guest.id, host="other.example.com", name="tunnel")
    ways = {"intercepted": Requests(guest, "web.example.com"), "only relayed (tunnel)": Requests(guest, "other.example.com")}
    took = {way: [] for way in ways}
    together = 20  # so that the way from here to the guest's program counts little
    for number in range(5 * ROUNDS):
        for way, requests in ways.items():
            begin = time.monotonic()
            requests.send(together)
            requests.answer()
            if number > 0:
                took[way].append(milliseconds(begin) / together)
    for way, values in took.items():
        row(f"GET on a kept connection, {way}", values)
    print(f"{'added by interception, of the medians':58} {statistics.median(took['intercepted']) - statistics.median(took['only relayed (tunnel)']):.2f} ms")
    for requests in ways.values():
        requests.close()
    call("sandbox.remove", sandbox=guest.id, force=True)


def dialog(world, desktop):
    guest = world.sandbox("dialog")
    requests = Requests(guest, "web.example.com")
    shown, answered = [], []
    for _ in range(ROUNDS):
        begin = time.monotonic()
        requests.send()
        wait_for("the dialog", lambda: desktop.visible("A sandbox asks.*"), pause=0.002)
        shown.append(milliseconds(begin))
        button = desktop.wait("Allow", "push button", enabled=True)["box"]
        desktop.xdotool("mousemove", button[0] + button[2] // 2, button[1] + button[3] // 2)
        begin = time.monotonic()
        desktop.xdotool("click", "--delay", 0, 1)
        requests.answer()
        answered.append(milliseconds(begin))
        wait_for("no dialog", lambda: not desktop.visible("A sandbox asks.*"))
        for rule in world.client.call("rules.list")["rules"]:
            world.client.call("rules.remove", rule=rule["id"])
    requests.close()
    world.client.call("sandbox.remove", sandbox=guest.id, force=True)
    row("request in the guest until its dialog is on the screen", shown)
    row("click on Allow until the guest has the answer", answered)


# -- memory


def pss(pid):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def memory(world):
    guests = [world.sandbox(f"memory-{n}") for n in range(3)]
    print("proportional set size, three lite sandboxes running, MiB:")
    for program in ("sallyport", "sallyportd", "sallyport-jail", "libvirtd", "virtlogd", "qemu-system-x86_64", "sallyport-handlerd"):
        sizes = sorted((pss(pid) for pid in world.pids(program)), reverse=True)
        if sizes:
            print(f"  {program:24} " + "  ".join(f"{size:.1f}" for size in sizes))
    for guest in guests:
        world.client.call("sandbox.remove", sandbox=guest.id, force=True)


def main():
    wanted = sys.argv[1:] or ["boot", "dialog", "latency", "memory"]
    with World(start_engine=False) as world:
        desktop = Desktop(world)
        desktop.open_window("--theme", "light")
        world.connect(subscribe=False)
        print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {world.client.call('engine.info').get('accelerator')}")
        for name in wanted:
            {"boot": boot, "latency": latency, "memory": memory}.get(name, lambda w: dialog(w, desktop))(world)


if __name__ == "__main__":
    main()

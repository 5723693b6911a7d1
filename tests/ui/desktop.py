"""A desktop of the test's own for a World: Xvfb, a window manager, a session bus with notifications, and a person with a
mouse and a keyboard (xdotool). Widgets are found as a screen reader finds them, and clicked where they are."""

import json
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from world import PREFIX, run, wait_for  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
SHOTS = pathlib.Path(os.environ.get("SALLYPORT_SCREENSHOTS", "/var/tmp/sallyport-tests/screenshots"))


class Desktop:
    def __init__(self, world, width=1280, height=860):
        self.world = world
        read, write = os.pipe()
        log = open(world.dir / "desktop.log", "ab")
        world.spawn("Xvfb", "-displayfd", write, "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp", "-ac", "-noreset",
                    pass_fds=[write], stdout=log, stderr=log)  # fmt: skip
        os.close(write)
        with os.fdopen(read) as number:  # the whole line: the server does not survive a pipe closed early
            self.display = ":" + number.readline().strip()
        bus = f"unix:path={world.runtime}/bus"
        world.environment.update(
            DISPLAY=self.display, DBUS_SESSION_BUS_ADDRESS=bus, QT_LINUX_ACCESSIBILITY_ALWAYS_ON="1", QT_QPA_PLATFORM="xcb"
        )
        quiet = {"stdout": log, "stderr": log}
        world.popen("dbus-daemon", "--session", "--nofork", f"--address={bus}", **quiet)
        wait_for("the session bus", lambda: (world.runtime / "bus").exists())
        self.notifications = world.dir / "notifications.log"
        world.popen("/usr/bin/python3", "-m", "dbusmock", "--template", "notification_daemon",
                    "--parameters", json.dumps({"capabilities": "body actions"}),
                    stdout=open(self.notifications, "ab"), stderr=log)  # fmt: skip
        world.popen("openbox", **quiet)
        self.log = log
        self.probe = self.helper("accessibility_probe.py")
        self.panel = None
        self.widgets()  # starts the accessibility bus: a window that opens before it would not be seen

    def open_window(self, *arguments):
        log = open(self.world.dir / "window.log", "ab")
        self.window = self.world.popen(PREFIX / "bin/sallyport", *arguments, stdout=log, stderr=log)

    def helper(self, script):
        """A program that answers lines. By its text: the user may not be allowed to read this folder."""
        return self.world.popen("/usr/bin/python3", "-c", (HERE / script).read_text(), stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=self.log, text=True)  # fmt: skip

    @staticmethod
    def ask(helper, line):
        helper.stdin.write(line + "\n")
        helper.stdin.flush()
        return json.loads(helper.stdout.readline())

    def open_panel(self):
        """Before the window: a program looks for a tray when it starts."""
        self.panel = self.helper("panel.py")
        self.in_panel("state")

    def in_panel(self, command="state"):
        return self.ask(self.panel, command)

    # -- looking

    def widgets(self):
        answer = self.ask(self.probe, "look")
        return answer if isinstance(answer, list) else []

    def find(self, name, role=None, enabled=None):
        """Showing widgets whose name matches (a regular expression, whole) and that have the role."""
        return [
            w
            for w in self.widgets()
            if re.fullmatch(name, w["name"].strip(), re.DOTALL)
            and (role is None or w["role"] in role.split("|"))
            and (enabled is None or w["enabled"] == enabled)
            and w["box"][2] > 0
        ]

    def wait(self, name, role=None, enabled=None):
        try:
            return wait_for(f"the window shows {role or 'widget'} {name!r}", lambda: self.find(name, role, enabled))[-1]
        except AssertionError:
            self.screenshot("failure")
            names = sorted({f"{w['role']}: {w['name'][:60]!r}" for w in self.widgets() if w["name"]})
            raise AssertionError(f"the window does not show {role} {name!r}; it shows:\n" + "\n".join(names)) from None

    def wait_gone(self, name, role=None):
        wait_for(f"{name!r} goes away", lambda: not self.find(name, role))

    def unnamed(self):
        """Controls that a screen reader can only call by their kind."""
        kinds = ("push button", "toggle button", "check box", "radio button", "combo box", "text", "spin button", "page tab", "table", "list", "terminal")
        return [f"{w['role']} at {w['box']}" for w in self.widgets() if w["role"] in kinds and not w["name"].strip() and w["box"][2] > 0]

    def text_of(self, name):
        return "\n".join(w.get("text") or w["name"] for w in self.find(name))

    # -- doing

    def xdotool(self, *arguments):
        run("xdotool", *arguments, env={**os.environ, "DISPLAY": self.display})

    def click_at(self, x, y, button=1):
        self.xdotool("mousemove", x, y, "click", button)

    def click(self, name, role=None):
        """Clicks the middle of an enabled widget, as soon as there is one."""
        x, y, width, height = self.wait(name, role, enabled=True)["box"]
        self.click_at(x + width // 2, y + height // 2)

    def type(self, text):
        self.xdotool("type", "--delay", "12", text)

    def key(self, *keys):
        self.xdotool("key", *keys)

    def visible(self, title):
        """The ids of the visible windows with this title (a regular expression), with or without a count before it."""
        found = run("xdotool", "search", "--onlyvisible", "--name", rf"^(\([0-9]+\) )?{title}$", check=False,
                    env={**os.environ, "DISPLAY": self.display})  # fmt: skip
        return found.stdout.split()

    def _window(self, title):
        return self.visible(title)[-1]

    def resize(self, title, width, height):
        self.xdotool("windowsize", "--sync", self._window(title), width, height)

    def close(self, title):
        """As by the button of the frame."""
        self.xdotool("windowactivate", "--sync", self._window(title), "key", "alt+F4")

    def screenshot(self, name):
        SHOTS.mkdir(parents=True, exist_ok=True)
        run("import", "-display", self.display, "-window", "root", SHOTS / f"{name}.png")

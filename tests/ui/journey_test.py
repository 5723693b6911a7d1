#!/usr/bin/python3
"""A new user's first minutes, with a mouse and a keyboard in the real window: real engine, real microVM, real traffic."""

import json
import re
import unittest

from desktop import Desktop
from world import PREFIX, World, wait_for

BUTTON = "push button|button|toggle button"
TAB = "page tab"
TERMINAL = "Terminal of agent-1"

# A client in the guest that keeps one connection: for each /tmp/go one request, its status and the connection's own port.
KEEPS_ALIVE = """
import http.client, os, time
client = http.client.HTTPSConnection("web.example.com")
while True:
    while not os.path.exists("/tmp/go"):
        time.sleep(0.05)
    os.remove("/tmp/go")
    client.request("GET", "/echo")
    answer = client.getresponse()
    answer.read()
    port = client.sock.getsockname()[1] if client.sock else 0
    with open("/tmp/status.new", "w") as file:
        file.write(f"{answer.status} {port}")
    os.rename("/tmp/status.new", "/tmp/status")
"""

world = desktop = None


def setUpModule():
    global world, desktop
    world = World(start_engine=False)
    desktop = Desktop(world)
    desktop.open_panel()
    desktop.open_window("--theme", "light")
    world.connect(subscribe=False)  # the window has started the engine; only the window can be asked


def tearDownModule():
    world.close()


def sandbox():
    return world.client.call("sandbox.get", sandbox="agent-1")


def in_guest(*argv):
    return world.ctl("exec", "agent-1", "--", *argv).stdout


def rules(action):
    return [rule for rule in world.client.call("rules.list")["rules"] if rule["action"] == action]


class Journey(unittest.TestCase):
    """The steps build on each other and run in the order of their names."""

    def test_1_first_sandbox_by_one_button(self):
        desktop.wait("Create your first sandbox", BUTTON)
        self.picture("journey-1-welcome")
        desktop.click("Create your first sandbox", BUTTON)
        desktop.wait("Create and start", BUTTON, enabled=True)
        desktop.click("Lite.*", "radio button")
        self.picture("journey-2-create")
        desktop.click("Create and start", BUTTON)
        wait_for("the sandbox runs", lambda: world.client.call("sandbox.list")["sandboxes"] and sandbox()["state"] == "running")
        self.assertEqual((sandbox()["size"], sandbox()["defaultAction"]), ("lite", "ask"))
        desktop.wait("Running", None)
        self.picture("journey-3-overview")

    def picture(self, name):
        """A screenshot, once every control on it has a name."""
        desktop.screenshot(name)
        self.assertEqual(desktop.unnamed(), [], name)

    def click_terminal(self):
        x, y, width, height = desktop.wait(TERMINAL)["box"]
        desktop.click_at(x + width // 2, y + height // 2)

    def type_in_terminal(self, command):
        self.click_terminal()
        desktop.type(command + "\n")

    def terminal_shows(self, text):
        try:
            wait_for(f"the terminal shows {text!r}", lambda: text in desktop.text_of(TERMINAL))
        except AssertionError as error:
            desktop.screenshot("failure")
            raise AssertionError(f"{error}; it shows:\n{desktop.text_of(TERMINAL)}") from None

    def test_2_a_real_terminal(self):
        desktop.click("Terminal", TAB)
        self.terminal_shows("root@agent-1")
        # Selection and paste. After "clear" the word stands in the first line.
        self.type_in_terminal("clear; echo pasted-word")
        wait_for("a cleared screen", lambda: desktop.text_of(TERMINAL).startswith("pasted-word\n"))
        x, y, _, _ = desktop.wait(TERMINAL)["box"]
        desktop.xdotool("mousemove", x + 40, y + 14, "click", "--repeat", 2, "--delay", 80, 1)
        desktop.key("ctrl+shift+c")
        desktop.type("printf %s ")
        desktop.key("ctrl+shift+v")
        desktop.type(" > /tmp/pasted; echo done-$((1+1))\n")
        self.terminal_shows("done-2")
        self.assertEqual(in_guest("cat", "/tmp/pasted"), "pasted-word")
        # Ctrl-C reaches the program in the foreground.
        self.type_in_terminal("echo begun-$((1+1)); sleep 10000")
        self.terminal_shows("begun-2")
        desktop.key("ctrl+c")
        self.type_in_terminal("echo interrupted-$?")
        self.terminal_shows("interrupted-130")
        # A full-screen editor.
        self.type_in_terminal("clear; vi /tmp/note")
        self.terminal_shows("[New File]")
        desktop.type("ihello from vi")
        desktop.key("Escape")
        self.picture("journey-3-vi")
        desktop.type(":wq\n")
        self.terminal_shows("root@agent-1")
        wait_for("vi wrote", lambda: in_guest("sh", "-c", "cat /tmp/note 2>&1 || true") == "hello from vi\n")
        # Scrollback, and colours for the picture.
        self.type_in_terminal("clear; ls --color /; seq 1 500; echo end-$((1+1))")
        self.terminal_shows("end-2")
        for _ in range(3):
            desktop.key("shift+Prior")
        wait_for("the terminal scrolls back", lambda: "end-2" not in desktop.text_of(TERMINAL))
        # The size follows the window.
        self.type_in_terminal("clear; stty size > /tmp/size; echo sized-$((1+1))")
        self.terminal_shows("sized-2")
        before = [int(n) for n in in_guest("cat", "/tmp/size").split()]
        desktop.resize("Sallyport", 1000, 640)
        self.type_in_terminal("clear; stty size > /tmp/size; echo resized-$((1+1))")
        self.terminal_shows("resized-2")
        after = [int(n) for n in in_guest("cat", "/tmp/size").split()]
        self.assertTrue(after[0] < before[0] and after[1] < before[1], (before, after))
        desktop.resize("Sallyport", 1180, 780)

    def test_3_question_allow(self):
        self.type_in_terminal("curl https://web.example.com/")
        desktop.wait("agent-1 wants to GET web.example.com.*|agent-1 wants to GET.*")
        wait_for("a notification", lambda: "agent-1" in desktop.notifications.read_text(errors="replace"))
        # Keys that were meant for the terminal answer nothing.
        desktop.key("Return")
        self.assertEqual(len(world.questions()), 1)
        self.assertIn("1 request waits", desktop.in_panel()["tip"])
        self.assertTrue(desktop.find(r"\(1\) Sallyport", "frame"))
        self.picture("journey-4-question")
        desktop.click("Allow", BUTTON)
        self.terminal_shows("hello from the outside")
        desktop.wait_gone("Allow", BUTTON)
        self.type_in_terminal("clear; curl https://web.example.com/ && echo again-$((1+1))")
        self.terminal_shows("again-2")
        self.assertEqual(world.questions(), [])

    def test_4_deny_with_a_reason(self):
        self.type_in_terminal("curl -s -X POST -d x=1 https://web.example.com/ > /tmp/answer; echo written-$((1+1))")
        desktop.wait(".*POST.*web.example.com.*")
        desktop.click("Deny with a reason.*", BUTTON)
        desktop.type("ask me tomorrow")
        self.picture("journey-5-deny")
        desktop.click("Deny with this reason", BUTTON)
        self.terminal_shows("written-2")
        refusal = json.loads(in_guest("cat", "/tmp/answer"))
        self.assertEqual(refusal["error"], "egress_denied")
        self.assertIn("ask me tomorrow", refusal["reason"])
        self.assertEqual([line for line in world.served("POST")], [])

    def test_5_notification_and_tray(self):
        self.type_in_terminal("clear; curl -s https://other.example.com/; echo over-$((1+1))")
        notice = wait_for("a notification with its buttons", lambda: re.search(r'GET other.example.com".*', self.notices()))
        self.assertIn('"deny" "Deny" "review" "Review"', notice.group().replace(", ", " "))
        desktop.in_panel("choose deny")
        self.terminal_shows("egress_denied")
        self.terminal_shows("over-2")
        # Closing the window hides it: the icon in the tray stays, and brings it back.
        desktop.close("Sallyport")
        desktop.wait_gone("agent-1", "label")
        self.assertIsNone(desktop.window.poll())
        menu = desktop.in_panel()["menu"]
        self.assertEqual([name for name in menu], ["No questions", "Show Sallyport", "Pause all egress", "Quit"])
        desktop.in_panel("click Pause all egress")
        wait_for("the egress is paused", lambda: in_guest("curl", "-s", "https://web.example.com/").count("all egress is paused"))
        desktop.in_panel("click Show Sallyport")
        desktop.wait("All egress is paused.")
        self.picture("journey-6-paused")
        desktop.click("Resume", BUTTON)
        wait_for("the egress goes on", lambda: "hello" in in_guest("curl", "-s", "https://web.example.com/"))

    def notices(self):
        return desktop.notifications.read_text(errors="replace")

    def click_row(self, number):
        """A row of the table of requests, counted from 0."""
        table = desktop.wait("Requests", "table")
        x, y, width, _ = table["box"]
        desktop.click_at(x + width // 5, y + 42 + 25 * number)

    def test_6_egress_log(self):
        self.picture("journey-6-terminal")
        desktop.click("Egress", TAB)
        desktop.wait("[5-9] requests")
        desktop.click("Filter", "text")
        desktop.type("method:POST")
        desktop.wait("1 request")
        self.click_row(0)
        why = desktop.wait("Denied[.] .*")["name"]
        self.assertIn("ask me tomorrow", why)
        self.picture("journey-7-egress-filtered")
        # From the row: deny its host, and take that back.
        desktop.wait_gone("Undo", BUTTON)  # of the answer before
        desktop.click("Deny host", BUTTON)
        wait_for("the rule is written", lambda: [r for r in rules("deny") if r["match"]["host"] == "web.example.com" and not r["match"]["method"]])
        desktop.click("Undo", BUTTON)
        wait_for("the rule is gone", lambda: not [r for r in rules("deny") if not r["match"]["method"]])
        desktop.click("Filter", "text")
        desktop.key("ctrl+a")
        desktop.type("method:GET verdict:allow")
        desktop.wait("[2-9] requests")
        self.picture("journey-7-egress")

    def test_7_policy_is_obeyed_at_once(self):
        def status():
            script = "rm -f /tmp/status; touch /tmp/go; while [ ! -e /tmp/status ]; do sleep 0.1; done; cat /tmp/status"
            return in_guest("sh", "-c", script).split()

        world.popen(PREFIX / "bin/sallyctl", "exec", "agent-1", "--", "python3", "-c", KEEPS_ALIVE)
        first = status()
        self.assertEqual(first[0], "200")
        # From the row to the rule that decided it.
        self.click_row(1)
        desktop.click("Open rule", BUTTON)
        desktop.wait("Rules", "table")
        self.picture("journey-8-policy")
        desktop.key("Return")
        desktop.click("Deny", "radio button")
        desktop.wait("Deny GET.*web.example.com.*")
        self.picture("journey-8-form")
        desktop.click("Save rule", BUTTON)
        wait_for("the rule denies", lambda: not rules("allow"))
        self.assertEqual(status(), ["403", first[1]])
        # Off, by the keyboard: nothing decides, and the sandbox asks.
        desktop.wait_gone("Save rule", BUTTON)
        desktop.key("space")
        wait_for("the rule is off", lambda: [r for r in rules("deny") if not r["enabled"]])
        # A new one, in the form.
        desktop.click("Add rule", BUTTON)
        desktop.wait("New rule")
        desktop.type("web.example.com")
        desktop.key("Return")
        wait_for("the new rule", lambda: [r for r in rules("allow") if r["match"]["host"] == "web.example.com"])
        self.assertEqual(status(), ["200", first[1]])
        # Removed, and taken back.
        desktop.wait_gone("New rule")
        desktop.key("Delete")
        wait_for("the rule is removed", lambda: not rules("allow"))
        desktop.click("Undo", BUTTON)
        wait_for("the rule is back", lambda: rules("allow"))
        self.assertEqual(status(), ["200", first[1]])

    def test_8_stop_start_delete(self):
        in_guest("/bin/sh", "-c", "echo kept > /root/note; sync")
        desktop.click("Overview", TAB)
        desktop.click("Stop", BUTTON)
        wait_for("it is stopped", lambda: sandbox()["state"] == "stopped")
        desktop.wait("Stopped", None)
        desktop.click("Start", BUTTON)
        wait_for("it runs again", lambda: sandbox()["state"] == "running")
        self.assertEqual(in_guest("cat", "/root/note"), "kept\n")
        desktop.click("Stop", BUTTON)
        wait_for("it is stopped", lambda: sandbox()["state"] == "stopped")
        desktop.click("More for this sandbox")
        # The menu's last entry, by keys: an open menu is no part of what the probe sees.
        wait_for(
            "the question whether to delete", lambda: desktop.find("Delete it", BUTTON) or desktop.key("Up", "Return"), pause=1
        )
        desktop.click("Delete it", BUTTON)
        wait_for("it is gone", lambda: not world.client.call("sandbox.list")["sandboxes"])
        desktop.wait("Create your first sandbox", BUTTON)


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)

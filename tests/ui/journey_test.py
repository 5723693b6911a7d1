#!/usr/bin/python3
"""A new user's first minutes, with a mouse and a keyboard in the real window: real engine, real microVM, real traffic."""

import json
import unittest

from desktop import Desktop
from world import World, wait_for

BUTTON = "push button|button|toggle button"
TAB = "page tab"

world = desktop = None


def setUpModule():
    global world, desktop
    world = World(start_engine=False)
    desktop = Desktop(world)
    desktop.open_window("--theme", "light")
    world.connect(subscribe=False)  # the window has started the engine; only the window can be asked


def tearDownModule():
    world.close()


def sandbox():
    return world.client.call("sandbox.get", sandbox="agent-1")


def in_guest(*argv):
    return world.ctl("exec", "agent-1", "--", *argv).stdout


class Journey(unittest.TestCase):
    """The steps build on each other and run in the order of their names."""

    def test_1_first_sandbox_by_one_button(self):
        desktop.wait("Create your first sandbox", BUTTON)
        desktop.screenshot("journey-1-welcome")
        desktop.click("Create your first sandbox", BUTTON)
        desktop.wait("Create and start", BUTTON, enabled=True)
        desktop.click("Lite.*", "radio button")
        desktop.screenshot("journey-2-create")
        desktop.click("Create and start", BUTTON)
        wait_for("the sandbox runs", lambda: world.client.call("sandbox.list")["sandboxes"] and sandbox()["state"] == "running")
        self.assertEqual((sandbox()["size"], sandbox()["defaultAction"]), ("lite", "ask"))
        desktop.wait("Running", None)
        desktop.screenshot("journey-3-overview")

    def type_in_terminal(self, command):
        x, y, width, height = desktop.wait("Terminal of agent-1")["box"]
        desktop.click_at(x + width // 2, y + height // 2)
        desktop.type(command + "\n")

    def terminal_shows(self, text):
        wait_for(f"the terminal shows {text!r}", lambda: text in desktop.text_of("Terminal of agent-1"))

    def test_2_terminal_question_allow(self):
        desktop.click("Terminal", TAB)
        self.terminal_shows("root@agent-1")
        self.type_in_terminal("curl https://web.example.com/")
        desktop.wait("agent-1 wants to GET web.example.com.*|agent-1 wants to GET.*")
        wait_for("a notification", lambda: "agent-1" in desktop.notifications.read_text(errors="replace"))
        # Keys that were meant for the terminal answer nothing.
        desktop.key("Return")
        self.assertEqual(len(world.questions()), 1)
        desktop.screenshot("journey-4-question")
        desktop.click("Allow", BUTTON)
        self.terminal_shows("hello from the outside")
        desktop.wait_gone("Allow", BUTTON)
        self.type_in_terminal("clear; curl https://web.example.com/ && echo again-$((1+1))")
        self.terminal_shows("again-2")
        self.assertEqual(world.questions(), [])

    def test_3_deny_with_a_reason(self):
        self.type_in_terminal("curl -s -X POST -d x=1 https://web.example.com/ > /tmp/answer; echo written-$((1+1))")
        desktop.wait(".*POST.*web.example.com.*")
        desktop.click("Deny with a reason.*", BUTTON)
        desktop.type("ask me tomorrow")
        desktop.screenshot("journey-5-deny")
        desktop.click("Deny with this reason", BUTTON)
        self.terminal_shows("written-2")
        refusal = json.loads(in_guest("cat", "/tmp/answer"))
        self.assertEqual(refusal["error"], "egress_denied")
        self.assertIn("ask me tomorrow", refusal["reason"])
        self.assertEqual([line for line in world.served("POST")], [])

    def test_4_egress_log(self):
        desktop.screenshot("journey-6-terminal")
        desktop.click("Egress", TAB)
        table = desktop.wait("Requests")
        x, y, width, _ = table["box"]
        desktop.click_at(x + width // 3, y + 45)
        desktop.wait("Why.*|.*[Yy]ou (allowed|answered).*|.*answer.*")
        desktop.screenshot("journey-7-egress")

    def test_5_policy_is_obeyed_at_once(self):
        rules = [r for r in world.client.call("rules.list")["rules"] if r["action"] == "allow"]
        self.assertEqual(len(rules), 1)
        desktop.click("Policy", TAB)
        desktop.wait("Rules")
        desktop.screenshot("journey-8-policy")
        world.client.call("rules.update", rule={**rules[0], "action": "deny", "reason": "closed"})
        desktop.click("Terminal", TAB)
        self.type_in_terminal("clear; curl -s https://web.example.com/")
        self.terminal_shows("egress_denied")

    def test_6_stop_start_delete(self):
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

#!/usr/bin/python3
"""A request is held, a person answers, the guest reads the answer: with real clients in a real microVM."""

import json
import time
import unittest

from world import RpcError, World, wait_for

HOLD_BUDGET = 6  # seconds: short, so that the test of its end is; long enough for an answer on a slow machine

world = guest = None


def setUpModule():
    global world, guest
    world = World(engine_options=["--hold-budget", str(HOLD_BUDGET)])
    guest = world.sandbox()


def tearDownModule():
    world.close()


def curl(*arguments):
    return guest.start_program("curl", "-sS", "-m", "120", "-w", "\\n%{http_code}", *arguments)


def body_and_status(done):
    body, _, status = done.stdout.rpartition("\n")
    return body, status


class Approval(unittest.TestCase):
    def setUp(self):
        for rule in world.client.call("rules.list")["rules"]:
            world.client.call("rules.remove", rule=rule["id"])
        for question in world.questions():
            world.answer(question, "deny", lifetime="once")

    def test_allow_for_this_session_and_ask_again_for_another_method(self):
        first = curl("https://web.example.com/")
        question = world.question(host="web.example.com", method="GET")
        self.assertEqual(question["sandboxName"], "agent-1")
        self.assertEqual(question["path"], "/")
        self.assertTrue(question.get("heldUntil"), "the request is held while the question is open")
        rule = world.answer(question, "allow")["rule"]
        self.assertEqual((rule["action"], rule["match"]["method"], rule["match"]["host"]), ("allow", "GET", "web.example.com"))
        done = first.finish()
        self.assertEqual(body_and_status(done), ("hello from the outside\n", "200"), done.stderr)

        again = curl("https://web.example.com/index.html").finish()
        self.assertEqual(body_and_status(again)[1], "200", again.stderr)
        self.assertEqual(world.questions(), [])

        post = curl("-X", "POST", "-d", "x=1", "https://web.example.com/echo")
        question = world.question(host="web.example.com", method="POST")
        self.assertEqual(question["bodyBytes"], 3)
        world.answer(question, "deny", reason="not from here", lifetime="once")
        body, status = body_and_status(post.finish())
        self.assertEqual(status, "403")
        refusal = json.loads(body)
        self.assertEqual(refusal["error"], "egress_denied")
        self.assertIn("not from here", refusal["reason"])

    def test_equal_requests_are_one_question(self):
        programs = [curl(f"https://other.example.com/{n}") for n in range(3)]
        question = wait_for("three requests wait", lambda: next((q for q in world.questions() if q["waiting"] == 3), None), 60)
        world.answer(question, "allow", lifetime="once", reach="host")
        for program in programs:
            self.assertEqual(body_and_status(program.finish())[1], "404")

    def test_budget_ends_in_pending_and_the_later_answer_serves_the_retry(self):
        body, status = body_and_status(curl("-D", "/tmp/head", "https://one.example.com/").finish())
        self.assertEqual(status, "403")
        self.assertEqual(json.loads(body)["error"], "approval_pending")
        self.assertIn("retry-after", guest.run("cat", "/tmp/head").stdout.lower())
        question = world.question(host="one.example.com")
        self.assertIsNone(question.get("heldUntil"))
        world.answer(question, "allow", lifetime="once")
        self.assertEqual(body_and_status(curl("https://one.example.com/").finish())[1], "200")
        asked_again = curl("https://one.example.com/")
        world.answer(world.question(host="one.example.com"), "deny", lifetime="once")
        self.assertEqual(body_and_status(asked_again.finish())[1], "403")

    def test_a_client_that_hangs_up_withdraws_its_question(self):
        guest.run("/bin/sh", "-c", "curl -s -m 2 https://web.example.com/gone; true")
        wait_for("the question is withdrawn", lambda: not world.questions())
        self.assertEqual(world.rows()[0]["state"], "withdrawn")
        self.assertEqual(world.served("/gone"), [])

    def test_a_rule_change_reaches_the_next_request_on_an_open_connection(self):
        rule = {"sandbox": guest.id, "action": "allow", "match": {"host": "web.example.com"}}
        allow = world.client.call("rules.add", rule=rule)
        script = (
            "import http.client,sys\n"
            "c=http.client.HTTPSConnection('web.example.com')\n"
            "for line in sys.stdin:\n"
            " c.request('GET','/echo'); r=c.getresponse(); r.read(); print(r.status,c.sock.getsockname()[1],flush=True)\n"
        )
        program = guest.world.popen(
            *guest_command("python3", "-uc", script), stdin=-1, stdout=-1, stderr=-1, text=True
        )
        ask = lambda: (program.stdin.write("\n"), program.stdin.flush(), program.stdout.readline().split())[2]
        first = ask()
        self.assertEqual(first[0], "200")
        world.client.call("rules.update", rule={**allow, "action": "deny", "reason": "closed"})
        second = ask()
        self.assertEqual(second[0], "403")
        self.assertEqual(first[1], second[1], "both went over one connection")
        program.stdin.close()
        program.wait(60)

    def test_nobody_to_ask_means_pending_at_once(self):
        world.client.close()
        try:
            body, status = body_and_status(curl("https://web.example.com/").finish())
        finally:
            world.connect()
        self.assertEqual((json.loads(body)["error"], status), ("approval_pending", "403"))
        self.assertEqual([q["host"] for q in world.questions()], ["web.example.com"])

    def test_an_answer_to_a_question_that_is_gone_is_an_error(self):
        with self.assertRaises(RpcError):
            world.answer({"id": 999999}, "allow")


def guest_command(*argv):
    from world import PREFIX

    return [PREFIX / "bin/sallyctl", "--socket", world.socket, "exec", guest.name, "--", *argv]


if __name__ == "__main__":
    unittest.main(verbosity=2)

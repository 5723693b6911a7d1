#!/usr/bin/python3
"""Namespaces, buckets and services as a real guest and its handlers use them, by the commands of docs/bindings.md."""

import json
import os
import pathlib
import shlex
import signal
import subprocess
import unittest

from world import PREFIX, World, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs/bindings.md").read_text(encoding="utf-8")

# What listens on this machine: answers with the head that it was sent.
SERVER = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = f"{self.path} {self.headers['Host']}\\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", 11434), Handler).serve_forever()
"""

# S3 with nothing but Python: signed as its protocol says, with a key that nobody has given out.
S3_CLIENT = """
import datetime, hashlib, hmac, http.client, sys, urllib.parse
def call(method, path, body=b"", query=""):
    host, now = "s3.sallyport.internal", datetime.datetime.utcnow()
    stamp, day, digest = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d"), hashlib.sha256(body).hexdigest()
    headers = {"host": host, "x-amz-content-sha256": digest, "x-amz-date": stamp}
    signed = ";".join(headers)
    canonical = "\\n".join([method, urllib.parse.quote(path), query, *(f"{k}:{v}" for k, v in headers.items()), "", signed, digest])
    scope = f"{day}/us-east-1/s3/aws4_request"
    text = "\\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4nobody"
    for part in (day, "us-east-1", "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential=any/{scope}, SignedHeaders={signed}, Signature={hmac.digest(key, text.encode(), 'sha256').hex()}"
    connection = http.client.HTTPConnection(host)
    connection.request(method, urllib.parse.quote(path) + (query and "?" + query), body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), answer.headers
assert call("PUT", "/data/by/hand ü", b"hello")[0] == 200
status, body, headers = call("GET", "/data/by/hand ü")
assert (status, body, headers["ETag"]) == (200, "hello", '"5d41402abc4b2a76b9719d911017c592"'), (status, body)
status, body, _ = call("GET", "/data", query="list-type=2&prefix=by%2F")
assert status == 200 and "<Key>by/hand ü</Key>" in body, body
assert call("DELETE", "/data/by/hand ü")[0] == 204
assert call("GET", "/data/by/hand ü")[0] == 404
status, body, _ = call("GET", "/secret/x")
assert status == 404 and "NoSuchBucket" in body, body
status, body, _ = call("PUT", "/public/x", b"x")
assert status == 403 and "AccessDenied" in body, body
print("ok")
"""

world = guest = web = None


def commands(section):
    """The command lines of a section of the document."""
    text = DOCUMENT.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return [shlex.split(line.strip(), comments=True)[1:] for line in text.splitlines() if line.startswith("    sallyctl ")]


def code(language):
    return DOCUMENT.split(f"```{language}\n")[1].split("```")[0]


def setUpModule():
    global world, guest, web
    world = World()
    guest = world.sandbox(defaultAction="deny", allowedHosts=[])
    web = world.sandbox("web", defaultAction="deny")
    world.popen("python3", "-c", SERVER)
    web.start_program("python3", "-c", SERVER.replace("127.0.0.1", "").replace("11434", "8000"))


def tearDownModule():
    world.close()


def run_section(section):
    """Runs its commands one after the other; what each of them printed."""
    return {" ".join(command): world.ctl(*command).stdout for command in commands(section)}


def known(kind):
    return [b["name"] for b in world.client.call("bindings.list")["bindings"] if b["kind"] == kind]


def make(kind, name, *bind):
    """A namespace or bucket that is there and bound, whether or not another test has made it."""
    if name not in known(kind):
        world.ctl(kind, "create", name)
    if bind:
        world.ctl(kind, "bind", name, *bind)


class Bindings(unittest.TestCase):
    def curl(self, *arguments, of=None):
        done = (of or guest).run("curl", "-sS", "-m", "60", "-w", "\\n%{http_code}", *arguments)
        body, _, status = done.stdout.rpartition("\n")
        return body, status

    def test_a_keys_and_values(self):
        printed = run_section("Keys and values")
        self.assertEqual(printed["exec agent-1 -- curl -sS http://kv.sallyport.internal/cache/greeting"], "hello")
        self.assertEqual(printed["kv get cache greeting"], "hello")
        body, status = self.curl("-X", "PUT", "-d", "1", "-H", 'KV-Metadata: {"a":1}', "https://kv.sallyport.internal/cache/n?expiration_ttl=600")
        self.assertEqual((body, status), ("", "204"))
        page = json.loads(self.curl("http://kv.sallyport.internal/cache/?prefix=n")[0])
        self.assertEqual((page["keys"][0]["metadata"], page["list_complete"]), ({"a": 1}, True))
        row = next(r for r in world.rows() if r["host"] == "kv.sallyport.internal" and r["method"] == "PUT")
        self.assertEqual((row["step"], row["status"], row["state"]), ("handler", 204, "done"))

    def test_b_objects_by_s3(self):
        printed = run_section("Objects")
        self.assertIn("Debian", printed["objects get data dir/release"])
        self.assertIn("dir/release", printed["objects ls data"])
        make("objects", "public", "agent-1", "--read-only")
        make("objects", "secret")
        done = guest.run("python3", "-c", S3_CLIENT)
        self.assertEqual(done.stdout, "ok\n", done.stderr)

    def test_c_boto3(self):
        make("objects", "data", "agent-1")
        make("objects", "public", "agent-1", "--read-only")
        make("objects", "secret")
        self.lend_boto3()
        done = guest.run("python3", "-c", code("python"), environment={"PYTHONPATH": "/opt/boto"})
        self.assertEqual(done.stdout, "hello\n", done.stderr)
        # What it is used for and how it fails, in full.
        for key in ("by/boto3", "dir/release"):
            self.curl("-X", "DELETE", f"http://s3.sallyport.internal/data/{key}")
        client = (ROOT / "tests/integration/clients/s3_client.py").read_text()
        done = guest.run("python3", "-c", client, environment={"PYTHONPATH": "/opt/boto"})
        self.assertEqual(done.stdout, "ok\n", done.stderr)

    def lend_boto3(self):
        """This machine's boto3, with no more of its data than S3 needs."""
        packages = pathlib.Path("/usr/lib/python3/dist-packages")
        data = [f"botocore/data/{n}" for n in ("s3", "endpoints.json", "partitions.json", "sdk-default-configuration.json", "_retry.json")]
        data = [n for n in data if (packages / n).exists()]
        names = [n for n in ("boto3", "jmespath", "s3transfer", "dateutil", "urllib3", "six.py", "certifi", "idna", "requests", "chardet", "charset_normalizer") if (packages / n).exists()]
        archive = subprocess.run(
            ["tar", "-C", packages, "-czf", "-", "--exclude=__pycache__", *names, *data, *[f"botocore/{p.name}" for p in (packages / "botocore").iterdir() if p.name != "data"]],
            check=True, capture_output=True,
        ).stdout  # fmt: skip
        command = world.as_user(PREFIX / "bin/sallyctl", "exec", guest.name, "--", "sh", "-c", "mkdir -p /opt/boto && tar -C /opt/boto -xzf -")
        subprocess.run(command, input=archive, check=True, capture_output=True)

    def test_d_services(self):
        printed = run_section("Services")
        self.assertEqual(printed["exec agent-1 -- curl -sS http://model.service.sallyport.internal/api/tags"], "/api/tags localhost:11434\n")
        self.assertEqual(printed["exec agent-1 -- curl -sS http://web.sandbox.sallyport.internal:8000/"], "/ localhost:8000\n")
        # The other way nothing is bound.
        body, status = self.curl("http://model.service.sallyport.internal/", of=web)
        self.assertEqual((status, json.loads(body)["step"]), ("403", "handler"))

    def test_e_handlers(self):
        make("objects", "data", "agent-1")
        for command in commands("In handlers"):
            world.ctl(*command, **({"input": "t0ken"} if command[1] == "put" else {}))
        for command in commands("Services"):
            if command[0] == "services" and not (command[1] == "create" and command[2] in known("service")):
                world.ctl(*command)
        world.client.call("sandbox.setAllowedHosts", sandbox=guest.id, hosts=None)
        self.addCleanup(world.client.call, "module.set", sandbox=guest.id, source="")
        saved = world.client.call("module.set", sandbox=guest.id, source=code("js"))
        self.assertTrue(saved["inForce"], saved)
        guest.sh("head -c 300000 /dev/zero | tr '\\0' x > /tmp/large")
        body, status = self.curl("-T", "/tmp/large", "https://files.example.com/dir/large")
        self.assertEqual(status, "200", body)
        etag = json.loads(body)["etag"]
        stored = world.client.call("objects.head", bucket="data", key="agent-1/dir/large")
        self.assertEqual((stored["bytes"], stored["etag"]), (300000, etag))
        body, status = self.curl("http://files.example.com/dir/large")
        self.assertEqual((len(body), status), (300000, "200"))
        self.assertEqual(self.curl("-r", "1-3", "http://files.example.com/dir/large"), ("xxx", "206"))
        self.assertEqual(self.curl("-H", f'If-None-Match: "{etag}"', "http://files.example.com/dir/large"), ("", "304"))
        self.assertEqual(self.curl("http://files.example.com/none"), ("no such file\n", "404"))
        self.assertEqual(self.curl("https://web.example.com/path"), ("/path localhost:8000\n", "200"))
        self.assertEqual(self.curl("https://model.example.com/v1"), ("/v1 localhost:11434\n", "200"))
        # What is for handlers only is nothing for the guest's own programs.
        self.assertEqual(self.curl("http://kv.sallyport.internal/keys/agent-1")[1], "404")
        names = {n["name"] for n in json.loads(self.curl("http://kv.sallyport.internal/")[0] or '{"namespaces":[]}')["namespaces"]}
        self.assertNotIn("keys", names)
        # A trial reads, and stores nothing.
        trial = world.client.call("handlers.try", sandbox=guest.id, request={"method": "PUT", "url": "https://files.example.com/tried", "body": "x"})
        self.assertEqual((trial["verdict"], trial["status"]), ("answered", 200), trial)
        self.assertIn("bucket put", [step["kind"] for step in trial["steps"]])
        self.assertEqual(self.curl("http://files.example.com/tried")[1], "404")

    def test_f_scopes(self):
        make("kv", "cache", "agent-1")
        make("kv", "config", "web")
        world.client.call("kv.put", namespace="cache", key="mine", bytes="eA==")
        for path, status in (("/cache/mine", "404"), ("/none/x", "404"), ("/config/x", "404")):
            self.assertEqual(self.curl(f"http://kv.sallyport.internal{path}", of=web)[1], status, path)
        world.ctl("kv", "bind", "cache", "web", "--read-only")
        self.assertEqual(self.curl("http://kv.sallyport.internal/cache/mine", of=web), ("x", "200"))
        body, status = self.curl("-X", "PUT", "-d", "y", "http://kv.sallyport.internal/cache/mine", of=web)
        self.assertEqual(status, "403")
        self.assertIn("reading only", json.loads(body)["reason"])
        row = next(r for r in world.rows() if r["sandbox"] == web.id)
        self.assertEqual((row["state"], row["step"], row["host"], row["status"]), ("denied", "handler", "kv.sallyport.internal", 403))
        # Taken back, on the next request; with nothing bound the name itself is denied.
        world.ctl("kv", "unbind", "cache", "web")
        self.assertEqual(self.curl("http://kv.sallyport.internal/cache/mine", of=web)[1], "404")
        world.ctl("kv", "unbind", "config", "web")
        body, status = self.curl("http://kv.sallyport.internal/cache/mine", of=web)
        self.assertEqual((status, json.loads(body)["step"]), ("403", "handler"))
        # A rule that allows everything changes nothing of that.
        world.client.call("policy.set", sandbox=web.id, defaultAction="allow")
        self.assertEqual(self.curl("http://kv.sallyport.internal/cache/mine", of=web)[1], "403")

    def test_g_what_was_stored_outlives_a_killed_engine(self):
        make("kv", "cache", "agent-1")
        make("objects", "data", "agent-1")
        guest.sh("head -c 3000000 /dev/urandom > /tmp/random")
        self.assertEqual(self.curl("-T", "/tmp/random", "http://s3.sallyport.internal/data/random")[1], "200")
        self.assertEqual(self.curl("-X", "PUT", "-d", "kept", "http://kv.sallyport.internal/cache/kept")[1], "204")
        os.kill(world.engine_pid(), signal.SIGKILL)
        world.engine.wait(60)
        world.start_engine()
        wait_for("the new engine has the sandbox", lambda: guest.info["state"] == "running")
        self.assertEqual(self.curl("http://kv.sallyport.internal/cache/kept"), ("kept", "200"))
        done = guest.sh("curl -sS http://s3.sallyport.internal/data/random | cmp - /tmp/random && echo same")
        self.assertEqual(done.stdout, "same\n", done.stderr)
        listed = run_section("Who may what")
        self.assertIn("agent-1", listed["kv namespaces"])


if __name__ == "__main__":
    unittest.main(verbosity=2)

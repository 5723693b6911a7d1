#!/usr/bin/python3
"""Outbound handlers without code, set while a guest uses its connections: with real clients in a real microVM."""

import json
import unittest

from world import HOST4, PREFIX, RpcError, World, wait_for

# One keep-alive connection; a request for each line of its input: METHOD PATH. Prints status, local port, body.
CLIENT = """
import http.client, json, sys
c = http.client.HTTPSConnection('web.example.com')
for line in sys.stdin:
    method, path = line.split()
    c.request(method, path, headers={'User-Agent': 'guest'})
    port = c.sock.getsockname()[1]
    r = c.getresponse()
    print(json.dumps([r.status, port, r.read().decode(), dict(r.getheaders())]), flush=True)
"""

# A server of the person's own, on the loopback of the machine that the engine runs on.
SERVER = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        body = ('local ' + self.headers['Host'] + ' ' + self.path).encode()
        self.send_response(200); self.send_header('Content-Length', str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""

world = guest = None


def setUpModule():
    global world, guest
    world = World()
    guest = world.sandbox(defaultAction="deny")


def tearDownModule():
    world.close()


class Connection:
    """A program in the guest that keeps one connection and asks over it when it is told."""

    def __init__(self):
        command = [PREFIX / "bin/sallyctl", "--socket", world.socket, "exec", guest.name, "--", "python3", "-uc", CLIENT]
        self.process = world.popen(*command, stdin=-1, stdout=-1, text=True)

    def ask(self, method, path):
        self.process.stdin.write(f"{method} {path}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the guest's program ended at {method} {path}")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)


def set_handler(name, host=None, /, **params):
    if host is None:
        return world.client.call("sandbox.setOutboundHandler", sandbox=guest.id, name=name, params=params)
    return world.client.call("sandbox.setOutboundByHost", sandbox=guest.id, host=host, name=name, params=params)


class Handlers(unittest.TestCase):
    def setUp(self):
        world.client.call("sandbox.setOutboundHandler", sandbox=guest.id, name=None)
        world.client.call("sandbox.setOutboundByHosts", sandbox=guest.id, handlers={})

    def curl(self, *arguments):
        done = guest.run("curl", "-sS", "-m", "60", "-w", "\\n%{http_code}", *arguments)
        body, _, status = done.stdout.rpartition("\n")
        return body, status

    def test_every_change_is_obeyed_on_an_open_connection(self):
        connection = Connection()
        self.addCleanup(connection.close)
        status, port, body, _ = connection.ask("GET", "/echo")
        self.assertEqual(status, 403)
        self.assertEqual(json.loads(body)["step"], "default")

        set_handler("readOnly")
        self.assertEqual(connection.ask("GET", "/echo")[:2], [200, port])
        status, same, body, headers = connection.ask("POST", "/echo")
        self.assertEqual((status, same, json.loads(body)["step"]), (405, port, "handler"))
        self.assertEqual({k.lower(): v for k, v in headers.items()}["allow"], "GET, HEAD, OPTIONS")

        set_handler("respond", "*.example.com", status=418, headers={"X-By": "the door"}, body="short and stout")
        status, same, body, headers = connection.ask("GET", "/anything")
        self.assertEqual((status, same, body), (418, port, "short and stout"))
        self.assertIn(("x-by", "the door"), {(k.lower(), v) for k, v in headers.items()})
        self.assertEqual(world.served("/anything"), [])

        set_handler("setHeaders", "web.example.com", request={"User-Agent": "the door"}, response={"X-Seen": "yes"})
        status, same, body, headers = connection.ask("GET", "/echo")
        self.assertEqual((status, same), (200, port))
        self.assertTrue(body.endswith("the door\n"), body)
        self.assertIn("x-seen", {k.lower() for k in headers})

        world.ctl("handler", "unset", guest.name, "--host", "web.example.com")
        self.assertEqual(connection.ask("GET", "/echo")[:2], [418, port])
        world.ctl("handler", "unset", guest.name, "--host", "*.example.com")
        self.assertEqual(connection.ask("POST", "/echo")[:2], [405, port])
        world.ctl("handler", "set", guest.name, "noHttp")
        self.assertEqual(connection.ask("GET", "/echo")[:2], [403, port])
        world.ctl("handler", "unset", guest.name)
        status, same, body, _ = connection.ask("GET", "/echo")
        self.assertEqual((status, same, json.loads(body)["step"]), (403, port, "default"))
        row = next(r for r in world.rows() if r["status"] == 418)
        self.assertEqual(row["step"], "handler")
        self.assertIn("respond", row["reason"])

    def test_redirect_to_a_port_of_this_machine_and_nothing_else(self):
        server = world.popen("/usr/bin/python3", "-uc", SERVER, stdout=-1, text=True)
        port = int(server.stdout.readline())
        set_handler("redirectTo", "models.example", port=port, name="models")
        self.assertEqual(self.curl("http://models.example/v1?a=b"), (f"local localhost:{port} /v1?a=b", "200"))
        # By HTTPS and HTTP/2 as well: what leads on is plain HTTP on loopback.
        set_handler("redirectTo", "models.example", port=port, hostHeader="keep")
        self.assertEqual(self.curl("https://models.example/v1"), ("local models.example /v1", "200"))
        # The port is open under that name only.
        set_handler("log", "loopback.example.com")
        for target in (f"http://loopback.example.com:{port}/", f"http://{HOST4}:{port}/"):
            self.assertEqual(self.curl(target)[1], "403", target)
        floor = world.client.call("policy.get", sandbox=guest.id)["steps"][0]["text"]
        self.assertIn(f"127.0.0.1:{port}", floor)
        world.client.call("sandbox.removeOutboundByHost", sandbox=guest.id, host="models.example")
        self.assertEqual(self.curl("http://models.example/")[1], "403")
        server.terminate()

    def test_a_tunnel_is_not_opened(self):
        set_handler("tunnel", "web.example.com")
        # The real certificate arrives, which the guest does not know: nobody stands between.
        done = guest.run("curl", "-sS", "-m", "60", "https://web.example.com/")
        self.assertEqual(done.returncode, 60, done.stderr)
        done = guest.run("curl", "-sSkv", "-m", "60", "https://web.example.com/")
        self.assertEqual(done.stdout, "hello from the outside\n")
        self.assertIn("test-root", done.stderr)
        row = wait_for("the tunnel's row ends", lambda: next((r for r in world.rows() if r["protocol"] == "tls" and r["state"] == "done"), None))
        self.assertIn("passed unread", row["reason"])
        # For another name nothing is tunnelled, and names must agree.
        done = guest.run("curl", "-sSk", "-m", "60", "--connect-to", "other.example.com:443:web.example.com:443", "https://other.example.com/")
        self.assertNotEqual(done.returncode, 0)

    def test_lists_lines_and_errors(self):
        set_handler("allowHosts", allowedHostnames=["web.example.com"])
        self.assertEqual(self.curl("https://web.example.com/")[1], "200")
        self.assertEqual(self.curl("https://other.example.com/")[1], "403")
        set_handler("log", "other.example.com")
        self.assertEqual(self.curl("https://other.example.com/a?b=c")[1], "404")
        line = wait_for("the line is stored", lambda: world.client.call("handlers.log", sandbox=guest.id)["lines"])[0]
        self.assertEqual((line["text"], line["handler"]), ("GET https://other.example.com/a?b=c", "log"))
        self.assertEqual(world.client.call("log.get", row=line["row"])["row"]["path"], "/a?b=c")
        for bad in ({"name": "nothing"}, {"name": "redirectTo", "params": {}}, {"name": "respond", "params": {"status": 99}}):
            with self.assertRaises(RpcError):
                world.client.call("sandbox.setOutboundHandler", sandbox=guest.id, **bad)
        names = [h["name"] for h in world.client.call("handlers.list", sandbox=guest.id)["handlers"]]
        self.assertEqual(names, ["log", "allowHosts"])

    def test_hosts_one_at_a_time_and_a_new_engine_keeps_all(self):
        set_handler("readOnly")
        world.ctl("hosts", "allow", guest.name, "web.example.com")
        self.assertEqual(self.curl("https://web.example.com/")[1], "200")
        self.assertEqual(self.curl("https://other.example.com/")[1], "403")
        world.ctl("hosts", "deny", guest.name, "web.example.com")
        self.assertEqual(self.curl("https://web.example.com/")[1], "403")
        world.ctl("hosts", "undeny", guest.name, "web.example.com")
        world.client.call("engine.shutdown", stopSandboxes=False)
        world.engine.wait(60)
        world.start_engine()
        wait_for("the new engine has the sandbox", lambda: guest.info["state"] == "running")
        self.assertEqual(self.curl("https://web.example.com/")[1], "200")
        self.assertEqual(self.curl("-d", "x", "https://web.example.com/")[1], "405")
        world.client.call("sandbox.setAllowedHosts", sandbox=guest.id, hosts=None)

    def test_a_phase_ends_with_its_program_also_where_the_engine_ends_first(self):
        def current():
            return world.client.call("phases.get", sandbox=guest.id).get("current")

        world.ctl("phases", "set", guest.name, "setup", "--allowed-hosts", "web.example.com", "--default", "allow")
        world.ctl("phases", "set", guest.name, "locked", "--handler", "noHttp")
        self.addCleanup(lambda: world.client.call("policy.set", sandbox=guest.id, allowedHosts=None, defaultAction="deny"))
        self.assertEqual(self.curl("https://web.example.com/")[1], "403")
        world.ctl("phases", "enter", guest.name, "setup")
        self.assertEqual(self.curl("https://web.example.com/")[1], "200")
        self.assertEqual(self.curl("https://other.example.com/")[1], "403")
        # One connection, over both phases.
        connection = Connection()
        self.addCleanup(connection.close)
        status, port, _, _ = connection.ask("GET", "/echo")
        self.assertEqual(status, 200)
        done = world.ctl("exec", "--then-phase", "locked", guest.name, "--", "sh", "-c", "curl -sSo /dev/null https://web.example.com/; exit 3", check=False)
        self.assertEqual(done.returncode, 3, done.stderr)
        wait_for("the phase has changed", lambda: current() == "locked")
        status, same, body, _ = connection.ask("GET", "/echo")
        self.assertEqual((status, same, json.loads(body)["step"]), (403, port, "handler"))
        self.assertIn("now  locked", world.ctl("phases", "show", guest.name).stdout)

        bad = world.ctl("exec", "--then-phase", "later", guest.name, "--", "true", check=False)
        self.assertIn("there are setup, locked", bad.stderr)
        world.ctl("phases", "enter", guest.name, "setup")
        command = [PREFIX / "bin/sallyctl", "--socket", world.socket, "exec", "--then-phase", "locked", guest.name, "--", "sleep", "1000"]
        program = world.popen(*command, stdout=-1)
        wait_for("the program runs", lambda: world.client.call("phases.get", sandbox=guest.id).get("next") == "locked")
        self.assertEqual(current(), "setup")
        world.engine.kill()
        world.engine.wait(60)
        program.wait(60)
        world.start_engine()
        self.assertEqual(current(), "locked")
        wait_for("the new engine has the sandbox", lambda: guest.info["state"] == "running")
        self.assertEqual(self.curl("https://web.example.com/")[1], "403")

    MODULE = """export class Mine extends Sandbox {
  static outboundByHost = {
    "web.example.com": async (request, env, ctx) => {
      console.log("seen", request.method);
      if (request.method === "POST")
        return ctx.ask({ reason: "it writes" });
      const answer = await fetch(request, { headers: { "User-Agent": "the handler" } });
      return new Response((await answer.text()).toUpperCase(), answer);
    },
  };
}
"""

    def attempt(self, url, method="GET", **more):
        return world.client.call("handlers.try", sandbox=guest.id, request={"method": method, "url": url, **more.pop("request", {})}, **more)

    def test_a_request_is_tried_on_a_draft(self):
        before = len(world.rows())
        result = self.attempt("https://web.example.com/echo-try", source=self.MODULE)
        self.assertEqual((result["verdict"], result["status"], result["handler"]), ("answered", 200, "web.example.com"), result)
        self.assertEqual([line["text"] for line in result["lines"]], ["seen GET"])
        step = result["steps"][0]
        self.assertEqual((step["kind"], step["text"], step["isSent"]), ("fetch", "GET https://web.example.com/echo-try", False))
        self.assertIn(["User-Agent", "the handler"], step["headers"])
        self.assertGreater(result["callMs"], 0)
        asked = self.attempt("https://web.example.com/", "POST", source=self.MODULE, request={"body": "x=1"})
        self.assertEqual([(s["kind"], s["text"]) for s in asked["steps"]], [("ask", "it writes"), ("fetch", "POST https://web.example.com/")])
        self.assertEqual(asked["steps"][1]["body"], "x=1")
        # Hosts that the draft has no handler for meet the rest of the ladder.
        other = self.attempt("https://other.example.com/", source=self.MODULE)
        self.assertEqual((other["verdict"], other["step"]), ("denied", "default"))
        broken = self.attempt("https://web.example.com/", source="export default {\n  outbound: () => {\n    const = 3;\n  }\n}")
        self.assertEqual((broken["verdict"], broken["problems"][0]["line"]), ("failed", 3))
        # Nothing left, nothing was saved, nothing was logged.
        self.assertEqual(world.served("echo-try"), [])
        self.assertEqual(len(world.rows()), before)
        self.assertNotIn("savedAt", world.client.call("module.get", sandbox=guest.id))
        # Unless it is to be sent: by the sandbox's door, with a row.
        sent = self.attempt("https://web.example.com/echo?try", source=self.MODULE, send=True)
        self.assertEqual((sent["status"], sent["steps"][0]["status"]), (200, 200))
        self.assertTrue(sent["body"].startswith("GET /ECHO?TRY HTTP/1.1 THE HANDLER"), sent["body"])
        self.assertEqual(world.rows()[0]["reason"], "sent by a trial of a handler")
        out = world.ctl("handler", "try", guest.name, "https://other.example.com/").stdout
        self.assertIn("denied, step default", out)

    def test_limits_are_settings(self):
        world.client.call("module.set", sandbox=guest.id, source="export default { outbound() { for (let end = performance.now() + 150; performance.now() < end;); return new Response('slow') } }")
        self.addCleanup(lambda: world.client.call("module.set", sandbox=guest.id, source=""))
        body, status = self.curl("https://web.example.com/")
        self.assertEqual(status, "403")
        self.assertIn("50 ms of processor time", body)
        world.ctl("settings", "set", "handler.processorTime", "5s", "--sandbox", guest.name)
        world.ctl("settings", "set", "handler.fast", "on", "--sandbox", guest.name)
        self.assertEqual(self.curl("https://web.example.com/"), ("slow", "200"))
        for name, value in (("handler.processorTime", 0), ("handler.nothing", 1)):
            with self.assertRaises(RpcError):
                world.client.call("settings.set", sandbox=guest.id, name=name, value=value)
        # A new engine has them, and the module compiles again by itself.
        world.client.call("engine.shutdown", stopSandboxes=False)
        world.engine.wait(60)
        world.start_engine()
        wait_for("the new engine has the sandbox", lambda: guest.info["state"] == "running")
        self.assertEqual(self.curl("https://web.example.com/"), ("slow", "200"))
        world.ctl("settings", "reset", "handler.processorTime", "--sandbox", guest.name)
        self.assertEqual(self.curl("https://web.example.com/")[1], "403")


if __name__ == "__main__":
    unittest.main(verbosity=2)

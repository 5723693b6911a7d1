#!/usr/bin/python3
"""The code of Cloudflare's article on sandbox auth, as printed, deciding about a real guest's traffic. What can't run as
printed, there or here, is corrected where the comment says so. And what a class says of its sandbox besides."""

import json
import time
import unittest

from world import PREFIX, World, wait_for

# "Here's a quick look at adding a secret key to a header using an outbound Worker"
ADD_HEADER = """class OpenCodeInABox extends Sandbox {
  static outboundByHost = {
    "github.com": (request, env, ctx) => {
      const headersWithAuth = new Headers(request.headers);
      headersWithAuth.set("x-auth-token", env.SECRET);
      return fetch(request, { headers: headersWithAuth });
    }
  }
}
"""

# "Basics: restriction and observability"
ONLY_GET = """class MySandboxedApp extends Sandbox {
  static outbound = (req, env, ctx) => {
    // Deny any non-GET action and log
    if (req.method !== 'GET') {
      console.log(`Container making ${req.method} request to: ${req.url}`);
      return new Response('Not Allowed', { status: 405, statusText: 'Method Not Allowed'});
    }

    // Proceed if it is a GET request
    return fetch(req);
  };
}
"""

# "Zero trust credential injection"
INTERNAL = """class OpenCodeInABox extends Sandbox {
  static outboundByHost = {
    "my-internal-vcs.dev": (request, env, ctx) => {
      const headersWithAuth = new Headers(request.headers);
      headersWithAuth.set("x-auth-token", env.SECRET);
      return fetch(request, { headers: headersWithAuth });
    }
  }
}
"""

# "You don't have to inject the same tokens for every sandbox instance". Corrected: `async`, without which `await` is none, and the class.
KEYS_OF_EACH = """class OpenCodeInABox extends Sandbox {
 static outboundByHost = {
  "my-internal-vcs.dev": async (request, env, ctx) => {
    // note: KV is encrypted at rest and in transit
    const authKey = await env.KEYS.get(ctx.containerId);

    const requestWithAuth = new Request(request);
    requestWithAuth.headers.set("x-auth-token", authKey);
    return fetch(requestWithAuth);
  }
}
}
"""

# "Using the Cloudflare Developer Platform". The class as printed, and what it uses and does not show: two functions, and `key` in
# the second handler.
BINDINGS = """class MySandboxedApp extends Sandbox {
  static outboundByHost = {
    "my.kv": async (req, env, ctx) => {
      const key = keyFromReq(req);
      const myResult = await env.KV.get(key);
      return new Response(myResult);
    },
    "objects.cf": async (req, env, ctx) => {
      const prefix = ctx.containerId
      const path = pathFromRequest(req);
      const object = await env.R2.get(`${prefix}/${path}`);
      const myResult = await env.KV.get(key);
      return new Response(myResult);
    },
  };
}
const keyFromReq = (req) => new URL(req.url).pathname.slice(1);
const pathFromRequest = keyFromReq;
const key = "of-objects";
"""

# The same, giving out the object that it gets.
OBJECTS = BINDINGS.replace("const myResult = await env.KV.get(key);\n      return new Response(myResult);\n    },\n  };", "return new Response(object?.body ?? null, { status: object ? 200 : 404 });\n    },\n  };")

# "Making controls dynamic". Corrected: the comma between the methods, and `request` and `newRequest`, which nothing defines.
DYNAMIC = """class MySandboxedApp extends Sandbox {
  static outboundHandlers = {
    async allowHosts(req, env, { params }) {
     const url = new URL(req.url);
     const allowedHostname = params.allowedHostnames.includes(url.hostname);

      if (allowedHostname) {
        return await fetch(req);
      } else {
        return new Response(null, { status: 403, statusText: "Forbidden" });
      }
    },

    async noHttp(req) {
      return new Response(null, { status: 403, statusText: "Forbidden" });
    }
  }
}
"""

# "TLS support with MITM Proxying"
INTERCEPT = """export class MyContainer extends Container {
  interceptHttps = true;
}

MyContainer.outbound = (req, env, ctx) => {
  // All HTTP(S) requests will trigger this hook.
  return fetch(req);
};

"""

# "Under the hood". The fragment "inside your container DurableObject" stands in two methods here: what runs at its start, and
# "you can decide to return another message now", which a request to control.example starts. Corrected: `secoundOutboundWorker`, and the
# range 123.123.123.123/23, which is an error here: its bits past the 23rd are set.
UNDER_THE_HOOD = """import { WorkerEntrypoint } from "cloudflare:workers";
import { Container, getContainer } from "@cloudflare/containers";

export class MyWorker extends WorkerEntrypoint {
 fetch() {
   return new Response(this.ctx.props.message);
 }
}

export class MyContainer extends Container {
  async waitForContainerToBeHealthy() {}
  async onStart() {
this.ctx.container.start({ enableInternet: false });
const outboundWorker = this.ctx.exports.MyWorker({ props: { message: 'hello' } });
await this.ctx.container.interceptOutboundHttp('15.0.0.1:80', outboundWorker);

// From now on, all HTTP requests to 15.0.0.1:80 return "hello"
await this.waitForContainerToBeHealthy();
  }
  async change() {
// You can decide to return another message now...
const secondOutboundWorker = this.ctx.exports.MyWorker({ props: { message: 'switcheroo' } });
await this.ctx.container.interceptOutboundHttp('15.0.0.1:80', secondOutboundWorker);
// all HTTP requests to 15.0.0.1 now show "switcheroo", even on connections that were
// open before this interceptOutboundHttp

// You can even set hostnames, CIDRs, for both IPv4 and IPv6
await this.ctx.container.interceptOutboundHttp('example.com', secondOutboundWorker);
await this.ctx.container.interceptOutboundHttp('*.example.com', secondOutboundWorker);
await this.ctx.container.interceptOutboundHttp('123.123.122.0/23', secondOutboundWorker);
  }
}
MyContainer.outboundByHost = {
  "control.example": async () => {
    await new MyContainer(getContainer().ctx).change();
    return new Response("changed");
  },
};
"""

CLASS_SETTINGS = """export class MyContainer extends Container {
  enableInternet = false;
  allowedHosts = ["web.example.com", "*.example.com"];
  deniedHosts = ["other.example.com"];
  interceptHttps = false;
}
"""

# One kept connection to 15.0.0.1; a request for each line of its input.
CLIENT = """
import http.client, sys
c = http.client.HTTPConnection('15.0.0.1')
for line in sys.stdin:
    c.request('GET', '/')
    print(c.sock.getsockname()[1], c.getresponse().read().decode(), flush=True)
"""

world = guest = None


def setUpModule():
    global world, guest
    world = World()
    guest = world.sandbox(defaultAction="deny")


def tearDownModule():
    world.close()


def save(source, of=None):
    module = world.client.call("module.set", sandbox=(of or guest).id, source=source)
    assert module["inForce"], module["problems"]
    return module


def lines(of=None):
    return [line["text"] for line in world.client.call("handlers.log", sandbox=(of or guest).id)["lines"]]


class Article(unittest.TestCase):
    def setUp(self):
        world.client.call("sandbox.setOutboundHandler", sandbox=guest.id, name=None)
        world.client.call("sandbox.setOutboundByHosts", sandbox=guest.id, handlers={})
        world.client.call("policy.set", sandbox=guest.id, defaultAction="deny")
        self.addCleanup(world.client.call, "module.set", sandbox=guest.id, source="")

    def curl(self, *arguments):
        done = guest.run("curl", "-sS", "-m", "60", "-w", "\\n%{http_code}", *arguments)
        body, _, status = done.stdout.rpartition("\n")
        return body, status

    def test_a_header_for_one_host(self):
        for source, host in ((ADD_HEADER, "github.com"), (INTERNAL, "my-internal-vcs.dev")):
            save(source)
            body, status = self.curl("-H", "X-Mine: kept", f"https://{host}/headers")
            self.assertEqual(status, "200")
            seen = dict(part.split("=", 1) for part in body.strip().split(" "))
            self.assertTrue(seen["x-auth-token"], body)
            self.assertEqual(seen["x-mine"], "kept")
            # The guest sends none, so what arrived is the handler's; and other hosts have no handler.
            self.assertEqual(self.curl("https://web.example.com/headers")[1], "403")

    def test_only_get_passes_and_the_rest_is_logged(self):
        save(ONLY_GET)
        self.assertEqual(self.curl("https://web.example.com/"), ("hello from the outside\n", "200"))
        body, status = self.curl("-d", "x", "https://web.example.com/only-get")
        self.assertEqual((body, status), ("Not Allowed", "405"))
        self.assertEqual(world.served("/only-get"), [])
        line = wait_for("the line is stored", lambda: world.client.call("handlers.log", sandbox=guest.id)["lines"])[0]
        self.assertEqual(line["text"], "Container making POST request to: https://web.example.com/only-get")
        row = world.client.call("log.get", row=line["row"])["row"]
        self.assertEqual((row["method"], row["path"], row["status"]), ("POST", "/only-get", 405))

    def test_set_up_then_locked(self):
        save(DYNAMIC)
        with self.assertRaises(Exception):
            world.client.call("sandbox.setOutboundHandler", sandbox=guest.id, name="nobody")
        # await sandbox.setOutboundHandler("allowHosts", { allowedHostnames: ["github.com", "npmjs.org"] });
        world.client.call("sandbox.setOutboundHandler", sandbox=guest.id, name="allowHosts",
                          params={"allowedHostnames": ["github.com", "npmjs.org"]})  # fmt: skip
        # await sandbox.gitClone(userRepoURL)
        done = guest.run("git", "clone", "-q", "https://github.com/project.git", "/tmp/project")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(guest.run("cat", "/tmp/project/README").stdout, "cloned\n")
        # await sandbox.exec("npm install"), as far as its registry goes
        self.assertEqual(self.curl("https://npmjs.org/")[1], "200")
        self.assertEqual(self.curl("https://web.example.com/")[1], "403")
        # await sandbox.setOutboundHandler("noHttp");
        world.ctl("handler", "set", guest.name, "noHttp")
        self.assertEqual(self.curl("https://github.com/project.git/HEAD")[1], "403")

    def test_a_key_of_its_own_for_each_sandbox(self):
        world.ctl("kv", "create", "keys")
        world.ctl("kv", "bind", "keys", "--handlers-only", "--as", "KEYS")
        world.ctl("kv", "put", "keys", guest.name, input="t0ken")
        save(KEYS_OF_EACH)
        body, status = self.curl("https://my-internal-vcs.dev/headers")
        self.assertEqual((body, status), ("x-auth-token=t0ken x-mine=\n", "200"))
        # The sandbox itself has no way to it.
        self.assertEqual(self.curl(f"http://kv.sallyport.internal/keys/{guest.name}")[1], "403")

    def test_bindings_from_a_handler(self):
        world.ctl("kv", "create", "words")
        world.ctl("kv", "bind", "words", guest.name, "--as", "KV")
        world.ctl("objects", "create", "files")
        world.ctl("objects", "bind", "files", guest.name, "--as", "R2")
        world.ctl("kv", "put", "words", "greeting", input="hello")
        world.ctl("kv", "put", "words", "of-objects", input="beside it")
        world.ctl("objects", "put", "files", f"{guest.name}/dir/a", input="an object")
        save(BINDINGS)
        self.assertEqual(self.curl("http://my.kv/greeting"), ("hello", "200"))
        self.assertEqual(self.curl("https://my.kv/none"), ("", "200"))
        self.assertEqual(self.curl("http://objects.cf/dir/a"), ("beside it", "200"))
        save(OBJECTS)
        self.assertEqual(self.curl("http://objects.cf/dir/a"), ("an object", "200"))
        self.assertEqual(self.curl("http://objects.cf/other")[1], "404")

    def test_https_reaches_the_handler(self):
        save(INTERCEPT)
        self.assertEqual(self.curl("https://web.example.com/"), ("hello from the outside\n", "200"))
        self.assertEqual(self.curl("http://web.example.com/"), ("hello from the outside\n", "200"))
        wait_for("the row's end", lambda: world.rows()[0].get("status"))
        row = world.rows()[0]
        self.assertEqual((row["step"], row["status"]), ("handler", 200))
        settings = world.client.call("module.get", sandbox=guest.id)["settings"]
        self.assertEqual(settings["interceptHttps"], True)

    def test_outbound_workers_are_swapped_on_open_connections(self):
        agent = world.sandbox("agent-2", start=False, defaultAction="ask")
        save(UNDER_THE_HOOD, agent)
        world.client.call("sandbox.start", sandbox=agent.id)
        wait_for("onStart has run", lambda: any(h["host"] == "15.0.0.1:80" for h in world.client.call("handlers.list", sandbox=agent.id)["handlers"]))
        self.assertEqual(world.client.call("sandbox.get", sandbox=agent.id)["defaultAction"], "deny")
        command = [PREFIX / "bin/sallyctl", "--socket", world.socket, "exec", agent.name, "--", "python3", "-uc", CLIENT]
        client = world.popen(*command, stdin=-1, stdout=-1, text=True)

        def ask():
            client.stdin.write("\n")
            client.stdin.flush()
            return client.stdout.readline().split()

        port, text = ask()
        self.assertEqual(text, "hello")
        done = agent.run("curl", "-sS", "-m", "60", "http://control.example/")
        self.assertEqual(done.stdout, "changed", lines(agent))
        self.assertEqual(ask(), [port, "switcheroo"])
        for url in ("http://example.com/", "https://a.b.example.com/", "http://123.123.122.1/"):
            self.assertEqual(agent.run("curl", "-sSm60", url).stdout, "switcheroo", url)
        client.stdin.close()
        client.wait(60)
        world.client.call("sandbox.remove", sandbox=agent.id, force=True)

    def test_what_the_class_says_of_its_sandbox(self):
        world.client.call("policy.set", sandbox=guest.id, defaultAction="allow")
        save(CLASS_SETTINGS)
        self.assertEqual(self.curl("https://web.example.com/")[1], "200")
        for host, step in (("other.example.com", "denied"), ("github.com", "gate")):
            body, status = self.curl(f"https://{host}/")
            self.assertEqual((status, json.loads(body)["step"]), ("403", step), body)
            self.assertIn("module's class", json.loads(body)["reason"])
        steps = {s["step"]: s["text"] for s in world.client.call("policy.get", sandbox=guest.id)["steps"]}
        for step, text in (("denied", "other.example.com"), ("gate", "list is that of the module's class"),
                           ("handler", "interceptHttps = false"), ("default", "enableInternet = false")):  # fmt: skip
            self.assertIn(text, steps[step])
        # A list of the person's takes the place of the class's, and begins as a copy of it.
        world.ctl("hosts", "allow", guest.name, "github.com")
        self.assertEqual(self.curl("https://github.com/")[1], "200")
        self.assertEqual(self.curl("https://one.example.com/")[1], "200")
        world.client.call("sandbox.setAllowedHosts", sandbox=guest.id, hosts=None)
        # Without the module all is as it was.
        world.client.call("module.set", sandbox=guest.id, source="")
        self.assertEqual(self.curl("https://other.example.com/")[1], "200")

    def test_zz_it_sleeps_after_a_while_without_traffic(self):
        save('export class MyContainer extends Container {\n  sleepAfter = "8s";\n}\n')
        for _ in range(3):
            time.sleep(4)
            self.curl("https://web.example.com/")
            self.assertEqual(guest.info["state"], "running")
        wait_for("the sandbox sleeps", lambda: guest.info["state"] == "stopped")
        self.assertIn("nothing went on for 8 s, so the sandbox is stopped", lines())


if __name__ == "__main__":
    unittest.main(verbosity=2)

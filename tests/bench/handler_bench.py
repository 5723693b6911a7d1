#!/usr/bin/python3
"""What handlers cost: calls per core-second of the handler process (its framing and socket included, HTTP not), the latency
of one call alone, the time from exec to the first answer, and the memory of an idle process.
usage: tests/bench/handler_bench.py build/release/app/sallyport-handlerd/sallyport-handlerd [--fast]"""

import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from handler_host import CALL, COMPILE, FETCH, FETCHED, INIT, READY, RELEASE, RESPOND, Host  # noqa: E402

IN_FLIGHT, WARM_UP, CALLS = 32, 3000, 20000
FIELDS = ["Host", "github.com", "User-Agent", "git/2.39.5", "Accept", "*/*", "Accept-Encoding", "deflate, gzip", "Accept-Language", "en-US",
          "Pragma", "no-cache", "Git-Protocol", "version=2", "Connection", "keep-alive", "X-One", "1", "X-Two", "2"]
HANDLERS = {
    'new Response("ok")': 'outbound: () => new Response("ok")',
    "set a header, fetch": 'outbound: (request, env) => { const h = new Headers(request.headers); h.set("x-auth-token", env.SECRET);'
                           " return fetch(request, { headers: h }); }",
    "new URL, allow list": 'outbound: (request) => ["github.com"].includes(new URL(request.url).hostname) ? fetch(request)'
                           " : new Response(null, { status: 403 })",
    "rewrite both ways": 'async outbound(request) { const r = new Request(request); r.headers.set("a", "b"); r.headers.delete("pragma");'
                         ' const a = await fetch(r); const out = new Response(a.body, a); out.headers.set("x", "y"); return out; }',
}


class Load:
    """Calls kept in flight, each fetch answered at once."""

    def __init__(self, host):
        self.host, self.started, self.done = host, 0, 0

    def run(self, count):
        first, limit = self.done, self.started + count
        while self.done - first < count:
            while self.started < limit and self.started - self.done < IN_FLIGHT:
                self.started += 1
                self.host.send(CALL, 0, self.started, "\n".join(
                    ["outbound", "", "GET", "https://github.com/o/r.git/info/refs?service=git-upload-pack", "", "", ""] + FIELDS))
            kind, number, call, head, _ = self.host.receive()
            if kind == FETCH:
                self.host.send(FETCHED, number, call, f"200\nOK\nhttps://github.com/\n{0x80000000 + number}\nContent-Type\ntext/plain\nServer\nx")
            elif kind == RESPOND:
                self.done += 1
                self.host.send(RELEASE, 0, call)
            else:
                raise SystemExit(f"unexpected: {kind} {head}")


def processor_seconds(process):
    fields = open(f"/proc/{process.pid}/stat").read().split(")")[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(process):
    rollup = dict(line.split(":") for line in open(f"/proc/{process.pid}/smaps_rollup").read().splitlines()[1:])
    return int(rollup["Private_Dirty"].split()[0]) // 1024, int(rollup["Pss"].split()[0]) // 1024


def ready(host, *frame):
    host.send(*frame)
    kind, _, _, head, tail = host.receive()
    if kind != READY:
        raise SystemExit(head)
    return tail


def measure(program, source, fast):
    compiler = Host(program, 0, fast)
    code = ready(compiler, COMPILE, 0, 0, "", "export default {" + source + "}")
    compiler.end()
    begin = time.perf_counter()
    host = Host(program, 50, fast)
    ready(host, INIT, 0, 0, json.dumps({"env": {"SECRET": "x"}}), code)
    load = Load(host)
    load.run(1)
    first = (time.perf_counter() - begin) * 1000
    time.sleep(1)
    private, shared = memory(host.process)
    load.run(WARM_UP)
    before = processor_seconds(host.process)
    load.run(CALLS)
    used = processor_seconds(host.process) - before
    times = []
    for _ in range(500):
        begin = time.perf_counter()
        load.run(1)
        times.append((time.perf_counter() - begin) * 1000)
    times.sort()
    host.end()
    return {"calls": CALLS / used, "alone": times[250], "late": times[495], "first": first, "private": private, "pss": shared}


def main():
    program, fast = sys.argv[1], "--fast" in sys.argv
    for name, source in HANDLERS.items():
        of = measure(program, source, fast)
        print(f"{name:20} {of['calls']:7.0f} calls per core-second, alone {of['alone']:.2f} ms (p99 {of['late']:.2f}), first call {of['first']:.0f} ms,"
              f" idle {of['private']} MB of its own ({of['pss']} MB with its share)")


if __name__ == "__main__":
    main()

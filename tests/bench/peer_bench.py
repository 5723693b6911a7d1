#!/usr/bin/python3
"""Our handlers beside Cloudflare's runtime (workerd), in one run on this machine: calls per core-second of the process that
runs the code, latency of one call alone, time from exec to the first answer, and memory of an idle process.

workerd speaks HTTP on both sides, ours frames on a socket pair; the door does HTTP for ours, in another process. So the line
"without HTTP" takes off workerd's calls what an answer of its own without any fetch costs it more than ours: a bound in its
favour. workerd is a tool of this bench alone: npm install workerd, somewhere.
usage: tests/bench/peer_bench.py PATH/sallyport-handlerd PATH/workerd"""

import asyncio
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from handler_bench import FIELDS, HANDLERS, measure, memory, processor_seconds  # noqa: E402

REQUESTS, CONNECTIONS = 6000, 32

CONFIG = """using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker), (name = "up", external = (address = "127.0.0.1:{up}", http = ()))],
  sockets = [(name = "http", address = "127.0.0.1:{port}", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [(name = "main.js", esModule = embed "main.js")], compatibilityDate = "2025-06-01", globalOutbound = "up",
  bindings = [(name = "SECRET", text = "x")]
);
"""

NGINX = """worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log; daemon off;
events {{ worker_connections 256; }}
http {{ access_log off; keepalive_requests 1000000; server {{ listen 127.0.0.1:{up}; location / {{ default_type text/plain; return 200 "x"; }} }} }}
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


HEAD = ("GET /o/r.git/info/refs?service=git-upload-pack HTTP/1.1\r\n" +
        "".join(f"{n}: {v}\r\n" for n, v in zip(FIELDS[::2], FIELDS[1::2])) + "\r\n").encode()


async def answer_of(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    if b"content-length:" in lower:
        await reader.readexactly(int(lower.split(b"content-length:")[1].split(b"\r\n")[0]))
    elif b"chunked" in lower:
        while (size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)) or True:
            await reader.readexactly(size + 2)
            if size == 0:
                break
    return head


async def load(port, count, connections):
    async def one(share):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(share):
            writer.write(HEAD)
            head = await answer_of(reader)
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"workerd: {head[:200]}")
        writer.close()

    await asyncio.gather(*(one(count // connections) for _ in range(connections)))


def first_answer(port, begin):
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as connection:
                connection.sendall(HEAD)
                if connection.recv(100).startswith(b"HTTP/1.1 200"):
                    return (time.perf_counter() - begin) * 1000
        except OSError:
            time.sleep(0.001)


def measure_peer(program, source, up, folder):
    port = free_port()
    (folder / "main.js").write_text("const handler = {" + source + "};\nexport default { fetch: (request, env, ctx) => handler.outbound(request, env, ctx) };\n")
    (folder / "config.capnp").write_text(CONFIG.format(up=up, port=port))
    begin = time.perf_counter()
    process = subprocess.Popen([program, "serve", str(folder / "config.capnp")], stderr=subprocess.DEVNULL)
    try:
        first = first_answer(port, begin)
        time.sleep(1)
        private, shared = memory(process)
        asyncio.run(load(port, 2000, CONNECTIONS))
        before = processor_seconds(process)
        asyncio.run(load(port, REQUESTS, CONNECTIONS))
        used = processor_seconds(process) - before
        times = []
        with socket.create_connection(("127.0.0.1", port)) as connection:
            for _ in range(300):
                start = time.perf_counter()
                connection.sendall(HEAD)
                text = connection.recv(4096)
                while b"\r\n\r\n" not in text:
                    text += connection.recv(4096)
                times.append((time.perf_counter() - start) * 1000)
        times.sort()
        return {"calls": REQUESTS / used, "alone": times[150], "first": first, "private": private, "pss": shared}
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def show(who, figures):
    print(f"  {who:22} {figures['calls']:8.0f} calls per core-second, alone {figures['alone']:.2f} ms, first answer {figures['first']:.0f} ms,"
          f" idle {figures['private']} MB of its own ({figures['pss']} MB with its share)")


def main():
    ours, peer = sys.argv[1:3]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="peer-bench-"))
    up = free_port()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, up=up))
    nginx = subprocess.Popen(["/usr/sbin/nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)], stderr=subprocess.DEVNULL)
    http = 0.0
    try:
        for name, source in HANDLERS.items():
            print(name)
            interpreted, compiled = measure(ours, source, False), measure(ours, source, True)
            theirs = measure_peer(peer, source, up, folder)
            if not http:
                http = max(0.0, 1 / theirs["calls"] - 1 / interpreted["calls"])
            show("Sallyport", interpreted)
            show("Sallyport, fast", compiled)
            show("workerd", theirs)
            print(f"  {'workerd without HTTP':22} {1 / max(1e-9, 1 / theirs['calls'] - http):8.0f} calls per core-second")
    finally:
        nginx.terminate()
        nginx.wait()


if __name__ == "__main__":
    main()

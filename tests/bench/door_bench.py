#!/usr/bin/env python3
"""Measures the door against nginx and haproxy: CPU seconds of the proxy for each request, in turns in one run.

Usage (as root): tests/bench/door_bench.py BUILD [--rounds N] [--seconds S] [--only ROW[,ROW]] [--json FILE]

Everything runs in network and mount namespaces of its own. The proxy has one processor; load and origin have another. A
row's figure is the median of its rounds; its ratio is the median of the ratios of each round, whose runs are neighbours
in time, so that a busy machine spoils both alike. The peers are reverse proxies of one name, without a log: the least that
a proxy can do. The door decides, masks and logs.
"""
import argparse
import json
import os
import resource
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

NEEDED = {"nginx": "nginx-light", "haproxy": "haproxy", "h2load": "nghttp2-client", "wrk": "wrk", "openssl": "openssl"}
ORIGIN, DOOR, NGINX, HAPROXY = "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"
NAME, TLS, PLAIN, SINK = "origin.test", 8443, 8080, 8081
PROXY_CORE, LOAD_CORE = "0", "1"


def install():
    path = os.environ["PATH"] + ":/usr/sbin"
    os.environ["PATH"] = path
    missing = [package for program, package in NEEDED.items() if not shutil.which(program)]
    if missing:
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", *missing], check=True, stdout=sys.stderr)


def own_namespaces():
    """Runs this program again where its addresses and names disturb nobody."""
    if os.environ.get("SALLYPORT_BENCH_INSIDE"):
        return
    os.environ["SALLYPORT_BENCH_INSIDE"] = "1"
    os.execvp("unshare", ["unshare", "--net", "--mount", "--", sys.executable, "-B", *sys.argv])


def certificate(folder):
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, cwd=folder, stderr=subprocess.DEVNULL)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *key, "-days", "2", "-subj", "/CN=Bench Root", "-keyout", "root.key", "-out", "root.pem")
    openssl("req", *key, "-subj", "/CN=origin", "-keyout", "server.key", "-out", "server.csr")
    with open(f"{folder}/names", "w") as file:
        file.write(f"subjectAltName=DNS:{NAME},DNS:*.{NAME}\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "server.pem")
    with open(f"{folder}/both.pem", "w") as both:
        for part in ("server.pem", "server.key"):
            with open(f"{folder}/{part}") as file:
                both.write(file.read())


def nginx_config(folder, name, body):
    os.makedirs(f"{folder}/{name}", exist_ok=True)
    temporary = " ".join(f"{kind}_temp_path {folder}/{name}/{kind};" for kind in
                         ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    path = f"{folder}/{name}.conf"
    with open(path, "w") as file:
        file.write(f"""user root; daemon off; worker_processes 1; pid {folder}/{name}.pid; error_log stderr crit;
events {{ worker_connections 9000; }}
http {{ access_log off; {temporary} keepalive_requests 100000000; sendfile on; ssl_session_cache off; ssl_session_tickets off;
ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key; {body} }}""")
    return ["nginx", "-c", path, "-p", folder]


def origin_config(folder):
    for name, size in (("1k", 1024), ("10m", 10 << 20)):
        with open(f"{folder}/{name}", "wb") as file:
            file.write(os.urandom(size))
    return nginx_config(folder, "origin", f"""server {{ root {folder}; ssl_protocols TLSv1.2;
        listen {ORIGIN}:{TLS} ssl http2; listen {ORIGIN}:{PLAIN}; client_max_body_size 0;
        location = /up {{ client_body_buffer_size 64k; proxy_request_buffering off; proxy_http_version 1.1;
            proxy_pass http://{ORIGIN}:{SINK}/; }} }}
        server {{ listen {ORIGIN}:{SINK}; client_max_body_size 0; location / {{ return 200 "taken"; }} }}""")


def proxy_config(folder):
    tail = 'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; proxy_buffering on; proxy_request_buffering off; client_max_body_size 0;'
    return nginx_config(folder, "proxy", f"""
        upstream secure {{ server {ORIGIN}:{TLS}; keepalive 128; keepalive_requests 100000000; }}
        upstream plain {{ server {ORIGIN}:{PLAIN}; keepalive 128; keepalive_requests 100000000; }}
        proxy_max_temp_file_size 0;
        server {{ listen {NGINX}:{TLS} ssl http2; location / {{ {tail} proxy_pass https://secure; proxy_ssl_verify on;
            proxy_ssl_trusted_certificate {folder}/root.pem; proxy_ssl_name {NAME}; proxy_ssl_server_name on; }} }}
        server {{ listen {NGINX}:{PLAIN}; location / {{ {tail} proxy_pass http://plain; }} }}""")


def haproxy_config(folder):
    path = f"{folder}/haproxy.cfg"
    with open(path, "w") as file:
        file.write(f"""global
    nbthread 1
    maxconn 9000
defaults
    mode http
    timeout client 60s
    timeout server 60s
    timeout connect 5s
frontend secure
    bind {HAPROXY}:{TLS} ssl crt {folder}/both.pem alpn h2,http/1.1
    default_backend secure
frontend plain
    bind {HAPROXY}:{PLAIN}
    default_backend plain
backend secure
    http-reuse always
    server one {ORIGIN}:{TLS} ssl verify required ca-file {folder}/root.pem sni str({NAME}) verifyhost {NAME}
backend plain
    http-reuse always
    server one {ORIGIN}:{PLAIN}
""")
    return ["haproxy", "-db", "-f", path]


def tree(pid):
    found = [pid]
    for parent in found:
        try:
            with open(f"/proc/{parent}/task/{parent}/children") as file:
                found += [int(child) for child in file.read().split()]
        except OSError:
            pass
    return found


def cpu_seconds(pid):
    """Of all threads of the process and its children, by the scheduler's clock."""
    total = 0
    for process in tree(pid):
        for task in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{task}/schedstat") as file:
                total += int(file.read().split()[0])
    return total / 1e9


def resident(pid):
    """KiB of the process and its children."""
    total = 0
    for process in tree(pid):
        with open(f"/proc/{process}/status") as file:
            total += next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))
    return total


class Bench:
    def __init__(self, build, seconds, rules):
        self.folder = tempfile.mkdtemp(prefix="sallyport-bench-")
        self.seconds = seconds
        certificate(self.folder)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        hosts = f"{self.folder}/hosts"
        self.processes = []
        self.rested = {}
        self.origin = self.start(origin_config(self.folder), LOAD_CORE)
        os.makedirs(f"{self.folder}/door")
        with open(f"{self.folder}/up.lua", "w") as file:
            file.write('wrk.method = "PUT"\nwrk.body = string.rep("x", 10 * 1048576)\n')
        door = self.start([f"{build}/tests/bench/door_bench", f"{self.folder}/door", f"{self.folder}/root.pem", str(rules),
                           DOOR, f"{NAME}:{TLS}", f"{NAME}:{PLAIN}"], PROXY_CORE, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE)
        if door.stdout.readline().strip() != b"ready":
            sys.exit("the door did not start")
        self.peers = {
            "door": (DOOR, door),
            "nginx": (NGINX, self.start(proxy_config(self.folder), PROXY_CORE)),
            "haproxy": (HAPROXY, self.start(haproxy_config(self.folder), PROXY_CORE)),
        }
        for address, _ in self.peers.values():
            with open(f"{hosts}-{address}", "w") as file:
                file.write(f"{address} {NAME}\n")
        time.sleep(1)

    def start(self, command, core, **pipes):
        process = subprocess.Popen(["taskset", "-c", core, *command], **pipes)
        self.processes.append(process)
        return process

    def close(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()
        shutil.rmtree(self.folder)

    def load(self, address, command):
        subprocess.run(["mount", "--bind", f"{self.folder}/hosts-{address}", "/etc/hosts"], check=True)
        try:
            return subprocess.run(["taskset", "-c", LOAD_CORE, *command], check=True, capture_output=True, text=True).stdout
        finally:
            subprocess.run(["umount", "/etc/hosts"], check=True)

    def h2load(self, address, url, *options):
        out = self.load(address, ["h2load", "-D", str(self.seconds), *options, url])
        line = next(line for line in out.splitlines() if line.startswith("status codes:"))
        good = int(line.split()[2])
        bad = sum(int(line.split()[at]) for at in (4, 6, 8))
        if good == 0 or bad > 0:
            raise RuntimeError(out)
        return good

    def wrk(self, address, url, *options):
        out = self.load(address, ["wrk", "-t", "1", "-d", f"{self.seconds}s", *options, url])
        if "Non-2xx" in out:
            raise RuntimeError(out)
        return int(next(line for line in out.splitlines() if "requests in" in line).split()[0])

    # Each answers how many units of work were done.
    def tls(self, address):
        return self.h2load(address, f"https://{NAME}:{TLS}/1k", "--h1", "-c", "64")

    def plain(self, address):
        return self.h2load(address, f"http://{NAME}:{PLAIN}/1k", "--h1", "-c", "64")

    def http2(self, address):
        return self.h2load(address, f"https://{NAME}:{TLS}/1k", "-c", "8", "-m", "8")

    def connections(self, address):
        return self.wrk(address, f"https://{NAME}:{TLS}/1k", "-c", "16", "-H", "Connection: close")

    def bulk(self, address):
        return self.wrk(address, f"https://{NAME}:{TLS}/10m", "-c", "4") * (10 << 20) / 1e9

    # Bodies go up to a server that reads them and answers 405: nginx, as plain file server.
    def upload(self, address):
        return self.wrk(address, f"https://{NAME}:{TLS}/up", "-c", "4", "-s", f"{self.folder}/up.lua") * (10 << 20) / 1e9

    # The inverse of the median latency, so that more is better here too.
    def latency(self, address):
        out = self.load(address, ["wrk", "-t", "1", "-c", "1", "-d", f"{self.seconds}s", "--latency", f"https://{NAME}:{TLS}/1k"])
        text = next(line.split()[1] for line in out.splitlines() if line.split()[:1] == ["50%"])
        number, unit = text.rstrip("mus"), text.lstrip("0123456789.")
        return 1 / (float(number) * {"us": 1e-6, "ms": 1e-3, "s": 1}[unit])

    # The inverse of the KiB that a connection costs once it has been used and rests.
    # Taken before anything else, and once: memory that was in use before would be used again.
    def memory(self, address):
        if address in self.rested:
            return self.rested[address]
        process = self.peers[next(peer for peer in self.peers if self.peers[peer][0] == address)][1]
        before = resident(process.pid)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        idle = []
        for _ in range(1000):
            connection = context.wrap_socket(socket.create_connection((address, TLS)), server_hostname=NAME)
            connection.sendall(f"GET /1k HTTP/1.1\r\nHost: {NAME}:{TLS}\r\n\r\n".encode())
            got = b""
            while len(got.partition(b"\r\n\r\n")[2]) < 1024:
                got += connection.recv(4096)
            idle.append(connection)
        time.sleep(2)
        grown = (resident(process.pid) - before) / len(idle)
        for connection in idle:
            connection.close()
        time.sleep(1)
        self.rested[address] = 1 / max(grown, 0.1)
        return self.rested[address]

    def measure(self, row, peer):
        address, process = self.peers[peer]
        if row in ("latency", "memory"):
            return getattr(self, row)(address)
        before = cpu_seconds(process.pid)
        work = getattr(self, row)(address)
        return work / (cpu_seconds(process.pid) - before)


ROWS = {
    "memory": ("idle TLS connections, used once", "connections per KiB"),
    "tls": ("TLS keep-alive, 64 connections, 1 KiB", "requests per core-second"),
    "connections": ("new TLS connections", "connections per core-second"),
    "plain": ("plain HTTP keep-alive, 64 connections, 1 KiB", "requests per core-second"),
    "http2": ("HTTP/2, 8 connections of 8 streams, 1 KiB", "requests per core-second"),
    "bulk": ("bodies of 10 MiB, down", "GB per core-second"),
    "upload": ("bodies of 10 MiB, up", "GB per core-second"),
    "latency": ("one TLS connection, 1 KiB", "1 / seconds of the median"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rules", type=int, default=1000)
    parser.add_argument("--only", default=",".join(ROWS))
    parser.add_argument("--json")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    install()
    own_namespaces()
    bench = Bench(os.path.abspath(options.build), options.seconds, options.rules)
    results = {}
    try:
        wanted = options.only.split(",")
        print(f"{'':48} {'door':>10} {'nginx':>10} {'haproxy':>10} {'door/nginx':>11} {'door/haproxy':>13}")
        for row in (row for row in wanted if row in ROWS):
            rounds = [{peer: bench.measure(row, peer) for peer in bench.peers} for _ in range(options.rounds)]
            middle = {peer: statistics.median(one[peer] for one in rounds) for peer in bench.peers}
            ratio = {peer: statistics.median(one["door"] / one[peer] for one in rounds) for peer in ("nginx", "haproxy")}
            results[row] = {"what": ROWS[row][0], "unit": ROWS[row][1], **middle, "ratio": ratio, "rounds": rounds}
            print(f"{ROWS[row][0]:48} " + " ".join(f"{middle[peer]:10{'.1f' if middle[peer] >= 10 else '.3f'}}" for peer in bench.peers) +
                  f" {ratio['nginx']:11.2f} {ratio['haproxy']:13.2f}", flush=True)
    finally:
        bench.close()
    if options.json:
        with open(options.json, "w") as file:
            json.dump(results, file, indent=2)


if __name__ == "__main__":
    main()

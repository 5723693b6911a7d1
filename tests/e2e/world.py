"""A small world for one end-to-end test: a host network in which the product runs as an ordinary user, and behind it
an "internet" with real servers. Both are network namespaces of the test's own; nothing outside them is touched.

    guest (microVM) -> jail -> engine in namespace HOST -> veth -> namespace NET: nginx, and every address that a leak
    could be aimed at (private, metadata, public DNS): what arrives there is counted.

Needs root (tests/run sees to that). Everything made here is removed by close().
"""

import atexit
import json
import os
import pathlib
import pwd
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

USER = "sallyport-test"
STATE = pathlib.Path(os.environ.get("SALLYPORT_TEST_STATE", "/var/tmp/sallyport-tests"))
PREFIX = pathlib.Path(os.environ.get("SALLYPORT_PREFIX", STATE / "prefix"))
DEADLINE = 180.0  # for anything that must happen; generous, since the machine may be slow

NET4, HOST4 = "203.0.113.1", "203.0.113.2"
WEB4, WEB1_4, OTHER4 = "203.0.113.10", "203.0.113.11", "203.0.113.12"
PYTHON4, NODE4, GRPC4 = "203.0.113.13", "203.0.113.14", "203.0.113.15"  # servers of tests that start them
NET6, HOST6, WEB6 = "2001:db8::1", "2001:db8::2", "2001:db8::10"
LAN4, METADATA4, DNS4 = "10.9.9.9", "169.254.169.254", "8.8.8.8"
ULA6 = "fd00:9::9"

HOSTS = {
    "web.example.com": [WEB4],  # HTTP/2 and HTTP/1.1
    "v6.example.com": [WEB6],
    "one.example.com": [WEB1_4],  # HTTP/1.1 only
    "other.example.com": [OTHER4],
    "lan.example.com": [LAN4],  # names that point where no sandbox may go
    "metadata.example.com": [METADATA4],
    "loopback.example.com": ["127.0.0.1"],
    "self.example.com": [HOST4],
    "expired.example.com": [WEB4],
    "untrusted.example.com": [WEB4],
    "python.example.com": [PYTHON4],
    "node.example.com": [NODE4],
    "grpc.example.com": [GRPC4],
    "api.github.com": [WEB4],
    # Of the article's examples.
    "github.com": [WEB4],
    "npmjs.org": [WEB4],
    "my-internal-vcs.dev": [WEB4],
}


def run(*argv, check=True, **options):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, **options)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, argv))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def wait_for(what, condition, deadline=DEADLINE, pause=0.05):
    """Polls until the condition gives something true, and returns it."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"did not happen within {deadline:.0f} s: {what}")
        time.sleep(pause)


class RpcError(Exception):
    def __init__(self, error):
        super().__init__(error.get("message"))
        self.error = error


class Client:
    """JSON-RPC to the engine: calls from any thread, events kept in order."""

    def __init__(self, path, subscribe=True):
        self.socket = socket.socket(socket.AF_UNIX)
        # The engine serves its own user only, and root is another.
        os.seteuid(pwd.getpwnam(USER).pw_uid)
        try:
            self.socket.connect(str(path))
        finally:
            os.seteuid(0)
        self.events, self.replies, self.next_id = [], {}, 0
        self.lock = threading.Condition()
        self.closed = False
        threading.Thread(target=self._read, daemon=True).start()
        if subscribe:
            self.call("engine.subscribe")

    def _read(self):
        try:
            for line in self.socket.makefile("r", encoding="utf-8", newline="\n"):
                message = json.loads(line)
                with self.lock:
                    if "id" in message:
                        self.replies[message["id"]] = message
                    else:
                        self.events.append((message["method"], message["params"]))
                    self.lock.notify_all()
        except OSError:
            pass
        with self.lock:
            self.closed = True
            self.lock.notify_all()

    def call(self, method, deadline=DEADLINE, **params):
        with self.lock:
            self.next_id += 1
            number = self.next_id
        text = json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        self.socket.sendall(text.encode() + b"\n")
        with self.lock:
            if not self.lock.wait_for(lambda: number in self.replies or self.closed, deadline):
                raise AssertionError(f"no reply to {method}")
            if number not in self.replies:
                raise ConnectionError(f"the engine went away during {method}")
            reply = self.replies.pop(number)
        if "error" in reply:
            raise RpcError(reply["error"])
        return reply["result"]

    def close(self):
        # Not close(): the reader's file still holds the socket.
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Guest:
    """One sandbox, with programs run in it."""

    def __init__(self, world, info):
        self.world, self.id, self.name = world, info["id"], info["name"]

    @property
    def info(self):
        return self.world.client.call("sandbox.get", sandbox=self.id)

    def start_program(self, *argv, environment=None):
        return Program(self, argv, environment)

    def run(self, *argv, deadline=DEADLINE, **options):
        return self.start_program(*argv, **options).finish(deadline)

    def sh(self, script, deadline=DEADLINE):
        # A login shell, as a person's terminal has: it reads the profile that sets the CA variables.
        return self.run("/bin/bash", "-lc", script, deadline=deadline)


class Program:
    """A program in the guest, run by the command line as a person would."""

    def __init__(self, guest, argv, environment):
        command = [PREFIX / "bin/sallyctl", "--socket", guest.world.socket, "exec"]
        for key, value in (environment or {}).items():
            command += ["--env", f"{key}={value}"]
        self.process = guest.world.popen(*command, guest.name, "--", *argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def finish(self, deadline=DEADLINE):
        try:
            out, err = self.process.communicate(timeout=deadline)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
            raise AssertionError(f"the program in the guest did not end: {self.process.args}\n{out}\n{err}")
        return subprocess.CompletedProcess(
            self.process.args, self.process.returncode, out.decode(errors="replace"), err.decode(errors="replace")
        )

    def hang_up(self):
        self.process.terminate()
        self.process.communicate(timeout=DEADLINE)


class World:
    def __init__(self, engine_options=(), start_engine=True):
        if os.geteuid() != 0:
            sys.exit("end-to-end tests make network namespaces and need root: use tests/run, or sudo")
        account = pwd.getpwnam(USER)
        self.uid, self.gid, self.home = account.pw_uid, account.pw_gid, account.pw_dir
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="spw-", dir="/tmp"))
        os.chown(self.dir, self.uid, self.gid)
        os.chmod(self.dir, 0o755)  # the servers run as a user of their own
        self.engine_options = list(engine_options)
        self.host_ns, self.net_ns = f"sp-host-{os.getpid()}", f"sp-net-{os.getpid()}"
        self.processes, self.engine, self.client = [], None, None
        atexit.register(self.close)
        self._make_network()
        self._make_certificates()
        self._start_servers()
        self._prepare_user()
        if start_engine:
            self.start_engine()

    # -- the network

    def _make_network(self):
        for ns in (self.host_ns, self.net_ns):
            run("ip", "netns", "add", ns)
            run("ip", "-n", ns, "link", "set", "lo", "up")
        run("ip", "-n", self.host_ns, "link", "add", "up0", "type", "veth", "peer", "name", "down0", "netns", self.net_ns)
        for ns, dev, addresses in (
            (self.host_ns, "up0", [f"{HOST4}/24", f"{HOST6}/64"]),
            (
                self.net_ns,
                "down0",
                [f"{a}/24" for a in (NET4, WEB4, WEB1_4, OTHER4, PYTHON4, NODE4, GRPC4)]
                + [f"{a}/32" for a in (LAN4, METADATA4, DNS4)]
                + [f"{NET6}/64", f"{WEB6}/64", f"{ULA6}/128"],
            ),
        ):
            for address in addresses:
                nodad = ["nodad"] if ":" in address else []
                run("ip", "-n", ns, "address", "add", address, "dev", dev, *nodad)
            run("ip", "-n", ns, "link", "set", dev, "up")
        run("ip", "-n", self.host_ns, "route", "add", "default", "via", NET4)
        run("ip", "-n", self.host_ns, "-6", "route", "add", "default", "via", NET6)
        # Counts what arrives from the host, by where it was going. Neighbour discovery is the veth's own.
        rules = f"""
        table inet count {{
            counter web {{ }}
            counter other {{ }}
            chain arrives {{
                type filter hook prerouting priority 0; policy accept;
                iifname "down0" icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, mld2-listener-report }} accept
                iifname "down0" ip daddr {{ {WEB4}, {WEB1_4}, {OTHER4} }} tcp dport {{ 22, 80, 443, 8080, 9000 }} counter name web accept
                iifname "down0" ip6 daddr {WEB6} tcp dport {{ 80, 443 }} counter name web accept
                iifname "down0" counter name other
            }}
        }}"""
        run("ip", "netns", "exec", self.net_ns, "nft", "-f", "-", input=rules)

    def packets(self, counter):
        """Packets that reached the "internet": "web" to its servers' ports, "other" anywhere else."""
        listing = run("ip", "netns", "exec", self.net_ns, "nft", "-j", "list", "counter", "inet", "count", counter)
        return next(e["counter"]["packets"] for e in json.loads(listing.stdout)["nftables"] if "counter" in e)

    # -- servers

    def _make_certificates(self):
        pki = self.dir / "pki"
        pki.mkdir()
        os.chmod(pki, 0o755)

        def root(name):
            run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", f"/CN={name}", "-keyout", pki / f"{name}.key", "-out", pki / f"{name}.pem",
                "-addext", "basicConstraints=critical,CA:TRUE")  # fmt: skip

        def leaf(name, issuer, names, *validity):
            run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={names[0]}",
                "-keyout", pki / f"{name}.key", "-out", pki / f"{name}.csr")  # fmt: skip
            extensions = pki / f"{name}.ext"
            extensions.write_text("subjectAltName=" + ",".join(f"DNS:{n}" for n in names))
            run("openssl", "x509", "-req", "-in", pki / f"{name}.csr", "-CA", pki / f"{issuer}.pem", "-CAkey", pki / f"{issuer}.key",
                "-CAcreateserial", "-extfile", extensions, "-out", pki / f"{name}.pem", *(validity or ("-days", "7")))  # fmt: skip

        root("test-root")
        root("stranger")
        leaf("web", "test-root", [h for h in HOSTS if h not in ("expired.example.com", "untrusted.example.com")])
        leaf("untrusted", "stranger", ["untrusted.example.com"])
        # In the past: `openssl x509 -days` takes a negative number.
        leaf("expired", "test-root", ["expired.example.com"], "-days", "-1")
        self.root_certificate = pki / "test-root.pem"
        self.pki = pki

    def _start_servers(self):
        www = self.dir / "www"
        www.mkdir()
        (www / "index.html").write_text("hello from the outside\n")
        (www / "big.bin").write_bytes(bytes(range(256)) * 40960)
        source = self.dir / "repository"
        run("git", "init", "-q", "-b", "main", source)
        (source / "README").write_text("cloned\n")
        run("git", "-C", source, "add", ".")
        run("git", "-C", source, "-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "-q", "-m", "first")
        run("git", "clone", "-q", "--bare", source, www / "project.git")
        run("git", "-C", www / "project.git", "update-server-info")
        for path in [www, *www.rglob("*")]:
            os.chmod(path, 0o755 if path.is_dir() else 0o644)

        def server(names, address, certificate, h2):
            listen6 = f"listen [{WEB6}]:443 ssl{h2}; listen [{WEB6}]:80; listen {WEB4}:8080 http2;" if address == WEB4 else ""
            return f"""
            server {{
                listen {address}:443 ssl{h2}; listen {address}:80; {listen6}
                server_name {names};
                ssl_certificate {self.pki}/{certificate}.pem; ssl_certificate_key {self.pki}/{certificate}.key;
                root {www};
                location /echo {{ default_type text/plain; return 200 "$request_method $request_uri $server_protocol $http_user_agent\\n"; }}
                location /headers {{ default_type text/plain; access_log {self.dir}/nginx-headers.log headers; return 200 "x-auth-token=$http_x_auth_token x-mine=$http_x_mine\n"; }}
                location /credential {{
                    default_type text/plain; access_log {self.dir}/nginx-credentials.log credentials;
                    return 200 "authorization=$http_authorization mine=$http_x_mine\n";
                }}
                location /slow {{ proxy_pass http://127.0.0.1:9; }}
            }}"""

        config = self.dir / "nginx.conf"
        config.write_text(
            f"""
            worker_processes 1; pid {self.dir}/nginx.pid; error_log {self.dir}/nginx-error.log; daemon off;
            events {{ worker_connections 1024; }}
            http {{
                log_format credentials "authorization=$http_authorization mine=$http_x_mine";
                log_format headers "$host $http_x_auth_token";
                access_log {self.dir}/nginx-access.log; client_max_body_size 0; error_page 405 =200 $uri;
                types {{ text/html html; }} default_type application/octet-stream;
                {server("web.example.com v6.example.com", WEB4, "web", " http2")}
                {server("expired.example.com", WEB4, "expired", "")}
                {server("untrusted.example.com", WEB4, "untrusted", "")}
                {server("one.example.com", WEB1_4, "web", "")}
                {server("other.example.com", OTHER4, "web", " http2")}
                server {{ listen {LAN4}:80; listen {METADATA4}:80; root {www}; }}
            }}"""
        )
        self.spawn("ip", "netns", "exec", self.net_ns, "nginx", "-c", config, "-p", self.dir)
        wait_for("nginx answers", lambda: run("ip", "netns", "exec", self.net_ns, "curl", "-sf", f"http://{WEB4}/", check=False).returncode == 0)

    def served(self, text):
        """Lines of the servers' access log that contain the text: what really arrived outside."""
        log = self.dir / "nginx-access.log"
        return [line for line in log.read_text().splitlines() if text in line] if log.exists() else []

    # -- the product, as the user

    def _prepare_user(self):
        # A home of this world's own; only the guest image is shared, since it takes long to build.
        self.user_home = self.dir / "home"
        data = self.user_home / ".local/share/sallyport"
        self.runtime = self.dir / "run"
        for path in (data, self.runtime):
            path.mkdir(parents=True)
        self.prepare_images()
        (self.dir / "hosts").write_text(
            "127.0.0.1 localhost\n" + "".join(f"{a} {n}\n" for n, list_ in HOSTS.items() for a in list_)
        )
        for path in [self.user_home, *self.user_home.rglob("*"), self.runtime]:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)
        os.chmod(self.runtime, 0o700)
        self.socket = self.runtime / "sallyport/api.sock"
        self.environment = {
            "HOME": str(self.user_home), "USER": USER, "LOGNAME": USER, "PATH": f"{PREFIX}/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "XDG_RUNTIME_DIR": str(self.runtime), "SSL_CERT_FILE": str(self.root_certificate), "LANG": "C.UTF-8",
        }  # fmt: skip
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "SALLYPORT_LOG"):
            if name in os.environ:
                self.environment[name] = os.environ[name]

    def prepare_images(self):
        (self.user_home / ".local/share/sallyport/images").symlink_to(STATE / "images")

    def as_user(self, *argv):
        """The command, to be run as the user in the host namespace, with this world's names."""
        script = (
            'mount --bind "$1" /etc/hosts && uid=$2 && gid=$3 && shift 3 && cd / && '
            'exec setpriv --reuid "$uid" --regid "$gid" --init-groups env -i "$@"'
        )
        variables = [f"{key}={value}" for key, value in self.environment.items()]
        namespaces = ["ip", "netns", "exec", self.host_ns, "unshare", "--mount"]
        names = [str(self.dir / "hosts"), str(self.uid), str(self.gid)]
        return [*namespaces, "sh", "-c", script, "sh", *names, *variables, *map(str, argv)]

    def popen(self, *argv, **options):
        process = subprocess.Popen(self.as_user(*argv), **options)
        self.processes.append(process)
        return process

    def spawn(self, *argv, **options):
        process = subprocess.Popen([str(a) for a in argv], **options)
        self.processes.append(process)
        return process

    def start_engine(self):
        log = open(self.dir / "engine.log", "ab")
        self.engine = self.popen(PREFIX / "bin/sallyportd", *self.engine_options, stdout=log, stderr=log)
        self.connect()

    def connect(self, subscribe=True):
        def attempt():
            if self.engine and self.engine.poll() is not None:
                raise AssertionError("sallyportd ended:\n" + (self.dir / "engine.log").read_text())
            try:
                return Client(self.socket, subscribe)
            except (FileNotFoundError, ConnectionRefusedError, ConnectionError):
                return None

        self.client = wait_for("the engine listens", attempt)
        return self.client

    def ctl(self, *argv, check=True, **options):
        return run(*self.as_user(PREFIX / "bin/sallyctl", *argv), check=check, **options)

    def sandbox(self, name="agent-1", start=True, **fields):
        guest = Guest(self, self.client.call("sandbox.create", name=name, **{"size": "lite", **fields}))
        if start:
            self.client.call("sandbox.start", sandbox=guest.id)
        return guest

    # -- the person

    def question(self, **wanted):
        """Waits for an open question with these members."""

        def find():
            for question in self.client.call("approvals.list")["questions"]:
                if all(question.get(k) == v for k, v in wanted.items()):
                    return question

        return wait_for(f"a question {wanted}", find)

    def questions(self):
        return self.client.call("approvals.list")["questions"]

    def answer(self, question, action, **axes):
        fields = {"reach": "methodAndHost", "lifetime": "untilStop", "scope": "sandbox", "reason": "", **axes}
        return self.client.call("approvals.answer", question=question["id"], action=action, **fields)

    def rows(self, **filter_):
        return self.client.call("log.list", filter=filter_)["rows"]

    def engine_pid(self):
        return self.client.call("engine.info")["pid"]

    def pids(self, program, inside=""):
        """Processes of our user whose program has this name and whose command line contains the text."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if os.path.basename(command.split(" ")[0]) == program and inside in command and str(self.dir) in (
                    command + (entry / "environ").read_text(errors="replace")
                ):
                    found.append(int(entry.name))
            except (OSError, IndexError):
                continue
        return found

    # -- the end

    def close(self):
        atexit.unregister(self.close)
        if self.client and not self.client.closed:
            try:
                self.client.call("engine.shutdown", stopSandboxes=True, deadline=60)
            except (OSError, AssertionError, RpcError):
                pass
            self.client.close()
        for program in ("sallyportd", "sallyport-jail"):
            for pid in self.pids(program):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
        for ns in (self.host_ns, self.net_ns):
            run("ip", "netns", "delete", ns, check=False)
        artefacts = os.environ.get("SALLYPORT_ARTEFACTS")
        if artefacts:
            for log in self.dir.glob("*.log"):
                pathlib.Path(artefacts).mkdir(parents=True, exist_ok=True)
                shutil.copy(log, pathlib.Path(artefacts) / f"{pathlib.Path(sys.argv[0]).stem}-{log.name}")
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None and (self.dir / "engine.log").exists():
            sys.stderr.write("--- engine.log (end)\n" + (self.dir / "engine.log").read_text(errors="replace")[-6000:] + "\n")
        self.close()

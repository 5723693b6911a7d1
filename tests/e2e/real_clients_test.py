#!/usr/bin/python3
"""Clients that people use, unmodified, in a real guest: each trusts what the guest trusts and knows nothing of a door.
SALLYPORT_UPLOAD_BYTES=1073741824 makes the upload as large as you like; -k NAME runs some (real-clients/README.md)."""

import base64
import glob
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tarfile
import unittest
import zipfile

from world import GRPC4, NODE4, PYTHON4, USER, World, run, wait_for

HERE = pathlib.Path(__file__).parent
CLIENTS = HERE.parent / "integration/clients"
UPLOAD = int(os.environ.get("SALLYPORT_UPLOAD_BYTES", 8 << 20))

world = guest = None


class Servers:
    """Upstreams of the test's own, as an ordinary user: web with git and packages, mail, ssh, PostgreSQL, node, gRPC."""

    def __init__(self):
        self.dir = world.dir / "real"
        self.files, self.git = self.dir / "files", self.dir / "git"
        for path in (self.files, self.git):
            path.mkdir(parents=True)
        for name in ("web.pem", "web.key"):
            shutil.copy(world.pki / name, self.dir)
        run("git", "clone", "-q", "--bare", world.dir / "repository", self.git / "project.git")
        run("git", "-C", self.git / "project.git", "config", "http.receivepack", "true")
        self.debian_package()
        self.npm_package()
        self.wheel()
        for key in ("host", "agent"):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.dir / f"ssh-{key}")
        shutil.copy(self.dir / "ssh-agent.pub", self.dir / "authorized_keys")
        (self.dir / "sshd_config").write_text(
            f"ListenAddress {PYTHON4}:22\nHostKey {self.dir}/ssh-host\nAuthorizedKeysFile {self.dir}/authorized_keys\n"
            f"StrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication no\nSubsystem sftp internal-sftp\n"
        )
        run("chown", "-R", USER, self.dir)
        os.chmod(self.dir / "web.key", 0o600)
        run("ip", "netns", "exec", world.net_ns, "sysctl", "-qw", "net.ipv4.ip_unprivileged_port_start=0")
        certificate = (self.dir / "web.pem", self.dir / "web.key")
        self.start("/usr/sbin/sshd", "-D", "-f", self.dir / "sshd_config")
        self.start("python3", HERE / "real-clients/servers.py", PYTHON4, *certificate, self.dir)
        self.start("node", CLIENTS / "node_server.js", *certificate, NODE4, "8443", "443")
        self.start("python3", CLIENTS / "grpc_server.py", *certificate, f"{GRPC4}:443")
        self.postgres()
        for where in ((PYTHON4, 443), (PYTHON4, 25), (PYTHON4, 22), (PYTHON4, 5432), (NODE4, 443), (GRPC4, 443)):
            wait_for(f"a server at {where}", lambda: self.listens(*where))

    def command(self, *argv):
        return ["ip", "netns", "exec", world.net_ns, "runuser", "-u", USER, "--", *map(str, argv)]

    def start(self, *argv):
        log = open(world.dir / "servers.log", "ab")
        # What the user may not read by its path is copied to where it may.
        argv = [self.copied(a) if isinstance(a, pathlib.Path) and HERE.parent in a.parents else a for a in argv]
        world.spawn(*self.command(*argv), stdin=subprocess.PIPE, stdout=log, stderr=log, cwd="/")

    def copied(self, path):
        shutil.copy(path, self.dir)
        return self.dir / path.name

    def listens(self, address, port):
        script = f"import socket; socket.create_connection(('{address}', {port}), 2)"
        return run("ip", "netns", "exec", world.net_ns, "python3", "-c", script, check=False).returncode == 0

    def postgres(self):
        programs = pathlib.Path(sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1])
        data = self.dir / "postgres"
        run(*self.command(programs / "initdb", "-A", "trust", "-U", "agent", "--no-sync", "-D", data), cwd="/")
        shutil.copy(self.dir / "web.pem", data / "server.crt")
        shutil.copy(self.dir / "web.key", data / "server.key")
        (data / "pg_hba.conf").write_text("hostssl all all all trust\n")
        run("chown", "-R", USER, data)
        os.chmod(data / "server.key", 0o600)
        self.start(programs / "postgres", "-D", data, "-h", PYTHON4, "-k", self.dir, "-c", "ssl=on", "-c", "fsync=off")

    def debian_package(self):
        tree = self.dir / "package"
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "usr/bin").mkdir(parents=True)
        (tree / "DEBIAN/control").write_text(
            "Package: greeting\nVersion: 1.0\nArchitecture: all\nMaintainer: Test <test@example.com>\nDescription: a greeting\n"
        )
        (tree / "usr/bin/greeting").write_text("#!/bin/sh\necho installed by apt\n")
        os.chmod(tree / "usr/bin/greeting", 0o755)
        repository = self.files / "debian"
        repository.mkdir()
        run("dpkg-deb", "--root-owner-group", "--build", tree, repository / "greeting_1.0_all.deb")
        (repository / "Packages").write_text(run("dpkg-scanpackages", "-m", ".", cwd=repository).stdout)

    def npm_package(self):
        folder = self.files / "npm"
        source = self.dir / "npm-source"
        folder.mkdir()
        source.mkdir()
        (source / "package.json").write_text('{"name": "greeting", "version": "1.0.0", "main": "index.js"}')
        (source / "index.js").write_text("module.exports = 'installed by npm';\n")
        archive = folder / "greeting-1.0.0.tgz"
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(source, "package")
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        dist = {"tarball": f"https://python.example.com/npm/{archive.name}", "integrity": f"sha512-{digest}"}
        version = {"name": "greeting", "version": "1.0.0", "dist": dist}
        (folder / "greeting").write_text(json.dumps({"name": "greeting", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}))

    def wheel(self):
        folder = self.files / "simple/greeting"
        folder.mkdir(parents=True)
        name = "greeting-1.0-py3-none-any.whl"
        with zipfile.ZipFile(folder / name, "w") as wheel:
            wheel.writestr("greeting.py", "text = 'installed by pip'\n")
            wheel.writestr("greeting-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n")
            wheel.writestr("greeting-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr("greeting-1.0.dist-info/RECORD", "greeting.py,,\ngreeting-1.0.dist-info/METADATA,,\ngreeting-1.0.dist-info/WHEEL,,\ngreeting-1.0.dist-info/RECORD,,\n")
        (folder / "index.html").write_text(f'<!DOCTYPE html><a href="{name}">{name}</a>\n')


servers = None


def setUpModule():
    global world, guest, servers
    world = World()
    servers = Servers()
    guest = world.sandbox(size="basic", image="debian-12-clients", diskMib=8192)
    world.client.call("rules.add", rule={"sandbox": guest.id, "action": "allow", "match": {"host": "*.example.com"}})
    key = (servers.dir / "ssh-agent").read_text()
    host = (servers.dir / "ssh-host.pub").read_text()
    guest.sh(
        f"install -m 700 -d ~/.ssh && cat > ~/.ssh/id_ed25519 <<'END'\n{key}END\nchmod 600 ~/.ssh/id_ed25519\n"
        f"echo 'python.example.com {host.strip()}' > ~/.ssh/known_hosts\n"
        "git config --global user.name agent; git config --global user.email agent@example.com"
    )


def tearDownModule():
    world.close()


class Case(unittest.TestCase):
    def check(self, script, *expected, deadline=600):
        done = guest.sh(script, deadline)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for text in expected:
            self.assertIn(text, done.stdout, done.stderr)
        return done


class Curl(Case):
    def test_versions(self):
        for option, version in (("--http1.1", "1.1"), ("--http2", "2"), ("--http1.0", "1.0")):
            with self.subTest(option):
                self.check(f"curl -sS {option} -w '%{{http_version}}' https://web.example.com/", f"hello from the outside\n{'1.1' if version == '1.0' else version}")

    def test_http2_in_clear_with_prior_knowledge(self):
        self.check("curl -sS --http2-prior-knowledge -w '%{http_version}' http://web.example.com:8080/", "hello from the outside\n2")

    def test_upload(self):
        script = f"head -c {UPLOAD} /dev/zero | tee >(sha256sum | cut -c1-64 >/tmp/sum) | curl -sS -T - %s https://python.example.com/upload; cat /tmp/sum"
        for options in ("--http1.1", "--http2"):
            with self.subTest(options):
                size, digest, sent = self.check(script % options, deadline=7200).stdout.split()
                self.assertEqual((int(size), digest), (UPLOAD, sent))

    def test_resume(self):
        self.check(
            "cd /tmp && rm -f big.bin && curl -sS -r 0-3999999 -o big.bin https://web.example.com/big.bin && stat -c %s big.bin && "
            "curl -sS -C - -o big.bin -w '%{http_code} ' https://web.example.com/big.bin && sha256sum big.bin",
            "4000000\n206 " + hashlib.sha256((world.dir / "www/big.bin").read_bytes()).hexdigest(),
        )

    def test_expect_100_continue(self):
        # By the log of curl: the body went out because the answer 100 came, not because the wait was over.
        done = self.check(
            "head -c 3000000 /dev/urandom > /tmp/up && curl -sSv --http1.1 -H 'Expect: 100-continue' --expect100-timeout 120 "
            "--data-binary @/tmp/up -o /dev/null -w '%{http_code}' https://python.example.com/post 2>&1",
            "HTTP/1.1 100 Continue",
            "200",
        )
        self.assertNotIn("Done waiting for 100-continue", done.stdout)


class Git(Case):
    def clone_and_push(self, url, branch):
        self.check(
            f"rm -rf /tmp/p && git clone -q {url} /tmp/p && cd /tmp/p && cat README && git checkout -q -b {branch} && "
            # Larger than http.postBuffer: the push is chunked.
            "head -c 3000000 /dev/urandom > data && git add data && git commit -q -m data && "
            f"git push -q origin {branch} && git rev-parse HEAD > /tmp/head && git fetch -q && cmp /tmp/head <(git rev-parse origin/{branch}) && echo pushed",
            "cloned",
            "pushed",
        )
        here = run("git", "-c", "safe.directory=*", "-C", servers.git / "project.git", "rev-parse", branch).stdout
        self.assertEqual(here, guest.sh("cat /tmp/head").stdout)

    def test_https(self):
        self.clone_and_push("https://python.example.com/git/project.git", "by-https")

    def test_ssh(self):
        self.clone_and_push(f"ssh://{USER}@python.example.com{servers.git}/project.git", "by-ssh")


class Ssh(Case):
    def test_ssh_scp_sftp(self):
        there = f"{USER}@python.example.com"
        self.check(f"ssh {there} 'echo from $SSH_CONNECTION; cat' <<< through", "from ", "through")
        self.check(
            f"head -c 2000000 /dev/urandom > /tmp/a && scp -q /tmp/a {there}:{servers.dir}/copied && "
            f"echo 'get {servers.dir}/copied /tmp/b' | sftp -q -b - {there} && cmp /tmp/a /tmp/b && echo same",
            "same",
        )
        row = next(r for r in world.rows(text="python.example.com") if r["port"] == 22)
        self.assertEqual((row["method"], row["scheme"]), ("TCP", "tcp"))


class Node(Case):
    def test_fetch(self):
        self.check(
            "node -e \"fetch('https://python.example.com/x', {method: 'POST', body: 'from node'}).then(r => r.text()).then(console.log)\"",
            "posted from node",
        )

    def test_ws(self):
        self.check(
            "node -e \"const W = require('/usr/share/nodejs/ws'); const w = new W('wss://node.example.com/'); w.on('open', () => w.send('echo'));"
            " w.on('message', m => { console.log('heard ' + m); w.close(); }); w.on('error', e => { console.log(e); process.exit(1); })\"",
            "heard echo",
        )

    def test_http2(self):
        self.check(
            "node -e \"const s = require('http2').connect('https://node.example.com:8443'); const r = s.request({':path': '/trailers', ':method': 'POST'});"
            " r.setEncoding('utf8'); let t = ''; r.on('data', d => t += d); r.on('trailers', h => t += ' ' + h['x-sum']);"
            " r.on('close', () => { console.log(t); s.close(); }); r.end('up')\"",
            "body 42",
        )


class Python(Case):
    def test_urllib(self):
        self.check("python3 -c \"import urllib.request as u; print(u.urlopen('https://python.example.com/post', b'by urllib').read().decode())\"", "posted by urllib")

    def test_http_client(self):
        self.check(
            "python3 -c \"import http.client as h; c = h.HTTPSConnection('python.example.com'); c.request('POST', '/a', iter([b'in ', b'chunks']), encode_chunked=True);"
            " print(c.getresponse().read().decode()); c.request('GET', '/simple/greeting/'); print(c.getresponse().status)\"",
            "posted in chunks\n200",
        )

    def test_requests(self):
        self.check("python3 -c \"import requests as r; print(r.post('https://python.example.com/a', data=b'by requests').text)\"", "posted by requests")

    def test_httpx(self):
        self.check("python3 -c \"import httpx; print(httpx.post('https://python.example.com/a', content=b'by httpx').text)\"", "posted by httpx")

    def test_grpcio(self):
        self.check(
            "python3 -c \"import grpc; c = grpc.secure_channel('grpc.example.com:443', grpc.ssl_channel_credentials());"
            " print(c.unary_unary('/test.Echo/Unary')(b'hi', timeout=120)); print(sum(1 for _ in c.unary_stream('/test.Echo/Stream')(b'50', timeout=120)))\"",
            "b'you said hi'\n50",
        )


class Java(Case):
    def test_http_client(self):
        source = (HERE / "real-clients/Client.java").read_text()
        guest.sh(f"cat > /tmp/Client.java <<'END'\n{source}END")
        self.check(
            "java /tmp/Client.java https://web.example.com/ https://python.example.com/simple/greeting/",
            "HTTP_1_1 asked, HTTP_1_1 200 hello from the outside",
            "HTTP_2 asked, HTTP_2 200 hello from the outside",
            "HTTP_2 asked, HTTP_1_1 200 <!DOCTYPE html>",
        )


class Packages(Case):
    def test_apt(self):
        for scheme in ("http", "https"):
            host = {"http": "web", "https": "python"}[scheme]
            if scheme == "http":
                shutil.copytree(servers.files / "debian", world.dir / "www/debian", dirs_exist_ok=True)
            self.check(
                f"echo 'deb [trusted=yes] {scheme}://{host}.example.com/debian ./' > /tmp/{scheme}.list; "
                f"o='-o Dir::Etc::SourceList=/tmp/{scheme}.list -o Dir::Etc::SourceParts=/dev/null'; "
                "apt-get -qq $o update && apt-get -qq -y $o install greeting >/dev/null && greeting && apt-get -qq -y purge greeting >/dev/null",
                "installed by apt",
            )

    def test_npm(self):
        self.check(
            "mkdir -p /tmp/n && cd /tmp/n && npm install --no-audit --no-fund --no-update-notifier --registry https://python.example.com/npm/ greeting && "
            "node -p \"require('greeting')\"",
            "installed by npm",
        )

    def test_pip(self):
        self.check(
            "pip install -q --disable-pip-version-check --index-url https://python.example.com/simple --target /tmp/pip greeting && "
            "PYTHONPATH=/tmp/pip python3 -c 'import greeting; print(greeting.text)'",
            "installed by pip",
        )


class OtherProtocols(Case):
    def test_psql(self):
        self.check(
            "psql -At 'host=python.example.com user=agent dbname=postgres sslmode=require' -c 'select 6 * 7, ssl from pg_stat_ssl where pid = pg_backend_pid()'",
            "42|t",
        )
        row = next(r for r in world.rows(text="python.example.com") if r["port"] == 5432)
        self.assertEqual((row["method"], row["scheme"]), ("TCP", "tcp"))

    def test_smtp(self):
        self.check(
            "python3 -c \"import smtplib; s = smtplib.SMTP('python.example.com', 25); s.sendmail('a@example.com', ['b@example.com'], 'Subject: hello\\r\\n\\r\\nby smtplib'); s.quit(); print('sent')\"",
            "sent",
        )
        self.assertIn("by smtplib", (servers.dir / "mail").read_text())


class Load(Case):
    def test_h2load(self):
        self.check("h2load -n 200 -c 4 -m 8 https://web.example.com/", "200 succeeded, 0 failed, 0 errored")

    def test_wrk(self):
        done = self.check("wrk -t1 -c4 -d3s --timeout 60s https://web.example.com/", "requests in")
        self.assertNotIn("Non-2xx", done.stdout)
        self.assertNotIn("Socket errors", done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)

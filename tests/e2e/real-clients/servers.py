"""Servers for real clients, in the namespace that stands for the internet. Arguments: address, certificate, key, a folder
with `files` (served as they are) and `git` (repositories, served by git's own CGI program). Ends with its input.

HTTPS at 443: files; git/ by git-http-backend, push included; PUT upload answers with length and SHA-256 of the body.
SMTP at 25: keeps each message in FOLDER/mail."""

import hashlib
import http.server
import os
import pathlib
import socketserver
import ssl
import subprocess
import sys
import threading

address, certificate, key, folder = sys.argv[1:]
folder = pathlib.Path(folder)


class Http(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments):
        super().__init__(*arguments, directory=str(folder / "files"))

    def log_message(self, *_):
        pass

    def body(self):
        """The request's body in pieces, by length or by chunks."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return
        left = int(self.headers.get("Content-Length", 0))
        while left:
            piece = self.rfile.read(min(left, 1 << 20))
            left -= len(piece)
            yield piece

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path.startswith("/git/"):
            return self.git()
        super().do_GET()

    def do_POST(self):
        if self.path.startswith("/git/"):
            return self.git()
        self.answer(200, [("Content-Type", "text/plain")], b"posted " + b"".join(self.body()))

    def do_PUT(self):
        digest, size = hashlib.sha256(), 0
        for piece in self.body():
            digest.update(piece)
            size += len(piece)
        self.answer(200, [("Content-Type", "text/plain")], f"{size} {digest.hexdigest()}\n".encode())

    def git(self):
        path, _, query = self.path.partition("?")
        environment = {
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(folder / "git"), "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path.removeprefix("/git"), "QUERY_STRING": query, "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""), "REMOTE_USER": "agent", "REMOTE_ADDR": self.client_address[0],
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""), "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }  # fmt: skip
        done = subprocess.run(["git", "http-backend"], input=b"".join(self.body()), capture_output=True, env=environment)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        headers = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n") if ": " in line]
        status = int(dict(headers).get("Status", "200").split()[0])
        self.answer(status, [(n, v) for n, v in headers if n not in ("Status", "Content-Length")], body)


class Smtp(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 mail.example.com ESMTP")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.say("354 go on")
                message = b""
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    message += line
                (folder / "mail").write_bytes(message)
                self.say("250 taken")
            elif verb == b"QUIT":
                return self.say("221 bye")
            else:
                self.say("250 mail.example.com")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(certificate, key)
web = http.server.ThreadingHTTPServer((address, 443), Http)
web.socket = context.wrap_socket(web.socket, server_side=True, do_handshake_on_connect=False)
mail = Server((address, 25), Smtp)
for server in (web, mail):
    threading.Thread(target=server.serve_forever, daemon=True).start()
print("ready", flush=True)
sys.stdin.read()

"""A hostile HTTP/2 client behind the door, and the HTTP/1.1 server (TLS) that it wants to confuse. Arguments: certificate, key,
host, the sandbox's certificate. Prints the server's port, reads the door's, and prints what went wrong, or "all refused"."""
import socket
import ssl
import struct
import sys
import threading

certificate, key, host, ca = sys.argv[1:]
received = []  # heads and bodies, as the server's connections read them

tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(certificate, key)
tls.set_alpn_protocols(["http/1.1"])
listener = socket.create_server(("127.0.0.1", 0))


def serve(raw):
    record = {"bytes": b""}
    received.append(record)
    try:
        connection = tls.wrap_socket(raw, server_side=True)
        connection.settimeout(20)
        while piece := connection.recv(65536):
            record["bytes"] += piece
            head, blank, body = record["bytes"].partition(b"\r\n\r\n")
            length = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
            if blank and len(body) >= sum(length) and (length or b"chunked" not in head.lower() or body.endswith(b"0\r\n\r\n")):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                record["answered"] = True
                return connection.close()
    except (OSError, ssl.SSLError):
        pass


def accept():
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


threading.Thread(target=accept, daemon=True).start()
port = listener.getsockname()[1]
print(port, flush=True)
front = int(sys.stdin.readline())
authority = f"{host}:{port}"


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def number(value):  # HPACK, a prefix of 7 bits
    if value < 127:
        return bytes([value])
    value, out = value - 127, b"\x7f"
    while value >= 128:
        out, value = out + bytes([value % 128 + 128]), value // 128
    return out + bytes([value])


def block(fields):
    return b"".join(b"\0" + number(len(n)) + n + number(len(v)) + v for n, v in fields)


def connect():
    client = ssl.create_default_context(cafile=ca)
    client.set_alpn_protocols(["h2"])
    connection = client.wrap_socket(socket.create_connection(("127.0.0.1", front)), server_hostname=host)
    assert connection.selected_alpn_protocol() == "h2"
    connection.settimeout(30)
    return connection


def ask(connection, fields, pieces=None):
    """What becomes of stream 1: its status, "reset", or "closed" where the whole connection ended."""
    out = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0)
    out += frame(1, 4 | (0 if pieces else 1), 1, block(fields))
    for at, piece in enumerate(pieces or []):
        out += frame(0, 1 if at == len(pieces) - 1 else 0, 1, piece)
    connection.sendall(out)
    buffer = b""
    try:
        while True:
            while len(buffer) >= 9:
                size = struct.unpack(">I", b"\0" + buffer[:3])[0]
                if len(buffer) < 9 + size:
                    break
                kind, stream = buffer[3], struct.unpack(">I", buffer[5:9])[0]
                payload, buffer = buffer[9 : 9 + size], buffer[9 + size :]
                if kind == 7:
                    return "closed"
                if kind == 3 and stream == 1:
                    return "reset"
                if kind == 1 and stream == 1:
                    # :status is the first field: indexed (RFC 7541, appendix A) or a literal of three digits.
                    known = {8: "200", 9: "204", 10: "206", 11: "304", 12: "400", 13: "404", 14: "500"}
                    return known.get(payload[0] & 0x7F) if payload[0] & 0x80 else literal(payload)
            piece = connection.recv(65536)
            if not piece:
                return "closed"
            buffer += piece
    except (ConnectionResetError, ssl.SSLError):
        return "closed"


def literal(payload):
    size, coded = payload[1] & 0x7F, payload[1] & 0x80
    text = payload[2 : 2 + size]
    if not coded:
        return text.decode()
    bits = "".join(f"{byte:08b}" for byte in text)
    digits, out = {"00000": "0", "00001": "1", "00010": "2", "011001": "3", "011010": "4", "011011": "5", "011100": "6", "011101": "7", "011110": "8", "011111": "9"}, ""
    while len(out) < 3:
        code = next(c for c in digits if bits.startswith(c))
        out, bits = out + digits[code], bits[len(code) :]
    return out


def fields(*more, method=b"GET", path=b"/", scheme=b"https", who=authority.encode()):
    return [(b":method", method), (b":scheme", scheme), (b":path", path), (b":authority", who), *more]


post = lambda *more: fields(*more, method=b"POST")
hidden = b"\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
cases = {
    "CR LF in a value": (fields((b"x-a", b"b\r\nx-smuggled: 1")), None),
    "LF in a value": (fields((b"x-a", b"b\nx-smuggled: 1")), None),
    "NUL in a value": (fields((b"x-a", b"smuggled\0")), None),
    "a request in a value": (fields((b"x-a", b"b" + hidden)), None),
    "CR LF in a name": (fields((b"x-a: 1\r\nx-smuggled", b"b")), None),
    "a colon in a name": (fields((b"x-smuggled: a", b"b")), None),
    "capitals in a name": (fields((b"X-Smuggled", b"b")), None),
    "a request in the path": (fields(path=b"/a HTTP/1.1\r\nHost: x" + hidden), None),
    "a blank in the path": (fields(path=b"/a HTTP/1.1 smuggled"), None),
    "an empty path": (fields((b"x-smuggled", b"1"), path=b""), None),
    "a request in the method": (fields(method=b"GET /smuggled HTTP/1.1\r\nx-a:"), None),
    "a blank in the method": (fields(method=b"GET /smuggled"), None),
    "a request in :authority": (fields(who=authority.encode() + hidden), None),
    "a user in :authority": (fields(who=b"smuggled@" + authority.encode()), None),
    "another host field": (fields((b"host", b"smuggled.example.com")), None),
    "transfer-encoding": (post((b"transfer-encoding", b"chunked"), (b"x-smuggled", b"1")), [b"0" + hidden]),
    "connection": (fields((b"connection", b"x-smuggled"), (b"x-smuggled", b"1")), None),
    "keep-alive": (fields((b"keep-alive", b"smuggled")), None),
    "proxy-connection": (fields((b"proxy-connection", b"smuggled")), None),
    "upgrade": (fields((b"upgrade", b"smuggled")), None),
    "te that is not trailers": (fields((b"te", b"smuggled")), None),
    "a pseudo field after others": ([(b":method", b"GET"), (b":scheme", b"https"), (b"x-smuggled", b"1"), (b":path", b"/"), (b":authority", authority.encode())], None),
    "a pseudo field twice": (fields((b":path", b"/smuggled")), None),
    "an unknown pseudo field": ([*fields()[:3], (b":smuggled", b"1"), fields()[3]], None),
    "no path": ([f for f in fields((b"x-smuggled", b"1")) if f[0] != b":path"], None),
    "no method": ([f for f in fields((b"x-smuggled", b"1")) if f[0] != b":method"], None),
    "a status": (fields((b":status", b"200"), (b"x-smuggled", b"1")), None),
    "two lengths": (post((b"content-length", b"5"), (b"content-length", b"6"), (b"x-smuggled", b"1")), [b"hello"]),
    "a length that is no number": (post((b"content-length", b"+5"), (b"x-smuggled", b"1")), [b"hello"]),
    "more than the length": (post((b"content-length", b"3"), (b"x-odd", b"1")), [b"abc", b"GET /smuggled"]),
    "less than the length": (post((b"content-length", b"50"), (b"x-odd", b"1")), [b"abc"]),
    "a length without a body": (post((b"content-length", b"50"), (b"x-odd", b"1")), None),
}
wrong = []
# All at first: once the door knows that the server speaks HTTP/1.1 it offers nothing else.
connections = [connect() for _ in range(len(cases) + 1)]
for name, (asked, pieces) in cases.items():
    outcome = ask(connections.pop(), asked, pieces)
    if outcome not in ("reset", "closed", "400", "421", "501"):
        wrong.append(f"{name}: {outcome}")
if any(b"smuggled" in record["bytes"].lower() for record in received):
    wrong.append(f"it arrived: {received}")
# Of one whose body is not as long as it says, the head may have gone on; the server must not take it for a whole request.
if any(b"x-odd" in record["bytes"].lower() and record.get("answered") for record in received):
    wrong.append(f"taken for whole: {received}")
if ask(connections.pop(), post((b"content-length", b"5"), (b"x-good", b"1")), [b"hel", b"lo"]) != "200":
    wrong.append("a good request does not pass")
elif b"x-good: 1" not in received[-1]["bytes"].lower() or not received[-1]["bytes"].endswith(b"hello"):
    wrong.append(f"a good request arrives as {received[-1]}")
print("; ".join(wrong) or "all refused")

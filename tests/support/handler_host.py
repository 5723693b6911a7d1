"""sallyport-handlerd as the engine starts it, spoken to by its frames (engine/handler/protocol.h)."""

import os
import socket
import struct
import subprocess

COMPILE, INIT, CALL, FETCHED, FETCH_FAILED, RELEASE = 1, 2, 3, 5, 6, 9
STREAM_PIECE, STREAM_END, STREAM_FAILED, PULL = 64, 65, 66, 67
READY, FAILED, RESPOND, CALL_FAILED, FETCH, OP, CONSOLE = 128, 129, 130, 131, 132, 133, 134


class Host:
    def __init__(self, program, milliseconds, fast):
        ours, theirs = socket.socketpair()
        page = os.memfd_create("page")
        os.ftruncate(page, 4096)
        environment = {"TZ": "UTC", "JSC_useJIT": "0"}
        if fast:
            environment = {"TZ": "UTC", "JSC_useJIT": "1", "JSC_useFTLJIT": "0", "JSC_forceRAMSize": "134217728"}

        def move():
            os.dup2(theirs.fileno(), 10)
            os.dup2(page, 11)
            os.dup2(10, 3)
            os.dup2(11, 4)

        self.process = subprocess.Popen([program, "--cpu-ms", str(milliseconds), "--fast", "yes" if fast else "no"],
                                        env=environment, preexec_fn=move, close_fds=False)
        theirs.close()
        os.close(page)
        self.socket, self.buffer = ours, b""

    def send(self, kind, number=0, call=0, head="", tail=""):
        head, tail = head.encode(), tail if isinstance(tail, bytes) else tail.encode()
        self.socket.sendall(struct.pack("<IIIII", 4 + len(head) + len(tail), kind, number, call, len(head)) + head + tail)

    def receive(self, seconds=None):
        """The next frame: kind, number, call, head, tail. TimeoutError after so many seconds without one."""
        self.socket.settimeout(seconds)
        while True:
            if len(self.buffer) >= 20:
                length, kind, number, call, head = struct.unpack("<IIIII", self.buffer[:20])
                if len(self.buffer) >= 16 + length:
                    payload, self.buffer = self.buffer[20:16 + length], self.buffer[16 + length:]
                    return kind, number, call, payload[:head].decode(), payload[head:]
            more = self.socket.recv(1 << 17)
            if not more:
                raise SystemExit("the process ended")
            self.buffer += more

    def end(self):
        self.process.kill()
        self.process.wait()
        self.socket.close()

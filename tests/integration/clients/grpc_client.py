"""A gRPC client of grpcio behind the door. Arguments: host, port, the door's port, the sandbox's certificate."""
import sys
import time

import grpc

host, port, front, ca = sys.argv[1:]
options = (("grpc.ssl_target_name_override", host), ("grpc.default_authority", f"{host}:{port}"), ("grpc.enable_http_proxy", 0))
channel = grpc.secure_channel(f"127.0.0.1:{front}", grpc.ssl_channel_credentials(open(ca, "rb").read()), options)
method = lambda kind, name: getattr(channel, kind)(f"/test.Echo/{name}")

answer, call = method("unary_unary", "Unary").with_call(b"hi", timeout=20)
assert answer == b"you said hi", answer
assert ("x-trailer", "end") in [(name, value) for name, value in call.trailing_metadata()], call.trailing_metadata()
assert list(method("unary_stream", "Stream")(b"500", timeout=20)) == [b"%d" % number for number in range(500)]
assert method("stream_unary", "Total")(iter([b"x" * 100_000] * 20), timeout=30) == b"2000000"


def slowly():
    # Each goes out only after the answer to the last has come: nothing may sit in a buffer.
    for word in (b"one", b"two", b"three"):
        yield word
        end = time.monotonic() + 10
        while word.upper() not in heard and time.monotonic() < end:
            time.sleep(0.01)


heard = []
for word in method("stream_stream", "Chat")(slowly(), timeout=30):
    heard.append(word)
assert heard == [b"ONE", b"TWO", b"THREE"], heard
try:
    method("unary_unary", "Failing")(b"", timeout=20)
    raise AssertionError("no error")
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.FAILED_PRECONDITION and error.details() == "not like this", error
print("all passed")

"""A gRPC server of grpcio, without generated code: messages are bytes. Prints its port. Arguments: certificate, key, and where to
listen."""
import sys
from concurrent import futures

import grpc


def unary(request, context):
    context.set_trailing_metadata((("x-trailer", "end"),))
    return b"you said " + request


def stream(request, context):
    for number in range(int(request)):
        yield b"%d" % number


def chat(requests, context):
    for request in requests:
        yield request.upper()


def total(requests, context):
    return b"%d" % sum(len(request) for request in requests)


def failing(request, context):
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not like this")


handlers = {
    "Unary": grpc.unary_unary_rpc_method_handler(unary),
    "Stream": grpc.unary_stream_rpc_method_handler(stream),
    "Chat": grpc.stream_stream_rpc_method_handler(chat),
    "Total": grpc.stream_unary_rpc_method_handler(total),
    "Failing": grpc.unary_unary_rpc_method_handler(failing),
}
server = grpc.server(futures.ThreadPoolExecutor(4), options=(("grpc.so_reuseport", 0),))
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", handlers),))
read = lambda path: open(path, "rb").read()
where = sys.argv[3] if len(sys.argv) > 3 else "127.0.0.1:0"
port = server.add_secure_port(where, grpc.ssl_server_credentials([(read(sys.argv[2]), read(sys.argv[1]))]))
server.start()
print(port, flush=True)
sys.stdin.read()
server.stop(0)

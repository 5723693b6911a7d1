# HTTP/1 heads and chunked bodies.
sallyport_fuzz_target(http_head SOURCES http_head_fuzz.cpp LINKS engine_egress)
# Whole sessions of a guest, with a server that answers at once; and what passes a WebSocket. (The first bytes of a
# connection are client_hello and, where they are HTTP, http_head.)
sallyport_fuzz_target(http1_session SOURCES http1_session_fuzz.cpp LINKS engine_egress)
sallyport_fuzz_target(http2_session SOURCES http2_session_fuzz.cpp LINKS engine_egress)
sallyport_fuzz_target(websocket SOURCES websocket_fuzz.cpp LINKS engine_egress)

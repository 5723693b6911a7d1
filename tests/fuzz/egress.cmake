# HTTP/1 heads and chunked bodies.
sallyport_fuzz_target(http_head SOURCES http_head_fuzz.cpp LINKS engine_egress)

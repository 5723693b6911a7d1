# The pure parts of the door; what needs sockets is in tests/integration/egress*.
sallyport_unit_test(http_head SOURCES http_head_test.cpp LINKS engine_egress)
sallyport_unit_test(chunked_decoder SOURCES chunked_decoder_test.cpp LINKS engine_egress)
sallyport_unit_test(forwarding SOURCES forwarding_test.cpp LINKS engine_egress)
sallyport_unit_test(request_names SOURCES request_names_test.cpp LINKS engine_egress)
sallyport_unit_test(masking SOURCES masking_test.cpp LINKS engine_egress)
sallyport_unit_test(first_bytes SOURCES first_bytes_test.cpp LINKS engine_egress)
sallyport_unit_test(websocket SOURCES websocket_test.cpp LINKS engine_egress)
sallyport_unit_test(upstream_proxy SOURCES upstream_proxy_test.cpp LINKS engine_egress)

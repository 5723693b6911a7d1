sallyport_fuzz_target(rpc SOURCES rpc_fuzz.cpp LINKS engine_api)

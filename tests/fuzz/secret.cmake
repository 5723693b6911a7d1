# What a guest sends, past the scanner and the replacer.
sallyport_fuzz_target(secret_stream SOURCES secret_stream_fuzz.cpp LINKS engine_secret)

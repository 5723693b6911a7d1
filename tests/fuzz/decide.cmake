# Hostile input of the deciding part.
sallyport_fuzz_target(client_hello SOURCES client_hello_fuzz.cpp LINKS engine_tls)
sallyport_fuzz_target(dns SOURCES dns_fuzz.cpp LINKS engine_dns)
sallyport_fuzz_target(policy_text SOURCES policy_text_fuzz.cpp LINKS engine_policy)

# Credentials: the deciding part, and the sealed file.
sallyport_unit_test(secret_scanner SOURCES secret_scanner_test.cpp LINKS engine_secret)
sallyport_unit_test(secret_kit SOURCES secret_kit_test.cpp LINKS engine_secret)
sallyport_unit_test(secret_vault SOURCES secret_vault_test.cpp LINKS engine_secret)
sallyport_unit_test(secret_memory SOURCES secret_memory_test.cpp LINKS engine_secret)
sallyport_unit_test(secret_sigv4 SOURCES secret_sigv4_test.cpp LINKS engine_secret)

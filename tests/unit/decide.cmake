# The deciding part: policy, approval, dns, tls. Pure code, so no network, sleep or application.
sallyport_unit_test(address SOURCES address_test.cpp LINKS engine_policy)
sallyport_unit_test(host SOURCES host_test.cpp LINKS engine_policy)
sallyport_unit_test(pattern SOURCES pattern_test.cpp LINKS engine_policy)
sallyport_unit_test(path_glob SOURCES path_glob_test.cpp LINKS engine_policy)
sallyport_unit_test(floor SOURCES floor_test.cpp LINKS engine_policy)

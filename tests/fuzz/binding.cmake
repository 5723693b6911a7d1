sallyport_fuzz_target(bindings SOURCES ${CMAKE_CURRENT_LIST_DIR}/bindings_fuzz.cpp LINKS engine_binding)

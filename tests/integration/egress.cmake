# The door with real sockets on loopback: real nginx as upstream, real curl as client. No privileges needed.
add_library(egress_fixture STATIC ${CMAKE_CURRENT_LIST_DIR}/egress_fixture.cpp)
target_link_libraries(egress_fixture PUBLIC project_flags Qt6::Test engine_egress)
target_include_directories(egress_fixture PUBLIC ${CMAKE_CURRENT_LIST_DIR})

foreach(part IN ITEMS bindings breadth clients credential flood handlers http hold hostile strict tls)
    add_executable(egress_${part}_test ${CMAKE_CURRENT_LIST_DIR}/egress_${part}_test.cpp)
    set_target_properties(egress_${part}_test PROPERTIES AUTOMOC ON)
    target_link_libraries(egress_${part}_test PRIVATE egress_fixture)
    add_test(NAME egress_${part} COMMAND egress_${part}_test)
    set_tests_properties(egress_${part} PROPERTIES LABELS engine TIMEOUT 300
        ENVIRONMENT "TSAN_OPTIONS=die_after_fork=0")
endforeach()
find_package(Qt6 REQUIRED COMPONENTS Network)
target_link_libraries(egress_breadth_test PRIVATE Qt6::Network)
target_compile_definitions(egress_bindings_test PRIVATE SALLYPORT_CLIENTS="${CMAKE_CURRENT_LIST_DIR}/clients")
target_compile_definitions(egress_clients_test PRIVATE SALLYPORT_CLIENTS="${CMAKE_CURRENT_LIST_DIR}/clients")

# Handlers of modules, in their real process.
foreach(part IN ITEMS env scripts)
    add_executable(egress_${part}_test ${CMAKE_CURRENT_LIST_DIR}/egress_${part}_test.cpp)
    set_target_properties(egress_${part}_test PROPERTIES AUTOMOC ON)
    target_compile_definitions(egress_${part}_test PRIVATE SALLYPORT_HANDLERD="$<TARGET_FILE:sallyport-handlerd>")
    target_link_libraries(egress_${part}_test PRIVATE egress_fixture engine_handler)
    add_dependencies(egress_${part}_test sallyport-handlerd)
    add_test(NAME egress_${part} COMMAND egress_${part}_test)
    set_tests_properties(egress_${part} PROPERTIES LABELS engine TIMEOUT 600 ENVIRONMENT "TSAN_OPTIONS=die_after_fork=0")
endforeach()

# Real namespaces and packets: as whoever runs the tests, and, where that is root, as an ordinary user.
function(sallyport_jail_test name)
    cmake_parse_arguments(ARG "" "" "LINKS" ${ARGN})
    add_executable(${name}_test ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/${name}_test.cpp)
    set_target_properties(${name}_test PROPERTIES AUTOMOC ON)
    target_link_libraries(${name}_test PRIVATE project_flags Qt6::Test engine_jail_supervisor ${ARG_LINKS})
    target_compile_definitions(${name}_test PRIVATE
        SALLYPORT_JAIL_BINARY="$<TARGET_FILE:sallyport-jail>")
    add_dependencies(${name}_test sallyport-jail)
    add_test(NAME ${name} COMMAND ${name}_test)
    add_test(NAME ${name}_as_user
        COMMAND ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/jail_as_user $<TARGET_FILE:${name}_test>)
    set_tests_properties(${name} ${name}_as_user PROPERTIES LABELS e2e TIMEOUT 180)
endfunction()

sallyport_jail_test(jail_leak)
sallyport_jail_test(jail_life)
sallyport_jail_test(jail_vm LINKS engine_vm engine_guest engine_image)

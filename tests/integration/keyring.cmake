# The desktop's keyring, as GNOME has it, on a session bus of the test's own.
add_executable(keyring_test ${CMAKE_CURRENT_LIST_DIR}/keyring_test.cpp)
set_target_properties(keyring_test PROPERTIES AUTOMOC ON)
target_link_libraries(keyring_test PRIVATE project_flags Qt6::Test engine_secret PkgConfig::LIBSECRET)
add_test(NAME keyring COMMAND ${CMAKE_CURRENT_LIST_DIR}/keyring_session $<TARGET_FILE:keyring_test>)
set_tests_properties(keyring PROPERTIES LABELS engine TIMEOUT 120)

# The window, its pages and the terminal, over an engine of cardboard.
find_package(Qt6 REQUIRED COMPONENTS Network)
add_library(fake_engine STATIC
    ${PROJECT_SOURCE_DIR}/tests/support/fake_engine.cpp
    ${PROJECT_SOURCE_DIR}/tests/support/fake_engine_example.cpp)
set_target_properties(fake_engine PROPERTIES AUTOMOC ON)
target_link_libraries(fake_engine PUBLIC project_flags engine_api Qt6::Network)

sallyport_unit_test(mailbox SOURCES mailbox_test.cpp LINKS ui_bridge)
sallyport_unit_test(theme SOURCES theme_test.cpp LINKS ui_theme)
sallyport_unit_test(terminal_screen SOURCES terminal_screen_test.cpp LINKS ui_terminal)
sallyport_unit_test(terminal_view SOURCES terminal_view_test.cpp LINKS ui_terminal)
sallyport_unit_test(window SOURCES window_test.cpp LINKS ui_window fake_engine)
sallyport_unit_test(window_screenshots SOURCES window_screenshots_test.cpp LINKS ui_window fake_engine)
set_tests_properties(mailbox theme terminal_screen terminal_view window window_screenshots
    PROPERTIES LABELS ui)

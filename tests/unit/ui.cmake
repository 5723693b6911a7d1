# The window, its pages and the terminal, over an engine of cardboard.
find_package(Qt6 REQUIRED COMPONENTS Network)
add_library(fake_engine STATIC
    ${PROJECT_SOURCE_DIR}/tests/support/fake_engine.cpp
    ${PROJECT_SOURCE_DIR}/tests/support/fake_engine_example.cpp)
set_target_properties(fake_engine PROPERTIES AUTOMOC ON)
target_link_libraries(fake_engine PUBLIC project_flags engine_api Qt6::Network)

foreach(name IN ITEMS window_screenshots)
    sallyport_unit_test(${name} SOURCES ${name}_test.cpp LINKS ui_window fake_engine)
    set_tests_properties(${name} PROPERTIES LABELS ui)
endforeach()

# The engine, assembled: its parts at work together.
sallyport_unit_test(front_desk SOURCES front_desk_test.cpp LINKS engine_service)
sallyport_unit_test(settings SOURCES settings_test.cpp LINKS engine_service engine_api_reference)
target_compile_definitions(settings_test PRIVATE SALLYPORT_SETTINGS_DOCS="${CMAKE_CURRENT_LIST_DIR}/../../docs/settings.md")
sallyport_unit_test(budget_book SOURCES budget_book_test.cpp LINKS engine_service)

# The engine, assembled: its parts at work together.
sallyport_unit_test(front_desk SOURCES front_desk_test.cpp LINKS engine_service)

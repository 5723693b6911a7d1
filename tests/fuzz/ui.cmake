sallyport_fuzz_target(terminal SOURCES terminal_fuzz.cpp LINKS ui_terminal)

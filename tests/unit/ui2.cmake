# The log, the policy page and the question window, over an engine of the test's own.
sallyport_unit_test(ui_gallery SOURCES ui_gallery.cpp ui2_engine.cpp LINKS ui_approvals ui_egress ui_policy)
set_tests_properties(ui_gallery PROPERTIES LABELS ui)

# The log, the policy page and the question window, over an engine of the test's own.
add_library(ui_test_engine STATIC EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/ui2_engine.cpp)
target_link_libraries(ui_test_engine PUBLIC ui_bridge Qt6::Test)

function(sallyport_ui_test name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
    sallyport_unit_test(${name} SOURCES ${ARG_SOURCES} LINKS ${ARG_LINKS} ui_test_engine)
    set_tests_properties(${name} PROPERTIES LABELS ui)
endfunction()

sallyport_ui_test(display_text SOURCES display_text_test.cpp LINKS ui_widgets)
sallyport_ui_test(egress_filter SOURCES egress_filter_test.cpp LINKS ui_egress)
sallyport_ui_test(egress_view SOURCES egress_view_test.cpp LINKS ui_egress)
sallyport_ui_test(notifier SOURCES notifier_test.cpp LINKS ui_approvals Qt6::DBus)
sallyport_ui_test(policy_view SOURCES policy_view_test.cpp LINKS ui_policy)
sallyport_ui_test(handlers_view SOURCES handlers_view_test.cpp LINKS ui_handlers)
sallyport_ui_test(rule_check SOURCES rule_check_test.cpp LINKS ui_policy)
sallyport_ui_test(question_window SOURCES question_window_test.cpp LINKS ui_approvals)
sallyport_ui_test(ui_gallery SOURCES ui_gallery.cpp LINKS ui_approvals ui_egress ui_policy)

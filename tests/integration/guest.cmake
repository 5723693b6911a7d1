# Boots the real image in a plain QEMU: guestd, the image and the engine's agent without libvirt or a jail. Builds the image
# first where it is missing (SALLYPORT_IMAGE_DIR, by default the user's).
add_executable(guest_boot_test ${CMAKE_CURRENT_LIST_DIR}/guest_boot_test.cpp ${CMAKE_CURRENT_LIST_DIR}/guest_machine.cpp)
set_target_properties(guest_boot_test PROPERTIES AUTOMOC ON)
target_compile_definitions(guest_boot_test PRIVATE
    SALLYPORT_IMAGE_BUILDER="${PROJECT_SOURCE_DIR}/installer/guest-image/build" SALLYPORT_GUESTD="$<TARGET_FILE:sallyport-guestd>")
target_link_libraries(guest_boot_test PRIVATE project_flags Qt6::Test engine_guest engine_image)
add_dependencies(guest_boot_test sallyport-guestd)
add_test(NAME guest_boot COMMAND guest_boot_test)
set_tests_properties(guest_boot PROPERTIES LABELS e2e TIMEOUT 900)

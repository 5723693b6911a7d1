# One interface target for every translation unit of ours: language level, warnings, hardening, sanitizers.
option(SALLYPORT_WERROR "Treat warnings as errors" OFF)
set(SALLYPORT_SANITIZE "" CACHE STRING "Sanitizers to build with, as for -fsanitize=")
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_EXTENSIONS OFF)

find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(project_flags INTERFACE)
target_compile_features(project_flags INTERFACE cxx_std_20)
target_include_directories(project_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(project_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wold-style-cast -Wnon-virtual-dtor
    $<$<CXX_COMPILER_ID:Clang>:-Wno-sign-conversion> # as g++ reads -Wconversion
    -fstack-protector-strong
    $<$<BOOL:${SALLYPORT_WERROR}>:-Werror>
    $<$<CONFIG:Release,RelWithDebInfo>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>)
target_compile_definitions(project_flags INTERFACE
    SALLYPORT_VERSION="${PROJECT_VERSION}"
    $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
target_link_options(project_flags INTERFACE -Wl,-z,relro,-z,now)
if(SALLYPORT_SANITIZE)
    target_compile_options(project_flags INTERFACE -fsanitize=${SALLYPORT_SANITIZE} -fno-omit-frame-pointer -g)
    target_link_options(project_flags INTERFACE -fsanitize=${SALLYPORT_SANITIZE})
endif()

# A static library for one folder. Its links are the folder's allowed dependencies and nothing else.
function(sallyport_library name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PUBLIC project_flags ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
endfunction()

#include "handlerd/resources.h"

#include <array>

// Each script as it lies in the tree, between a line before and a line after that make a program
// of it. The assembler reads the files in.
#define SCRIPT_START(name)                                                                         \
    ".global handlerd_" name "_start\nhandlerd_" name "_start:\n"
#define SCRIPT_END(name) ".global handlerd_" name "_end\nhandlerd_" name "_end:\n"
#define TEXT(text) ".ascii \"" text "\"\n"
#define FILE_OF(path) ".incbin \"" SALLYPORT_SOURCE_DIR "/" path "\"\n"
#define RUNTIME_FILE(name) FILE_OF("handlerd/js/" name ".js")

__asm__(".section .rodata\n"
        SCRIPT_START("runtime")
        TEXT("(function(n){'use strict';")
        RUNTIME_FILE("base") RUNTIME_FILE("events") RUNTIME_FILE("headers") RUNTIME_FILE("url")
        RUNTIME_FILE("body") RUNTIME_FILE("blob") RUNTIME_FILE("messages") RUNTIME_FILE("fetch")
        RUNTIME_FILE("encoding") RUNTIME_FILE("timers") RUNTIME_FILE("clone")
        RUNTIME_FILE("compression") RUNTIME_FILE("crypto") RUNTIME_FILE("keys") RUNTIME_FILE("subtle") RUNTIME_FILE("bindings") RUNTIME_FILE("modules") RUNTIME_FILE("main")
        TEXT("})")
        SCRIPT_END("runtime")

        SCRIPT_START("streams")
        TEXT("(function(){var exports={},module={};")
        FILE_OF("third_party/web-streams-polyfill/ponyfill.js")
        TEXT("\\nreturn exports})()")
        SCRIPT_END("streams")

        SCRIPT_START("urlpattern")
        TEXT("(function(){var module={exports:{}};")
        FILE_OF("third_party/urlpattern-polyfill/urlpattern.js")
        TEXT("\\nreturn module.exports})()")
        SCRIPT_END("urlpattern")

        SCRIPT_START("sucrase")
        TEXT("(function(){")
        FILE_OF("third_party/sucrase/sucrase.js")
        TEXT("\\nreturn SucraseModule})()")
        SCRIPT_END("sucrase")
        ".text\n");

#define DECLARE(name) extern "C" const char handlerd_##name##_start[], handlerd_##name##_end[];
DECLARE(runtime)
DECLARE(streams)
DECLARE(urlpattern)
DECLARE(sucrase)

namespace sallyport::handlerd {

std::string_view resource(std::string_view name)
{
    struct Script
    {
        std::string_view name;
        const char* start;
        const char* end;
    };
    static const std::array<Script, 4> scripts{
        Script{"runtime", handlerd_runtime_start, handlerd_runtime_end},
        Script{"streams", handlerd_streams_start, handlerd_streams_end},
        Script{"urlpattern", handlerd_urlpattern_start, handlerd_urlpattern_end},
        Script{"sucrase", handlerd_sucrase_start, handlerd_sucrase_end}};
    for (const Script& script : scripts)
        if (script.name == name)
            return {script.start, static_cast<std::size_t>(script.end - script.start)};
    return {};
}

} // namespace sallyport::handlerd

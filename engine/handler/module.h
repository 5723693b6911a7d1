#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "engine/base/result.h"

namespace sallyport::handler {

// What is wrong with a module, or was thrown by it. Line and column count from 1, 0 is not known.
struct Problem
{
    std::string text;
    int line = 0;
    int column = 0;
};

// What a module declares, as plain data.
struct Description
{
    std::string className; // empty for a plain object
    bool hasOutbound = false;
    std::vector<std::string> outboundByHost;   // patterns, as written
    std::vector<std::string> outboundHandlers; // names
    std::optional<std::vector<std::string>> allowedHosts;
    std::optional<std::vector<std::string>> deniedHosts;
    std::optional<bool> enableInternet;
    std::optional<bool> interceptHttps;
    std::string sleepAfter;         // "10m"; empty: not set
    std::vector<std::string> hooks; // "onStart", "onStop", where the class has them
};

struct Module
{
    std::string code; // as the runtime takes it
    Description description;
};

// A module that is good, or what is wrong with it.
using Checked = tl::expected<std::shared_ptr<const Module>, Problem>;

// Descriptions and problems as a handler process sends them; nothing in them is believed beyond
// its type and size.
[[nodiscard]] Result<Description> readDescription(std::string_view json);
[[nodiscard]] Problem readProblem(std::string_view json);

// A line of the handlers' log as a process sends it.
struct LogLine
{
    enum class Level
    {
        Debug,
        Info,
        Warning,
        Error,
    };
    Level level = Level::Info;
    std::string text;
    int line = 0;
    int column = 0;
};
[[nodiscard]] LogLine readLine(std::string_view head);

// "TypeError: x is undefined (line 3, column 14)"
[[nodiscard]] std::string problemText(const Problem& problem);

} // namespace sallyport::handler

#include "engine/handler/module.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/handler/protocol.h"

namespace sallyport::handler {

namespace {

using nlohmann::json;

constexpr std::size_t MostText = 8192;
constexpr std::size_t MostEntries = 1000;

std::string text(const json& value, const char* key)
{
    const auto found = value.find(key);
    return found != value.end() && found->is_string()
               ? found->get<std::string>().substr(0, MostText)
               : std::string();
}

int number(const json& value, const char* key)
{
    const auto found = value.find(key);
    return found != value.end() && found->is_number_integer()
               ? static_cast<int>(std::clamp<std::int64_t>(found->get<std::int64_t>(), 0, 1'000'000))
               : 0;
}

std::optional<bool> flag(const json& value, const char* key)
{
    const auto found = value.find(key);
    return found != value.end() && found->is_boolean() ? std::optional(found->get<bool>())
                                                       : std::nullopt;
}

std::optional<std::vector<std::string>> texts(const json& value, const char* key)
{
    const auto found = value.find(key);
    if (found == value.end() || !found->is_array())
        return std::nullopt;
    std::vector<std::string> all;
    for (const json& each : *found)
        if (each.is_string() && all.size() < MostEntries)
            all.push_back(each.get<std::string>());
    return all;
}

int toNumber(std::string_view text)
{
    int value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return std::max(value, 0);
}

} // namespace

Result<Description> readDescription(std::string_view text)
{
    const json value = json::parse(text, nullptr, false);
    if (!value.is_object())
        return fail(Error::Code::Internal, "the runtime's description of the module is none");
    Description description;
    description.className = handler::text(value, "className");
    description.hasOutbound = flag(value, "outbound").value_or(false);
    description.outboundByHost = texts(value, "outboundByHost").value_or(std::vector<std::string>());
    description.outboundHandlers =
        texts(value, "outboundHandlers").value_or(std::vector<std::string>());
    description.allowedHosts = texts(value, "allowedHosts");
    description.deniedHosts = texts(value, "deniedHosts");
    description.enableInternet = flag(value, "enableInternet");
    description.interceptHttps = flag(value, "interceptHttps");
    description.hooks = texts(value, "hooks").value_or(std::vector<std::string>());
    description.sleepAfter = handler::text(value, "sleepAfter");
    return description;
}

Problem readProblem(std::string_view text)
{
    const json value = json::parse(text, nullptr, false);
    Problem problem;
    problem.text = value.is_object() ? handler::text(value, "text") : std::string();
    if (problem.text.empty())
        problem.text = "the handler failed without saying why";
    if (value.is_object()) {
        problem.line = number(value, "line");
        problem.column = number(value, "column");
    }
    return problem;
}

LogLine readLine(std::string_view head)
{
    HeadLines lines(head);
    const std::string_view level = lines.next().value_or("");
    LogLine line;
    line.line = toNumber(lines.next().value_or(""));
    line.column = toNumber(lines.next().value_or(""));
    line.text = lines.rest().substr(0, 4 * MostText);
    line.level = level == "error"     ? LogLine::Level::Error
                 : level == "warning" ? LogLine::Level::Warning
                 : level == "debug"   ? LogLine::Level::Debug
                                      : LogLine::Level::Info;
    return line;
}

std::string problemText(const Problem& problem)
{
    if (problem.line <= 0)
        return problem.text;
    return fmt::format("{} (line {}, column {})", problem.text, problem.line, problem.column);
}

} // namespace sallyport::handler

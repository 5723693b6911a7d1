// handler try.
#include "app/sallyctl/handler_tool_commands.h"

#include <fstream>
#include <iterator>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/sallyctl/context.h"
#include "app/sallyctl/output.h"
#include "app/sallyctl/values.h"
#include "engine/api/handlers.h"

namespace sallyport::ctl {
namespace {

using api::Json;

struct TryOptions
{
    std::string sandbox;
    std::string url;
    std::string method;
    std::vector<std::string> headers;
    std::string body; // or @FILE
    std::string module;
    bool send = false;
};

Result<std::string> readFile(const std::string& file)
{
    std::ifstream stream(file, std::ios::binary);
    if (!stream)
        return fail(Error::Code::NotFound, file + ": can't be read");
    return std::string(std::istreambuf_iterator<char>(stream), {});
}

Result<api::TrialRequest> requestOf(const TryOptions& options)
{
    api::TrialRequest request;
    request.url = options.url;
    request.body = options.body;
    if (options.body.starts_with('@')) {
        auto body = readFile(options.body.substr(1));
        if (!body)
            return tl::unexpected<Error>(std::move(body.error()));
        request.body = std::move(*body);
    }
    request.method = !options.method.empty() ? options.method
                     : request.body.empty()  ? "GET"
                                             : "POST";
    for (const std::string& header : options.headers) {
        const std::size_t colon = header.find(':');
        if (colon == std::string::npos)
            return fail(Error::Code::Invalid, "a header is 'Name: value', not " + header);
        const std::size_t start = header.find_first_not_of(' ', colon + 1);
        request.headers.emplace_back(header.substr(0, colon),
                                     start == std::string::npos ? "" : header.substr(start));
    }
    return request;
}

void printHeaders(const std::vector<std::pair<std::string, std::string>>& headers)
{
    for (const auto& [name, value] : headers)
        printLine(fmt::format("    {}: {}", name, value));
}

void printBody(const std::string& body)
{
    if (body.empty())
        return;
    std::size_t start = 0;
    while (start <= body.size()) {
        const std::size_t end = std::min(body.find('\n', start), body.size());
        printLine("    " + body.substr(start, end - start));
        start = end + 1;
    }
}

std::string placeOf(int line, int column)
{
    return line > 0 ? fmt::format("line {}, column {}: ", line, column) : std::string();
}

void printResult(const api::TrialResult& result)
{
    const std::string by = result.handler.empty() ? "" : " by " + result.handler;
    printLine(fmt::format("{}{}, step {}{}", result.verdict, by, enumText(result.step),
                          result.reason.empty() ? "" : ": " + result.reason));
    for (const api::ModuleProblem& problem : result.problems)
        printLine(placeOf(problem.line, problem.column) + problem.text);
    for (const api::TrialStep& step : result.steps) {
        const bool isFetch = step.kind == "fetch";
        printLine(fmt::format("{} {}{}", step.kind, step.text,
                              !isFetch          ? ""
                              : !step.isSent    ? " (not sent)"
                              : step.status > 0 ? fmt::format(" → {}", step.status)
                                                : " → no answer"));
        printHeaders(step.headers);
        printBody(step.body);
    }
    for (const api::HandlerLine& line : result.lines)
        printLine(fmt::format("{}: {}{}", enumText(line.level), placeOf(line.line, line.column),
                              line.text));
    if (result.status > 0) {
        printLine(fmt::format("the guest gets {} {}", result.status, result.statusText));
        printHeaders(result.headers);
        printBody(result.body);
        if (result.bodyBytes > static_cast<std::int64_t>(result.body.size()))
            printLine(fmt::format("    … {} in all", bytesText(result.bodyBytes)));
    }
    if (result.callMs > 0)
        printLine(
            fmt::format("in {:.1f} ms, after a start of {:.0f} ms", result.callMs, result.startMs));
}

Result<int> tryIt(Context& context, const TryOptions& options)
{
    const auto request = requestOf(options);
    if (!request)
        return tl::unexpected<Error>(request.error());
    Json parameters{{"sandbox", sandboxParameter(options.sandbox)},
                    {"request", api::toJson(*request)},
                    {"send", options.send}};
    if (!options.module.empty()) {
        auto source = readFile(options.module);
        if (!source)
            return tl::unexpected<Error>(std::move(source.error()));
        parameters["source"] = std::move(*source);
    }
    const auto result =
        context.callFor<api::TrialResult>("handlers.try", parameters, std::chrono::minutes(11));
    if (!result)
        return tl::unexpected<Error>(result.error());
    if (context.json)
        printJson(api::toJson(*result));
    else
        printResult(*result);
    return result->verdict == "failed" ? ExitFailed : ExitOk;
}

} // namespace

void addHandlerToolCommands(CLI::App& handler, Context& context)
{
    const auto tried = std::make_shared<TryOptions>();
    auto* tryCommand = handler.add_subcommand(
        "try",
        "Show what would become of a request that you make up; nothing is sent unless you say so");
    tryCommand->add_option("sandbox", tried->sandbox, "Name or id")->required();
    tryCommand->add_option("url", tried->url, "https://host/path")->required();
    tryCommand->add_option("-X,--method", tried->method, "GET; with a body POST");
    tryCommand->add_option("-H,--header", tried->headers, "'Name: value'")->allow_extra_args(false);
    tryCommand->add_option("-d,--body", tried->body, "Text, or @FILE");
    tryCommand->add_option("--module", tried->module, "This file, in place of the module in force");
    tryCommand->add_flag("--send", tried->send, "Let its fetches go out");
    tryCommand->callback([&context, tried] {
        context.command = [&context, tried] { return tryIt(context, *tried); };
    });
}

} // namespace sallyport::ctl

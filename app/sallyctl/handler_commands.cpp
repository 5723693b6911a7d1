// handler list, builtins, set, unset, log, module; hosts allow, deny, unallow, undeny.
#include "app/sallyctl/commands.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/sallyctl/context.h"
#include "app/sallyctl/handler_params.h"
#include "app/sallyctl/handler_tool_commands.h"
#include "app/sallyctl/output.h"
#include "app/sallyctl/values.h"

namespace sallyport::ctl {
namespace {

using api::Json;
using Handlers = std::vector<api::Handler>;

Result<int> show(Context& context, const Result<Handlers>& handlers)
{
    if (!handlers)
        return tl::unexpected<Error>(handlers.error());
    if (context.json) {
        printJson(api::toJson(*handlers));
        return ExitOk;
    }
    Table table({"HOST", "HANDLER", "PARAMETERS", "FROM", "DOES"});
    for (const api::Handler& handler : *handlers)
        table.add({handler.host.empty() ? "(all)" : handler.host, handler.name,
                   handler.params == "{}" ? "-" : handler.params, enumText(handler.origin),
                   handler.text});
    if (table.isEmpty())
        printLine("No handlers.");
    else
        table.print();
    return ExitOk;
}

Result<int> call(Context& context, std::string_view method, const Json& parameters)
{
    return show(context, context.callForList<api::Handler>(method, "handlers", parameters));
}

Result<std::vector<api::BuiltIn>> builtIns(Context& context)
{
    return context.callForList<api::BuiltIn>("handlers.builtIns", "builtIns");
}

Result<int> listBuiltIns(Context& context)
{
    const auto all = builtIns(context);
    if (!all)
        return tl::unexpected<Error>(all.error());
    if (context.json) {
        printJson(api::toJson(*all));
        return ExitOk;
    }
    for (const api::BuiltIn& each : *all) {
        printLine(fmt::format("{}: {}", each.name, each.summary));
        for (const api::HandlerParameter& parameter : each.parameters)
            printLine(fmt::format("    {} ({}{}): {}", parameter.name, enumText(parameter.type),
                                  parameter.required ? ", required" : "", parameter.summary));
    }
    return ExitOk;
}

struct SetOptions
{
    std::string sandbox;
    std::string name;
    std::string host;
    std::optional<std::string> json;
    std::vector<std::string> assignments;
};

Result<Json> paramsOf(Context& context, const SetOptions& options)
{
    if (options.json) {
        Json params = Json::parse(*options.json, nullptr, false);
        if (params.is_discarded())
            return fail(Error::Code::Invalid, "--params: not JSON");
        return params;
    }
    if (options.assignments.empty())
        return Json::object();
    const auto all = builtIns(context);
    if (!all)
        return tl::unexpected<Error>(all.error());
    const auto known = std::find_if(all->begin(), all->end(),
                                    [&](const auto& each) { return each.name == options.name; });
    return paramsFromText(options.assignments, known == all->end() ? nullptr : &*known);
}

Result<int> set(Context& context, const SetOptions& options)
{
    auto params = paramsOf(context, options);
    if (!params)
        return tl::unexpected<Error>(std::move(params.error()));
    Json parameters{{"sandbox", sandboxParameter(options.sandbox)},
                    {"name", options.name},
                    {"params", std::move(*params)}};
    if (options.host.empty())
        return call(context, "sandbox.setOutboundHandler", parameters);
    parameters["host"] = options.host;
    return call(context, "sandbox.setOutboundByHost", parameters);
}

Result<int> unset(Context& context, const SetOptions& options)
{
    Json parameters{{"sandbox", sandboxParameter(options.sandbox)}};
    if (options.host.empty()) {
        parameters["name"] = nullptr;
        return call(context, "sandbox.setOutboundHandler", parameters);
    }
    parameters["host"] = options.host;
    return call(context, "sandbox.removeOutboundByHost", parameters);
}

std::string placeText(int line, int column)
{
    if (line == 0)
        return {};
    return column == 0 ? fmt::format("{}: ", line) : fmt::format("{}:{}: ", line, column);
}

struct LogOptions
{
    std::string sandbox;
    std::optional<std::int64_t> row;
    int limit = 50;
};

Result<int> showLog(Context& context, const LogOptions& options)
{
    Json parameters{{"limit", options.limit}};
    if (!options.sandbox.empty())
        parameters["sandbox"] = sandboxParameter(options.sandbox);
    if (options.row)
        parameters["row"] = *options.row;
    const auto page = context.callFor<api::HandlerLinePage>("handlers.log", parameters);
    if (!page)
        return tl::unexpected<Error>(page.error());
    if (context.json) {
        printJson(api::toJson(*page));
        return ExitOk;
    }
    Table table({"TIME", "ROW", "HANDLER", "LEVEL", "TEXT"});
    for (auto line = page->lines.rbegin(); line != page->lines.rend(); ++line)
        table.add({timeText(line->time), line->row ? std::to_string(*line->row) : "-",
                   orDash(line->handler), enumText(line->level),
                   placeText(line->line, line->column) + line->text});
    if (table.isEmpty())
        printLine("No lines.");
    else
        table.print();
    return ExitOk;
}

struct ModuleOptions
{
    std::string sandbox;
    std::string file; // empty: show it
    bool remove = false;
};

Result<std::string> readSource(const std::string& file)
{
    if (file == "-")
        return std::string(std::istreambuf_iterator<char>(std::cin), {});
    std::ifstream stream(file, std::ios::binary);
    if (!stream)
        return fail(Error::Code::NotFound, file + ": can't be read");
    return std::string(std::istreambuf_iterator<char>(stream), {});
}

Result<int> module(Context& context, const ModuleOptions& options)
{
    Json parameters{{"sandbox", sandboxParameter(options.sandbox)}};
    const bool isSet = options.remove || !options.file.empty();
    if (isSet) {
        auto source = options.remove ? Result<std::string>("") : readSource(options.file);
        if (!source)
            return tl::unexpected<Error>(std::move(source.error()));
        parameters["source"] = std::move(*source);
    }
    const auto saved =
        context.callFor<api::Module>(isSet ? "module.set" : "module.get", parameters);
    if (!saved)
        return tl::unexpected<Error>(saved.error());
    if (context.json) {
        printJson(api::toJson(*saved));
        return saved->problems.empty() ? ExitOk : ExitFailed;
    }
    if (!isSet && saved->savedAt)
        std::cout << saved->source << std::flush;
    for (const api::ModuleProblem& problem : saved->problems)
        say(placeText(problem.line, problem.column) + problem.text);
    if (!saved->savedAt)
        printLine(isSet ? "The module is removed." : "There is no module.");
    else if (isSet && saved->inForce)
        printLine("The module is in force; the next request obeys.");
    return saved->problems.empty() ? ExitOk : ExitFailed;
}

struct HostOptions
{
    std::string sandbox;
    std::vector<std::string> hosts;
};

Result<int> changeHosts(Context& context, std::string_view method, const HostOptions& options)
{
    std::optional<api::Sandbox> sandbox;
    for (const std::string& host : options.hosts) {
        auto changed = context.callFor<api::Sandbox>(
            method, {{"sandbox", sandboxParameter(options.sandbox)}, {"host", host}});
        if (!changed)
            return tl::unexpected<Error>(std::move(changed.error()));
        sandbox = std::move(*changed);
    }
    if (context.json) {
        printJson(api::toJson(*sandbox));
        return ExitOk;
    }
    const auto list = [](const std::vector<std::string>& hosts) {
        std::string text;
        for (const std::string& host : hosts)
            text += (text.empty() ? "" : ", ") + host;
        return text.empty() ? std::string("none") : text;
    };
    printLine("allowed: " + (sandbox->allowedHosts ? list(*sandbox->allowedHosts) + " and no others"
                                                   : std::string("no list, the gate is open")));
    printLine("denied: " + list(sandbox->deniedHosts));
    return ExitOk;
}

template <typename Options>
CLI::App* addCommand(CLI::App& parent,
                     Context& context,
                     const char* name,
                     const char* what,
                     const std::shared_ptr<Options>& options,
                     Result<int> (*run)(Context&, const Options&))
{
    auto* command = parent.add_subcommand(name, what);
    command->callback([&context, options, run] {
        context.command = [&context, options, run] { return run(context, *options); };
    });
    return command;
}

void addHostCommands(CLI::App& app, Context& context)
{
    auto* hosts = app.add_subcommand("hosts", "Change a sandbox's allowed and denied hosts");
    hosts->require_subcommand(1);
    struct Change
    {
        const char* name;
        const char* method;
        const char* what;
    };
    for (const Change& change :
         {Change{"allow", "sandbox.allowHost", "Add to the allowed hosts; others are denied then"},
          Change{"deny", "sandbox.denyHost", "Add to the denied hosts"},
          Change{"unallow", "sandbox.removeAllowedHost", "Take from the allowed hosts"},
          Change{"undeny", "sandbox.removeDeniedHost", "Take from the denied hosts"}}) {
        const auto options = std::make_shared<HostOptions>();
        auto* command = hosts->add_subcommand(change.name, change.what);
        command->add_option("sandbox", options->sandbox, "Name or id")->required();
        command->add_option("host", options->hosts, "Patterns: example.com, *.example.com")
            ->required();
        command->callback([&context, options, method = change.method] {
            context.command = [&context, options, method] {
                return changeHosts(context, method, *options);
            };
        });
    }
}

} // namespace

void addHandlerCommands(CLI::App& app, Context& context)
{
    auto* handler = app.add_subcommand("handler", "Show and change a sandbox's outbound handlers");
    handler->require_subcommand(1);

    const auto listed = std::make_shared<SetOptions>();
    addCommand<SetOptions>(
        *handler, context, "list", "Show them, in the order in which they win", listed,
        [](Context& c, const SetOptions& options) {
            return call(c, "handlers.list", {{"sandbox", sandboxParameter(options.sandbox)}});
        })
        ->add_option("sandbox", listed->sandbox, "Name or id")
        ->required();

    addCommand<SetOptions>(*handler, context, "builtins", "List those that need no code",
                           std::make_shared<SetOptions>(),
                           [](Context& c, const SetOptions&) { return listBuiltIns(c); });

    const auto options = std::make_shared<SetOptions>();
    auto* setCommand = addCommand<SetOptions>(
        *handler, context, "set", "Set the catch-all handler, or that of a host", options, set);
    setCommand->add_option("sandbox", options->sandbox, "Name or id")->required();
    setCommand->add_option("name", options->name, "A built-in, or a name of the module")
        ->required();
    setCommand->add_option("--host", options->host, "For this host or pattern only");
    auto* json = setCommand->add_option("--params", options->json, "Parameters as JSON");
    setCommand
        ->add_option("-p,--param", options->assignments,
                     "A parameter: NAME=VALUE; a list is a,b; a header is 'Name: value' or -Name")
        ->excludes(json)
        ->allow_extra_args(false);

    const auto gone = std::make_shared<SetOptions>();
    auto* unsetCommand = addCommand<SetOptions>(*handler, context, "unset",
                                                "Unset what was set at run time", gone, unset);
    unsetCommand->add_option("sandbox", gone->sandbox, "Name or id")->required();
    unsetCommand->add_option("--host", gone->host, "That of this host; else the catch-all");

    const auto log = std::make_shared<LogOptions>();
    auto* logCommand =
        addCommand<LogOptions>(*handler, context, "log", "Show what handlers wrote", log, showLog);
    logCommand->add_option("sandbox", log->sandbox, "Name or id; else of all");
    logCommand->add_option("--row", log->row, "Of this row of the egress log");
    logCommand->add_option("-n,--lines", log->limit, "At most so many")->check(CLI::Range(1, 500));

    const auto text = std::make_shared<ModuleOptions>();
    auto* moduleCommand = addCommand<ModuleOptions>(
        *handler, context, "module", "Show a sandbox's module, or save one", text, module);
    moduleCommand->add_option("sandbox", text->sandbox, "Name or id")->required();
    auto* file = moduleCommand->add_option("file", text->file, "The module to save; - reads it");
    moduleCommand->add_flag("--remove", text->remove, "Remove it")->excludes(file);

    addHandlerToolCommands(*handler, context);
    addHostCommands(app, context);
}

} // namespace sallyport::ctl

// phases show, set, rm, enter.
#include "app/sallyctl/commands.h"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/sallyctl/context.h"
#include "app/sallyctl/output.h"
#include "app/sallyctl/values.h"
#include "engine/api/phases.h"

namespace sallyport::ctl {
namespace {

using api::Json;

struct Options
{
    std::string sandbox;
    std::string name;
    std::optional<std::string> defaultAction;
    std::optional<std::string> allowedHosts;
    std::string handler;
    std::optional<std::string> params;
};

Result<int> show(Context& context, const Result<api::Phases>& phases)
{
    if (!phases)
        return tl::unexpected<Error>(phases.error());
    if (context.json) {
        printJson(api::toJson(*phases));
        return ExitOk;
    }
    Table table({"", "PHASE", "DEFAULT", "ALLOWED HOSTS", "HANDLER"});
    for (const api::Phase& phase : phases->phases) {
        std::string hosts = "all";
        if (phase.allowedHosts)
            hosts = phase.allowedHosts->empty()
                        ? "none"
                        : fmt::format("{}", fmt::join(*phase.allowedHosts, ", "));
        std::string handler = orDash(phase.handler);
        if (phase.params != "{}")
            handler += " " + phase.params;
        table.add({phase.name == phases->current ? "now" : "", phase.name,
                   enumText(phase.defaultAction), hosts, handler});
    }
    if (table.isEmpty())
        printLine("No phases.");
    else
        table.print();
    if (!phases->next.empty())
        printLine(phases->next + " is entered when the program that was started so ends");
    if (!phases->problem.empty())
        printLine("everything is denied: " + phases->problem);
    return ExitOk;
}

Result<api::Phase> phaseOf(const Options& options)
{
    api::Phase phase;
    phase.name = options.name;
    if (options.defaultAction) {
        const auto action = enumFromText<api::DefaultAction>(*options.defaultAction);
        if (!action)
            return fail("--default", action.error());
        phase.defaultAction = *action;
    }
    if (options.allowedHosts)
        phase.allowedHosts = listFromText(*options.allowedHosts);
    phase.handler = options.handler;
    if (options.params) {
        if (!Json::accept(*options.params))
            return fail(Error::Code::Invalid, "--params: not JSON");
        phase.params = *options.params;
    }
    return phase;
}

Result<int> change(Context& context, const Options& options, const std::optional<api::Phase>& phase)
{
    const Json sandbox = sandboxParameter(options.sandbox);
    auto phases = context.callFor<api::Phases>("phases.get", {{"sandbox", sandbox}});
    if (!phases)
        return tl::unexpected<Error>(std::move(phases.error()));
    std::vector<api::Phase>& all = phases->phases;
    const auto found = std::find_if(
        all.begin(), all.end(), [&](const api::Phase& each) { return each.name == options.name; });
    if (found == all.end() && !phase)
        return fail(Error::Code::NotFound, "there is no phase \"" + options.name + "\"");
    if (!phase)
        all.erase(found);
    else if (found == all.end())
        all.push_back(*phase);
    else
        *found = *phase;
    return show(context, context.callFor<api::Phases>(
                             "phases.set", {{"sandbox", sandbox}, {"phases", api::toJson(all)}}));
}

} // namespace

void addPhaseCommands(CLI::App& app, Context& context)
{
    auto* phases = app.add_subcommand("phases", "Phases of a sandbox's work, as setup and locked");
    phases->require_subcommand(1);
    const auto options = std::make_shared<Options>();
    const auto add = [&](const char* name, const char* help, bool isNamed) {
        auto* command = phases->add_subcommand(name, help);
        command->add_option("sandbox", options->sandbox, "Name or id")->required();
        if (isNamed)
            command->add_option("phase", options->name, "The phase's name")->required();
        return command;
    };
    add("show", "Show them, and which one holds", false)->callback([&context, options] {
        context.command = [&context, options] {
            return show(context,
                        context.callFor<api::Phases>(
                            "phases.get", {{"sandbox", sandboxParameter(options->sandbox)}}));
        };
    });
    auto* set = add("set", "Add a phase, or replace it", true);
    set->add_option("--default", options->defaultAction,
                    "What no rule decides: ask, deny (default), allow");
    set->add_option("--allowed-hosts", options->allowedHosts,
                    "The gate: HOST,HOST,…; empty denies all; left out: no gate");
    set->add_option("--handler", options->handler, "The handler of every host, as noHttp");
    set->add_option("--params", options->params, "The handler's parameters as JSON");
    set->callback([&context, options] {
        context.command = [&context, options]() -> Result<int> {
            const auto phase = phaseOf(*options);
            if (!phase)
                return tl::unexpected<Error>(phase.error());
            return change(context, *options, *phase);
        };
    });
    add("rm", "Remove a phase; the policy stays as it is", true)->callback([&context, options] {
        context.command = [&context, options] { return change(context, *options, std::nullopt); };
    });
    add("enter", "Enter a phase; the next request obeys", true)->callback([&context, options] {
        context.command = [&context, options] {
            return show(context,
                        context.callFor<api::Phases>(
                            "phases.enter", {{"sandbox", sandboxParameter(options->sandbox)},
                                             {"phase", options->name}}));
        };
    });
}

} // namespace sallyport::ctl

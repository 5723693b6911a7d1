// policy show, set.
#include "app/sallyctl/commands.h"

#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/sallyctl/context.h"
#include "app/sallyctl/output.h"
#include "app/sallyctl/rule_options.h"
#include "app/sallyctl/values.h"
#include "engine/base/clock.h"

namespace sallyport::ctl {
namespace {

using api::Json;

Result<int> show(Context& context, const std::string& sandbox)
{
    const auto steps = context.callForList<api::LadderStep>(
        "policy.get", "steps", {{"sandbox", sandboxParameter(sandbox)}});
    if (!steps)
        return tl::unexpected<Error>(steps.error());
    if (context.json) {
        printJson(api::toJson(*steps));
        return ExitOk;
    }
    const UnixMillis now = nowUnixMillis();
    int number = 0;
    for (const api::LadderStep& step : *steps) {
        printLine(fmt::format("{}. {}: {}", ++number, step.title, step.text));
        for (const api::Rule& rule : step.rules)
            printLine(fmt::format("     rule {}: {} {} ({}, {} hits{})", rule.id,
                                  enumText(rule.action), matchText(rule.match),
                                  lifetimeText(rule, now), rule.hits,
                                  rule.enabled ? "" : ", disabled"));
        for (const api::Handler& handler : step.handlers)
            printLine(fmt::format("     {}: {}{}: {}",
                                  handler.host.empty() ? "every host" : handler.host, handler.name,
                                  handler.params == "{}" ? "" : " " + handler.params,
                                  handler.text));
    }
    return ExitOk;
}

struct SetOptions
{
    std::string sandbox;
    std::optional<std::string> defaultAction;
    std::optional<std::string> allowedHosts;
    bool noGate = false;
    std::optional<std::string> deniedHosts;
    std::optional<std::string> grants;
};

Result<Json> parametersOf(const SetOptions& options)
{
    Json parameters = {{"sandbox", sandboxParameter(options.sandbox)}};
    if (options.defaultAction) {
        const auto action = enumFromText<api::DefaultAction>(*options.defaultAction);
        if (!action)
            return fail("--default", action.error());
        parameters["defaultAction"] = api::toJson(*action);
    }
    if (options.allowedHosts)
        parameters["allowedHosts"] = listFromText(*options.allowedHosts);
    if (options.noGate)
        parameters["allowedHosts"] = nullptr;
    if (options.deniedHosts)
        parameters["deniedHosts"] = listFromText(*options.deniedHosts);
    if (options.grants)
        parameters["grants"] = listFromText(*options.grants);
    if (parameters.size() == 1)
        return fail(Error::Code::Invalid, "policy set: nothing to change (see --help)");
    return parameters;
}

Result<int> set(Context& context, const SetOptions& options)
{
    const auto parameters = parametersOf(options);
    if (!parameters)
        return tl::unexpected<Error>(parameters.error());
    const auto sandbox = context.callFor<api::Sandbox>("policy.set", *parameters);
    if (!sandbox)
        return tl::unexpected<Error>(sandbox.error());
    if (context.json)
        printJson(api::toJson(*sandbox));
    else
        printLine("the policy of " + sandbox->name + " is changed; the next request obeys");
    return ExitOk;
}

} // namespace

void addPolicyCommands(CLI::App& app, Context& context)
{
    auto* policy = app.add_subcommand("policy", "Show and change a sandbox's policy");
    policy->require_subcommand(1);
    const auto sandbox = std::make_shared<std::string>();
    auto* showCommand = policy->add_subcommand("show", "Show its ladder, first decided first");
    showCommand->add_option("sandbox", *sandbox, "Name or id")->required();
    showCommand->callback([&context, sandbox] {
        context.command = [&context, sandbox] { return show(context, *sandbox); };
    });

    const auto options = std::make_shared<SetOptions>();
    auto* setCommand = policy->add_subcommand("set", "Change what is given; lists are replaced");
    setCommand->add_option("sandbox", options->sandbox, "Name or id")->required();
    setCommand->add_option("--default", options->defaultAction,
                           "What no rule decides: ask, deny, allow");
    auto* allowed = setCommand->add_option("--allowed-hosts", options->allowedHosts,
                                           "The gate: HOST,HOST,…; empty denies all");
    setCommand->add_flag("--no-allowed-hosts", options->noGate, "Take the gate away")
        ->excludes(allowed);
    setCommand->add_option("--denied-hosts", options->deniedHosts, "HOST,HOST,…");
    setCommand->add_option("--grants", options->grants,
                           "Openings of the floor: ADDRESS[/BITS]:PORT,…");
    setCommand->callback([&context, options] {
        context.command = [&context, options] { return set(context, *options); };
    });
}

} // namespace sallyport::ctl

// rules list, add, edit, enable, disable, rm.
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

Result<std::vector<api::Rule>> fetch(Context& context, const std::string& sandbox)
{
    Json parameters = Json::object();
    if (!sandbox.empty())
        parameters["sandbox"] = sandboxParameter(sandbox);
    return context.callForList<api::Rule>("rules.list", "rules", parameters);
}

Result<api::Rule> fetch(Context& context, api::RuleId id)
{
    const auto rules = fetch(context, std::string());
    if (!rules)
        return tl::unexpected<Error>(rules.error());
    for (const api::Rule& rule : *rules)
        if (rule.id == id)
            return rule;
    return fail(Error::Code::NotFound, "no rule " + std::to_string(id));
}

Result<int> show(Context& context, const Result<api::Rule>& rule, std::string_view what)
{
    if (!rule)
        return tl::unexpected<Error>(rule.error());
    if (context.json)
        printJson(api::toJson(*rule));
    else
        printLine(fmt::format("rule {} {}: {} {}", rule->id, what, enumText(rule->action),
                              matchText(rule->match)));
    return ExitOk;
}

Result<int> update(Context& context, const api::Rule& rule, std::string_view what)
{
    return show(context, context.callFor<api::Rule>("rules.update", {{"rule", api::toJson(rule)}}),
                what);
}

std::string sandboxName(const api::Rule& rule, const std::vector<api::Sandbox>& sandboxes)
{
    if (!rule.sandbox)
        return "all";
    for (const api::Sandbox& each : sandboxes)
        if (each.id == *rule.sandbox)
            return each.name;
    return std::to_string(*rule.sandbox);
}

Result<int> list(Context& context, const std::string& sandbox)
{
    const auto rules = fetch(context, sandbox);
    if (!rules)
        return tl::unexpected<Error>(rules.error());
    if (context.json) {
        printJson(api::toJson(*rules));
        return ExitOk;
    }
    const auto sandboxes = context.callForList<api::Sandbox>("sandbox.list", "sandboxes");
    if (!sandboxes)
        return tl::unexpected<Error>(sandboxes.error());
    Table table({"ID", "SANDBOX", "ACTION", "ON", "FROM", "HITS", "LEFT", "MATCH", "NOTE"});
    const UnixMillis now = nowUnixMillis();
    for (const api::Rule& rule : *rules)
        table.add({std::to_string(rule.id), sandboxName(rule, *sandboxes), enumText(rule.action),
                   rule.enabled ? "yes" : "no", enumText(rule.origin), std::to_string(rule.hits),
                   lifetimeText(rule, now), matchText(rule.match),
                   rule.note.empty() ? rule.reason : rule.note});
    if (table.isEmpty())
        printLine("No rules.");
    else
        table.print();
    return ExitOk;
}

struct AddOptions
{
    RuleOptions rule;
    std::string sandbox;
    bool all = false;
};

Result<int> add(Context& context, const AddOptions& options)
{
    if (options.sandbox.empty() != options.all)
        return fail(Error::Code::Invalid, "rules add: either --sandbox NAME or --all-sandboxes");
    api::Rule rule;
    const UnixMillis now = nowUnixMillis();
    if (auto applied = options.rule.applyTo(rule, now); !applied)
        return tl::unexpected<Error>(std::move(applied.error()));
    rule.createdAt = now;
    if (!options.all) {
        const auto sandbox = context.sandbox(options.sandbox);
        if (!sandbox)
            return tl::unexpected<Error>(sandbox.error());
        rule.sandbox = sandbox->id;
    }
    return show(context, context.callFor<api::Rule>("rules.add", {{"rule", api::toJson(rule)}}),
                "is added");
}

void addAdd(CLI::App& rules, Context& context)
{
    const auto options = std::make_shared<AddOptions>();
    auto* command = rules.add_subcommand("add", "Add a rule");
    command->add_option("action", options->rule.action, "allow or deny")->required();
    command
        ->add_option("host", options->rule.host,
                     "api.example.com, *.example.com, an address, a CIDR, or *")
        ->required();
    command->add_option("--sandbox", options->sandbox, "For this sandbox (name or id)");
    command->add_flag("--all-sandboxes", options->all, "For every sandbox");
    options->rule.addTo(*command);
    command->callback([&context, options] {
        context.command = [&context, options] { return add(context, *options); };
    });
}

void addEdit(CLI::App& rules, Context& context)
{
    const auto id = std::make_shared<api::RuleId>(0);
    const auto options = std::make_shared<RuleOptions>();
    auto* command = rules.add_subcommand("edit", "Change what is given of a rule");
    command->add_option("rule", *id, "Its id")->required();
    command->add_option("--action", options->action, "allow or deny");
    command->add_option("--host", options->host, "Host pattern");
    options->addTo(*command);
    command->callback([&context, id, options] {
        context.command = [&context, id, options]() -> Result<int> {
            auto rule = fetch(context, *id);
            if (!rule)
                return tl::unexpected<Error>(std::move(rule.error()));
            if (auto applied = options->applyTo(*rule, nowUnixMillis()); !applied)
                return tl::unexpected<Error>(std::move(applied.error()));
            return update(context, *rule, "is changed");
        };
    });
}

void addSwitch(CLI::App& rules, Context& context, const char* name, bool enabled)
{
    const auto id = std::make_shared<api::RuleId>(0);
    auto* command = rules.add_subcommand(name, enabled ? "Let a rule count again"
                                                       : "Keep a rule without effect");
    command->add_option("rule", *id, "Its id")->required();
    command->callback([&context, id, enabled] {
        context.command = [&context, id, enabled]() -> Result<int> {
            auto rule = fetch(context, *id);
            if (!rule)
                return tl::unexpected<Error>(std::move(rule.error()));
            rule->enabled = enabled;
            return update(context, *rule, enabled ? "is enabled" : "is disabled");
        };
    });
}

void addRemove(CLI::App& rules, Context& context)
{
    const auto id = std::make_shared<api::RuleId>(0);
    auto* command = rules.add_subcommand("rm", "Remove a rule");
    command->add_option("rule", *id, "Its id")->required();
    command->callback([&context, id] {
        context.command = [&context, id]() -> Result<int> {
            const auto removed = context.call("rules.remove", {{"rule", *id}});
            if (!removed)
                return tl::unexpected<Error>(removed.error());
            if (context.json)
                printJson(*removed);
            else
                printLine(fmt::format("rule {} is removed", *id));
            return ExitOk;
        };
    });
}

} // namespace

void addRuleCommands(CLI::App& app, Context& context)
{
    auto* rules = app.add_subcommand("rules", "Show and change rules");
    rules->require_subcommand(1);
    const auto sandbox = std::make_shared<std::string>();
    auto* listCommand = rules->add_subcommand("list", "List all rules, or those of a sandbox");
    listCommand->add_option("sandbox", *sandbox, "Name or id");
    listCommand->callback([&context, sandbox] {
        context.command = [&context, sandbox] { return list(context, *sandbox); };
    });
    addAdd(*rules, context);
    addEdit(*rules, context);
    addSwitch(*rules, context, "enable", true);
    addSwitch(*rules, context, "disable", false);
    addRemove(*rules, context);
}

} // namespace sallyport::ctl

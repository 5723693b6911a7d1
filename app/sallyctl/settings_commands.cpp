// settings list, get, set, reset.
#include "app/sallyctl/commands.h"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/sallyctl/context.h"
#include "app/sallyctl/output.h"
#include "app/sallyctl/values.h"
#include "engine/api/budgets.h"
#include "engine/api/settings.h"
#include "engine/base/text.h"

namespace sallyport::ctl {
namespace {

using api::Json;

struct Options
{
    std::string name;
    std::string value;
    std::optional<std::string> sandbox;
};

Json parametersOf(const Options& options)
{
    Json parameters = Json::object();
    if (!options.name.empty())
        parameters["name"] = options.name;
    if (options.sandbox)
        parameters["sandbox"] = sandboxParameter(*options.sandbox);
    return parameters;
}

std::string textOf(const api::Setting& setting, const std::string& value)
{
    return orDash(api::settingText(setting.type, Json::parse(value, nullptr, false)));
}

// One line, whatever the value is.
std::string shortText(const api::Setting& setting)
{
    const std::string text = textOf(setting, setting.value);
    const std::string line = text.substr(0, text.find('\n'));
    return line.size() < text.size() ? line + " …" : line;
}

std::string rangeText(const api::Setting& setting)
{
    if (!setting.choices.empty())
        return fmt::format("{}", fmt::join(setting.choices, ", "));
    if (!setting.least || !setting.most)
        return {};
    return api::settingText(setting.type, *setting.least) + " to " +
           api::settingText(setting.type, *setting.most);
}

std::string originText(const api::Setting& setting)
{
    switch (setting.origin) {
    case api::SettingOrigin::Default:
        return "default";
    case api::SettingOrigin::Engine:
        return "set";
    case api::SettingOrigin::Sandbox:
        return "set for the sandbox";
    }
    return {};
}

Result<int> list(Context& context, const Options& options)
{
    Options all = options;
    all.name.clear();
    const auto settings =
        context.callForList<api::Setting>("settings.list", "settings", parametersOf(all));
    if (!settings)
        return tl::unexpected<Error>(settings.error());
    const auto isWanted = [&](const api::Setting& setting) {
        const std::string wanted = text::toLower(options.name);
        return text::toLower(setting.name + " " + setting.title).find(wanted) != std::string::npos;
    };
    Json shown = Json::array();
    Table table({"NAME", "VALUE", "", "WHAT"});
    for (const api::Setting& setting : *settings) {
        if (!isWanted(setting))
            continue;
        shown.push_back(api::toJson(setting));
        table.add({setting.name, shortText(setting), originText(setting), setting.title});
    }
    if (context.json)
        printJson({{"settings", shown}});
    else if (!table.isEmpty())
        table.print();
    return ExitOk;
}

void print(const api::Setting& setting)
{
    printLine(setting.name + ": " + setting.title);
    printLine("value    " + textOf(setting, setting.value) + " (" + originText(setting) + ")");
    printLine("default  " + textOf(setting, setting.defaultValue));
    if (const std::string range = rangeText(setting); !range.empty())
        printLine("range    " + range);
    printLine(setting.reach == api::SettingReach::Sandbox ? "reach    all, or a sandbox for itself"
                                                          : "reach    all");
    printLine("why      " + setting.reason);
}

Result<int> change(Context& context, const char* method, const Json& parameters)
{
    const auto setting = context.callFor<api::Setting>(method, parameters);
    if (!setting)
        return tl::unexpected<Error>(setting.error());
    if (context.json)
        printJson(api::toJson(*setting));
    else
        printLine(setting->name + " is " + shortText(*setting) + " (" + originText(*setting) + ")");
    return ExitOk;
}

// "2 of 2 requests"
std::string usedText(const api::BudgetUse& use)
{
    if (use.mostRequests > 0)
        return fmt::format("{} of {} requests", use.requests, use.mostRequests);
    const auto bytes = [](std::int64_t count) { return api::settingText(api::SettingType::Bytes, count); };
    return fmt::format("{} of {}", bytes(use.bytes), bytes(use.mostBytes));
}

Result<int> showBudgets(Context& context, const Options& options)
{
    const Json parameters{{"sandbox", sandboxParameter(options.name)}};
    const auto uses = context.callForList<api::BudgetUse>("budgets.list", "budgets", parameters);
    if (!uses)
        return tl::unexpected<Error>(uses.error());
    if (context.json) {
        printJson({{"budgets", api::toJson(*uses)}});
        return ExitOk;
    }
    Table table({"USED", "ANEW IN", "BUDGET"});
    for (const api::BudgetUse& use : *uses) {
        const auto left = use.endsAt ? std::max<UnixMillis>(*use.endsAt - nowUnixMillis(), 0) / 1000 * 1000 : 0;
        table.add({usedText(use), use.endsAt ? api::settingText(api::SettingType::Time, left) : "-", use.text});
    }
    if (!table.isEmpty())
        table.print();
    return ExitOk;
}

Result<int> get(Context& context, const Options& options)
{
    const auto setting = context.callFor<api::Setting>("settings.get", parametersOf(options));
    if (!setting)
        return tl::unexpected<Error>(setting.error());
    if (context.json)
        printJson(api::toJson(*setting));
    else
        print(*setting);
    return ExitOk;
}

// The value itself, or what the file behind '@' holds.
Result<std::string> valueText(const std::string& given)
{
    if (!given.starts_with("@"))
        return given;
    const std::string path = given.substr(1);
    std::ifstream file;
    if (path != "-") {
        file.open(path, std::ios::binary);
        if (!file)
            return fail(Error::Code::NotFound, path + " can't be read");
    }
    std::istream& in = path == "-" ? std::cin : file;
    return std::string(std::istreambuf_iterator<char>(in), {});
}

Result<int> set(Context& context, const Options& options)
{
    const auto setting = context.callFor<api::Setting>("settings.get", parametersOf(options));
    if (!setting)
        return tl::unexpected<Error>(setting.error());
    const auto text = valueText(options.value);
    if (!text)
        return tl::unexpected<Error>(text.error());
    const auto value = api::settingFromText(setting->type, *text);
    if (!value)
        return fail(options.name, value.error());
    Json parameters = parametersOf(options);
    parameters["value"] = *value;
    return change(context, "settings.set", parameters);
}

} // namespace

void addSettingsCommands(CLI::App& app, Context& context)
{
    auto* settings = app.add_subcommand("settings", "Limits and other things that can be tuned");
    settings->require_subcommand(1);
    const auto options = std::make_shared<Options>();
    const auto bind = [&](const char* word, const char* text, auto deed) {
        auto* command = settings->add_subcommand(word, text);
        command->add_option("--sandbox", options->sandbox, "The value of this sandbox alone");
        command->callback([&context, options, deed] {
            context.command = [&context, options, deed] { return deed(context, *options); };
        });
        return command;
    };
    bind("list", "List them", list)->add_option("search", options->name, "Part of a name or title");
    bind("get", "Show one with its bounds and reason", get)
        ->add_option("name", options->name, "As in the list")
        ->required();
    bind("budgets", "What a sandbox has used of its budgets", showBudgets)
        ->add_option("sandbox", options->name, "Name or id")
        ->required();
    auto* setCommand = bind("set", "Set one", set);
    setCommand->add_option("name", options->name, "As in the list")->required();
    setCommand
        ->add_option("value", options->value,
                     "30s, 64KiB, on, a text, a list a,b,c; @FILE or @- for what a file holds")
        ->required();
    bind("reset", "Take the value away",
         [](Context& ctx, const Options& given) {
             return change(ctx, "settings.reset", parametersOf(given));
         })
        ->add_option("name", options->name, "As in the list")
        ->required();
}

} // namespace sallyport::ctl

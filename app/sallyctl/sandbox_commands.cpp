// ls, create, start, stop, rm, rename.
#include "app/sallyctl/commands.h"

#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/sallyctl/context.h"
#include "app/sallyctl/output.h"
#include "app/sallyctl/values.h"
#include "engine/base/clock.h"

namespace sallyport::ctl {
namespace {

using api::Json;

std::string uptime(const api::Sandbox& sandbox)
{
    if (sandbox.state != api::SandboxState::Running || !sandbox.startedAt)
        return "-";
    return durationText(nowUnixMillis() - *sandbox.startedAt);
}

Result<int> list(Context& context)
{
    const auto sandboxes = context.callForList<api::Sandbox>("sandbox.list", "sandboxes");
    if (!sandboxes)
        return tl::unexpected<Error>(sandboxes.error());
    if (context.json) {
        printJson(api::toJson(*sandboxes));
        return ExitOk;
    }
    Table table({"ID", "NAME", "STATE", "SIZE", "POLICY", "UPTIME", "CPU", "MEMORY", "DISK", "ASKS",
                 "NOTE"});
    for (const api::Sandbox& each : *sandboxes)
        table.add({std::to_string(each.id), each.name, enumText(each.state), enumText(each.size),
                   enumText(each.defaultAction), uptime(each),
                   fmt::format("{:.0f}%", each.stats.cpuPercent),
                   bytesText(each.stats.memoryUsedBytes), bytesText(each.stats.diskUsedBytes),
                   std::to_string(each.openQuestions), each.stateReason});
    if (table.isEmpty())
        printLine("No sandboxes yet: make one with 'sallyctl create'.");
    else
        table.print();
    return ExitOk;
}

Result<int> show(Context& context, const Result<api::Sandbox>& sandbox, std::string_view what)
{
    if (!sandbox)
        return tl::unexpected<Error>(sandbox.error());
    if (context.json)
        printJson(api::toJson(*sandbox));
    else
        printLine(fmt::format("{} {}", sandbox->name, what));
    return ExitOk;
}

void addCreate(CLI::App& app, Context& context)
{
    struct Options
    {
        std::string name;
        std::string size = "basic";
        std::string image = api::NewSandbox{}.image;
        int diskMib = api::NewSandbox{}.diskMib;
        std::string policy = "ask";
        bool start = false;
    };
    const auto options = std::make_shared<Options>();
    auto* create = app.add_subcommand("create", "Make a sandbox");
    create->add_option("name", options->name, "Its name; left out, the engine picks one");
    create->add_option("--size", options->size, "lite (256 MiB), basic (1 GiB), standard (4 GiB)")
        ->capture_default_str();
    create->add_option("--image", options->image, "The guest image")->capture_default_str();
    create->add_option("--disk", options->diskMib, "Most MiB that its disk may take")
        ->capture_default_str();
    create->add_option("--policy", options->policy, "What no rule decides: ask, deny, allow")
        ->capture_default_str();
    create->add_flag("--start", options->start, "Start it at once");
    create->callback([&context, options] {
        context.command = [&context, options]() -> Result<int> {
            const auto size = enumFromText<api::SizeName>(options->size);
            const auto policy = enumFromText<api::DefaultAction>(options->policy);
            if (!size)
                return fail("--size", size.error());
            if (!policy)
                return fail("--policy", policy.error());
            const api::NewSandbox wanted{options->name, *size, options->image, options->diskMib,
                                         *policy};
            auto made = context.callFor<api::Sandbox>("sandbox.create", api::toJson(wanted),
                                                      Context::LongPatience);
            if (!made || !options->start)
                return show(context, made, "is created; start it with 'sallyctl start'");
            return show(context,
                        context.callFor<api::Sandbox>("sandbox.start", {{"sandbox", made->id}},
                                                      Context::LongPatience),
                        "runs");
        };
    });
}

void addStart(CLI::App& app, Context& context)
{
    const auto name = std::make_shared<std::string>();
    auto* start = app.add_subcommand("start", "Start a sandbox and wait until it answers");
    start->add_option("sandbox", *name, "Name or id")->required();
    start->callback([&context, name] {
        context.command = [&context, name] {
            return show(context,
                        context.callFor<api::Sandbox>("sandbox.start",
                                                      {{"sandbox", sandboxParameter(*name)}},
                                                      Context::LongPatience),
                        "runs");
        };
    });
}

struct Forced
{
    std::string name;
    bool force = false;

    [[nodiscard]] Json parameters() const
    {
        return {{"sandbox", sandboxParameter(name)}, {"force", force}};
    }
};

void addStop(CLI::App& app, Context& context)
{
    const auto options = std::make_shared<Forced>();
    auto* stop = app.add_subcommand("stop", "Power a sandbox off");
    stop->add_option("sandbox", options->name, "Name or id")->required();
    stop->add_flag("-f,--force", options->force, "At once, without asking its programs to end");
    stop->callback([&context, options] {
        context.command = [&context, options] {
            return show(context,
                        context.callFor<api::Sandbox>("sandbox.stop", options->parameters(),
                                                      Context::LongPatience),
                        "is stopped");
        };
    });
}

void addRemove(CLI::App& app, Context& context)
{
    const auto options = std::make_shared<Forced>();
    auto* remove = app.add_subcommand("rm", "Delete a sandbox with its disk and its rules");
    remove->add_option("sandbox", options->name, "Name or id")->required();
    remove->add_flag("-f,--force", options->force, "Also when it runs");
    remove->callback([&context, options] {
        context.command = [&context, options]() -> Result<int> {
            const auto done =
                context.call("sandbox.remove", options->parameters(), Context::LongPatience);
            if (!done)
                return tl::unexpected<Error>(done.error());
            if (context.json)
                printJson(*done);
            else
                printLine(options->name + " is deleted");
            return ExitOk;
        };
    });
}

void addRename(CLI::App& app, Context& context)
{
    struct Options
    {
        std::string sandbox;
        std::string name;
    };
    const auto options = std::make_shared<Options>();
    auto* rename = app.add_subcommand("rename", "Give a sandbox another name");
    rename->add_option("sandbox", options->sandbox, "Name or id")->required();
    rename->add_option("new-name", options->name, "The new name")->required();
    rename->callback([&context, options] {
        context.command = [&context, options] {
            const Json parameters = {{"sandbox", sandboxParameter(options->sandbox)},
                                     {"name", options->name}};
            return show(context, context.callFor<api::Sandbox>("sandbox.rename", parameters),
                        "is the new name");
        };
    });
}

} // namespace

void addSandboxCommands(CLI::App& app, Context& context)
{
    auto* ls = app.add_subcommand("ls", "List the sandboxes");
    ls->callback([&context] { context.command = [&context] { return list(context); }; });
    addCreate(app, context);
    addStart(app, context);
    addStop(app, context);
    addRemove(app, context);
    addRename(app, context);
}

} // namespace sallyport::ctl

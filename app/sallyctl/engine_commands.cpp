// doctor, info.
#include "app/sallyctl/commands.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/sallyctl/context.h"
#include "app/sallyctl/output.h"

namespace sallyport::ctl {
namespace {

std::string_view mark(api::CheckState state)
{
    switch (state) {
    case api::CheckState::Ok:
        return "ok     ";
    case api::CheckState::Warning:
        return "warning";
    case api::CheckState::Failed:
        return "FAILED ";
    }
    return "?      ";
}

Result<int> doctor(Context& context)
{
    const auto result = context.call("engine.doctor", api::Json::object(), std::chrono::minutes(2));
    if (!result)
        return tl::unexpected<Error>(result.error());
    const auto checks = api::member<std::vector<api::Check>>(*result, "checks");
    if (!checks)
        return tl::unexpected<Error>(checks.error());
    bool isWell = true;
    for (const api::Check& check : *checks) {
        isWell = isWell && check.state != api::CheckState::Failed;
        if (context.json)
            continue;
        printLine(fmt::format("{}  {}{}{}", mark(check.state), check.title,
                              check.detail.empty() ? "" : ": ", check.detail));
        if (!check.remedy.empty())
            printLine("         " + check.remedy);
    }
    if (context.json)
        printJson(*result);
    return isWell ? ExitOk : ExitFailed;
}

Result<int> info(Context& context)
{
    const auto engine = context.callFor<api::EngineInfo>("engine.info");
    if (!engine)
        return tl::unexpected<Error>(engine.error());
    if (context.json) {
        printJson(api::toJson(*engine));
        return ExitOk;
    }
    printLine(fmt::format("Engine          {}, process {}", engine->version, engine->pid));
    printLine("Guest image     " +
              (engine->imageReady ? std::string("ready") : engine->imageProblem));
    printLine(fmt::format("Accelerator     {}{}{}", orDash(engine->accelerator),
                          engine->acceleratorReason.empty() ? "" : ": ",
                          engine->acceleratorReason));
    printLine(fmt::format("Open questions  {}", engine->openQuestions));
    printLine(fmt::format("Log             {} rows", engine->rows));
    printLine("Hold budget     " + durationText(engine->holdBudgetMs));
    return ExitOk;
}

} // namespace

void addEngineCommands(CLI::App& app, Context& context)
{
    app.add_subcommand("doctor",
                       "Check this machine and name what mends it; exit code 1: something "
                       "is missing")
        ->callback([&context] { context.command = [&context] { return doctor(context); }; });
    app.add_subcommand("info", "Show the engine's version and state")->callback([&context] {
        context.command = [&context] { return info(context); };
    });
}

} // namespace sallyport::ctl

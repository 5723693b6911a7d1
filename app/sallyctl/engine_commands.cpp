// doctor, info.
#include "app/sallyctl/commands.h"

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>

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

constexpr auto StopPatience = std::chrono::minutes(2);

struct Shutdown
{
    bool stopsSandboxes = false;
    bool onlyIfReplaced = false; // the engine's program, by an update
};

// As proc(5) says of a program whose file is gone.
bool isReplaced(const api::EngineInfo& engine)
{
    std::error_code error;
    const auto program =
        std::filesystem::read_symlink(fmt::format("/proc/{}/exe", engine.pid), error);
    return !error && program.string().ends_with(" (deleted)");
}

// Ends the engine and waits until it is gone: its socket closes last.
Result<int> shutDown(Context& context, const Shutdown& wanted)
{
    context.mayStartEngine = false;
    const auto closed = std::make_shared<std::promise<void>>();
    const auto client = context.engine({}, [closed](const Error&) { closed->set_value(); });
    if (!client && client.error().code == Error::Code::Unavailable) {
        if (context.json)
            printJson({{"wasRunning", false}, {"ended", false}});
        else
            printLine("No engine runs.");
        return ExitOk;
    }
    if (!client)
        return tl::unexpected<Error>(client.error());
    if (wanted.onlyIfReplaced) {
        const auto engine = context.callFor<api::EngineInfo>("engine.info");
        if (!engine)
            return tl::unexpected<Error>(engine.error());
        if (!isReplaced(*engine)) {
            if (context.json)
                printJson({{"wasRunning", true}, {"ended", false}});
            else
                printLine("The engine that runs is the installed one.");
            return ExitOk;
        }
    }
    const auto ends = context.call("engine.shutdown", {{"stopSandboxes", wanted.stopsSandboxes}});
    if (!ends)
        return tl::unexpected<Error>(ends.error());
    if (closed->get_future().wait_for(StopPatience) != std::future_status::ready)
        return fail(Error::Code::TimedOut, "the engine was told to end and still runs; its log is "
                                           "engine.log beside its socket");
    context.disconnect();
    if (context.json)
        printJson({{"wasRunning", true}, {"ended", true}});
    else
        printLine(wanted.stopsSandboxes
                      ? "The engine and its sandboxes have ended."
                      : "The engine has ended. Its sandboxes go on; what they send is "
                        "refused until an engine runs again.");
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
    auto* shutdown = app.add_subcommand(
        "shutdown", "End the engine; an open window starts it again, newer where it was updated");
    const auto wanted = std::make_shared<Shutdown>();
    shutdown->add_flag("--stop-sandboxes", wanted->stopsSandboxes, "Power off the sandboxes, too");
    shutdown->add_flag("--if-replaced", wanted->onlyIfReplaced,
                       "Only where its program was replaced by an update");
    shutdown->callback([&context, wanted] {
        context.command = [&context, wanted] { return shutDown(context, *wanted); };
    });
}

} // namespace sallyport::ctl

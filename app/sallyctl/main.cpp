// sallyctl: the command line of Sallyport. See docs/sallyctl.md.
#include <cstdlib>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/sallyctl/commands.h"
#include "app/sallyctl/context.h"
#include "app/sallyctl/output.h"
#include "app/sallyctl/program.h"

namespace {

using namespace sallyport::ctl;

constexpr auto ExitCodes =
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the engine cannot be reached, 4 not found;\n"
    "exec and shell pass on the program's own, and 125 when it could not be run.";

int run(Context& context)
{
    const auto outcome = context.command();
    if (outcome)
        return *outcome;
    say(outcome.error().text);
    return context.exitFor(outcome.error());
}

// What is wrong with the words that were typed, and whose help tells more.
std::string usageProblem(const CLI::App& app, const CLI::ParseError& error)
{
    const CLI::App* command = &app;
    std::string path = "sallyctl";
    while (!command->get_subcommands().empty()) {
        command = command->get_subcommands().front();
        path += ' ' + command->get_name();
    }
    const bool wantsCommand = !command->get_subcommands({}).empty();
    const std::vector<std::string> unread = app.remaining(true);
    std::string problem = error.what();
    if (wantsCommand && !unread.empty())
        problem =
            fmt::format("there is no {} \"{}\"",
                        unread.front().starts_with('-') ? "option" : "command", unread.front());
    else if (wantsCommand)
        problem = "which command?";
    return problem + " (see " + path + " --help)";
}

} // namespace

int main(int argc, char** argv)
{
    Context context;
    CLI::App app("Run untrusted code in microVMs and decide what leaves them.", "sallyctl");
    app.set_version_flag("--version", std::string("sallyctl ") + SALLYPORT_VERSION);
    app.add_flag("--json", context.json, "Print JSON: one value, or one a line while following");
    app.add_option("--socket", context.socket, "The engine's socket, when not the usual one")
        ->envname("SALLYPORT_SOCKET");
    app.fallthrough();
    app.require_subcommand(1);
    app.footer(ExitCodes);
    addSandboxCommands(app, context);
    addProgramCommands(app, context);
    addLogCommands(app, context);
    addPolicyCommands(app, context);
    addPhaseCommands(app, context);
    addRuleCommands(app, context);
    addHandlerCommands(app, context);
    addApprovalCommands(app, context);
    addCredentialCommands(app, context);
    addSettingsCommands(app, context);
    addBindingCommands(app, context);
    addEngineCommands(app, context);

    // What follows the sandbox of `exec` is the program's, options and all.
    std::vector<std::string> arguments(argv + 1, argv + argc);
    splitProgram(arguments, context.program);
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::Success& asked) { // --help, --version
        return app.exit(asked);
    } catch (const CLI::ParseError& error) {
        say(usageProblem(app, error));
        return ExitUsage;
    }
    return run(context);
}

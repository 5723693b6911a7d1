// exec, shell.
#include "app/sallyctl/commands.h"

#include <cstdlib>
#include <memory>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "app/sallyctl/context.h"
#include "app/sallyctl/program.h"

namespace sallyport::ctl {
namespace {

struct Options
{
    std::string sandbox;
    std::string user;
    std::string directory;
    std::vector<std::string> environment; // NAME=VALUE
    std::string thenPhase;
    bool tty = false;
};

Result<api::ExecRequest> requestFor(const Options& options)
{
    api::ExecRequest request;
    request.user = options.user;
    request.directory = options.directory;
    for (const std::string& each : options.environment) {
        const auto equals = each.find('=');
        if (equals == std::string::npos || equals == 0)
            return fail(Error::Code::Invalid, "--env: '" + each + "' is not NAME=VALUE");
        request.environment.emplace_back(each.substr(0, equals), each.substr(equals + 1));
    }
    request.pty = options.tty;
    const TerminalSize size = terminalSize();
    request.columns = size.columns;
    request.rows = size.rows;
    if (const char* term = std::getenv("TERM"); term != nullptr && *term != '\0')
        request.term = term;
    return request;
}

Result<int> run(Context& context, const Options& options, std::vector<std::string> argv)
{
    auto request = requestFor(options);
    if (!request)
        return tl::unexpected<Error>(std::move(request.error()));
    request->argv = std::move(argv);
    return Program(context).run(options.sandbox, std::move(*request), options.thenPhase);
}

void addCommon(CLI::App& command, Options& options)
{
    command.add_option("sandbox", options.sandbox, "Name or id")->required();
    command.add_option("-u,--user", options.user, "As this user of the guest (default root)");
    command.add_option("-d,--directory", options.directory,
                       "In this directory (default the user's home)");
    command.add_option("-e,--env", options.environment, "NAME=VALUE; may be repeated")
        ->allow_extra_args(false);
}

} // namespace

void addProgramCommands(CLI::App& app, Context& context)
{
    const auto exec = std::make_shared<Options>();
    auto* execCommand = app.add_subcommand("exec", "Run a program in a sandbox");
    addCommon(*execCommand, *exec);
    execCommand->add_flag("-t,--tty", exec->tty, "With a terminal (pty)");
    execCommand->add_option("--then-phase", exec->thenPhase,
                            "Enter this phase when the program has ended, however it ends");
    execCommand->footer("sallyctl exec [OPTIONS] SANDBOX [--] PROGRAM [ARGUMENTS...]\n"
                        "What follows SANDBOX is the program's; options of exec come before it.");
    execCommand->callback([&context, exec] {
        context.command = [&context, exec]() -> Result<int> {
            if (context.program.empty())
                return fail(Error::Code::Invalid,
                            "exec: which program? (for a shell: sallyctl shell SANDBOX)");
            return run(context, *exec, context.program);
        };
    });

    const auto shell = std::make_shared<Options>();
    auto* shellCommand = app.add_subcommand("shell", "Open a shell in a sandbox");
    addCommon(*shellCommand, *shell);
    shell->tty = true;
    shellCommand->callback([&context, shell] {
        context.command = [&context, shell] { return run(context, *shell, {}); };
    });
}

} // namespace sallyport::ctl

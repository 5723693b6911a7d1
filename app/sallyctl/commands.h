#pragma once

// Each adds its subcommands to the parser; a chosen one sets context.command. Both outlive the
// parse.

namespace CLI {
class App;
}

namespace sallyport::ctl {

class Context;

void addSandboxCommands(CLI::App& app, Context& context);    // ls create start stop rm rename
void addProgramCommands(CLI::App& app, Context& context);    // exec shell
void addLogCommands(CLI::App& app, Context& context);        // log why
void addRuleCommands(CLI::App& app, Context& context);       // rules
void addPolicyCommands(CLI::App& app, Context& context);     // policy
void addPhaseCommands(CLI::App& app, Context& context);      // phases
void addHandlerCommands(CLI::App& app, Context& context);    // handler hosts
void addApprovalCommands(CLI::App& app, Context& context);   // approvals
void addCredentialCommands(CLI::App& app, Context& context); // credentials
void addSettingsCommands(CLI::App& app, Context& context);   // settings
void addBindingCommands(CLI::App& app, Context& context);    // kv objects services
void addEngineCommands(CLI::App& app, Context& context);     // doctor info

} // namespace sallyport::ctl

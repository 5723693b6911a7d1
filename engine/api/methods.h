#pragma once

// The methods and events of the engine's JSON-RPC 2.0 interface, in one place: the server registers
// exactly these, the client calls them, and a test holds docs/api.md against this list. A message
// is one line of UTF-8 JSON of at most MostMessageBytes; requests carry named parameters; a client
// that wants events calls engine.subscribe first.

#include <array>
#include <cstddef>
#include <string_view>

namespace sallyport::api {

inline constexpr std::size_t MostMessageBytes = std::size_t{1} << 20U;

struct MethodInfo
{
    std::string_view name;
    std::string_view parameters; // "{sandbox: id}"; types of types.h by name
    std::string_view result;
    std::string_view summary;
};

inline constexpr std::array Methods = {
    MethodInfo{"engine.info", "{}", "EngineInfo", "Version, image, accelerator and counts."},
    MethodInfo{
        "engine.subscribe", "{canAnswer?: bool}", "{}",
        "Sends this connection every event from now on. Unless canAnswer is false it counts as "
        "somebody who can be asked: without one, requests that need an answer are denied."},
    MethodInfo{"engine.shutdown", "{stopSandboxes: bool}", "{}",
               "Ends the engine. Sandboxes go on unless they are to be stopped."},
    MethodInfo{"engine.doctor", "{}", "{checks: [Check]}",
               "Checks what this machine has and names what mends it."},

    MethodInfo{"sandbox.list", "{}", "{sandboxes: [Sandbox]}", "All sandboxes, oldest first."},
    MethodInfo{"sandbox.get", "{sandbox: id|name}", "Sandbox", "One sandbox."},
    MethodInfo{"sandbox.create", "NewSandbox", "Sandbox", "Makes a sandbox; does not start it."},
    MethodInfo{"sandbox.start", "{sandbox: id|name}", "Sandbox",
               "Starts it and returns when its agent answers, or with why not."},
    MethodInfo{"sandbox.stop", "{sandbox: id|name, force: bool}", "Sandbox",
               "Powers it off in order, or at once with force."},
    MethodInfo{"sandbox.remove", "{sandbox: id|name, force: bool}", "{}",
               "Deletes it with its disk and its rules. A running one only with force."},
    MethodInfo{"sandbox.rename", "{sandbox: id|name, name: string}", "Sandbox",
               "Changes the name."},

    MethodInfo{"exec.start", "ExecRequest and {thenPhase?: string}", "{stream: id}",
               "Runs a program; its output comes to this connection as exec.output and exec.exit. "
               "However it ends, the sandbox enters the phase thenPhase then."},
    MethodInfo{"exec.input", "{stream: id, bytes: base64}", "{}",
               "Bytes for its standard input. Answered when the guest has taken them."},
    MethodInfo{"exec.closeInput", "{stream: id}", "{}", "End of its standard input."},
    MethodInfo{"exec.resize", "{stream: id, columns: int, rows: int}", "{}",
               "The terminal's new size."},
    MethodInfo{"exec.signal", "{stream: id, signal: int}", "{}",
               "Sends a signal to its process group."},
    MethodInfo{"exec.close", "{stream: id}", "{}", "Hangs up: SIGHUP, no more output."},

    MethodInfo{"policy.get", "{sandbox: id|name}", "{steps: [LadderStep]}",
               "The ladder of a sandbox, first decided first."},
    MethodInfo{"policy.set",
               "{sandbox: id|name, defaultAction?, allowedHosts?: [string]|null, deniedHosts?: "
               "[string], grants?: [string]}",
               "Sandbox", "Changes what is named; the next request obeys."},
    MethodInfo{"phases.get", "{sandbox: id|name}", "Phases", "The phases of a sandbox's work."},
    MethodInfo{"phases.set", "{sandbox: id|name, phases: [Phase]}", "Phases",
               "Replaces them. Where the current one is changed, the policy follows at once."},
    MethodInfo{"phases.enter", "{sandbox: id|name, phase: string}", "Phases",
               "Makes the default, the gate and the handler of every host those of the phase; the "
               "next request obeys."},
    MethodInfo{"sandbox.setAllowedHosts", "{sandbox: id|name, hosts: [string]|null}", "Sandbox",
               "The gate: these hosts and no others; null takes it away."},
    MethodInfo{"sandbox.setDeniedHosts", "{sandbox: id|name, hosts: [string]}", "Sandbox",
               "Replaces the denied hosts."},
    MethodInfo{
        "sandbox.allowHost", "{sandbox: id|name, host: string}", "Sandbox",
        "Adds to the allowed hosts. Without a list there is one from then on, and hosts that "
        "are not on it are denied."},
    MethodInfo{"sandbox.denyHost", "{sandbox: id|name, host: string}", "Sandbox",
               "Adds to the denied hosts."},
    MethodInfo{"sandbox.removeAllowedHost", "{sandbox: id|name, host: string}", "Sandbox",
               "Takes the host from the allowed ones, if it is there. The list stays, also empty."},
    MethodInfo{"sandbox.removeDeniedHost", "{sandbox: id|name, host: string}", "Sandbox",
               "Takes the host from the denied ones, if it is there."},

    MethodInfo{
        "sandbox.setOutboundHandler", "{sandbox: id|name, name: string|null, params?: JSON}",
        "{handlers: [Handler]}",
        "Sets the catch-all handler; null unsets it. The next request obeys, also on an open "
        "connection."},
    MethodInfo{"sandbox.setOutboundByHost",
               "{sandbox: id|name, host: string, name: string, params?: JSON}",
               "{handlers: [Handler]}", "Sets the handler of a host or a pattern."},
    MethodInfo{"sandbox.setOutboundByHosts",
               "{sandbox: id|name, handlers: {HOST: string|{name: string, params?: JSON}}}",
               "{handlers: [Handler]}",
               "Replaces all host handlers that were set at run time, or none where one is wrong."},
    MethodInfo{
        "sandbox.removeOutboundByHost", "{sandbox: id|name, host: string}", "{handlers: [Handler]}",
        "Unsets a host's handler that was set at run time; a declared one is in force again."},
    MethodInfo{"handlers.list", "{sandbox: id|name}", "{handlers: [Handler]}",
               "The handlers on a sandbox's ladder, in the order in which they win."},
    MethodInfo{"handlers.builtIns", "{}", "{builtIns: [BuiltIn]}",
               "The handlers that need no code, with their parameters."},
    MethodInfo{"handlers.log", "{sandbox?: id|name, row?: id, before?: id, limit?: int}",
               "HandlerLinePage", "Lines of the handlers' log, newest first; at most 500 a page."},
    MethodInfo{"module.get", "{sandbox: id|name}", "Module & {settings: ModuleSettings}",
               "A sandbox's handler module, and what the class of the one in force says of the "
               "sandbox."},
    MethodInfo{
        "module.set", "{sandbox: id|name, source: string}", "Module & {settings: ModuleSettings}",
        "Saves the module and checks it. Where it is wrong, the problems say so and the last "
        "good one goes on. An empty source removes it."},

    MethodInfo{
        "handlers.try", "{sandbox: id|name, request: TrialRequest, source?: string, send?: bool}",
        "TrialResult",
        "What the ladder and a handler would do with a request that is made up: with the "
        "module in force, or this text. Nothing leaves unless send is true, which needs a "
        "sandbox that runs; questions count as allowed, and what it would change is told and "
        "not done."},

    MethodInfo{"rules.list", "{sandbox?: id|name}", "{rules: [Rule]}",
               "All rules, or those that apply to a sandbox."},
    MethodInfo{"rules.add", "{rule: Rule}", "Rule", "Adds a rule of the person's."},
    MethodInfo{"rules.update", "{rule: Rule}", "Rule", "Replaces the rule with this id."},
    MethodInfo{"rules.remove", "{rule: id}", "{}", "Removes a rule."},

    MethodInfo{"approvals.list", "{}", "{questions: [Question]}", "Open questions, oldest first."},
    MethodInfo{"approvals.answer", "Answer", "{rule?: Rule}",
               "Answers a question; returns the rule that it made."},
    MethodInfo{"approvals.preview", "Answer", "{rule?: Rule}",
               "The rule that this answer would make; changes nothing."},

    MethodInfo{"log.list", "{filter?: RowFilter, before?: id, after?: id, limit?: int}", "RowPage",
               "Rows, newest first; at most 1000 a page. With after: oldest first, for following."},
    MethodInfo{"log.get", "{row: id}", "RowDetail", "One row with its headers."},

    MethodInfo{"budgets.list", "{sandbox: id|name}", "{budgets: [BudgetUse]}",
               "What a sandbox has used of its budgets."},
    MethodInfo{"settings.list", "{sandbox?: id|name}", "{settings: [Setting]}",
               "All settings as they stand; with a sandbox, those that it may have for itself."},
    MethodInfo{"settings.get", "{name: string, sandbox?: id|name}", "Setting", "One setting."},
    MethodInfo{"settings.set", "{name: string, value: JSON, sandbox?: id|name}", "Setting",
               "Sets it, for all or for a sandbox. What is under way may end by the former value."},
    MethodInfo{
        "settings.reset", "{name: string, sandbox?: id|name}", "Setting",
        "Takes the value away: a sandbox's falls back to the engine's, that to the default."},

    MethodInfo{"credentials.list", "{}", "{credentials: [Credential], vault: Vault}",
               "All credentials, without their values, which no method gives out."},
    MethodInfo{"credentials.add", "{credential: Credential, value?: string}", "Credential",
               "Adds a credential. The value goes to the vault, which must be open."},
    MethodInfo{"credentials.update", "{credential: Credential, value?: string}", "Credential",
               "Replaces what a person can change of the credential with this id, and its value "
               "where one is given."},
    MethodInfo{"credentials.remove", "{credential: id|name}", "{}",
               "Removes it, and its value from the vault."},
    MethodInfo{"credentials.test", "{sandbox: id|name, url: string}",
               "{credentials: [string], text: string}",
               "What a request of the sandbox to this URL would be given. Sends nothing."},
    MethodInfo{"vault.unlock", "{passphrase?: string}", "Vault",
               "Opens the vault; the first passphrase makes it. The desktop's keyring asks for its "
               "password itself."},
    MethodInfo{"vault.lock", "{}", "Vault", "Forgets all values and the key to them."},

    MethodInfo{"bindings.list", "{}", "{bindings: [Binding]}",
               "Namespaces, buckets and services, and which sandboxes may use them."},
    MethodInfo{"bindings.create", "{binding: Binding}", "Binding",
               "Makes one, without uses. Without mostBytes it takes 1 GiB."},
    MethodInfo{"bindings.update", "{binding: Binding}", "Binding",
               "Changes mostBytes, port and note of the one with this kind and name."},
    MethodInfo{"bindings.remove", "{kind: BindingKind, name: string, force?: bool}", "{}",
               "Removes it; one with contents only with force."},
    MethodInfo{"bindings.bind",
               "{kind: BindingKind, name: string, sandbox?: id|name, access?: BindingAccess, "
               "variable?: string, reach?: BindingReach}",
               "Binding",
               "Lets a sandbox use it, or all without one. Without a variable it is the name in "
               "capitals; an empty one gives handlers none. Without a reach its programs may use "
               "it as well as its handlers."},
    MethodInfo{"bindings.unbind", "{kind: BindingKind, name: string, sandbox?: id|name}", "Binding",
               "Takes that back; the next request obeys."},
    MethodInfo{"contents.begin", "{kind: BindingKind, name: string}", "{upload: id}",
               "Begins a value or an object of this connection's, to be put with kv.put or "
               "objects.put."},
    MethodInfo{"contents.append", "{upload: id, bytes: base64}", "{}", "Adds bytes to it."},
    MethodInfo{"kv.list", "{namespace: string, prefix?: string, cursor?: string, limit?: int}",
               "KvPage", "Keys of a namespace; at most 1000 a page."},
    MethodInfo{"kv.get", "{namespace: string, key: string, offset?: int, etag?: string}",
               "ContentPiece", "At most 512 KiB of a value from an offset on."},
    MethodInfo{"kv.put",
               "{namespace: string, key: string, bytes?: base64, upload?: id, expiresAt?: int, "
               "metadata?: JSON}",
               "KvKey", "Stores a value: the bytes given, or those of an upload."},
    MethodInfo{"kv.delete", "{namespace: string, key: string}", "{}", "Deletes a key."},
    MethodInfo{
        "objects.list",
        "{bucket: string, prefix?: string, delimiter?: string, cursor?: string, limit?: int}",
        "ObjectPage", "Objects of a bucket; at most 1000 a page."},
    MethodInfo{"objects.head", "{bucket: string, key: string}", "ObjectInfo", "One object."},
    MethodInfo{"objects.get", "{bucket: string, key: string, offset?: int, etag?: string}",
               "ContentPiece", "At most 512 KiB of an object from an offset on."},
    MethodInfo{"objects.put",
               "{bucket: string, key: string, bytes?: base64, upload?: id, contentType?: string}",
               "ObjectInfo", "Stores an object: the bytes given, or those of an upload."},
    MethodInfo{"objects.delete", "{bucket: string, key: string}", "{}", "Deletes an object."},
};

inline constexpr std::array Events = {
    MethodInfo{"sandbox.changed", "Sandbox", "",
               "Made or changed; also every two seconds with new statistics while it runs."},
    MethodInfo{"sandbox.removed", "{sandbox: id}", "", "Deleted."},
    MethodInfo{"rule.changed", "Rule", "", "Made or changed; hit counts at most once a second."},
    MethodInfo{"rule.removed", "{rule: id}", "", "Removed or expired."},
    MethodInfo{"handlers.changed", "{sandbox: id}", "",
               "The handlers or the module of a sandbox changed: list anew."},
    MethodInfo{"handlers.line", "HandlerLine", "", "A line of the handlers' log."},
    MethodInfo{"approval.changed", "Question", "",
               "Asked, asked again, answered or withdrawn (see its state)."},
    MethodInfo{"log.row", "Row", "", "A row that was just stored, new or changed."},
    MethodInfo{"log.gap", "{dropped: int}", "",
               "This many log.row events were dropped because the client did not keep up: list "
               "anew."},
    MethodInfo{"phases.changed", "{sandbox: id, phases: Phases}", "",
               "Phases were set, or one was entered."},
    MethodInfo{"settings.changed", "Setting", "", "Set or reset, for all or for its sandbox."},
    MethodInfo{"credential.changed", "Credential", "", "Made, changed or used."},
    MethodInfo{"credential.removed", "{credential: id}", "", "Removed."},
    MethodInfo{"credential.alarm", "CredentialAlarm", "",
               "A credential was on its way to a host that may not have it; it was stopped."},
    MethodInfo{"vault.changed", "Vault", "", "Locked or unlocked."},
    MethodInfo{"bindings.changed", "{}", "",
               "A binding or what it holds changed, at most once a second: list anew."},
    MethodInfo{"exec.output", "ExecOutput", "", "Output of a program started by this connection."},
    MethodInfo{"exec.exit", "ExecExit", "", "The program's end; the stream id is free again."},
};

} // namespace sallyport::api

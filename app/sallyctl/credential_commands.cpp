// credentials list, add, set, rm, unlock, lock, test.
#include "app/sallyctl/commands.h"

#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/sallyctl/context.h"
#include "app/sallyctl/output.h"
#include "app/sallyctl/secret_input.h"
#include "app/sallyctl/values.h"
#include "engine/api/settings.h"

namespace sallyport::ctl {
namespace {

using api::Json;

// A keyring asks its person, who may be away for a while.
constexpr auto UnlockPatience = std::chrono::minutes(3);

struct Listing
{
    std::vector<api::Credential> credentials;
    api::Vault vault;
};

Result<Listing> fetch(Context& context)
{
    const auto reply = context.call("credentials.list");
    if (!reply)
        return tl::unexpected<Error>(reply.error());
    auto credentials = api::member<std::vector<api::Credential>>(*reply, "credentials");
    auto vault = api::member<api::Vault>(*reply, "vault");
    if (!credentials || !vault)
        return tl::unexpected<Error>(!credentials ? credentials.error() : vault.error());
    return Listing{std::move(*credentials), std::move(*vault)};
}

Result<api::Credential> fetchOne(Context& context, const std::string& name)
{
    const auto listing = fetch(context);
    if (!listing)
        return tl::unexpected<Error>(listing.error());
    for (const api::Credential& credential : listing->credentials)
        if (credential.name == name || std::to_string(credential.id) == name)
            return credential;
    return fail(Error::Code::NotFound, "no credential '" + name + "'");
}

std::string joined(const std::vector<std::string>& texts)
{
    return fmt::format("{}", fmt::join(texts, ", "));
}

std::string useText(const api::Credential& credential)
{
    switch (credential.use) {
    case api::CredentialUse::Header:
        return credential.header;
    case api::CredentialUse::Basic:
        return "basic, user " + orDash(credential.user);
    case api::CredentialUse::Query:
        return "?" + credential.parameter + "={}";
    default:
        return enumText(credential.use);
    }
}

std::string vaultText(const api::Vault& vault)
{
    const bool isFile = vault.kind == api::VaultKind::File;
    std::string text =
        isFile ? "vault: a file sealed with a passphrase" : "vault: the desktop's keyring";
    if (vault.isNew)
        text += ", not made yet (sallyctl credentials unlock makes it)";
    else
        text += vault.isLocked ? ", locked (sallyctl credentials unlock)" : ", open";
    return vault.problem.empty() ? text : text + "; " + vault.problem;
}

Result<int> list(Context& context)
{
    const auto listing = fetch(context);
    if (!listing)
        return tl::unexpected<Error>(listing.error());
    if (context.json) {
        printJson({{"credentials", api::toJson(listing->credentials)},
                   {"vault", api::toJson(listing->vault)}});
        return ExitOk;
    }
    Table table({"NAME", "STATE", "HOSTS", "PUT IN AS", "VARIABLE", "USES", "LAST USED"});
    for (const api::Credential& one : listing->credentials)
        table.add({one.name, enumText(one.state), joined(one.hosts), useText(one),
                   orDash(one.variable), std::to_string(one.uses),
                   one.lastUsedAt ? timeText(*one.lastUsedAt) : "-"});
    if (!table.isEmpty())
        table.print();
    printLine(vaultText(listing->vault));
    return ExitOk;
}

struct AddOptions
{
    std::string name;
    std::string hosts;
    std::optional<std::string> header;
    std::optional<std::string> basic;
    std::optional<std::string> query;
    bool placeholder = false;
    bool aws = false;
    std::string variable;
    std::optional<std::string> command;
    std::optional<std::string> cache;
    std::optional<std::string> sandboxes;
    bool inBodies = false;
    bool plainHttp = false;
    std::string note;
};

void setUse(const AddOptions& options, api::Credential& credential)
{
    if (options.basic) {
        credential.use = api::CredentialUse::Basic;
        credential.user = *options.basic;
    } else if (options.query) {
        credential.use = api::CredentialUse::Query;
        credential.parameter = *options.query;
    } else if (options.aws) {
        credential.use = api::CredentialUse::AwsSigV4;
    } else if (options.placeholder) {
        credential.use = api::CredentialUse::Placeholder;
    } else if (options.header) {
        credential.header = *options.header;
    }
}

Result<api::Credential> credentialOf(Context& context, const AddOptions& options)
{
    api::Credential credential;
    credential.name = options.name;
    credential.hosts = listFromText(options.hosts);
    credential.variable = options.variable;
    credential.inBodies = options.inBodies;
    credential.plainHttp = options.plainHttp;
    credential.note = options.note;
    setUse(options, credential);
    if (options.command) {
        credential.source = api::CredentialSource::Command;
        credential.command = CLI::detail::split_up(*options.command);
        for (std::string& argument : credential.command)
            CLI::detail::remove_quotes(argument);
    }
    if (options.cache) {
        const auto time = durationFromText(*options.cache);
        if (!time)
            return fail("--cache", time.error());
        credential.cacheSeconds = static_cast<int>(*time / 1000);
    }
    if (options.sandboxes) {
        credential.sandboxes.emplace();
        for (const std::string& name : listFromText(*options.sandboxes)) {
            const auto sandbox = context.sandbox(name);
            if (!sandbox)
                return tl::unexpected<Error>(sandbox.error());
            credential.sandboxes->push_back(sandbox->id);
        }
    }
    return credential;
}

Result<int> keep(Context& context,
                 const char* method,
                 const api::Credential& credential,
                 const std::string& value)
{
    Json parameters{{"credential", api::toJson(credential)}};
    if (!value.empty())
        parameters["value"] = value;
    const auto kept = context.callFor<api::Credential>(method, parameters, UnlockPatience);
    if (!kept)
        return tl::unexpected<Error>(kept.error());
    if (context.json)
        printJson(api::toJson(*kept));
    else
        printLine(
            fmt::format("{} goes to {}: {}", kept->name, joined(kept->hosts), useText(*kept)));
    return ExitOk;
}

Result<int> add(Context& context, const AddOptions& options)
{
    const auto credential = credentialOf(context, options);
    if (!credential)
        return tl::unexpected<Error>(credential.error());
    std::string value;
    if (!options.command) {
        auto entered = readSecret("Value of " + options.name);
        if (!entered)
            return tl::unexpected<Error>(entered.error());
        value = std::move(*entered);
    }
    return keep(context, "credentials.add", *credential, value);
}

Result<int> set(Context& context, const std::string& name)
{
    const auto credential = fetchOne(context, name);
    if (!credential)
        return tl::unexpected<Error>(credential.error());
    const auto value = readSecret("New value of " + credential->name);
    if (!value)
        return tl::unexpected<Error>(value.error());
    return keep(context, "credentials.update", *credential, *value);
}

Result<int> remove(Context& context, const std::string& name)
{
    const auto removed = context.call("credentials.remove", {{"credential", name}}, UnlockPatience);
    if (!removed)
        return tl::unexpected<Error>(removed.error());
    printLine(name + " is removed, with its value");
    return ExitOk;
}

Result<int> changeVault(Context& context, const char* method, const Json& parameters)
{
    const auto vault = context.callFor<api::Vault>(method, parameters, UnlockPatience);
    if (!vault)
        return tl::unexpected<Error>(vault.error());
    if (context.json)
        printJson(api::toJson(*vault));
    else
        printLine(vaultText(*vault));
    return ExitOk;
}

Result<int> unlock(Context& context)
{
    const auto listing = fetch(context);
    if (!listing)
        return tl::unexpected<Error>(listing.error());
    Json parameters = Json::object();
    if (listing->vault.kind == api::VaultKind::File) {
        const auto passphrase =
            readSecret(listing->vault.isNew ? "A passphrase for the new vault, which can't be "
                                              "recovered when it is forgotten"
                                            : "Passphrase of the vault");
        if (!passphrase)
            return tl::unexpected<Error>(passphrase.error());
        parameters["passphrase"] = *passphrase;
    }
    return changeVault(context, "vault.unlock", parameters);
}

Result<int> test(Context& context, const std::string& sandbox, const std::string& url)
{
    const auto reply =
        context.call("credentials.test", {{"sandbox", sandboxParameter(sandbox)}, {"url", url}});
    if (!reply)
        return tl::unexpected<Error>(reply.error());
    if (context.json) {
        printJson(*reply);
        return ExitOk;
    }
    const auto text = api::member<std::string>(*reply, "text");
    if (!text)
        return tl::unexpected<Error>(text.error());
    printLine(*text);
    return ExitOk;
}

struct HandlersOptions
{
    std::string name;
    std::string answer;
    std::string sandbox; // empty: all that may use it
};

// Whether handlers may read it: a setting, of all sandboxes or of one.
Result<int> setForHandlers(Context& context, const HandlersOptions& options)
{
    const auto credential = fetchOne(context, options.name);
    if (!credential)
        return tl::unexpected<Error>(credential.error());
    Json parameters{{"name", "handler.credentials"}};
    if (!options.sandbox.empty())
        parameters["sandbox"] = sandboxParameter(options.sandbox);
    const auto setting = context.callFor<api::Setting>("settings.get", parameters);
    if (!setting)
        return tl::unexpected<Error>(setting.error());
    Json names = Json::array();
    for (const Json& name : Json::parse(setting->value, nullptr, false))
        if (name != credential->name)
            names.push_back(name);
    if (options.answer == "on")
        names.push_back(credential->name);
    parameters["value"] = std::move(names);
    const auto kept = context.callFor<api::Setting>("settings.set", parameters);
    if (!kept)
        return tl::unexpected<Error>(kept.error());
    if (context.json)
        printJson(api::toJson(*kept));
    else
        printLine(fmt::format("handlers {} read {}", options.answer == "on" ? "may" : "may not",
                              credential->name));
    return ExitOk;
}

void addHandlersCommand(CLI::App& credentials, Context& context)
{
    const auto options = std::make_shared<HandlersOptions>();
    auto* command = credentials.add_subcommand(
        "handlers", "Whether handlers in JavaScript may read its value in env; off unless set");
    command->add_option("name", options->name, "Name or id")->required();
    command->add_option("answer", options->answer, "on or off")
        ->required()
        ->check(CLI::IsMember({"on", "off"}));
    command->add_option("--sandbox", options->sandbox, "Of this sandbox alone");
    command->callback([&context, options] {
        context.command = [&context, options] { return setForHandlers(context, *options); };
    });
}

void addAddCommand(CLI::App& credentials, Context& context)
{
    const auto options = std::make_shared<AddOptions>();
    auto* add_ = credentials.add_subcommand(
        "add", "Add one; its value is asked for, or read from standard input");
    add_->add_option("name", options->name, "[a-z0-9] with inner '-' and '_'")->required();
    add_->add_option("--host", options->hosts, "Who may get it: HOST,HOST,… (patterns as in rules)")
        ->required();
    auto* how = add_->add_option_group("how", "How it is put into a request (one of)");
    how->add_option("--header", options->header, "default: 'Authorization: Bearer {}'");
    how->add_option("--basic", options->basic, "USER: Authorization: Basic, with it as password");
    how->add_option("--query", options->query, "NAME of a query parameter");
    how->add_flag("--aws", options->aws,
                  "Sign AWS requests anew (SigV4); the value is ID:SECRET[:SESSION-TOKEN]");
    how->add_flag("--placeholder", options->placeholder,
                  "Only where the guest put the placeholder");
    how->require_option(0, 1);
    add_->add_option("--env", options->variable,
                     "Variable of the guest's programs that holds the placeholder");
    add_->add_option("--command", options->command,
                     "A program that prints the value ('gh auth token'); run without a shell");
    add_->add_option("--cache", options->cache, "How long what it printed is used (default 5m)");
    add_->add_option("--sandbox", options->sandboxes, "Who may use it: NAME,…; all by default");
    add_->add_flag("--in-bodies", options->inBodies, "Replace placeholders in bodies too");
    add_->add_flag("--plain-http", options->plainHttp, "It may go there without TLS too");
    add_->add_option("--note", options->note, "Your own words");
    add_->callback([&context, options] {
        context.command = [&context, options] { return add(context, *options); };
    });
}

} // namespace

void addCredentialCommands(CLI::App& app, Context& context)
{
    auto* credentials =
        app.add_subcommand("credentials", "Secrets that requests are given and guests never see");
    credentials->require_subcommand(1);
    const auto bind = [&](CLI::App* command, std::function<Result<int>()> deed) {
        command->callback([&context, deed = std::move(deed)] { context.command = deed; });
    };
    bind(credentials->add_subcommand("list", "List them, and say how the vault stands"),
         [&context] { return list(context); });
    addAddCommand(*credentials, context);

    const auto name = std::make_shared<std::string>();
    auto* setCommand = credentials->add_subcommand("set", "Give it a new value");
    setCommand->add_option("name", *name, "Name or id")->required();
    bind(setCommand, [&context, name] { return set(context, *name); });
    auto* removeCommand = credentials->add_subcommand("rm", "Remove it, with its value");
    removeCommand->add_option("name", *name, "Name or id")->required();
    bind(removeCommand, [&context, name] { return remove(context, *name); });

    addHandlersCommand(*credentials, context);
    bind(credentials->add_subcommand("unlock", "Open the vault; the first passphrase makes it"),
         [&context] { return unlock(context); });
    bind(credentials->add_subcommand("lock", "Forget all values until it is unlocked"),
         [&context] { return changeVault(context, "vault.lock", Json::object()); });

    const auto url = std::make_shared<std::string>();
    auto* testCommand = credentials->add_subcommand(
        "test", "What a request to a URL would be given; sends nothing");
    testCommand->add_option("sandbox", *name, "Name or id")->required();
    testCommand->add_option("url", *url, "https://HOST/…")->required();
    bind(testCommand, [&context, name, url] { return test(context, *name, *url); });
}

} // namespace sallyport::ctl

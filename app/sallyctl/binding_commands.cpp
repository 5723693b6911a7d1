// kv, objects, services: what sandboxes may use of this machine.
#include "app/sallyctl/commands.h"

#include <charconv>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/sallyctl/context.h"
#include "app/sallyctl/output.h"
#include "app/sallyctl/values.h"
#include "engine/api/bindings.h"
#include "engine/base/text.h"

namespace sallyport::ctl {
namespace {

using api::BindingKind;
using api::Json;

constexpr std::size_t PieceBytes = std::size_t{512} * 1024;

// What a command of any of the three was given.
struct Options
{
    std::string name;
    std::string sandbox;
    bool readOnly = false;
    bool handlersOnly = false;
    std::optional<std::string> variable;
    std::string most;
    std::string note;
    bool force = false;
    int port = 0;
    std::string key;
    std::string file = "-";
    std::string prefix;
    std::string delimiter;
    std::string lifetime;
    std::string metadata;
    std::string contentType;
};
using Deed = Result<int> (*)(Context& context, BindingKind kind, const Options& options);

std::string storeMember(BindingKind kind)
{
    return kind == BindingKind::Kv ? "namespace" : "bucket";
}

std::string group(BindingKind kind)
{
    return kind == BindingKind::Kv ? "kv." : "objects.";
}

// "500M", "2G", in bytes.
Result<std::int64_t> sizeFromText(std::string_view text)
{
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string unit = text::toLower(std::string_view(end, text.data() + text.size()));
    for (const auto& [name, shift] :
         {std::pair<std::string_view, int>{"", 0}, {"k", 10}, {"m", 20}, {"g", 30}, {"t", 40}})
        if (error == std::errc{} && unit == name && number > 0 && number < (std::int64_t{1} << 20))
            return number << shift;
    return fail(Error::Code::Invalid, fmt::format("'{}' is no size; write 500M or 2G", text));
}

Result<std::vector<api::Binding>> fetch(Context& context, BindingKind kind)
{
    auto all = context.callForList<api::Binding>("bindings.list", "bindings");
    if (all)
        std::erase_if(*all, [kind](const api::Binding& each) { return each.kind != kind; });
    return all;
}

std::string usesText(const api::Binding& binding, const std::vector<api::Sandbox>& sandboxes)
{
    std::string text;
    for (const api::BindingUse& use : binding.uses) {
        std::string who = "all";
        for (const api::Sandbox& sandbox : sandboxes)
            if (use.sandbox == sandbox.id)
                who = sandbox.name;
        if (binding.kind != BindingKind::Service && use.access == api::BindingAccess::ReadOnly)
            who += " (read only)";
        if (use.reach == api::BindingReach::Handlers)
            who += " (handlers only)";
        if (!use.variable.empty())
            who += fmt::format(" as {}", use.variable);
        text += (text.empty() ? "" : ", ") + who;
    }
    return orDash(text);
}

Result<int> listBindings(Context& context, BindingKind kind, const Options&)
{
    const auto all = fetch(context, kind);
    if (!all)
        return tl::unexpected<Error>(all.error());
    if (context.json) {
        printJson({{"bindings", api::toJson(*all)}});
        return ExitOk;
    }
    const auto sandboxes = context.callForList<api::Sandbox>("sandbox.list", "sandboxes");
    if (!sandboxes)
        return tl::unexpected<Error>(sandboxes.error());
    const bool isService = kind == BindingKind::Service;
    Table table(isService
                    ? std::vector<std::string>{"NAME", "LEADS TO", "BOUND TO"}
                    : std::vector<std::string>{"NAME", "ENTRIES", "SIZE", "AT MOST", "BOUND TO"});
    for (const api::Binding& one : *all) {
        if (!isService) {
            table.add({one.name, std::to_string(one.entries), bytesText(one.bytes),
                       bytesText(one.mostBytes), usesText(one, *sandboxes)});
            continue;
        }
        std::string where = "127.0.0.1";
        for (const api::Sandbox& sandbox : *sandboxes)
            if (one.owner == sandbox.id)
                where = sandbox.name;
        table.add({one.name, fmt::format("{}:{}", where, one.port), usesText(one, *sandboxes)});
    }
    if (!table.isEmpty())
        table.print();
    return ExitOk;
}

Result<int> create(Context& context, BindingKind kind, const Options& options)
{
    api::Binding binding;
    binding.kind = kind;
    binding.name = options.name;
    binding.note = options.note;
    binding.port = options.port;
    if (!options.most.empty()) {
        const auto most = sizeFromText(options.most);
        if (!most)
            return fail("--most", most.error());
        binding.mostBytes = *most;
    }
    if (!options.sandbox.empty()) {
        const auto owner = context.sandbox(options.sandbox);
        if (!owner)
            return tl::unexpected<Error>(owner.error());
        binding.owner = owner->id;
    }
    const auto made =
        context.callFor<api::Binding>("bindings.create", {{"binding", api::toJson(binding)}});
    if (!made)
        return tl::unexpected<Error>(made.error());
    if (context.json)
        printJson(api::toJson(*made));
    else
        printLine(made->name + " is made; bind it to a sandbox with `bind`");
    return ExitOk;
}

Json named(BindingKind kind, const Options& options)
{
    return {{"kind", api::enumName(kind)}, {"name", options.name}};
}

Result<int> remove(Context& context, BindingKind kind, const Options& options)
{
    Json parameters = named(kind, options);
    parameters["force"] = options.force;
    const auto removed = context.call("bindings.remove", parameters, Context::LongPatience);
    if (!removed)
        return tl::unexpected<Error>(removed.error());
    printLine(options.name + " is removed");
    return ExitOk;
}

Result<int> bind(Context& context, BindingKind kind, const Options& options)
{
    Json parameters = named(kind, options);
    if (!options.sandbox.empty())
        parameters["sandbox"] = sandboxParameter(options.sandbox);
    parameters["access"] = options.readOnly ? "readOnly" : "readWrite";
    if (options.handlersOnly)
        parameters["reach"] = "handlers";
    if (options.variable)
        parameters["variable"] = *options.variable;
    const auto bound = context.callFor<api::Binding>("bindings.bind", parameters);
    if (!bound)
        return tl::unexpected<Error>(bound.error());
    if (context.json)
        printJson(api::toJson(*bound));
    else
        printLine(fmt::format("{} is bound to {}", options.name,
                              options.sandbox.empty() ? "all sandboxes" : options.sandbox));
    return ExitOk;
}

Result<int> unbind(Context& context, BindingKind kind, const Options& options)
{
    Json parameters = named(kind, options);
    if (!options.sandbox.empty())
        parameters["sandbox"] = sandboxParameter(options.sandbox);
    const auto unbound = context.callFor<api::Binding>("bindings.unbind", parameters);
    if (!unbound)
        return tl::unexpected<Error>(unbound.error());
    printLine(fmt::format("{} is not bound to {} any more", options.name,
                          options.sandbox.empty() ? "all sandboxes" : options.sandbox));
    return ExitOk;
}

// ---- Contents

template <typename Page>
Result<int> listPages(Context& context, BindingKind kind, const Options& options)
{
    Json parameters{{storeMember(kind), options.name}, {"prefix", options.prefix}};
    if (!options.delimiter.empty())
        parameters["delimiter"] = options.delimiter;
    for (;;) {
        const auto page = context.callFor<Page>(group(kind) + "list", parameters);
        if (!page)
            return tl::unexpected<Error>(page.error());
        if constexpr (std::is_same_v<Page, api::KvPage>) {
            for (const api::KvKey& key : page->keys) {
                if (context.json)
                    printJson(api::toJson(key));
                else
                    printLine(key.name);
            }
        } else {
            for (const std::string& prefix : page->prefixes) {
                if (context.json)
                    printJson({{"prefix", prefix}});
                else
                    printLine(prefix);
            }
            for (const api::ObjectInfo& object : page->objects) {
                if (context.json)
                    printJson(api::toJson(object));
                else
                    printLine(fmt::format("{:>10}  {}  {}", bytesText(object.bytes),
                                          timeText(object.storedAt), object.key));
            }
        }
        if (!page->cursor)
            return ExitOk;
        parameters["cursor"] = *page->cursor;
    }
}

Result<int> listContents(Context& context, BindingKind kind, const Options& options)
{
    return kind == BindingKind::Kv ? listPages<api::KvPage>(context, kind, options)
                                   : listPages<api::ObjectPage>(context, kind, options);
}

Result<int> get(Context& context, BindingKind kind, const Options& options)
{
    Json parameters{{storeMember(kind), options.name}, {"key", options.key}};
    std::ofstream file;
    std::ostream* out = &std::cout;
    std::int64_t offset = 0;
    for (;;) {
        parameters["offset"] = offset;
        const auto piece = context.callFor<api::ContentPiece>(group(kind) + "get", parameters);
        if (!piece)
            return tl::unexpected<Error>(piece.error());
        if (offset == 0 && options.file != "-") {
            file.open(options.file, std::ios::binary | std::ios::trunc);
            out = &file;
        }
        out->write(piece->bytes.data(), static_cast<std::streamsize>(piece->bytes.size()));
        if (!out->flush())
            return fail(Error::Code::Io, "write " + options.file);
        offset += static_cast<std::int64_t>(piece->bytes.size());
        if (offset >= piece->size || piece->bytes.empty())
            return ExitOk;
        parameters["etag"] = piece->etag;
    }
}

Result<std::int64_t> upload(Context& context, BindingKind kind, const Options& options)
{
    std::ifstream file;
    if (options.file != "-") {
        file.open(options.file, std::ios::binary);
        if (!file)
            return fail(Error::Code::NotFound, "read " + options.file + ": it can't be opened");
    }
    std::istream& in = options.file == "-" ? std::cin : file;
    const auto begun = context.call("contents.begin", named(kind, options));
    if (!begun)
        return tl::unexpected<Error>(begun.error());
    const auto id = api::member<std::int64_t>(*begun, "upload");
    if (!id)
        return id;
    std::string piece(PieceBytes, '\0');
    for (;;) {
        in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        const auto count = static_cast<std::size_t>(in.gcount());
        if (count == 0)
            return in.bad() ? Result<std::int64_t>(fail(Error::Code::Io, "read " + options.file))
                            : id;
        const auto added = context.call(
            "contents.append",
            {{"upload", *id}, {"bytes", text::toBase64(std::string_view(piece).substr(0, count))}});
        if (!added)
            return tl::unexpected<Error>(added.error());
    }
}

Result<int> put(Context& context, BindingKind kind, const Options& options)
{
    Json parameters{{storeMember(kind), options.name}, {"key", options.key}};
    if (!options.lifetime.empty()) {
        const auto time = durationFromText(options.lifetime);
        if (!time)
            return fail("--ttl", time.error());
        parameters["expiresAt"] = nowUnixMillis() + *time;
    }
    if (!options.metadata.empty()) {
        parameters["metadata"] = Json::parse(options.metadata, nullptr, false);
        if (parameters["metadata"].is_discarded())
            return fail(Error::Code::Invalid, "--metadata: no JSON");
    }
    if (!options.contentType.empty())
        parameters["contentType"] = options.contentType;
    const auto id = upload(context, kind, options);
    if (!id)
        return tl::unexpected<Error>(id.error());
    parameters["upload"] = *id;
    const auto stored = context.call(group(kind) + "put", parameters);
    if (!stored)
        return tl::unexpected<Error>(stored.error());
    if (context.json)
        printJson(*stored);
    return ExitOk;
}

Result<int> erase(Context& context, BindingKind kind, const Options& options)
{
    const auto erased = context.call(group(kind) + "delete",
                                     {{storeMember(kind), options.name}, {"key", options.key}});
    if (!erased)
        return tl::unexpected<Error>(erased.error());
    return ExitOk;
}

// ---- The parser

class Group
{
public:
    Group(CLI::App& app, Context& context, BindingKind kind, std::string name, std::string summary)
        : m_context(context)
        , m_kind(kind)
        , m_app(app.add_subcommand(std::move(name), std::move(summary)))
        , m_options(std::make_shared<Options>())
    {
        m_app->require_subcommand(1);
    }
    [[nodiscard]] CLI::App* add(std::string name, std::string summary, Deed deed)
    {
        CLI::App* const command = m_app->add_subcommand(std::move(name), std::move(summary));
        command->callback([&context = m_context, kind = m_kind, options = m_options, deed] {
            context.command = [&context, kind, options, deed] {
                return deed(context, kind, *options);
            };
        });
        return command;
    }
    [[nodiscard]] CLI::App* addNamed(std::string name, std::string summary, Deed deed)
    {
        CLI::App* const command = add(std::move(name), std::move(summary), deed);
        command->add_option("name", m_options->name)->required();
        return command;
    }
    [[nodiscard]] Options& options() { return *m_options; }

private:
    Context& m_context;
    BindingKind m_kind;
    CLI::App* m_app;
    std::shared_ptr<Options> m_options;
};

void addUses(Group& group)
{
    Options& options = group.options();
    auto* removal = group.addNamed("remove", "Remove it", remove);
    removal->add_flag("--force", options.force, "Also with what it holds");
    auto* binding = group.addNamed("bind", "Let a sandbox use it", bind);
    binding->add_option("sandbox", options.sandbox, "Name or id; all without one");
    binding->add_flag("--read-only", options.readOnly, "Nothing can be changed through it");
    binding->add_flag("--handlers-only", options.handlersOnly,
                      "Its programs see nothing of it; handlers do, by env.NAME");
    binding->add_option("--as", options.variable, "env.NAME in handlers; default: its own name");
    auto* unbinding = group.addNamed("unbind", "Take that back", unbind);
    unbinding->add_option("sandbox", options.sandbox, "Name or id; what all have without one");
}

void addStore(CLI::App& app,
              Context& context,
              BindingKind kind,
              const char* name,
              const char* summary,
              const char* plural)
{
    Group group(app, context, kind, name, summary);
    Options& options = group.options();
    static_cast<void>(group.add(plural, "List them, and who may use them", listBindings));
    auto* creation = group.addNamed("create", "Make one", create);
    creation->add_option("--most", options.most, "What it holds at most: 500M, 2G (default 1G)");
    creation->add_option("--note", options.note, "Your own words");
    addUses(group);
    auto* listing = group.addNamed("ls", "List what it holds", listContents);
    listing->add_option("prefix", options.prefix, "Those that begin so");
    if (kind == BindingKind::Objects)
        listing->add_option("--delimiter", options.delimiter, "Show what lies below it once");
    const auto addKeyed = [&](const char* verb, const char* text, Deed deed) {
        auto* command = group.addNamed(verb, text, deed);
        command->add_option("key", options.key)->required();
        return command;
    };
    addKeyed("get", "Print one, or write it to a file", get)
        ->add_option("file", options.file, "Default: standard output");
    auto* putting = addKeyed("put", "Store one", put);
    putting->add_option("file", options.file, "Default: standard input");
    if (kind == BindingKind::Kv) {
        putting->add_option("--ttl", options.lifetime, "Gone after: 90s, 15m, 2h, 3d");
        putting->add_option("--metadata", options.metadata, "JSON that listings show");
    } else {
        putting->add_option("--type", options.contentType, "Its content type");
    }
    static_cast<void>(addKeyed("rm", "Delete one", erase));
}

} // namespace

void addBindingCommands(CLI::App& app, Context& context)
{
    addStore(app, context, BindingKind::Kv, "kv", "Keys and values that sandboxes use by name",
             "namespaces");
    addStore(app, context, BindingKind::Objects, "objects",
             "Buckets of objects, for sandboxes as S3", "buckets");
    Group services(app, context, BindingKind::Service, "services",
                   "Ports of this machine or of sandboxes that sandboxes reach by name");
    static_cast<void>(services.add("list", "List them, and who may use them", listBindings));
    auto* creation = services.addNamed("create", "Name a port", create);
    creation->add_option("port", services.options().port)->required();
    creation->add_option("--sandbox", services.options().sandbox,
                         "Whose port it is; without one it is this machine's, on 127.0.0.1");
    creation->add_option("--note", services.options().note, "Your own words");
    addUses(services);
}

} // namespace sallyport::ctl

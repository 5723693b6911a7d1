#include "engine/policy/built_in.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/policy/built_in_params.h"

namespace sallyport::policy {
namespace {

constexpr std::size_t MostBodyBytes = 48 * 1024;
constexpr std::size_t MostNameBytes = 60;
constexpr std::size_t MostBindingNameBytes = 63;
constexpr std::size_t MostPrefixBytes = 256;

using Type = api::ParameterType;

std::vector<api::BuiltIn> makeList()
{
    const api::HandlerParameter hosts{
        "hosts", "Hosts", Type::Hosts, false, "Patterns as in rules, one a line.", {}};
    const api::HandlerParameter prefix{
        "prefix",
        "Prefix",
        Type::Text,
        false,
        "Goes before every key, unseen; {sandbox} in it is the sandbox's name.",
        {}};
    // The name that it has where handlers are written in JavaScript.
    const api::HandlerParameter hostnames{
        "allowedHostnames", "Allowed hostnames", Type::Hosts, false, "The same as hosts.", {}};
    return {
        {"ask",
         "You are asked, unless a rule or a remembered answer allows.",
         {{"always",
           "Also what a rule allows",
           Type::Flag,
           false,
           "Ask each time, whatever was answered before.",
           {}}}},
        {"allowHosts", "These hosts pass, all others are denied.", {hosts, hostnames}},
        {"denyHosts", "These hosts are denied, all others pass.", {hosts}},
        {"readOnly", "GET, HEAD and OPTIONS pass, all else is answered 405.", {}},
        {"noHttp", "Everything is denied.", {}},
        {"log", "Everything passes, with a line in the handlers' log.", {}},
        {"setHeaders",
         "Passes with changed headers.",
         {{"request",
           "Of the request",
           Type::Headers,
           false,
           "Name: value, one a line; -Name removes it.",
           {}},
          {"response",
           "Of the answer",
           Type::Headers,
           false,
           "Name: value, one a line; -Name removes it.",
           {}}}},
        {"respond",
         "Answers by itself; nothing is sent anywhere.",
         {{"status", "Status", Type::Number, false, "200 to 599.", {}},
          {"headers", "Headers", Type::Headers, false, "Name: value, one a line.", {}},
          {"body", "Body", Type::LongText, false, "Text, at most 48 KiB.", {}}}},
        {"redirectTo",
         "Goes to a port of this machine instead.",
         {{"port",
           "Port",
           Type::Number,
           false,
           "That a server of yours listens on, on 127.0.0.1.",
           {}},
          {"service",
           "Service",
           Type::Text,
           false,
           "In place of a port: the name of a service that is bound to the sandbox.",
           {}},
          {"name",
           "Name",
           Type::Text,
           false,
           "What listens there, for the ladder and the log.",
           {}},
          {"hostHeader",
           "Host header",
           Type::Choice,
           false,
           "What the server reads as its name: localhost, or the name that the guest used.",
           {"replace", "keep"}}}},
        {"tunnel", "Passes unread: TLS is not opened.", {}},
        {"kv",
         "Answers from keys and values that are bound to the sandbox.",
         {{"namespace",
           "Namespace",
           Type::Text,
           false,
           "Without one the first part of the path names it.",
           {}},
          prefix}},
        {"objects",
         "Answers from buckets that are bound to the sandbox, as S3 does.",
         {{"bucket",
           "Bucket",
           Type::Text,
           false,
           "Without one the first part of the path names it.",
           {}},
          prefix}},
    };
}

const api::BuiltIn* find(std::string_view name)
{
    const auto& all = builtIns();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [name](const api::BuiltIn& each) { return each.name == name; });
    return found == all.end() ? nullptr : &*found;
}

std::string counted(std::size_t count, std::string_view one, std::string_view many)
{
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string listed(const std::vector<Pattern>& hosts)
{
    if (hosts.empty())
        return "no host";
    std::string text = hosts.front().text();
    if (hosts.size() == 2)
        text += " and " + hosts.back().text();
    else if (hosts.size() > 2)
        text += fmt::format(" and {}", counted(hosts.size() - 1, "other", "others"));
    return text;
}

std::string changes(const HeaderChanges& headers)
{
    std::string text;
    for (const auto& [name, value] : headers)
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", value ? "sets" : "removes", name);
    return text;
}

Result<BuiltIn> parseSetHeaders(const Params& params)
{
    auto request = params.headers("request");
    auto response = params.headers("response");
    if (!request || !response)
        return tl::unexpected(!request ? request.error() : response.error());
    if (request->empty() && response->empty())
        return fail(Error::Code::Invalid, "setHeaders needs a header to set or to remove");
    return SetHeadersHandler{std::move(*request), std::move(*response)};
}

Result<BuiltIn> parseRespond(const Params& params)
{
    RespondHandler handler;
    const auto status = params.number("status", 200, 599, 200);
    auto headers = params.headers("headers");
    auto body = params.text("body", MostBodyBytes);
    if (!status || !headers || !body)
        return tl::unexpected(!status ? status.error() : !headers ? headers.error() : body.error());
    handler.status = *status;
    for (auto& [name, value] : *headers) {
        if (!value)
            return fail(Error::Code::Invalid, fmt::format("headers: {} has no value", name));
        handler.headers.emplace_back(name, std::move(*value));
    }
    handler.body = std::move(*body);
    if ((*status == 204 || *status == 304) && !handler.body.empty())
        return fail(Error::Code::Invalid, fmt::format("body: an answer {} has none", *status));
    return handler;
}

// Whether there is one by that name is seen when a request comes.
Status checkBindingName(std::string_view parameter, std::string_view name)
{
    const bool isName = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
    if (!isName)
        return fail(Error::Code::Invalid,
                    fmt::format("{}: a name has a-z, 0-9 and '-'", parameter));
    return {};
}

Result<BuiltIn> parseRedirectTo(const Params& params)
{
    const auto port = params.number("port", 1, 65535, 0);
    auto name = params.text("name", MostNameBytes);
    auto service = params.text("service", MostBindingNameBytes);
    const auto hostHeader = params.choice("hostHeader");
    if (!port || !name || !hostHeader)
        return tl::unexpected(!port ? port.error() : !name ? name.error() : hostHeader.error());
    if (!service)
        return tl::unexpected(service.error());
    if ((*port == 0) == service->empty())
        return fail(Error::Code::Invalid, "redirectTo needs the parameter 'port' or 'service', "
                                          "one of them");
    if (const Status good = checkBindingName("service", *service); !good)
        return tl::unexpected(good.error());
    return RedirectToHandler{*port, std::move(*service), text::escapeControls(*name),
                             *hostHeader == "keep"};
}

template <typename Handler>
Result<BuiltIn> parseStored(const Params& params, std::string_view nameParameter)
{
    auto name = params.text(nameParameter, MostBindingNameBytes);
    auto prefix = params.text("prefix", MostPrefixBytes);
    if (!name || !prefix)
        return tl::unexpected(!name ? name.error() : prefix.error());
    if (const Status good = checkBindingName(nameParameter, *name); !good)
        return tl::unexpected(good.error());
    if (text::escapeControls(*prefix) != *prefix)
        return fail(Error::Code::Invalid, "prefix: holds what is no plain text");
    return Handler{std::move(*name), std::move(*prefix)};
}

template <typename Handler> Result<BuiltIn> parseHosts(const Params& params)
{
    Handler handler;
    if (!params.has("hosts") && !params.has("allowedHostnames"))
        return fail(Error::Code::Invalid, "it needs the parameter 'hosts'");
    for (const char* name : {"hosts", "allowedHostnames"}) {
        auto hosts = params.hosts(name);
        if (!hosts)
            return tl::unexpected(hosts.error());
        handler.hosts.insert(handler.hosts.end(), hosts->begin(), hosts->end());
    }
    return handler;
}

} // namespace

const std::vector<api::BuiltIn>& builtIns()
{
    static const std::vector<api::BuiltIn> all = makeList();
    return all;
}

bool isBuiltIn(std::string_view name)
{
    return find(name) != nullptr;
}

Result<BuiltIn> parseBuiltIn(std::string_view name, std::string_view text)
{
    const api::BuiltIn* const known = find(name);
    if (known == nullptr) {
        std::string names;
        for (const api::BuiltIn& each : builtIns())
            names += (names.empty() ? "" : ", ") + each.name;
        return fail(Error::Code::NotFound,
                    fmt::format("no handler is named '{}'; built in are {}",
                                text::escapeControls(text::elide(name, 60)), names));
    }
    const auto params = Params::parse(text, *known);
    if (!params)
        return tl::unexpected(params.error());
    if (name == "ask") {
        const auto always = params->flag("always");
        if (!always)
            return tl::unexpected(always.error());
        return AskHandler{*always};
    }
    if (name == "allowHosts")
        return parseHosts<AllowHostsHandler>(*params);
    if (name == "denyHosts")
        return parseHosts<DenyHostsHandler>(*params);
    if (name == "readOnly")
        return ReadOnlyHandler{};
    if (name == "noHttp")
        return NoHttpHandler{};
    if (name == "log")
        return LogHandler{};
    if (name == "tunnel")
        return TunnelHandler{};
    if (name == "setHeaders")
        return parseSetHeaders(*params);
    if (name == "respond")
        return parseRespond(*params);
    if (name == "kv")
        return parseStored<KvHandler>(*params, "namespace");
    if (name == "objects")
        return parseStored<ObjectsHandler>(*params, "bucket");
    return parseRedirectTo(*params);
}

std::string describe(const BuiltIn& handler)
{
    struct Sentence
    {
        std::string operator()(const AskHandler& ask) const
        {
            return ask.always ? "You are asked each time."
                              : "You are asked, unless a rule or a remembered answer allows.";
        }
        std::string operator()(const AllowHostsHandler& allow) const
        {
            return fmt::format("Lets {} pass and denies the rest.", listed(allow.hosts));
        }
        std::string operator()(const DenyHostsHandler& deny) const
        {
            return fmt::format("Denies {} and lets the rest pass.", listed(deny.hosts));
        }
        std::string operator()(const ReadOnlyHandler&) const
        {
            return "GET, HEAD and OPTIONS pass, all else is answered 405.";
        }
        std::string operator()(const NoHttpHandler&) const { return "Everything is denied."; }
        std::string operator()(const LogHandler&) const
        {
            return "Everything passes, with a line in the handlers' log.";
        }
        std::string operator()(const TunnelHandler&) const
        {
            return "Passes unread: TLS is not opened.";
        }
        std::string operator()(const SetHeadersHandler& set) const
        {
            std::string text = "Passes";
            if (!set.request.empty())
                text += fmt::format("; request: {}", changes(set.request));
            if (!set.response.empty())
                text += fmt::format("; answer: {}", changes(set.response));
            return text + '.';
        }
        std::string operator()(const RespondHandler& respond) const
        {
            return fmt::format(
                "Answers {} with {}; nothing is sent anywhere.", respond.status,
                respond.body.empty() ? "no body" : counted(respond.body.size(), "byte", "bytes"));
        }
        static std::string underPrefix(const std::string& prefix)
        {
            return prefix.empty() ? "." : fmt::format(", under {}.", prefix);
        }
        std::string operator()(const KvHandler& kv) const
        {
            return (kv.name.empty()
                        ? std::string("Answers from the sandbox's namespaces, /NAMESPACE/KEY")
                        : fmt::format("Answers from the namespace {}", kv.name)) +
                   underPrefix(kv.prefix);
        }
        std::string operator()(const ObjectsHandler& objects) const
        {
            return (objects.name.empty()
                        ? std::string("Answers from the sandbox's buckets, as S3")
                        : fmt::format("Answers from the bucket {}, as S3", objects.name)) +
                   underPrefix(objects.prefix);
        }
        std::string operator()(const RedirectToHandler& redirect) const
        {
            if (!redirect.service.empty())
                return fmt::format("Goes to the service {}; Host is {}.", redirect.service,
                                   redirect.keepHost ? "kept" : "replaced");
            return fmt::format("Goes to port {} of this machine{}; Host is {}.", redirect.port,
                               redirect.name.empty() ? "" : fmt::format(" ({})", redirect.name),
                               redirect.keepHost ? "kept" : "replaced");
        }
    };
    return std::visit(Sentence{}, handler);
}

} // namespace sallyport::policy

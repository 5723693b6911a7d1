#include "engine/policy/handler_decision.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/policy/virtual_name.h"

namespace sallyport::policy {
namespace {

bool holds(const std::vector<Pattern>& hosts, const Request& request)
{
    return std::any_of(hosts.begin(), hosts.end(), [&](const Pattern& host) {
        return host.matches(request.host, request.port);
    });
}

// One overload a handler; what they return is completed by decideByHandler().
struct Decide
{
    const Request& request;
    std::string name; // "the handler readOnly of *.example.com"

    Decision make(Verdict verdict, std::string reason) const
    {
        Decision decision;
        decision.verdict = verdict;
        decision.reason = std::move(reason);
        return decision;
    }
    Decision allow() const { return make(Verdict::Allow, "allowed by " + name); }
    Decision deny(std::string_view why) const
    {
        return make(Verdict::Deny, fmt::format("denied by {}{}", name, why));
    }
    // Of handlers that know HTTP only.
    bool isHttp() const { return request.scheme != "tcp" && request.scheme != "udp" && !request.isConnection; }
    Decision denyOther() const
    {
        return deny(fmt::format(", which lets only HTTP pass; a handler log or tunnel for {}:{} "
                                "would let it pass",
                                request.host.urlText(), request.port));
    }

    Decision operator()(const AskHandler&) const
    {
        return make(Verdict::Ask, fmt::format("{} asks about {}", name, requestText(request)));
    }
    Decision operator()(const AllowHostsHandler& handler) const
    {
        return holds(handler.hosts, request)
                   ? allow()
                   : deny(fmt::format(": {} is not among its hosts", request.host.urlText()));
    }
    Decision operator()(const DenyHostsHandler& handler) const
    {
        return holds(handler.hosts, request)
                   ? deny(fmt::format(": {} is among its hosts", request.host.urlText()))
                   : allow();
    }
    Decision operator()(const ReadOnlyHandler&) const
    {
        if (!isHttp())
            return denyOther();
        const bool reads =
            request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
        if (reads && !request.isUpgrade)
            return allow();
        Decision decision = deny(reads ? ": what follows an upgrade could write"
                                       : ": only GET, HEAD and OPTIONS pass");
        decision.status = 405;
        return decision;
    }
    Decision operator()(const NoHttpHandler&) const { return deny(": it lets nothing pass"); }
    Decision operator()(const LogHandler&) const { return allow(); }
    Decision operator()(const TunnelHandler&) const
    {
        return make(Verdict::Allow, request.isConnection ? fmt::format("passed unread by {}", name)
                                                         : fmt::format("allowed by {}", name));
    }
    Decision operator()(const SetHeadersHandler&) const { return isHttp() ? allow() : denyOther(); }
    Decision operator()(const RespondHandler&) const
    {
        return isHttp() ? make(Verdict::Handle, "answered by " + name) : denyOther();
    }
    Decision operator()(const KvHandler&) const
    {
        return isHttp() ? make(Verdict::Handle, "answered by " + name) : denyOther();
    }
    Decision operator()(const ObjectsHandler&) const
    {
        return isHttp() ? make(Verdict::Handle, "answered by " + name) : denyOther();
    }
    Decision operator()(const RedirectToHandler& handler) const
    {
        if (!handler.service.empty()) {
            // Below the service's own name everything goes to it; elsewhere only HTTP is led there.
            if (!isHttp() && !isVirtualName(request.host.name))
                return denyOther();
            return make(Verdict::Allow,
                        fmt::format("led to the service {} by {}", handler.service, name));
        }
        if (!isHttp())
            return denyOther();
        return make(Verdict::Allow,
                    fmt::format("led to port {} of this machine{} by {}", handler.port,
                                handler.name.empty() ? "" : fmt::format(" ({})", handler.name),
                                name));
    }
};

} // namespace

Decision decideByHandler(std::shared_ptr<const HandlerEntry> handler, const Request& request)
{
    const Decide decide{request, handlerName(handler->slot)};
    Decision decision;
    if (handler->builtIn)
        decision = std::visit(decide, *handler->builtIn);
    else if (handler->slot.kind == api::HandlerKind::Native)
        decision = decide.deny(", which can't be used: " + handler->problem);
    else if (decide.isHttp())
        decision = decide.make(Verdict::Handle, "decided by " + decide.name);
    else
        decision = decide.denyOther();
    decision.step = api::Step::Handler;
    decision.ruleText = handler->slot.host.empty() ? "*" : handler->slot.host;
    decision.handler = std::move(handler);
    return decision;
}

bool asksUnlessAllowed(const HandlerEntry& handler)
{
    const auto* ask = handler.builtIn ? std::get_if<AskHandler>(&*handler.builtIn) : nullptr;
    return ask != nullptr && !ask->always;
}

std::string requestText(const Request& request)
{
    const bool usual = (request.scheme == "https" && request.port == 443) ||
                       (request.scheme == "http" && request.port == 80);
    std::string text;
    if (!request.method.empty())
        text = text::elide(text::escapeControls(request.method), 32) + ' ';
    text += request.scheme.empty() ? "" : request.scheme + "://";
    text += request.host.urlText();
    return usual ? text : fmt::format("{}:{}", text, request.port);
}

} // namespace sallyport::policy

#include "engine/policy/ladder.h"

#include <fmt/format.h>

#include "engine/policy/handler_decision.h"
#include "engine/policy/virtual_name.h"

namespace sallyport::policy {
namespace {

Decision make(Verdict verdict, api::Step step, std::string reason)
{
    Decision decision;
    decision.verdict = verdict;
    decision.step = step;
    decision.reason = std::move(reason);
    return decision;
}

Decision byEntry(Verdict verdict, api::Step step, const RuleEntry& entry, std::string reason)
{
    Decision decision = make(verdict, step, std::move(reason));
    decision.rule = entry.id;
    decision.ruleText = entry.text;
    return decision;
}

std::optional<Decision> floorOf(const Snapshot& snapshot, const Request& request)
{
    if (request.host.address) {
        Decision decision = checkAddress(snapshot, *request.host.address, request.port);
        if (decision.verdict == Verdict::Deny)
            return decision;
        return std::nullopt;
    }
    if (const std::optional<std::string> range = floorName(request.host.name)) {
        Decision decision = make(Verdict::Deny, api::Step::Floor,
                                 fmt::format("the name {} stands for {}, which no rule opens",
                                             request.host.name, *range));
        decision.ruleText = *range;
        return decision;
    }
    return std::nullopt;
}

Decision byDefault(const Snapshot& snapshot, const Request& request)
{
    switch (snapshot.defaultAction()) {
    case api::DefaultAction::Ask:
        return make(Verdict::Ask, api::Step::Default,
                    fmt::format("no rule decides about {}, and the sandbox asks by default",
                                requestText(request)));
    case api::DefaultAction::Allow:
        return make(Verdict::Allow, api::Step::Default, "the sandbox allows by default");
    case api::DefaultAction::Deny:
        break;
    }
    return make(
        Verdict::Deny, api::Step::Default,
        fmt::format("no rule allows {}, and the sandbox denies by default", requestText(request)));
}

// Names of the sandbox's bindings go nowhere: that something is bound is what allows it, and what
// is not bound is denied, whatever a rule or a catch-all says.
Decision byBinding(const Snapshot& snapshot, const Request& request)
{
    auto handler = snapshot.handlers().find(request);
    if (handler && !handler->slot.host.empty())
        return decideByHandler(std::move(handler), request);
    Decision decision =
        make(Verdict::Deny, api::Step::Handler,
             fmt::format("nothing that is bound to this sandbox goes by the name {}{}",
                         request.host.urlText(),
                         request.port == 80 || request.port == 443
                             ? std::string()
                             : fmt::format(" at port {}", request.port)));
    decision.ruleText = std::string(VirtualDomain);
    return decision;
}

// Datagrams pass by a rule that names them and by nothing else: no default, no list of hosts and no
// question opens them, and a handler that would only deny the host denies them too.
Decision byUdpRule(const Snapshot& snapshot, const Request& request, const RuleEntry* allow)
{
    if (auto handler = snapshot.handlers().find(request);
        handler && !(allow != nullptr && asksUnlessAllowed(*handler))) {
        Decision decision = decideByHandler(std::move(handler), request);
        if (decision.verdict == Verdict::Deny)
            return decision;
        if (decision.verdict != Verdict::Allow)
            return make(Verdict::Deny, api::Step::Handler,
                        "a handler stands for the host, and handlers carry no datagrams");
    }
    if (allow != nullptr)
        return byEntry(Verdict::Allow, api::Step::Rule, *allow,
                       fmt::format("allowed by the rule {}", allow->text));
    return make(Verdict::Deny, api::Step::Default,
                fmt::format("no rule for udp allows {}:{}", request.host.urlText(), request.port));
}

} // namespace

Decision decide(const Snapshot& snapshot, const Request& request, UnixMillis now)
{
    if (request.host.isEmpty() || request.port < 1 || request.port > 65535)
        return make(Verdict::Deny, api::Step::Protocol, "the request names no host and port");
    if (!snapshot.broken().empty())
        return make(Verdict::Deny, api::Step::Denied, snapshot.broken());
    if (std::optional<Decision> floor = floorOf(snapshot, request))
        return std::move(*floor);

    const RequestPath path(request.path);
    if (const RuleEntry* const entry = snapshot.denied().find(request, path, now))
        return byEntry(Verdict::Deny, api::Step::Denied, *entry,
                       !entry->reason.empty() ? entry->reason
                       : entry->id            ? fmt::format("denied by the rule {}", entry->text)
                                   : fmt::format("{} is among the denied hosts", entry->text));

    if (isVirtualName(request.host.name))
        return byBinding(snapshot, request);

    const RuleEntry* const gate = snapshot.gate().find(request, path, now);
    if (snapshot.hasGate() && gate == nullptr)
        return make(Verdict::Deny, api::Step::Gate,
                    fmt::format("{} is not among the allowed hosts", request.host.urlText()));

    const RuleEntry* const allow = snapshot.allowed().find(request, path, now);
    if (request.scheme == "udp")
        return byUdpRule(snapshot, request, allow);
    if (auto handler = snapshot.handlers().find(request)) {
        // Its question may have been answered already.
        if (allow == nullptr || !asksUnlessAllowed(*handler))
            return decideByHandler(std::move(handler), request);
    }
    if (allow != nullptr)
        return byEntry(Verdict::Allow, api::Step::Rule, *allow,
                       fmt::format("allowed by the rule {}", allow->text));
    if (gate != nullptr)
        return byEntry(Verdict::Allow, api::Step::Rule, *gate,
                       fmt::format("{} is among the allowed hosts", gate->text));
    return byDefault(snapshot, request);
}

Decision checkAddress(const Snapshot& snapshot, const Address& address, int port)
{
    return checkFloor(address, port, snapshot.grants(), snapshot.hostAddresses());
}

} // namespace sallyport::policy

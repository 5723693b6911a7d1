#include "engine/policy/snapshot.h"

#include <set>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/policy/rules.h"

namespace sallyport::policy {
namespace {

// Compiles entries of a host list; the problems name the list.
std::vector<RuleEntry> compileHosts(const std::vector<std::string>& hosts,
                                    std::string_view list,
                                    std::vector<std::string>& problems)
{
    std::vector<RuleEntry> entries;
    entries.reserve(hosts.size());
    for (const std::string& host : hosts) {
        Result<RuleEntry> entry = compileHostEntry(host);
        if (entry)
            entries.push_back(std::move(*entry));
        else
            problems.push_back(fmt::format("{}: {}", list, entry.error().text));
    }
    return entries;
}

} // namespace

std::shared_ptr<const Snapshot> Snapshot::build(const api::Sandbox& sandbox,
                                                const std::vector<api::Rule>& rules,
                                                std::vector<Address> hostAddresses,
                                                UnixMillis now,
                                                const std::vector<api::Handler>& handlers)
{
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->m_defaultAction = sandbox.defaultAction;
    snapshot->m_hostAddresses = std::move(hostAddresses);
    snapshot->m_hasGate = sandbox.allowedHosts.has_value();

    std::vector<std::string> opening; // problems that would open something
    std::vector<RuleEntry> denied = compileHosts(sandbox.deniedHosts, "denied hosts", opening);
    std::vector<RuleEntry> allowed;
    for (const api::Rule& rule : rules) {
        if (!rule.enabled || isExpired(rule, now) || !appliesTo(rule, sandbox.id))
            continue;
        Result<RuleEntry> entry = compileRule(rule);
        const bool isDeny = rule.action == api::Action::Deny;
        if (entry)
            (isDeny ? denied : allowed).push_back(std::move(*entry));
        else
            (isDeny ? opening : snapshot->m_problems)
                .push_back(fmt::format("rule {}: {}", rule.id, entry.error().text));
    }
    std::set<int> udpPorts;
    for (const RuleEntry& entry : allowed)
        if (entry.scheme == "udp")
            udpPorts.insert(entry.port.value_or(entry.host.port().value_or(0)));
    snapshot->m_udpPorts.assign(udpPorts.begin(), udpPorts.end());
    snapshot->m_handlers = HandlerIndex(handlers, opening);
    snapshot->m_denied = RuleIndex(std::move(denied), RuleIndex::Paths::Some);
    snapshot->m_allowed = RuleIndex(std::move(allowed), RuleIndex::Paths::Every);
    if (sandbox.allowedHosts)
        // An entry that is left out of the gate opens nothing.
        snapshot->m_gate =
            RuleIndex(compileHosts(*sandbox.allowedHosts, "allowed hosts", snapshot->m_problems),
                      RuleIndex::Paths::Every);

    for (const std::string& text : sandbox.grants) {
        Result<Grant> grant = Grant::parse(text);
        if (grant)
            snapshot->m_grants.push_back(std::move(*grant));
        else
            snapshot->m_problems.push_back("grants: " + grant.error().text);
    }
    if (!opening.empty()) {
        snapshot->m_broken =
            fmt::format("the policy of this sandbox can't be read, so everything is denied ({})",
                        text::elide(opening.front(), 300));
        snapshot->m_problems.insert(snapshot->m_problems.begin(), opening.begin(), opening.end());
    }
    return snapshot;
}

} // namespace sallyport::policy

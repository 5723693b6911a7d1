#include "engine/service/policy_book.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "engine/base/log.h"
#include "engine/policy/module_policy.h"
#include "engine/policy/pattern.h"
#include "engine/service/host_addresses.h"

namespace sallyport::service
{
namespace
{

constexpr std::chrono::seconds Tick{1};
constexpr int HostAddressSeconds = 5; // an address that this machine gets is part of the floor within this time
constexpr std::size_t MostRules = 200000;

} // namespace

Status PolicyBook::checkHosts(const std::vector<std::string>& hosts)
{
    if (hosts.size() > MostHostEntries)
        return fail(Error::Code::TooLarge, "too many hosts in one list; use rules with patterns");
    for (const std::string& host : hosts)
        if (auto pattern = policy::Pattern::parse(host); !pattern)
            return tl::unexpected(pattern.error());
    return {};
}

PolicyBook::PolicyBook(boost::asio::io_context& loop, store::Store& store, std::vector<api::Rule> rules)
    : m_store(store)
    , m_timer(loop)
    , m_hostAddresses(service::hostAddresses())
{
    for (api::Rule& rule : rules)
        m_rules.emplace(rule.id, std::move(rule));
    everySecond();
}

void PolicyBook::setSandbox(const api::Sandbox& sandbox)
{
    m_sandboxes[sandbox.id] = {sandbox, makeSnapshot(sandbox)};
    if (m_listener.onPolicyChanged)
        m_listener.onPolicyChanged();
}

void PolicyBook::setHandlers(api::SandboxId sandbox, std::vector<api::Handler> handlers)
{
    m_handlers[sandbox] = std::move(handlers);
    const auto known = m_sandboxes.find(sandbox);
    if (known == m_sandboxes.end())
        return;
    known->second.snapshot = makeSnapshot(known->second.sandbox);
    if (m_listener.onPolicyChanged)
        m_listener.onPolicyChanged();
}

void PolicyBook::setModule(api::SandboxId sandbox, const api::ModuleSettings& module)
{
    m_modules[sandbox] = module;
    const auto known = m_sandboxes.find(sandbox);
    if (known == m_sandboxes.end())
        return;
    known->second.snapshot = makeSnapshot(known->second.sandbox);
    if (m_listener.onPolicyChanged)
        m_listener.onPolicyChanged();
}

std::vector<int> PolicyBook::udpPorts(api::SandboxId sandbox) const
{
    const auto known = m_sandboxes.find(sandbox);
    return known == m_sandboxes.end() ? std::vector<int>() : known->second.snapshot->udpPorts();
}

std::vector<api::LadderStep> PolicyBook::ladder(api::SandboxId sandbox) const
{
    const auto known = m_sandboxes.find(sandbox);
    if (known == m_sandboxes.end())
        return {};
    const auto handlers = m_handlers.find(sandbox);
    const auto module = m_modules.find(sandbox);
    const api::Sandbox& own = known->second.sandbox;
    auto steps = policy::describeLadder(module == m_modules.end() ? own : policy::withModule(own, module->second),
                                        rulesOf(sandbox), nowUnixMillis(),
                                        handlers == m_handlers.end() ? std::vector<api::Handler>() : handlers->second);
    if (module != m_modules.end())
        policy::describeModule(steps, own, module->second);
    return steps;
}

std::shared_ptr<const policy::Snapshot> PolicyBook::makeSnapshot(const api::Sandbox& own) const
{
    const auto handlers = m_handlers.find(own.id);
    const auto module = m_modules.find(own.id);
    const api::Sandbox sandbox = module == m_modules.end() ? own : policy::withModule(own, module->second);
    return policy::Snapshot::build(sandbox, rulesOf(sandbox.id), m_hostAddresses, nowUnixMillis(),
                                   handlers == m_handlers.end() ? std::vector<api::Handler>() : handlers->second);
}

void PolicyBook::removeSandbox(api::SandboxId sandbox)
{
    m_sandboxes.erase(sandbox);
    m_handlers.erase(sandbox);
    m_modules.erase(sandbox);
    removeWhere([&](const api::Rule& rule) { return rule.sandbox == sandbox; });
}

void PolicyBook::sandboxStopped(api::SandboxId sandbox, bool isLastRunning)
{
    removeWhere([&](const api::Rule& rule) {
        return rule.untilStop && (rule.sandbox ? rule.sandbox == sandbox : isLastRunning);
    });
}

policy::Decision PolicyBook::decide(api::SandboxId sandbox, const policy::Request& request)
{
    policy::Decision decision = peek(sandbox, request);
    if (decision.rule)
        countHit(*decision.rule);
    return decision;
}

policy::Decision PolicyBook::peek(api::SandboxId sandbox, const policy::Request& request) const
{
    const auto known = m_sandboxes.find(sandbox);
    if (known == m_sandboxes.end())
        return {policy::Verdict::Deny, api::Step::Default, {}, {}, "the engine has no policy for this sandbox"};
    policy::Decision decision = policy::decide(*known->second.snapshot, request, nowUnixMillis());
    if (const auto module = m_modules.find(sandbox); module != m_modules.end() && decision.verdict == policy::Verdict::Deny)
        policy::nameModule(decision, known->second.sandbox, module->second);
    return decision;
}

policy::Decision PolicyBook::peekWith(api::SandboxId sandbox, const std::vector<api::Handler>& handlers, const api::ModuleSettings& module,
                                      const policy::Request& request) const
{
    const auto known = m_sandboxes.find(sandbox);
    if (known == m_sandboxes.end())
        return {policy::Verdict::Deny, api::Step::Default, {}, {}, "the engine has no policy for this sandbox"};
    const auto now = nowUnixMillis();
    const auto snapshot = policy::Snapshot::build(policy::withModule(known->second.sandbox, module), rulesOf(sandbox), m_hostAddresses, now, handlers);
    policy::Decision decision = policy::decide(*snapshot, request, now);
    if (decision.verdict == policy::Verdict::Deny)
        policy::nameModule(decision, known->second.sandbox, module);
    return decision;
}

policy::Decision PolicyBook::checkAddress(api::SandboxId sandbox, const policy::Address& address, int port) const
{
    const auto known = m_sandboxes.find(sandbox);
    if (known == m_sandboxes.end())
        return {policy::Verdict::Deny, api::Step::Floor, {}, {}, "the engine has no policy for this sandbox"};
    return policy::checkAddress(*known->second.snapshot, address, port);
}

std::vector<api::Rule> PolicyBook::rules() const
{
    std::vector<api::Rule> all;
    all.reserve(m_rules.size());
    for (const auto& [id, rule] : m_rules)
        all.push_back(rule);
    return all;
}

std::vector<api::Rule> PolicyBook::rulesOf(api::SandboxId sandbox) const
{
    std::vector<api::Rule> some;
    for (const auto& [id, rule] : m_rules)
        if (policy::appliesTo(rule, sandbox))
            some.push_back(rule);
    return some;
}

const api::Rule* PolicyBook::find(api::RuleId rule) const
{
    const auto found = m_rules.find(rule);
    return found == m_rules.end() ? nullptr : &found->second;
}

Result<api::Rule> PolicyBook::add(api::Rule rule)
{
    if (auto good = policy::validateRule(rule); !good)
        return tl::unexpected(good.error());
    if (rule.sandbox && !m_sandboxes.contains(*rule.sandbox))
        return fail(Error::Code::NotFound, fmt::format("no sandbox with id {}", *rule.sandbox));
    if (m_rules.size() >= MostRules)
        return fail(Error::Code::TooLarge, fmt::format("there are {} rules; remove some first", MostRules));
    rule.id = m_store.newRuleId();
    rule.createdAt = nowUnixMillis();
    rule.hits = 0;
    rule.lastHitAt.reset();
    m_store.saveRule(rule);
    m_rules[rule.id] = rule;
    rebuild();
    if (m_listener.onRuleChanged)
        m_listener.onRuleChanged(rule);
    return rule;
}

Result<api::Rule> PolicyBook::update(const api::Rule& rule)
{
    const auto found = m_rules.find(rule.id);
    if (found == m_rules.end())
        return fail(Error::Code::NotFound, fmt::format("no rule with id {}", rule.id));
    api::Rule changed = rule;
    changed.createdAt = found->second.createdAt;
    changed.origin = found->second.origin;
    changed.hits = found->second.hits;
    changed.lastHitAt = found->second.lastHitAt;
    if (auto good = policy::validateRule(changed); !good)
        return tl::unexpected(good.error());
    if (changed.sandbox && !m_sandboxes.contains(*changed.sandbox))
        return fail(Error::Code::NotFound, fmt::format("no sandbox with id {}", *changed.sandbox));
    m_store.saveRule(changed);
    found->second = changed;
    rebuild();
    if (m_listener.onRuleChanged)
        m_listener.onRuleChanged(changed);
    return changed;
}

Status PolicyBook::remove(api::RuleId rule)
{
    if (!m_rules.contains(rule))
        return fail(Error::Code::NotFound, fmt::format("no rule with id {}", rule));
    erase(rule);
    rebuild();
    return {};
}

void PolicyBook::removeWhere(const std::function<bool(const api::Rule&)>& condition)
{
    std::vector<api::RuleId> doomed;
    for (const auto& [id, rule] : m_rules)
        if (condition(rule))
            doomed.push_back(id);
    for (const api::RuleId id : doomed)
        erase(id);
    if (!doomed.empty())
        rebuild();
}

void PolicyBook::erase(api::RuleId rule)
{
    m_rules.erase(rule);
    m_newHits.erase(rule);
    m_store.removeRule(rule);
    if (m_listener.onRuleRemoved)
        m_listener.onRuleRemoved(rule);
}

void PolicyBook::rebuild()
{
    for (auto& [id, known] : m_sandboxes)
        known.snapshot = makeSnapshot(known.sandbox);
    if (m_listener.onPolicyChanged)
        m_listener.onPolicyChanged();
}

void PolicyBook::everySecond()
{
    removeWhere([now = nowUnixMillis()](const api::Rule& rule) { return policy::isExpired(rule, now); });
    reportHits();
    if (--m_secondsToRefresh <= 0)
        refreshHostAddresses();
    m_timer.expires_after(Tick);
    m_timer.async_wait([this](const boost::system::error_code& error) {
        if (!error)
            everySecond();
    });
}

void PolicyBook::countHit(api::RuleId rule)
{
    if (const auto found = m_rules.find(rule); found != m_rules.end()) {
        ++found->second.hits;
        found->second.lastHitAt = nowUnixMillis();
        ++m_newHits[rule];
    }
}

void PolicyBook::reportHits()
{
    for (const auto& [id, hits] : m_newHits) {
        const api::Rule& rule = m_rules.at(id);
        m_store.addRuleHits(id, hits, *rule.lastHitAt);
        if (m_listener.onRuleChanged)
            m_listener.onRuleChanged(rule);
    }
    m_newHits.clear();
}

void PolicyBook::refreshHostAddresses()
{
    m_secondsToRefresh = HostAddressSeconds;
    auto addresses = service::hostAddresses();
    if (addresses == m_hostAddresses)
        return;
    m_hostAddresses = std::move(addresses);
    rebuild();
}

} // namespace sallyport::service

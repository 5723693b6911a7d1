#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/api/handlers.h"
#include "engine/api/types.h"
#include "engine/base/result.h"
#include "engine/policy/ladder.h"
#include "engine/store/store.h"

namespace sallyport::service
{

// The rules, and each sandbox's policy as the snapshot that its next request reads. A change is stored, put into new
// snapshots and announced at once; connections are not touched. Expired rules go by themselves. Network thread only.
class PolicyBook
{
public:
    struct Listener
    {
        std::function<void(const api::Rule&)> onRuleChanged; // hit counts at most once a second
        std::function<void(api::RuleId)> onRuleRemoved;
        std::function<void()> onPolicyChanged; // some request may be decided otherwise now
    };

    static constexpr std::size_t MostHostEntries = 10000; // of a sandbox's gate, or of its denied hosts

    // Whether a sandbox can have these as its gate or its denied hosts.
    [[nodiscard]] static Status checkHosts(const std::vector<std::string>& hosts);

    // The rules as they were stored. `store` outlives the book.
    PolicyBook(boost::asio::io_context& loop, store::Store& store, std::vector<api::Rule> rules);

    void setListener(Listener listener) { m_listener = std::move(listener); }

    // A sandbox's own part of its policy: default, gate, denied hosts, grants.
    void setSandbox(const api::Sandbox& sandbox);
    // Who stands on its handler rungs.
    void setHandlers(api::SandboxId sandbox, std::vector<api::Handler> handlers);
    // What the class of its module says.
    void setModule(api::SandboxId sandbox, const api::ModuleSettings& module);
    // With the rules that are the sandbox's alone.
    void removeSandbox(api::SandboxId sandbox);
    // Ends the rules that hold until this sandbox stops; with the last one also those that hold for all until then.
    void sandboxStopped(api::SandboxId sandbox, bool isLastRunning);

    // One pass of the ladder, its rule's hit counted. A sandbox that is not known is denied.
    [[nodiscard]] policy::Decision decide(api::SandboxId sandbox, const policy::Request& request);
    // The same without counting: nothing is let through by it.
    [[nodiscard]] policy::Decision peek(api::SandboxId sandbox, const policy::Request& request) const;
    // What these handlers and this class would make of it.
    [[nodiscard]] policy::Decision peekWith(api::SandboxId sandbox, const std::vector<api::Handler>& handlers,
                                            const api::ModuleSettings& module, const policy::Request& request) const;
    [[nodiscard]] policy::Decision checkAddress(api::SandboxId sandbox, const policy::Address& address, int port) const;

    // Ports on which some of its rules let datagrams pass.
    [[nodiscard]] std::vector<int> udpPorts(api::SandboxId sandbox) const;

    // The ladder of a sandbox in words; empty for one that is not known.
    [[nodiscard]] std::vector<api::LadderStep> ladder(api::SandboxId sandbox) const;

    [[nodiscard]] std::vector<api::Rule> rules() const;
    [[nodiscard]] std::vector<api::Rule> rulesOf(api::SandboxId sandbox) const;
    [[nodiscard]] const api::Rule* find(api::RuleId rule) const;

    // Stores a new rule: its id, time and counters are the book's. Invalid when it can't be stored.
    [[nodiscard]] Result<api::Rule> add(api::Rule rule);
    // Replaces what a person can change of the rule with this id.
    [[nodiscard]] Result<api::Rule> update(const api::Rule& rule);
    [[nodiscard]] Status remove(api::RuleId rule);

private:
    struct Known
    {
        api::Sandbox sandbox;
        std::shared_ptr<const policy::Snapshot> snapshot;
    };

    [[nodiscard]] std::shared_ptr<const policy::Snapshot> makeSnapshot(const api::Sandbox& own) const;
    void rebuild();
    void removeWhere(const std::function<bool(const api::Rule&)>& condition);
    void erase(api::RuleId rule);
    void everySecond();
    void countHit(api::RuleId rule);
    void reportHits();
    void refreshHostAddresses();

    store::Store& m_store;
    boost::asio::steady_timer m_timer;
    Listener m_listener;
    std::map<api::RuleId, api::Rule> m_rules;
    std::map<api::SandboxId, Known> m_sandboxes;
    std::map<api::SandboxId, std::vector<api::Handler>> m_handlers;
    std::map<api::SandboxId, api::ModuleSettings> m_modules;
    std::map<api::RuleId, std::int64_t> m_newHits; // since they were last stored
    std::vector<policy::Address> m_hostAddresses;
    int m_secondsToRefresh = 0;
};

} // namespace sallyport::service

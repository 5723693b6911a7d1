#pragma once

// A sandbox's policy as an immutable value, indexed by host: made when the policy changes, read by
// every request behind an atomic shared_ptr. Any thread once built.

#include <memory>
#include <string>
#include <vector>

#include "engine/api/types.h"
#include "engine/policy/floor.h"
#include "engine/policy/handler_index.h"
#include "engine/policy/rule_index.h"

namespace sallyport::policy {

class Snapshot
{
public:
    // Takes defaultAction, allowedHosts, deniedHosts and grants of the sandbox, and those of the
    // rules that apply to it, are enabled and not expired at `now`. Never fails: an entry that
    // can't be read is listed in problems(); where leaving it out would open something (a deny, the
    // gate, the pattern of a handler), the whole snapshot denies, saying so.
    [[nodiscard]] static std::shared_ptr<const Snapshot> build(const api::Sandbox& sandbox,
                                                               const std::vector<api::Rule>& rules,
                                                               std::vector<Address> hostAddresses,
                                                               UnixMillis now,
                                                               const std::vector<api::Handler>&
                                                                   handlers = {});

    // Ports that some allow rule opens for datagrams, ascending.
    [[nodiscard]] const std::vector<int>& udpPorts() const { return m_udpPorts; }
    [[nodiscard]] api::DefaultAction defaultAction() const { return m_defaultAction; }
    [[nodiscard]] bool hasGate() const { return m_hasGate; }
    [[nodiscard]] const RuleIndex& denied() const { return m_denied; }
    [[nodiscard]] const RuleIndex& gate() const { return m_gate; }
    [[nodiscard]] const HandlerIndex& handlers() const { return m_handlers; }
    [[nodiscard]] const RuleIndex& allowed() const { return m_allowed; }
    [[nodiscard]] const std::vector<Grant>& grants() const { return m_grants; }
    [[nodiscard]] const std::vector<Address>& hostAddresses() const { return m_hostAddresses; }
    // Entries that can't be read, in words.
    [[nodiscard]] const std::vector<std::string>& problems() const { return m_problems; }
    // Not empty: everything is denied, for this reason.
    [[nodiscard]] const std::string& broken() const { return m_broken; }

private:
    api::DefaultAction m_defaultAction = api::DefaultAction::Deny;
    bool m_hasGate = false;
    RuleIndex m_denied;
    RuleIndex m_gate;
    HandlerIndex m_handlers;
    RuleIndex m_allowed;
    std::vector<int> m_udpPorts;
    std::vector<Grant> m_grants;
    std::vector<Address> m_hostAddresses;
    std::vector<std::string> m_problems;
    std::string m_broken;
};

} // namespace sallyport::policy

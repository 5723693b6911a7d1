#pragma once

// The ladder: who decides about a request, in which order (docs/policy.md). Pure: time is passed
// in. Any thread.
//
//   1 floor    this machine, private networks, cloud metadata; opened by grants only
//   2 denied   deniedHosts and deny rules; any match denies, whatever allows below
//   3 gate     allowedHosts, where set: what does not match is denied, what matches goes on
//   4 handler  of the host: set at run time, then declared; the most specific wins
//   5 handler  for all hosts: set at run time, then declared
//   6 rule     allow rules and remembered answers, then allowedHosts; the most specific wins
//   7 default  ask, deny or allow

#include <vector>

#include "engine/api/types.h"
#include "engine/policy/address.h"
#include "engine/policy/decision.h"
#include "engine/policy/floor.h"
#include "engine/policy/host.h"
#include "engine/policy/rules.h"
#include "engine/policy/snapshot.h"

namespace sallyport::policy {

// One pass of the ladder. For 100,000 rules well under 20 µs.
[[nodiscard]] Decision decide(const Snapshot& snapshot, const Request& request, UnixMillis now);

// The address that is about to be dialled. Allow means: dial exactly this address.
[[nodiscard]] Decision checkAddress(const Snapshot& snapshot, const Address& address, int port);

// The ladder of a sandbox for the policy tab, first decided first: all rungs, both of the handlers
// as one, each with the rules of `rules` that belong to it and apply to the sandbox (also disabled
// and expired ones, as they are). Entries of deniedHosts and allowedHosts stand as rules with id 0.
[[nodiscard]] std::vector<api::LadderStep>
describeLadder(const api::Sandbox& sandbox,
               const std::vector<api::Rule>& rules,
               UnixMillis now,
               const std::vector<api::Handler>& handlers = {});

// "floor", "denied", "gate", "handler", "rule", "default", "answer", "protocol", "credential"
[[nodiscard]] std::string_view stepName(api::Step step);

} // namespace sallyport::policy

#pragma once

// What the class of a sandbox's module says (allowedHosts, deniedHosts, enableInternet), put on the
// ladder where the person's own settings stand. The stricter point wins: what the class denies is
// denied besides what the person denied, `enableInternet = false` makes the default deny, and its
// list of allowed hosts is the gate where the person set none. Nothing of it opens what the person
// closed. Pure.

#include <string>
#include <vector>

#include "engine/api/handlers.h"
#include "engine/api/types.h"
#include "engine/policy/decision.h"

namespace sallyport::policy {

// The sandbox as its requests meet it.
[[nodiscard]] api::Sandbox withModule(api::Sandbox own, const api::ModuleSettings& module);

// Says in the decision that the class, and not the person, is its reason.
void nameModule(Decision& decision, const api::Sandbox& own, const api::ModuleSettings& module);

// Says in the steps of describeLadder() what of them the class brings.
void describeModule(std::vector<api::LadderStep>& steps,
                    const api::Sandbox& own,
                    const api::ModuleSettings& module);

// "10m", "90s", "1h", or a number of seconds; 0 where it is none of these.
[[nodiscard]] int secondsOf(std::string_view text);

} // namespace sallyport::policy

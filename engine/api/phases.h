#pragma once

// Phases of a sandbox's work (docs/policy.md): what its policy becomes when one is entered, so that
// what an agent may do while it is set up ends before the untrusted part begins. Plain values, as
// those of types.h.

#include <optional>
#include <string>
#include <vector>

#include "engine/api/types.h"

namespace sallyport::api {

struct Phase
{
    std::string name; // [a-z0-9] with inner '-', 1 to 32 bytes
    DefaultAction defaultAction = DefaultAction::Deny;
    std::optional<std::vector<std::string>> allowedHosts; // the gate; unset: none
    std::string handler;                                  // of every host; empty: none
    std::string params = "{}"; // of the handler: a JSON text; on the wire the JSON itself
};

struct Phases
{
    std::vector<Phase> phases;
    std::string current; // the one that was entered last; empty: none
    std::string next;    // is entered when a program ends that was started so; empty: none
    std::string problem; // why `next` could not be entered: everything is denied since
};

} // namespace sallyport::api

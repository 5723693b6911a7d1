#pragma once

// The proof, by packets, that the jail's network does what it must, made in the namespace itself on
// two taps of its own (the probe numbers of the address plan).

#include <vector>

#include "engine/base/result.h"
#include "engine/jail/jail.h"
#include "engine/jail/supervisor/network.h"
#include "engine/jail/supervisor/ruleset.h"

namespace sallyport::jail {

// Blocks about 0.2 s; longer (at most 10 s) where proofs fail. An error when the probes themselves
// could not be set up.
[[nodiscard]] Result<std::vector<Proof>> runSelfTest(Network& network, Ruleset& ruleset);

} // namespace sallyport::jail

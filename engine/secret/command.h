#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace sallyport::secret {

struct CommandLimits
{
    std::chrono::milliseconds time{20000};
    std::size_t outputBytes = 16 * 1024;
};

// Runs a program of the person's and returns what it printed; the caller wipes it. No shell, no
// standard input, of the environment only what names the person's places, no descriptor of ours.
// Killed with its children past a limit. What it says on standard error is dropped, since it may
// be secret too. Waits: never on the network thread.
[[nodiscard]] Result<std::string> runCommand(const std::vector<std::string>& command,
                                             const CommandLimits& limits = {});

} // namespace sallyport::secret

#pragma once

// Runs sallyport-jail and waits until it has gone to the background. Of engine/jail alone.

#include <chrono>

#include "engine/base/result.h"
#include "engine/jail/jail.h"

namespace sallyport::jail {

// Conflict when a supervisor of this directory lives already; Unavailable, with the program's own
// words, when it could not start. Blocks until then, at most for the given time.
[[nodiscard]] Status startSupervisor(const JailOptions& options, std::chrono::milliseconds wait);

struct ProgramEnd
{
    int status = -1;   // exit status; -1 when it was killed
    std::string words; // what it wrote to both streams, at most 4 KiB
};

// Runs a program to its end. Kills it when the time is over (TimedOut).
[[nodiscard]] Result<ProgramEnd> runProgram(const std::vector<std::string>& argv,
                                            std::chrono::milliseconds wait);

} // namespace sallyport::jail

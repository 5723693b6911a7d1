#pragma once

#include <string>
#include <string_view>

#include <sys/types.h>

#include "engine/base/unique_fd.h"
#include "engine/guest/messages.h"

namespace sallyport::guestd {

// A process that was forked for an Exec. Our ends of its streams, non-blocking: with a terminal,
// `input` and `output` are its master and `errorOutput` is closed; detached, all are closed.
struct Child
{
    pid_t pid = -1;
    UniqueFd input;
    UniqueFd output;
    UniqueFd errorOutput;
    UniqueFd start; // see readStart()
};

// Forks. The child leads a session and process group of its own. Returns before the program runs:
// whether it does is told by `start`. `trusted`: a CA is installed.
[[nodiscard]] guest::OutcomeMessage
startChild(const guest::ExecMessage& request, bool trusted, Child& child);

enum class StartState
{
    Pending,
    Running,
    Failed,
};

// What became of the exec; `start` is readable once it is decided. Fills `outcome` if it failed.
[[nodiscard]] StartState
readStart(int start, std::string_view program, guest::OutcomeMessage& outcome);

void resizeTerminal(int master, unsigned short columns, unsigned short rows);

} // namespace sallyport::guestd

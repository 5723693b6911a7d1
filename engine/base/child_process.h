#pragma once

// What a new process must not take over from the one that started it. Async-signal-safe: for a child between fork() and
// exec(), and for the first lines of a main().

#include <csignal>

#include <linux/close_range.h>
#include <unistd.h>

namespace sallyport {

// Every signal does what it does by default, and none is blocked: also those that whoever started us ignored (nohup).
inline void resetSignals()
{
    for (int number = 1; number < 65; ++number)
        ::signal(number, SIG_DFL); // fails for some, which have no handler anyway
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Only the standard streams go on.
inline void closeOtherDescriptors()
{
    (void)::close_range(STDERR_FILENO + 1, ~0U, 0);
}

} // namespace sallyport

#pragma once

// The person's terminal and the signals that concern it, for exec and shell. Main thread only.

#include <optional>

#include <termios.h>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

namespace sallyport::ctl {

// While it lives, keys reach us one by one and unchanged. Ends with the terminal as it was.
class RawTerminal
{
public:
    explicit RawTerminal(int fd);
    ~RawTerminal() { leave(); }
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;

    // Nothing happens on what is no terminal.
    void enter();
    void leave();

private:
    int m_fd;
    std::optional<termios> m_before; // set while it is raw
};

struct TerminalSize
{
    int columns = 80;
    int rows = 24;
};

// Of the terminal on standard output or input; the default when there is none.
[[nodiscard]] TerminalSize terminalSize();

// Takes SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH and SIGCONT out of their usual way: they become
// readable here. Made before any thread, so that all threads leave them alone.
class SignalInbox
{
public:
    [[nodiscard]] static Result<SignalInbox> open();
    [[nodiscard]] int descriptor() const { return m_fd.get(); }
    // The next signal, 0 when there is none.
    [[nodiscard]] int next();

private:
    explicit SignalInbox(UniqueFd fd)
        : m_fd(std::move(fd))
    {
    }
    UniqueFd m_fd;
};

} // namespace sallyport::ctl

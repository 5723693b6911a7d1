#include "app/sallyctl/terminal.h"

#include <csignal>

#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace sallyport::ctl {

RawTerminal::RawTerminal(int fd)
    : m_fd(fd)
{
}

void RawTerminal::enter()
{
    termios before{};
    if (m_before || ::tcgetattr(m_fd, &before) != 0)
        return;
    termios raw = before;
    ::cfmakeraw(&raw);
    if (::tcsetattr(m_fd, TCSADRAIN, &raw) == 0)
        m_before = before;
}

void RawTerminal::leave()
{
    if (!m_before)
        return;
    ::tcsetattr(m_fd, TCSADRAIN, &*m_before);
    m_before.reset();
}

TerminalSize terminalSize()
{
    winsize size{};
    for (const int fd : {STDOUT_FILENO, STDIN_FILENO})
        if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
            return {size.ws_col, size.ws_row};
    return {};
}

Result<SignalInbox> SignalInbox::open()
{
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGCONT})
        ::sigaddset(&signals, number);
    if (::pthread_sigmask(SIG_BLOCK, &signals, nullptr) != 0)
        return failErrno("block signals", errno);
    UniqueFd fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd.isOpen())
        return failErrno("make a signalfd", errno);
    return SignalInbox(std::move(fd));
}

int SignalInbox::next()
{
    signalfd_siginfo info{};
    if (::read(m_fd.get(), &info, sizeof(info)) != static_cast<ssize_t>(sizeof(info)))
        return 0;
    return static_cast<int>(info.ssi_signo);
}

} // namespace sallyport::ctl

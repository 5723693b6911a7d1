#include "guestd/channel.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>

#include <sys/wait.h>
#include <unistd.h>

namespace sallyport::guestd {

namespace {

constexpr std::size_t ReadSize = 32 * 1024;
constexpr std::uint32_t GrantStep = guest::StreamWindow / 4;

// A terminal's last output passes a kernel work queue, so it can arrive after the exit. If
// something else keeps the terminal open it never ends either: this long without output counts as
// the end.
constexpr long long TerminalQuietMilliseconds = 100;

} // namespace

long long monotonicMilliseconds()
{
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<long long>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

Channel::Channel(std::uint32_t id, const guest::ExecMessage& request, Child child)
    : m_id(id)
    , m_program(request.arguments[0])
    , m_terminal(request.terminal)
    , m_detached(request.detached)
    , m_child(static_cast<Child&&>(child))
    , m_sources{{guest::FrameType::Output, &m_child.output, Polls::NoSlot},
                {guest::FrameType::ErrorOutput, &m_child.errorOutput, Polls::NoSlot}}
{
}

void Channel::prepare(Polls& polls, bool mayRead)
{
    m_startSlot = m_child.start.isOpen() ? polls.add(m_child.start.get(), POLLIN) : Polls::NoSlot;
    m_inputSlot = Polls::NoSlot;
    if (m_child.input.isOpen() && m_taken < m_pending.size())
        m_inputSlot = polls.add(m_child.input.get(), POLLOUT);
    for (Source& source : m_sources) {
        const bool wanted =
            source.fd->isOpen() && mayRead && m_outputCredit > 0 && m_state == State::Running;
        source.slot = wanted ? polls.add(source.fd->get(), POLLIN) : Polls::NoSlot;
    }
}

void Channel::act(const Polls& polls, Port& port)
{
    readStartResult(polls, port);
    if (m_over)
        return;
    writeInput(polls, port);
    for (Source& source : m_sources) {
        readSource(source, polls, port);
        closeDrained(source, polls);
    }
    finishIfDone(port);
}

int Channel::timeout() const
{
    if (!m_exited)
        return -1;
    return m_terminal ? static_cast<int>(TerminalQuietMilliseconds) / 2 : 0;
}

void Channel::readStartResult(const Polls& polls, Port& port)
{
    if (!polls.happened(m_startSlot))
        return;
    guest::OutcomeMessage outcome;
    const StartState start = readStart(m_child.start.get(), m_program, outcome);
    if (start == StartState::Pending)
        return;
    m_child.start.reset();
    if (start == StartState::Failed) {
        port.send(guest::FrameType::Refused, m_id, guest::encode(outcome));
        m_over = true;
        return;
    }
    m_state = State::Running;
    port.send(guest::FrameType::Started, m_id,
              guest::encodeU32(static_cast<std::uint32_t>(m_child.pid)));
    m_over = m_detached;
}

void Channel::writeInput(const Polls& polls, Port& port)
{
    if (polls.happened(m_inputSlot)) {
        const ssize_t n =
            ::write(m_child.input.get(), m_pending.data() + m_taken, m_pending.size() - m_taken);
        if (n > 0) {
            m_taken += static_cast<std::size_t>(n);
            m_consumed += static_cast<std::uint32_t>(n);
        } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
            m_child.input.reset(); // nobody reads it any more
        }
    }
    if (!m_child.input.isOpen()) {
        // What comes now is thrown away, but counts as taken: the engine must not wait for ever.
        m_consumed += static_cast<std::uint32_t>(m_pending.size() - m_taken);
        m_taken = m_pending.size();
    }
    if (m_taken == m_pending.size()) {
        m_pending.clear();
        m_taken = 0;
        if (m_inputEnded && !m_terminal)
            m_child.input.reset();
    }
    if (m_consumed >= GrantStep) {
        port.send(guest::FrameType::Credit, m_id, guest::encodeU32(m_consumed));
        m_inputCredit += m_consumed;
        m_consumed = 0;
    }
}

void Channel::readSource(Source& source, const Polls& polls, Port& port)
{
    if (!polls.happened(source.slot) || m_outputCredit == 0)
        return;
    char buffer[ReadSize];
    const ssize_t n =
        ::read(source.fd->get(), buffer, std::min<std::size_t>(sizeof buffer, m_outputCredit));
    if (n > 0) {
        port.send(source.type, m_id, {buffer, static_cast<std::size_t>(n)});
        m_outputCredit -= static_cast<std::uint32_t>(n);
        m_quietSince = monotonicMilliseconds();
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        source.fd->reset(); // the end; EIO is that of a terminal
    }
}

// After the exit, what the process itself has written is all there: once a poll finds nothing, the
// stream is at its end for us, even if a process in the background still holds it.
void Channel::closeDrained(Source& source, const Polls& polls)
{
    if (!m_exited || !source.fd->isOpen() || source.slot == Polls::NoSlot ||
        polls.happened(source.slot))
        return;
    if (!m_terminal || monotonicMilliseconds() - m_quietSince >= TerminalQuietMilliseconds)
        source.fd->reset();
}

void Channel::finishIfDone(Port& port)
{
    if (!m_exited || m_child.start.isOpen() || m_child.output.isOpen() ||
        m_child.errorOutput.isOpen())
        return;
    port.send(guest::FrameType::Exited, m_id, guest::encode(m_exit));
    m_over = true;
}

bool Channel::input(std::string_view bytes)
{
    if (bytes.size() > m_inputCredit || m_inputEnded)
        return false;
    m_inputCredit -= static_cast<std::uint32_t>(bytes.size());
    m_pending.erase(0, m_taken);
    m_taken = 0;
    m_pending.append(bytes);
    return true;
}

void Channel::endInput()
{
    if (m_inputEnded)
        return;
    m_inputEnded = true;
    if (m_terminal)
        m_pending.push_back('\x04'); // a terminal has no end; it has a character for it
    else if (m_taken == m_pending.size())
        m_child.input.reset();
}

void Channel::grant(std::uint32_t bytes)
{
    m_outputCredit += std::min(bytes, ~std::uint32_t{0} - m_outputCredit);
}

void Channel::resize(std::uint16_t columns, std::uint16_t rows)
{
    if (m_terminal && m_child.output.isOpen())
        resizeTerminal(m_child.output.get(), columns, rows);
}

void Channel::signal(int number)
{
    // After the exit the number may belong to another process.
    if (m_child.pid > 1 && !m_exited && number > 0 && number < 65)
        ::kill(-m_child.pid, number);
}

void Channel::hangUp()
{
    if (!m_detached) {
        signal(SIGHUP);
        signal(SIGCONT);
    }
    m_over = true;
}

void Channel::exited(int waitStatus)
{
    m_exited = true;
    m_exit.signalled = WIFSIGNALED(waitStatus);
    m_exit.value = static_cast<std::uint8_t>(m_exit.signalled ? WTERMSIG(waitStatus)
                                                              : WEXITSTATUS(waitStatus));
    m_quietSince = monotonicMilliseconds();
}

} // namespace sallyport::guestd

#include "guestd/server.h"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guestd/log.h"

namespace sallyport::guestd {

namespace {

using guest::FrameType;
using guest::PowerOffReason;

// Past this many unsent bytes processes' output waits in their pipes, and past the second number
// the engine's requests wait in the port.
constexpr std::size_t OutputHighWater = 256 * 1024;
constexpr std::size_t RequestHighWater = 2 * OutputHighWater;

// SIGIO says when the engine is back; this only bounds the harm if one is missed.
constexpr int ReconnectMilliseconds = 1000;

constexpr int PagesARound = 16;

constexpr long long AnnounceMilliseconds = 1000;

sigset_t handledSignals()
{
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : {SIGCHLD, SIGIO, SIGPWR, SIGINT, SIGTERM, SIGUSR1, SIGUSR2})
        ::sigaddset(&set, number);
    return set;
}

// What poweroff, halt and reboot send to PID 1, as with busybox's init.
std::optional<PowerOffReason> reasonOf(std::uint32_t signal)
{
    switch (signal) {
    case SIGPWR:
    case SIGUSR1:
    case SIGUSR2:
        return PowerOffReason::Guest;
    case SIGTERM:
    case SIGINT: // Ctrl-Alt-Delete
        return PowerOffReason::Reboot;
    default:
        return std::nullopt;
    }
}

} // namespace

UniqueFd openSignals()
{
    const sigset_t set = handledSignals();
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    return UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

Server::Server(Machine& machine, Port& port, int signals)
    : m_machine(machine)
    , m_port(port)
    , m_signals(signals)
{
}

std::optional<PowerOffReason> Server::run()
{
    while (!m_powerOff && !m_port.isEnded())
        round();
    if (m_powerOff) {
        m_port.flush();
        m_machine.stop();
        announcePowerOff(*m_powerOff);
    }
    return m_powerOff;
}

void Server::round()
{
    m_polls.clear();
    const std::size_t signals = m_polls.add(m_signals, POLLIN);
    m_port.prepare(m_polls, m_port.queued() < RequestHighWater);
    int timeout = m_port.isConnected() ? -1 : ReconnectMilliseconds;
    for (const auto& each : m_channels) {
        each->prepare(m_polls, m_port.queued() < OutputHighWater && m_port.isConnected());
        if (const int own = each->timeout(); own >= 0 && m_port.isConnected())
            timeout = timeout < 0 ? own : std::min(timeout, own);
    }
    m_polls.wait(timeout);

    // Channels before signals: a channel may end only after a poll that came after the exit.
    for (const auto& each : m_channels)
        each->act(m_polls, m_port);
    if (m_polls.happened(signals))
        handleSignals();
    // The port gives a page at a time; a few of them are worth one poll.
    std::string_view bytes;
    for (int pages = 0; pages < PagesARound && m_port.read(m_polls, bytes); ++pages)
        parse(bytes);
    std::erase_if(m_channels, [](const auto& each) { return each->isOver(); });
    m_port.flush();
}

void Server::handleSignals()
{
    signalfd_siginfo info{};
    while (::read(m_signals, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        if (info.ssi_signo == SIGCHLD)
            reap();
        else if (const auto reason = reasonOf(info.ssi_signo); reason && !m_powerOff)
            m_powerOff = reason;
    }
}

void Server::reap()
{
    int status = 0;
    pid_t pid = 0;
    while ((pid = ::waitpid(-1, &status, WNOHANG)) > 0) {
        const auto found = std::find_if(m_channels.begin(), m_channels.end(),
                                        [pid](const auto& each) { return each->pid() == pid; });
        if (found != m_channels.end())
            (*found)->exited(status);
    }
}

void Server::parse(std::string_view bytes)
{
    for (;;) {
        switch (m_parser.next(bytes)) {
        case guest::FrameParser::Event::NeedMore:
            return;
        case guest::FrameParser::Event::Sync:
            beginSession();
            break;
        case guest::FrameParser::Event::Frame:
            handleFrame();
            break;
        case guest::FrameParser::Event::Broken:
            break; // an engine that ended in the middle of a frame; the next one syncs
        }
    }
}

void Server::beginSession()
{
    endSession();
    m_port.begin(m_parser.nonce());
    m_port.send(FrameType::Hello, 0, guest::encode(m_machine.hello()));
}

void Server::endSession()
{
    for (const auto& each : m_channels)
        each->hangUp();
    m_channels.clear();
}

void Server::handleFrame()
{
    switch (m_parser.type()) {
    case FrameType::Configure:
    case FrameType::SetTime:
    case FrameType::StatsRequest:
    case FrameType::Shutdown:
    case FrameType::PowerOffSeen:
        handleRequest();
        return;
    case FrameType::Exec:
        exec(m_parser.id(), m_parser.payload());
        return;
    default:
        handleChannelFrame();
        return;
    }
}

void Server::handleRequest()
{
    const std::string_view payload = m_parser.payload();
    const std::uint32_t id = m_parser.id();
    if (m_parser.type() == FrameType::Configure) {
        guest::ConfigureMessage settings;
        if (!guest::decode(payload, settings))
            return protocolError("Configure");
        m_port.send(FrameType::Done, id, guest::encode(m_machine.configure(settings)));
    } else if (m_parser.type() == FrameType::SetTime) {
        std::uint64_t time = 0;
        if (!guest::decodeU64(payload, time))
            return protocolError("SetTime");
        m_port.send(FrameType::Done, id, guest::encode(m_machine.setTime(time)));
    } else if (m_parser.type() == FrameType::StatsRequest) {
        m_port.send(FrameType::Stats, id, guest::encode(m_machine.stats()));
    } else if (m_parser.type() == FrameType::Shutdown) {
        if (!m_powerOff)
            m_powerOff = PowerOffReason::Asked;
    } else {
        m_powerOffSeen = true;
    }
}

void Server::handleChannelFrame()
{
    Channel* const target = channel(m_parser.id());
    if (target == nullptr)
        return; // sent before the engine knew that the channel is over
    const std::string_view payload = m_parser.payload();
    switch (m_parser.type()) {
    case FrameType::Input:
        if (!target->input(payload))
            protocolError("Input past its credit");
        return;
    case FrameType::InputEnd:
        target->endInput();
        return;
    case FrameType::Resize: {
        std::uint16_t columns = 0;
        std::uint16_t rows = 0;
        if (!guest::decodeSize(payload, columns, rows))
            return protocolError("Resize");
        target->resize(columns, rows);
        return;
    }
    case FrameType::Signal: {
        std::uint8_t number = 0;
        if (!guest::decodeU8(payload, number))
            return protocolError("Signal");
        target->signal(number);
        return;
    }
    case FrameType::Credit: {
        std::uint32_t bytes = 0;
        if (!guest::decodeU32(payload, bytes))
            return protocolError("Credit");
        target->grant(bytes);
        return;
    }
    case FrameType::Close:
        target->hangUp();
        return;
    default:
        protocolError("a frame of unknown type");
        return;
    }
}

void Server::exec(std::uint32_t id, std::string_view payload)
{
    guest::ExecMessage request;
    if (!guest::decode(payload, request))
        return protocolError("Exec");
    if (channel(id) != nullptr)
        return protocolError("Exec on a channel in use");
    guest::OutcomeMessage outcome;
    Child child;
    if (m_channels.size() >= guest::MaxChannels)
        outcome = {EAGAIN, "too many processes at one time"};
    else {
        m_machine.prepareExec();
        outcome = startChild(request, m_machine.trustsCa(), child);
    }
    if (outcome.errorNumber != 0) {
        m_port.send(FrameType::Refused, id, guest::encode(outcome));
        return;
    }
    m_channels.push_back(std::make_unique<Channel>(id, request, static_cast<Child&&>(child)));
}

// The engine and we disagree about the protocol: nothing of this session can be relied on.
void Server::protocolError(std::string_view what)
{
    log(LogLevel::Warning,
        std::string("protocol error, waiting for a new session: ") + std::string(what));
    endSession();
    m_parser.seek();
}

Channel* Server::channel(std::uint32_t id)
{
    const auto found = std::find_if(m_channels.begin(), m_channels.end(), [id](const auto& each) {
        return each->id() == id && !each->isOver();
    });
    return found == m_channels.end() ? nullptr : found->get();
}

void Server::announcePowerOff(PowerOffReason reason)
{
    m_channels.clear();
    m_port.send(FrameType::PoweringOff, 0, guest::encodeU8(static_cast<std::uint8_t>(reason)));
    const long long until = monotonicMilliseconds() + AnnounceMilliseconds;
    while (!m_powerOffSeen && m_port.isConnected() && monotonicMilliseconds() < until) {
        m_port.flush();
        m_polls.clear();
        m_port.prepare(m_polls, true);
        m_polls.wait(static_cast<int>(until - monotonicMilliseconds()));
        if (std::string_view bytes; m_port.read(m_polls, bytes))
            parse(bytes);
    }
}

} // namespace sallyport::guestd

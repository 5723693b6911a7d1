#include "engine/jail/supervisor/supervisor.h"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/log.h"
#include "engine/jail/control_channel.h"

namespace sallyport::jail {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t MaxClients = 8;
constexpr off_t MaxLogBytes = 1 << 20;
constexpr milliseconds LogInterval{30000};
constexpr milliseconds DaemonDeadline{10000};
constexpr milliseconds ReplyDeadline{500};

Result<UniqueFd> watchSignals()
{
    sigset_t wanted;
    sigemptyset(&wanted);
    for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP})
        sigaddset(&wanted, signal);
    if (::sigprocmask(SIG_BLOCK, &wanted, nullptr) != 0)
        return failErrno("block signals", errno);
    UniqueFd signals(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals.isOpen())
        return failErrno("watch signals", errno);
    return signals;
}

// The engine lives outside: its pid has no number in this namespace. QEMU and libvirtd run under
// the same user, and must not get at the secrets even if a guest breaks out into them.
bool isFromOutside(int client)
{
    ucred peer{};
    socklen_t length = sizeof peer;
    return ::getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
           peer.uid == ::getuid() && peer.pid == 0;
}

} // namespace

Supervisor::Supervisor(SupervisorPlaces places,
                       UniqueFd control,
                       UniqueFd log,
                       UniqueFd signals,
                       Network network,
                       Ruleset ruleset,
                       SecretBox buffer)
    : m_places(std::move(places))
    , m_control(std::move(control))
    , m_log(std::move(log))
    , m_signals(std::move(signals))
    , m_network(std::move(network))
    , m_ruleset(std::move(ruleset))
    , m_buffer(std::move(buffer))
    , m_libvirt{m_places.run}
    , m_daemon(m_libvirt)
{
}

Result<std::unique_ptr<Supervisor>>
Supervisor::create(SupervisorPlaces places, UniqueFd control, UniqueFd log)
{
    auto signals = watchSignals();
    auto buffer = SecretBox::create(MaxPacketBytes);
    auto network = Network::open();
    if (!signals || !buffer || !network)
        return tl::unexpected(!signals  ? signals.error()
                              : !buffer ? buffer.error()
                                        : network.error());
    if (auto done = network->prepare(); !done)
        return tl::unexpected(done.error());
    auto ruleset = Ruleset::load();
    if (!ruleset)
        return tl::unexpected(ruleset.error());
    std::unique_ptr<Supervisor> supervisor(
        new Supervisor(std::move(places), std::move(control), std::move(log), std::move(*signals),
                       std::move(*network), std::move(*ruleset), std::move(*buffer)));
    if (auto done = supervisor->startDaemon(); !done)
        return tl::unexpected(done.error());
    if (auto done = listenControl(supervisor->m_control.get()); !done)
        return tl::unexpected(done.error());
    return supervisor;
}

Status Supervisor::startDaemon()
{
    if (auto done = m_daemon.prepare(); !done)
        return done;
    if (auto done = m_daemon.start(); !done)
        return done;
    const auto end = Daemon::Clock::now() + DaemonDeadline;
    while (!m_daemon.isReady()) {
        reapChildren();
        if (m_daemon.pid() < 0)
            return fail(Error::Code::Unavailable,
                        "libvirtd ended at once; supervisor.log beside the jail's socket says why");
        if (Daemon::Clock::now() > end)
            return fail(Error::Code::TimedOut, "libvirtd does not answer");
        (void)::poll(nullptr, 0, 5);
    }
    return {};
}

void Supervisor::run()
{
    while (!m_isQuitting) {
        std::vector<pollfd> entries = {{m_signals.get(), POLLIN, 0}, {m_control.get(), POLLIN, 0}};
        for (const UniqueFd& client : m_clients)
            entries.push_back({client.get(), POLLIN, 0});
        if (::poll(entries.data(), entries.size(), pollTimeout()) < 0 && errno != EINTR)
            return;
        if (entries[0].revents != 0)
            readSignals();
        for (std::size_t i = 2; i < entries.size(); ++i)
            if (entries[i].revents != 0 && !serveClient(entries[i].fd))
                std::erase_if(m_clients,
                              [&](const UniqueFd& c) { return c.get() == entries[i].fd; });
        if (entries[1].revents != 0)
            acceptClient();
        if (m_daemon.restartAt() && *m_daemon.restartAt() <= Daemon::Clock::now())
            if (auto done = m_daemon.start(); !done)
                log::error("jail", done.error().text);
        boundLog();
    }
}

int Supervisor::pollTimeout() const
{
    auto wait = LogInterval;
    if (m_daemon.restartAt())
        wait = std::clamp(
            std::chrono::ceil<milliseconds>(*m_daemon.restartAt() - Daemon::Clock::now()),
            milliseconds(0), wait);
    return static_cast<int>(wait.count());
}

void Supervisor::readSignals()
{
    signalfd_siginfo info{};
    while (::read(m_signals.get(), &info, sizeof info) == sizeof info)
        if (info.ssi_signo != SIGCHLD && info.ssi_signo != SIGHUP)
            m_isQuitting = true;
    reapChildren();
}

void Supervisor::reapChildren()
{
    for (;;) {
        const pid_t ended = ::waitpid(-1, nullptr, WNOHANG);
        if (ended <= 0)
            return;
        m_daemon.noteExit(ended);
    }
}

void Supervisor::acceptClient()
{
    UniqueFd client(::accept4(m_control.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!client.isOpen())
        return;
    if (!isFromOutside(client.get())) {
        log::warning("jail", "refused a control connection from inside the jail");
        return;
    }
    if (m_clients.size() >= MaxClients)
        m_clients.erase(m_clients.begin()); // the oldest: an engine that is gone, most likely
    m_clients.push_back(std::move(client));
}

bool Supervisor::serveClient(int client)
{
    auto packet = receivePacket(client, m_buffer.room(), milliseconds(0));
    if (!packet && packet.error().code == Error::Code::TimedOut)
        return true;
    if (!packet)
        return false;
    const auto request = decodeRequest(m_buffer.view().substr(0, packet->size));
    auto answer = request ? handle(*request) : tl::unexpected(request.error());
    m_buffer.wipe();
    if (!answer)
        return sendPacket(client, encodeFailure(answer.error()), {}, ReplyDeadline).has_value();
    std::vector<int> descriptors = answer->lent;
    for (const UniqueFd& given : answer->given)
        descriptors.push_back(given.get());
    std::string reply = encodeReply(answer->body, answer->bytes);
    const bool sent = sendPacket(client, reply, descriptors, ReplyDeadline).has_value();
    ::explicit_bzero(reply.data(), reply.size());
    return sent;
}

// libvirtd and this write to the same file, opened for appending: cut it when it has grown.
void Supervisor::boundLog() const
{
    struct stat info
    {
    };
    if (::fstat(m_log.get(), &info) == 0 && info.st_size > MaxLogBytes &&
        ::ftruncate(m_log.get(), 0) == 0)
        log::info("jail", "the log was full and has been cut");
}

} // namespace sallyport::jail

#include "engine/jail/jail.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/jail/control_channel.h"
#include "engine/jail/protocol.h"
#include "engine/jail/start_supervisor.h"

namespace sallyport::jail {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds SelfTestDeadline{15000};
constexpr milliseconds RetryPause{20};
// control.sock and libvirt's monitor sockets (67 bytes and more below it) have 107 bytes.
constexpr std::size_t MaxDirectoryLength = 40;

// A reply with its bytes copied out and the packet wiped: it can hold a secret.
struct OwnedReply
{
    nlohmann::json body;
    std::string bytes;
    std::vector<UniqueFd> descriptors;
};

Result<ucred> peerOf(int socket)
{
    ucred peer{};
    socklen_t length = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
        return failErrno("ask who supervises the jail", errno);
    if (peer.uid != ::geteuid())
        return fail(Error::Code::Refused, "the jail's control socket belongs to another user");
    return peer;
}

} // namespace

struct Jail::Private
{
    JailOptions options;
    UniqueFd socket;
    UniqueFd process; // pidfd
    pid_t pid = -1;
    bool wasAdopted = true;
    std::string libvirtSocket;

    std::mutex mutex; // guards the exchange on the socket, and the socket: closed after a reply was
                      // lost, since the next one could be taken for it

    [[nodiscard]] Result<OwnedReply> ask(const Request& request, milliseconds deadline);
    [[nodiscard]] Result<OwnedReply> ask(Verb verb, unsigned number = 0)
    {
        Request request;
        request.verb = verb;
        request.number = number;
        return ask(request, CallDeadline);
    }
    [[nodiscard]] Status tell(Verb verb, unsigned number)
    {
        const auto reply = ask(verb, number);
        return reply ? Status() : tl::unexpected(reply.error());
    }
    // A reply that has to bring exactly one descriptor.
    [[nodiscard]] Result<UniqueFd> askForOne(const Request& request);
    [[nodiscard]] Status greet();
    [[nodiscard]] Status reconnect();
    [[nodiscard]] bool hasEnded(milliseconds wait) const
    {
        return waitFor(process.get(), POLLIN, wait);
    }
};

Result<OwnedReply> Jail::Private::ask(const Request& request, milliseconds deadline)
{
    const std::lock_guard lock(mutex);
    if (auto done = reconnect(); !done)
        return tl::unexpected(done.error());
    std::string packet = encodeRequest(request);
    auto sent = sendPacket(socket.get(), packet, {}, deadline);
    ::explicit_bzero(packet.data(), packet.size());
    if (!sent)
        return fail(std::string(verbName(request.verb)), sent.error());
    std::vector<char> buffer(MaxPacketBytes);
    auto received = receivePacket(socket.get(), buffer, deadline);
    if (!received) {
        socket.reset();
        return fail(fmt::format("the jail, {}", verbName(request.verb)), received.error());
    }
    OwnedReply owned;
    const auto reply = decodeReply({buffer.data(), received->size});
    if (reply) {
        owned.body = reply->body;
        owned.bytes = reply->bytes;
        owned.descriptors = std::move(received->descriptors);
    }
    ::explicit_bzero(buffer.data(), received->size);
    return reply ? Result<OwnedReply>(std::move(owned)) : tl::unexpected(reply.error());
}

// To the same supervisor, or not at all: another one has none of our taps.
Status Jail::Private::reconnect()
{
    if (hasEnded(milliseconds(0)))
        return fail(Error::Code::Unavailable, "the jail has ended");
    if (socket.isOpen())
        return {};
    auto fresh = connectControl(options.directory / "control.sock");
    if (!fresh)
        return tl::unexpected(fresh.error());
    const auto peer = peerOf(fresh->get());
    if (!peer || peer->pid != pid)
        return fail(Error::Code::Unavailable, "another jail has taken the place of this one");
    socket = std::move(*fresh);
    return {};
}

Result<UniqueFd> Jail::Private::askForOne(const Request& request)
{
    auto reply = ask(request, CallDeadline);
    if (!reply)
        return tl::unexpected(reply.error());
    if (reply->descriptors.size() != 1)
        return fail(Error::Code::Internal, "the jail's supervisor sent no descriptor");
    return std::move(reply->descriptors.front());
}

// Learns who is there, and that we mean the same jail.
Status Jail::Private::greet()
{
    const auto peer = peerOf(socket.get());
    if (!peer)
        return tl::unexpected(peer.error());
    pid = peer->pid;
    process.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!process.isOpen())
        return failErrno("watch the jail's supervisor", errno);
    const auto reply = ask(Verb::Hello);
    if (!reply)
        return tl::unexpected(reply.error());
    if (const int version = reply->body.value("protocol", 0); version != ProtocolVersion)
        return fail(Error::Code::Conflict,
                    fmt::format("the jail that runs speaks protocol {}, this engine {}: stop all "
                                "sandboxes and end process {}",
                                version, ProtocolVersion, pid));
    if (reply->body.value("images", "") != options.images.string() ||
        reply->body.value("disks", "") != options.disks.string())
        return fail(Error::Code::Conflict,
                    fmt::format("the jail that runs (process {}) was started for other "
                                "directories of images and disks",
                                pid));
    libvirtSocket = reply->body.value("libvirtSocket", "");
    return {};
}

Jail::Jail(std::unique_ptr<Private> state)
    : m(std::move(state))
{
}
Jail::~Jail() = default;

Result<std::unique_ptr<Jail>> Jail::adopt(const JailOptions& options)
{
    if (options.directory.string().size() > MaxDirectoryLength)
        return fail(Error::Code::Invalid,
                    fmt::format("{} is longer than {} bytes, and sockets below it would not fit: "
                                "set XDG_RUNTIME_DIR to a shorter path",
                                options.directory.string(), MaxDirectoryLength));
    auto state = std::make_unique<Private>();
    state->options = options;
    auto socket = connectControl(options.directory / "control.sock");
    if (!socket)
        return tl::unexpected(socket.error());
    state->socket = std::move(*socket);
    if (auto done = state->greet(); !done)
        return tl::unexpected(done.error());
    return std::unique_ptr<Jail>(new Jail(std::move(state)));
}

Result<std::unique_ptr<Jail>> Jail::startOrAdopt(const JailOptions& options)
{
    const auto end = steady_clock::now() + options.startDeadline;
    bool hasStarted = false;
    for (;;) {
        auto jail = adopt(options);
        if (jail)
            (*jail)->m->wasAdopted = !hasStarted;
        if (jail || jail.error().code != Error::Code::NotFound)
            return jail;
        const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
        if (left.count() <= 0)
            return fail(Error::Code::TimedOut, "the jail did not start in time");
        auto started = startSupervisor(options, left);
        // Conflict: another engine starts one at this moment, or one is just dying.
        if (!started && started.error().code != Error::Code::Conflict)
            return tl::unexpected(started.error());
        hasStarted = started.has_value();
        if (!started)
            (void)::poll(nullptr, 0, static_cast<int>(RetryPause.count()));
    }
}

bool Jail::wasAdopted() const
{
    return m->wasAdopted;
}

pid_t Jail::pid() const
{
    return m->pid;
}

bool Jail::isAlive() const
{
    return !m->hasEnded(milliseconds(0));
}

int Jail::deathFd() const
{
    return m->process.get();
}

std::string Jail::libvirtUri() const
{
    return "qemu+unix:///session?socket=" + m->libvirtSocket;
}

std::filesystem::path Jail::runDirectory() const
{
    return m->options.directory / "run";
}

Result<Tap> Jail::addTap(unsigned number)
{
    if (auto done = m->tell(Verb::AddTap, number); !done)
        return tl::unexpected(done.error());
    return addressPlan(number);
}

Status Jail::removeTap(unsigned number)
{
    return m->tell(Verb::RemoveTap, number);
}

Result<std::vector<Tap>> Jail::taps()
{
    const auto reply = m->ask(Verb::Hello);
    if (!reply)
        return tl::unexpected(reply.error());
    std::vector<Tap> taps;
    for (const auto& number : reply->body.value("taps", nlohmann::json::array())) {
        auto tap = number.is_number_unsigned()
                       ? addressPlan(number.get<unsigned>())
                       : fail(Error::Code::Internal, "the jail names a tap without number");
        if (!tap)
            return tl::unexpected(tap.error());
        taps.push_back(std::move(*tap));
    }
    return taps;
}

Result<TapSockets> Jail::sockets(unsigned number)
{
    auto reply = m->ask(Verb::Sockets, number);
    if (!reply)
        return tl::unexpected(reply.error());
    auto& got = reply->descriptors;
    if (got.size() != 4)
        return fail(Error::Code::Internal, "the jail's supervisor sent no sockets");
    return TapSockets{std::move(got[0]), std::move(got[1]), std::move(got[2]), std::move(got[3])};
}

Result<UdpSockets> Jail::openUdp(unsigned number, std::uint16_t port)
{
    Request request;
    request.verb = Verb::OpenUdp;
    request.number = number;
    request.port = port;
    auto reply = m->ask(request, CallDeadline);
    if (!reply)
        return tl::unexpected(reply.error());
    auto& got = reply->descriptors;
    if (got.size() != 2)
        return fail(Error::Code::Internal, "the jail's supervisor sent no sockets");
    return UdpSockets{std::move(got[0]), std::move(got[1])};
}

Status Jail::closeUdp(unsigned number, std::uint16_t port)
{
    Request request;
    request.verb = Verb::CloseUdp;
    request.number = number;
    request.port = port;
    const auto reply = m->ask(request, CallDeadline);
    return reply ? Status() : tl::unexpected(reply.error());
}

Status Jail::refuseUdp(unsigned number,
                       std::uint16_t guestPort,
                       const std::string& asked,
                       std::uint16_t port)
{
    const std::string about = fmt::format("{} {}", guestPort, asked);
    Request request;
    request.verb = Verb::RefuseUdp;
    request.number = number;
    request.port = port;
    request.bytes = about;
    const auto reply = m->ask(request, CallDeadline);
    return reply ? Status() : tl::unexpected(reply.error());
}

Status Jail::keepSecret(unsigned number, std::string_view secret)
{
    if (secret.empty() || secret.size() > MaxSecretBytes)
        return fail(Error::Code::TooLarge,
                    fmt::format("a secret has 1 to {} bytes", MaxSecretBytes));
    Request request;
    request.verb = Verb::KeepSecret;
    request.number = number;
    request.bytes = secret;
    const auto reply = m->ask(request, CallDeadline);
    return reply ? Status() : tl::unexpected(reply.error());
}

Result<std::string> Jail::fetchSecret(unsigned number)
{
    auto reply = m->ask(Verb::FetchSecret, number);
    if (!reply)
        return tl::unexpected(reply.error());
    return std::move(reply->bytes);
}

Status Jail::forgetSecret(unsigned number)
{
    return m->tell(Verb::ForgetSecret, number);
}

Result<UniqueFd> Jail::connectToGuest(unsigned number, std::uint16_t port, milliseconds deadline)
{
    Request request;
    request.verb = Verb::Connect;
    request.number = number;
    request.port = port;
    auto socket = m->askForOne(request);
    if (!socket)
        return socket;
    if (!waitFor(socket->get(), POLLOUT, deadline))
        return fail(Error::Code::TimedOut,
                    fmt::format("port {} of the guest does not answer", port));
    int problem = 0;
    socklen_t length = sizeof problem;
    (void)::getsockopt(socket->get(), SOL_SOCKET, SO_ERROR, &problem, &length);
    if (problem == ECONNREFUSED)
        return fail(Error::Code::Unavailable,
                    fmt::format("nothing listens on port {} of the guest", port));
    if (problem != 0)
        return failErrno(fmt::format("connect to port {} of the guest", port), problem);
    return socket;
}

Status Jail::selfTest(std::vector<Proof>* proofs)
{
    Request request;
    request.verb = Verb::SelfTest;
    const auto reply = m->ask(request, SelfTestDeadline);
    if (!reply)
        return tl::unexpected(reply.error());
    std::string failed;
    std::size_t count = 0;
    for (const auto& entry : reply->body.value("proofs", nlohmann::json::array())) {
        Proof proof{entry.value("what", ""), entry.value("holds", false),
                    entry.value("detail", "")};
        ++count;
        if (!proof.holds)
            failed +=
                fmt::format("{}{} ({})", failed.empty() ? "" : "; ", proof.what, proof.detail);
        if (proofs != nullptr)
            proofs->push_back(std::move(proof));
    }
    if (count == 0)
        return fail(Error::Code::Refused, "the jail could prove nothing");
    if (!failed.empty())
        return fail(Error::Code::Refused, "the jail is not tight: " + failed);
    return {};
}

Result<TapCounters> Jail::counters(unsigned number)
{
    const auto reply = m->ask(Verb::Counters, number);
    if (!reply)
        return tl::unexpected(reply.error());
    const auto count = [&](const char* name) { return reply->body.value(name, std::uint64_t{0}); };
    return TapCounters{count("tcp"), count("dns"), count("refused"), count("spoofed"),
                       count("dropped")};
}

Result<UniqueFd> Jail::domainProcess(std::string_view domain)
{
    Request request;
    request.verb = Verb::DomainProcess;
    request.domain = domain;
    return m->askForOne(request);
}

Status Jail::restartLibvirtd()
{
    const auto reply = m->ask(Verb::RestartLibvirtd);
    return reply ? Status() : tl::unexpected(reply.error());
}

Result<UniqueFd> Jail::openTap(unsigned number)
{
    Request request;
    request.verb = Verb::OpenTap;
    request.number = number;
    return m->askForOne(request);
}

Status Jail::quit()
{
    // The reply can be lost in the supervisor's end: what counts is that it ends.
    (void)m->ask(Verb::Quit);
    if (!m->hasEnded(CallDeadline))
        return fail(Error::Code::TimedOut, "the jail's supervisor does not end");
    return {};
}

} // namespace sallyport::jail

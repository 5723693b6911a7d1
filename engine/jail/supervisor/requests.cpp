// The verbs of the control socket: the part of Supervisor that answers the engine.

#include <array>
#include <cerrno>
#include <charconv>

#include <arpa/inet.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

#include "engine/base/log.h"
#include "engine/jail/supervisor/packets.h"
#include "engine/jail/supervisor/proc_file.h"
#include "engine/jail/supervisor/ruleset.h"
#include "engine/jail/supervisor/self_test.h"
#include "engine/jail/supervisor/supervisor.h"

namespace sallyport::jail {
namespace {

using nlohmann::json;

// As engine/vm lets domains be called; with it no path leaves the folder of the pid files.
bool isDomainName(std::string_view name)
{
    return !name.empty() && name.size() <= 60 && name.front() != '.' &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_.-") == std::string_view::npos;
}

} // namespace

Result<Supervisor::Answer> Supervisor::handle(const Request& request)
{
    switch (request.verb) {
    case Verb::Hello:
        return hello();
    case Verb::AddTap:
        return addTap(request.number);
    case Verb::RemoveTap:
        return removeTap(request.number);
    case Verb::SelfTest:
        return selfTest();
    case Verb::DomainProcess:
        return domainProcess(request.domain);
    case Verb::RestartLibvirtd:
        m_daemon.kill();
        return Answer{};
    case Verb::Quit:
        m_isQuitting = true;
        return Answer{};
    default:
        break;
    }
    const auto found = m_taps.find(request.number);
    if (found == m_taps.end())
        return fail(Error::Code::NotFound, fmt::format("the jail has no tap {}", request.number));
    return handleForTap(request, found->second);
}

Result<Supervisor::Answer> Supervisor::handleForTap(const Request& request, TapState& tap)
{
    Answer answer;
    switch (request.verb) {
    case Verb::Sockets:
        for (const int descriptor : tap.listeners.descriptors())
            answer.lent.push_back(descriptor);
        return answer;
    case Verb::OpenUdp:
        return openUdp(tap, request.port);
    case Verb::CloseUdp:
        return closeUdp(tap, request.port);
    case Verb::RefuseUdp:
        return refuseUdp(tap, request.port, request.bytes);
    case Verb::KeepSecret:
        return keepSecret(tap, request.bytes);
    case Verb::FetchSecret:
        if (!tap.secret)
            return fail(Error::Code::NotFound, "no secret is kept for " + tap.tap.name);
        answer.bytes = tap.secret->view();
        return answer;
    case Verb::ForgetSecret:
        tap.secret.reset();
        return answer;
    case Verb::Connect:
        return connectTo(tap, request.port);
    case Verb::Counters:
        return counters(tap);
    case Verb::OpenTap: {
        auto queue = openTapQueue(tap.tap.name);
        if (!queue)
            return tl::unexpected(queue.error());
        answer.given.push_back(std::move(*queue));
        return answer;
    }
    default:
        return fail(Error::Code::Internal, "a verb without an answer");
    }
}

Result<Supervisor::Answer> Supervisor::hello()
{
    Answer answer;
    json taps = json::array();
    for (const auto& [number, state] : m_taps)
        taps.push_back(number);
    answer.body = {{"protocol", ProtocolVersion},
                   {"product", SALLYPORT_VERSION},
                   {"images", m_places.images.string()},
                   {"disks", m_places.disks.string()},
                   {"libvirtSocket", m_daemon.socket().string()},
                   {"taps", taps}};
    return answer;
}

Result<Supervisor::Answer> Supervisor::addTap(unsigned number)
{
    if (m_taps.contains(number))
        return Answer{};
    if (number == ProbeNumber || number > MaxNumber)
        return fail(Error::Code::Invalid, fmt::format("not a sandbox number: {}", number));
    auto tap = addressPlan(number);
    if (!tap)
        return tl::unexpected(tap.error());
    // The rules before the link is up, so that nothing arrives unchecked; a packet of a tap without
    // its elements is dropped as spoofed anyway.
    if (auto done = m_ruleset.addTap(*tap); !done)
        return tl::unexpected(done.error());
    auto done = m_network.addTap(*tap, ::getuid());
    auto listeners = done ? makeListeners(*tap) : tl::unexpected(done.error());
    if (!listeners) {
        (void)m_network.removeTap(tap->name);
        (void)m_ruleset.removeTap(*tap);
        return tl::unexpected(listeners.error());
    }
    m_taps.emplace(number, TapState{*tap, std::move(*listeners), std::nullopt});
    return Answer{};
}

Result<Supervisor::Answer> Supervisor::removeTap(unsigned number)
{
    const auto found = m_taps.find(number);
    if (found == m_taps.end())
        return Answer{};
    // Gone whatever happens below: an error leaves a tap nobody listens to, never an open one.
    const Tap tap = found->second.tap;
    const std::set<std::uint16_t> udpPorts = std::move(found->second.udpPorts);
    m_taps.erase(found);
    for (const std::uint16_t port : udpPorts)
        (void)m_ruleset.closeUdp(tap, port);
    auto done = m_network.removeTap(tap.name);
    if (auto cleaned = m_ruleset.removeTap(tap); done && !cleaned)
        done = cleaned;
    return done ? Result<Answer>(Answer{}) : tl::unexpected(done.error());
}

Result<Supervisor::Answer> Supervisor::openUdp(TapState& tap, std::uint16_t port)
{
    if (port == 0 || port == CaughtDnsPort)
        return fail(Error::Code::Invalid, fmt::format("UDP port {} can't be opened", port));
    const bool isNew = !tap.udpPorts.contains(port);
    if (isNew && tap.udpPorts.size() >= Jail::MaxUdpPorts)
        return fail(Error::Code::TooLarge,
                    fmt::format("at most {} UDP ports of a sandbox", Jail::MaxUdpPorts));
    auto sockets = makeUdpSockets(tap.tap, port);
    if (!sockets)
        return tl::unexpected(sockets.error());
    if (isNew) {
        if (auto done = m_ruleset.openUdp(tap.tap, port); !done)
            return tl::unexpected(done.error());
        tap.udpPorts.insert(port);
    }
    Answer answer;
    for (UniqueFd& socket : *sockets)
        answer.given.push_back(std::move(socket));
    return answer;
}

Result<Supervisor::Answer> Supervisor::closeUdp(TapState& tap, std::uint16_t port)
{
    if (tap.udpPorts.erase(port) == 0)
        return Answer{};
    if (auto done = m_ruleset.closeUdp(tap.tap, port); !done)
        return tl::unexpected(done.error());
    return Answer{};
}

Result<Supervisor::Answer>
Supervisor::refuseUdp(const TapState& tap, std::uint16_t port, std::string_view about) const
{
    std::uint16_t guestPort = 0;
    const char* const last = about.data() + about.size();
    const auto [end, problem] = std::from_chars(about.data(), last, guestPort);
    std::array<char, 16> ignored{};
    const std::string asked(problem == std::errc{} && end != last ? end + 1 : last, last);
    const bool six = asked.find(':') != std::string::npos;
    if (::inet_pton(six ? AF_INET6 : AF_INET, asked.c_str(), ignored.data()) != 1)
        return fail(Error::Code::Invalid, "not an address that a datagram went to");
    const Tap& own = tap.tap;
    const Flow flow{own.guestMac, own.gatewayMac, six ? own.guest6 : own.guest4,
                    asked,        guestPort,      port};
    if (auto sent = sendToGuest(own, refusalFrame(flow)); !sent)
        return tl::unexpected(sent.error());
    return Answer{};
}

Result<Supervisor::Answer> Supervisor::keepSecret(TapState& tap, std::string_view secret) const
{
    if (secret.empty() || secret.size() > Jail::MaxSecretBytes)
        return fail(Error::Code::TooLarge,
                    fmt::format("a secret has 1 to {} bytes", Jail::MaxSecretBytes));
    auto box = SecretBox::create(secret.size());
    if (!box)
        return tl::unexpected(box.error());
    secret.copy(box->room().data(), secret.size());
    tap.secret = std::move(*box);
    return Answer{};
}

Result<Supervisor::Answer> Supervisor::connectTo(const TapState& tap, std::uint16_t port) const
{
    if (port == 0)
        return fail(Error::Code::Invalid, "port 0 is no port");
    auto socket = startConnection(tap.tap, port);
    if (!socket)
        return tl::unexpected(socket.error());
    Answer answer;
    answer.given.push_back(std::move(*socket));
    return answer;
}

Result<Supervisor::Answer> Supervisor::selfTest()
{
    auto proofs = runSelfTest(m_network, m_ruleset);
    if (!proofs)
        return tl::unexpected(proofs.error());
    json list = json::array();
    for (const Proof& proof : *proofs)
        list.push_back({{"what", proof.what}, {"holds", proof.holds}, {"detail", proof.detail}});
    Answer answer;
    answer.body["proofs"] = std::move(list);
    return answer;
}

Result<Supervisor::Answer> Supervisor::counters(const TapState& tap)
{
    const auto counters = m_ruleset.counters(tap.tap);
    if (!counters)
        return tl::unexpected(counters.error());
    Answer answer;
    answer.body = {{"tcp", counters->caughtTcp},
                   {"dns", counters->caughtDns},
                   {"refused", counters->refused},
                   {"spoofed", counters->spoofed},
                   {"dropped", counters->dropped}};
    return answer;
}

// libvirtd writes the pid, as this namespace numbers it. The file could be a guest's forgery after
// an escape: then it is a handle on another process of the jail, and no more.
Result<Supervisor::Answer> Supervisor::domainProcess(const std::string& domain) const
{
    if (!isDomainName(domain))
        return fail(Error::Code::Invalid, "not a domain name");
    const std::string text = readProcFile(m_libvirt.pidFile(domain).string());
    pid_t pid = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (problem != std::errc{} || end != text.data() + text.size() || pid <= 1)
        return fail(Error::Code::NotFound, "no process runs " + domain);
    UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!process.isOpen())
        return fail(Error::Code::NotFound, "no process runs " + domain);
    Answer answer;
    answer.given.push_back(std::move(process));
    return answer;
}

} // namespace sallyport::jail

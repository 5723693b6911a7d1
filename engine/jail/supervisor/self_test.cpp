#include "engine/jail/supervisor/self_test.h"

#include <array>
#include <cstring>
#include <functional>
#include <optional>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/jail/control_channel.h"
#include "engine/jail/dns_socket.h"
#include "engine/jail/supervisor/fake_guest.h"
#include "engine/jail/supervisor/listeners.h"

namespace sallyport::jail {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds AnswerTime{1500};
constexpr milliseconds LinkTime{3000};
constexpr milliseconds SilenceTime{40};
constexpr milliseconds WholeTime{7000};
constexpr const char* TooSlow = "all of it in time";
constexpr std::uint16_t GuestPort = 40000;
// Not one of RFC 3692's for experiments: the kernel stays silent to those over IPv4 unless their
// first bytes happen to hold a right checksum.
constexpr std::uint8_t ProtocolSctp = 132;
constexpr std::string_view Marker = "sallyport-self-test";

struct Family
{
    const char* name;
    const char* outside; // documentation addresses: RFC 5737, RFC 3849
    const char* otherOutside;
};
constexpr std::array<Family, 2> Families = {{
    {"IPv4", "203.0.113.7", "198.51.100.9"},
    {"IPv6", "2001:db8::7", "2001:db8:1::9"},
}};

// The kernel notices a link's carrier a moment (at most a second) after the queue was opened, and
// drops what goes out before.
bool waitUntilRunning(const std::string& name)
{
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto end = std::chrono::steady_clock::now() + LinkTime;
    while (std::chrono::steady_clock::now() < end) {
        ifreq request{};
        name.copy(request.ifr_name, IFNAMSIZ - 1);
        if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) == 0 &&
            (request.ifr_flags & IFF_RUNNING) != 0)
            return true;
        (void)::poll(nullptr, 0, 2);
    }
    return false;
}

// A tap with rules and sockets, gone at the end.
class ProbeTap
{
public:
    static Result<ProbeTap> create(Network& network, Ruleset& ruleset, unsigned number)
    {
        auto tap = addressPlan(number);
        if (!tap)
            return tl::unexpected(tap.error());
        (void)network.removeTap(tap->name); // left by a self-test that was cut short
        ProbeTap probe(network, ruleset, *tap);
        if (auto done = network.addTap(*tap, ::getuid()); !done)
            return tl::unexpected(done.error());
        probe.m_hasLink = true;
        if (auto done = ruleset.addTap(*tap); !done)
            return tl::unexpected(done.error());
        probe.m_hasRules = true;
        auto listeners = makeListeners(*tap);
        auto queue = openTapQueue(tap->name);
        if (!listeners || !queue)
            return tl::unexpected(listeners ? queue.error() : listeners.error());
        probe.m_listeners = std::move(*listeners);
        probe.m_guest.emplace(std::move(*queue), *tap);
        if (!waitUntilRunning(tap->name))
            return fail(Error::Code::TimedOut, "the tap " + tap->name + " does not come up");
        return probe;
    }

    ProbeTap(ProbeTap&& other) noexcept
        : m_network(other.m_network)
        , m_ruleset(other.m_ruleset)
        , m_tap(std::move(other.m_tap))
        , m_listeners(std::move(other.m_listeners))
        , m_guest(std::move(other.m_guest))
        , m_hasLink(std::exchange(other.m_hasLink, false))
        , m_hasRules(std::exchange(other.m_hasRules, false))
    {
    }
    ProbeTap(const ProbeTap&) = delete;
    ~ProbeTap()
    {
        if (m_hasRules)
            (void)m_ruleset->removeTap(m_tap);
        if (m_hasLink)
            (void)m_network->removeTap(m_tap.name);
    }

    [[nodiscard]] const Tap& tap() const { return m_tap; }
    [[nodiscard]] const Listeners& listeners() const { return m_listeners; }
    [[nodiscard]] FakeGuest& guest() { return *m_guest; }
    [[nodiscard]] std::uint64_t spoofed() const
    {
        const auto counters = m_ruleset->counters(m_tap);
        return counters ? counters->spoofed : 0;
    }

private:
    ProbeTap(Network& network, Ruleset& ruleset, Tap tap)
        : m_network(&network)
        , m_ruleset(&ruleset)
        , m_tap(std::move(tap))
    {
    }

    Network* m_network;
    Ruleset* m_ruleset;
    Tap m_tap;
    Listeners m_listeners;
    std::optional<FakeGuest> m_guest;
    bool m_hasLink = false;
    bool m_hasRules = false;
};

std::string socketAddressText(const sockaddr_storage& address)
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    sockaddr_in four{};
    sockaddr_in6 six{};
    std::memcpy(&four, &address, sizeof four);
    std::memcpy(&six, &address, sizeof six);
    const bool isSix = address.ss_family == AF_INET6;
    if (::inet_ntop(address.ss_family,
                    isSix ? static_cast<const void*>(&six.sin6_addr) : &four.sin_addr, text.data(),
                    text.size()) == nullptr)
        return "?";
    return fmt::format("{} {}", text.data(), ntohs(isSix ? six.sin6_port : four.sin_port));
}

// Not proven yet.
Proof claim(std::string what)
{
    Proof proof;
    proof.what = std::move(what);
    return proof;
}

Proof tcpIsCaught(ProbeTap& probe,
                  const Family& family,
                  const std::string& destination,
                  std::uint16_t port)
{
    Proof proof =
        claim(fmt::format("{} TCP to {} port {} is caught", family.name, destination, port));
    const auto opened =
        probe.guest().open(probe.guest().flowTo(destination, port, GuestPort), AnswerTime);
    if (!opened) {
        proof.detail = "no answer to a SYN";
        return proof;
    }
    const bool six = destination.find(':') != std::string::npos;
    const int listener = six ? probe.listeners().tcp6.get() : probe.listeners().tcp4.get();
    if (!waitFor(listener, POLLIN, AnswerTime)) {
        proof.detail = "answered, but not by our listener";
        return proof;
    }
    const UniqueFd accepted(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    sockaddr_storage dialled{};
    socklen_t length = sizeof dialled;
    if (::getsockname(accepted.get(), reinterpret_cast<sockaddr*>(&dialled), &length) == 0 &&
        socketAddressText(dialled) == fmt::format("{} {}", destination, port))
        proof.holds = true;
    else
        proof.detail = "the socket says " + socketAddressText(dialled);
    return proof;
}

Proof isRefused(ProbeTap& probe, std::string what, const std::string& frame)
{
    Proof proof = claim(std::move(what));
    probe.guest().send(frame);
    const auto answer =
        probe.guest().waitFor([](const SeenFrame& seen) { return seen.isRefusal(); }, AnswerTime);
    proof.holds = answer.has_value();
    if (!proof.holds)
        proof.detail = "no ICMP error came back";
    return proof;
}

Proof dnsIsCaught(ProbeTap& probe, const Family& family)
{
    Proof proof = claim(
        fmt::format("{} DNS to any server is caught, and answered from its address", family.name));
    const std::string server = family.otherOutside;
    FakeGuest& guest = probe.guest();
    guest.send(udpFrame(guest.flowTo(server, 53, GuestPort), Marker));
    const bool six = server.find(':') != std::string::npos;
    const int socket = six ? probe.listeners().dns6.get() : probe.listeners().dns4.get();
    std::array<char, 512> buffer{};
    (void)waitFor(socket, POLLIN, AnswerTime);
    const auto query = receiveQuery(socket, buffer);
    if (!query || !*query) {
        proof.detail = query ? "the query did not arrive" : query.error().text;
        return proof;
    }
    if (socketAddressText((*query)->asked) != server + " 53") {
        proof.detail = "it claims to be for " + socketAddressText((*query)->asked);
        return proof;
    }
    if (auto sent = sendAnswer(socket, **query, Marker); !sent) {
        proof.detail = sent.error().text;
        return proof;
    }
    const auto answer = guest.waitFor(
        [&](const SeenFrame& seen) {
            return seen.protocol == ProtocolUdp && seen.source == server && seen.sourcePort == 53 &&
                   seen.data == Marker;
        },
        AnswerTime);
    proof.holds = answer.has_value();
    if (!proof.holds)
        proof.detail = "the answer did not come back from " + server;
    return proof;
}

Proof spoofedIsDropped(ProbeTap& probe, const Family& family)
{
    Proof proof =
        claim(fmt::format("{} packets with a false source address are dropped", family.name));
    FakeGuest& guest = probe.guest();
    Flow flow = guest.flowTo(family.outside, 80, GuestPort + 1);
    flow.source = family.otherOutside;
    const std::uint64_t before = probe.spoofed();
    guest.send(tcpFrame(flow, TcpSyn, 1, 0));
    guest.send(udpFrame(flow, Marker));
    const std::uint64_t counted = probe.spoofed() - before;
    proof.holds = counted == 2;
    if (!proof.holds)
        proof.detail = fmt::format("{} of 2 counted as dropped", counted);
    return proof;
}

// Sends everything from one probe to the other's guest, which is one hop away by the routing table.
Proof nothingIsForwarded(ProbeTap& from, ProbeTap& to, const Family& family)
{
    Proof proof = claim(fmt::format("{}: nothing goes from one sandbox to another", family.name));
    const bool six = std::string_view(family.name) == "IPv6";
    const std::string target = six ? to.tap().guest6 : to.tap().guest4;
    FakeGuest& guest = from.guest();
    const Flow flow = guest.flowTo(target, 9, GuestPort + 2);
    guest.send(udpFrame(flow, Marker));
    guest.send(echoFrame(flow, Marker));
    guest.send(tcpFrame(flow, TcpSyn, 1, 0));
    guest.send(rawFrame(flow, 253, Marker)); // RFC 3692: for experiments
    const std::string source = six ? from.tap().guest6 : from.tap().guest4;
    const auto leaked = to.guest().waitFor(
        [&](const SeenFrame& seen) { return seen.source == source || seen.data == Marker; },
        SilenceTime);
    proof.holds = !leaked;
    if (leaked)
        proof.detail = fmt::format("protocol {} came out", leaked->protocol);
    return proof;
}

Proof thereIsNoWayOut(Network& network)
{
    Proof proof = claim("the jail has no network link and no route but its taps");
    const auto links = network.links();
    const auto routes = network.foreignRoutes();
    if (!links || !routes) {
        proof.detail = links ? routes.error().text : links.error().text;
        return proof;
    }
    std::vector<std::string> foreign = *routes;
    for (const std::string& link : *links)
        if (link != "lo" && !link.starts_with("sp"))
            foreign.push_back(link);
    proof.holds = foreign.empty();
    if (!proof.holds)
        proof.detail = fmt::format("{}", fmt::join(foreign, ", "));
    return proof;
}

} // namespace

Result<std::vector<Proof>> runSelfTest(Network& network, Ruleset& ruleset)
{
    auto first = ProbeTap::create(network, ruleset, ProbeNumber);
    auto second = ProbeTap::create(network, ruleset, SecondProbeNumber);
    if (!first || !second)
        return tl::unexpected(first ? second.error() : first.error());
    std::vector<Proof> proofs;
    const auto end = std::chrono::steady_clock::now() + WholeTime;
    const auto prove = [&](const std::function<Proof()>& attempt) {
        if (std::chrono::steady_clock::now() < end)
            proofs.push_back(attempt());
        else if (proofs.back().what != TooSlow)
            proofs.push_back(claim(TooSlow));
    };
    prove([&] { return thereIsNoWayOut(network); });
    for (const Family& family : Families) {
        const auto flow = [&](std::uint16_t port) {
            return first->guest().flowTo(family.outside, port, GuestPort + 3);
        };
        const auto refused = [&](const char* what, const std::string& frame) {
            prove([&] {
                return isRefused(
                    *first, fmt::format("{} {} is refused with an ICMP error", family.name, what),
                    frame);
            });
        };
        prove([&] { return tcpIsCaught(*first, family, family.outside, 443); });
        prove([&] { return tcpIsCaught(*first, family, family.otherOutside, 53); });
        prove([&] { return dnsIsCaught(*first, family); });
        refused("UDP", udpFrame(flow(443), Marker));
        refused("ICMP echo", echoFrame(flow(0), Marker));
        refused("another protocol (SCTP)", rawFrame(flow(0), ProtocolSctp, Marker));
        prove([&] { return spoofedIsDropped(*first, family); });
        prove([&] { return nothingIsForwarded(*first, *second, family); });
    }
    return proofs;
}

} // namespace sallyport::jail

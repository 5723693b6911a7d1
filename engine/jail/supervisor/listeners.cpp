#include "engine/jail/supervisor/listeners.h"

#include <cerrno>

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "engine/jail/supervisor/ruleset.h"

namespace sallyport::jail {
namespace {

// How many connections of one guest wait while no engine takes them.
constexpr int Backlog = 256;
constexpr int On = 1;

bool switchOn(int socket, int level, int option)
{
    return ::setsockopt(socket, level, option, &On, sizeof On) == 0;
}

bool bindAny(int socket, int family, unsigned port)
{
    if (family == AF_INET) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        return ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(static_cast<std::uint16_t>(port));
    return ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// A socket that may answer from any address, and that hears this tap alone.
Result<UniqueFd> transparentSocket(const Tap& tap, int family, int type)
{
    UniqueFd socket(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int fd = socket.get();
    const bool ready = socket.isOpen() && switchOn(fd, SOL_SOCKET, SO_REUSEADDR) &&
                       ::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, tap.name.c_str(),
                                    static_cast<socklen_t>(tap.name.size())) == 0 &&
                       (family == AF_INET ? switchOn(fd, SOL_IP, IP_TRANSPARENT)
                                          : switchOn(fd, SOL_IPV6, IPV6_V6ONLY) &&
                                                switchOn(fd, SOL_IPV6, IPV6_TRANSPARENT));
    if (!ready)
        return failErrno("make a transparent socket for " + tap.name, errno);
    return socket;
}

Result<UniqueFd> tcpListener(const Tap& tap, int family)
{
    auto socket = transparentSocket(tap, family, SOCK_STREAM);
    if (!socket)
        return socket;
    if (!bindAny(socket->get(), family, CaughtTcpPort) || ::listen(socket->get(), Backlog) != 0)
        return failErrno("listen on " + tap.name, errno);
    return socket;
}

Result<UniqueFd> datagramSocket(const Tap& tap, int family, unsigned port)
{
    auto socket = transparentSocket(tap, family, SOCK_DGRAM);
    if (!socket)
        return socket;
    const bool reportsAsked = family == AF_INET
                                  ? switchOn(socket->get(), SOL_IP, IP_RECVORIGDSTADDR)
                                  : switchOn(socket->get(), SOL_IPV6, IPV6_RECVORIGDSTADDR);
    if (!reportsAsked || !bindAny(socket->get(), family, port))
        return failErrno(fmt::format("make the socket of UDP port {} of {}", port, tap.name), errno);
    return socket;
}

} // namespace

Result<Listeners> makeListeners(const Tap& tap)
{
    auto tcp4 = tcpListener(tap, AF_INET);
    auto tcp6 = tcpListener(tap, AF_INET6);
    auto dns4 = datagramSocket(tap, AF_INET, CaughtDnsPort);
    auto dns6 = datagramSocket(tap, AF_INET6, CaughtDnsPort);
    for (const auto* socket : {&tcp4, &tcp6, &dns4, &dns6})
        if (!*socket)
            return tl::unexpected(socket->error());
    return Listeners{std::move(*tcp4), std::move(*tcp6), std::move(*dns4), std::move(*dns6)};
}

Result<std::array<UniqueFd, 2>> makeUdpSockets(const Tap& tap, std::uint16_t port)
{
    auto udp4 = datagramSocket(tap, AF_INET, port);
    auto udp6 = datagramSocket(tap, AF_INET6, port);
    if (!udp4 || !udp6)
        return tl::unexpected(udp4 ? udp6.error() : udp4.error());
    return std::array{std::move(*udp4), std::move(*udp6)};
}

Status sendToGuest(const Tap& tap, std::string_view frame)
{
    const UniqueFd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_ll link{};
    link.sll_family = AF_PACKET;
    link.sll_ifindex = static_cast<int>(::if_nametoindex(tap.name.c_str()));
    if (!socket.isOpen() || link.sll_ifindex == 0 ||
        ::sendto(socket.get(), frame.data(), frame.size(), 0,
                 reinterpret_cast<const sockaddr*>(&link), sizeof link) < 0)
        return failErrno("send a frame out of " + tap.name, errno);
    return {};
}

Result<UniqueFd> startConnection(const Tap& tap, std::uint16_t port)
{
    // Transparent, since tproxy gives the guest's answers only to sockets that are.
    auto socket = transparentSocket(tap, AF_INET, SOCK_STREAM);
    if (!socket)
        return socket;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (::inet_pton(AF_INET, tap.guest4.c_str(), &address.sin_addr) != 1)
        return fail(Error::Code::Internal, "bad guest address " + tap.guest4);
    if (::connect(socket->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
            0 &&
        errno != EINPROGRESS)
        return failErrno(fmt::format("connect to {}:{}", tap.guest4, port), errno);
    return socket;
}

} // namespace sallyport::jail

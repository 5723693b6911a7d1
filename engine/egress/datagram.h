#pragma once

// Datagrams with their original destination: the guest may ask any server, and the answer has to
// come from that very address. The socket is transparent, bound to the port that was asked, and has
// IP_RECVORIGDSTADDR or IPV6_RECVORIGDSTADDR set (the jail makes it so).

#include <cstdint>
#include <optional>
#include <span>

#include <netinet/in.h>
#include <sys/socket.h>

namespace sallyport::egress {

struct Datagram
{
    std::size_t size = 0; // bytes in the buffer
    bool truncated = false;
    sockaddr_storage client{};
    sockaddr_storage asked{};
};

// The next datagram that waits, or none. Never blocks.
[[nodiscard]] std::optional<Datagram> receiveDatagram(int socket, std::span<char> buffer);

// Answers as if from the address that was asked. A full socket buffer drops it: the client asks
// again.
void sendDatagram(int socket, const Datagram& query, std::span<const std::uint8_t> answer);

} // namespace sallyport::egress

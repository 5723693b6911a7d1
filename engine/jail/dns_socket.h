#pragma once

// Reading queries from, and answering on, the DNS sockets of a tap (TapSockets::dns4, dns6).
//
// The guest may ask any server: the jail gives the query to our socket with its destination
// untouched (IP_RECVORIGDSTADDR, IPV6_RECVORIGDSTADDR), and the answer has to come from that very
// address, or the guest's resolver drops it. The socket is bound to port 53, so the port is right;
// the address is set for each datagram by IP_PKTINFO / IPV6_PKTINFO (ipi_spec_dst), which a
// transparent socket may set to an address that is not its own.
//
// With Boost.Asio: wrap a duplicate of the descriptor (posix::stream_descriptor, wait_read), then
// call receiveQuery() until it returns no datagram.

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include <netinet/in.h>
#include <sys/socket.h>

#include "engine/base/result.h"

namespace sallyport::jail {

struct Datagram
{
    std::size_t size = 0;      // bytes in the buffer
    bool truncated = false;    // it was longer than the buffer: answer FORMERR or nothing
    sockaddr_storage client{}; // the guest's address and port
    sockaddr_storage asked{};  // the server that it asked
};

// The next datagram that waits, or none. Never blocks. Any thread, one at a time for each socket.
[[nodiscard]] Result<std::optional<Datagram>> receiveQuery(int socket, std::span<char> buffer);

// Sends `answer` to query.client as if from query.asked. Never blocks: Unavailable when the socket
// buffer is full (the client will ask again).
[[nodiscard]] Status sendAnswer(int socket, const Datagram& query, std::string_view answer);

} // namespace sallyport::jail

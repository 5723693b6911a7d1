#include "engine/egress/datagram.h"

#include <cstring>

namespace sallyport::egress {

namespace {

constexpr std::size_t ControlBytes = 256;

socklen_t sizeOf(const sockaddr_storage& address)
{
    return address.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

// The source address of the answer, as a control message.
void setSource(msghdr& message, const sockaddr_storage& asked)
{
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (asked.ss_family == AF_INET) {
        in_pktinfo info{};
        info.ipi_spec_dst = reinterpret_cast<const sockaddr_in&>(asked).sin_addr;
        header->cmsg_level = IPPROTO_IP;
        header->cmsg_type = IP_PKTINFO;
        header->cmsg_len = CMSG_LEN(sizeof info);
        std::memcpy(CMSG_DATA(header), &info, sizeof info);
        message.msg_controllen = CMSG_SPACE(sizeof info);
    } else {
        in6_pktinfo info{};
        info.ipi6_addr = reinterpret_cast<const sockaddr_in6&>(asked).sin6_addr;
        header->cmsg_level = IPPROTO_IPV6;
        header->cmsg_type = IPV6_PKTINFO;
        header->cmsg_len = CMSG_LEN(sizeof info);
        std::memcpy(CMSG_DATA(header), &info, sizeof info);
        message.msg_controllen = CMSG_SPACE(sizeof info);
    }
}

} // namespace

std::optional<Datagram> receiveDatagram(int socket, std::span<char> buffer)
{
    Datagram datagram;
    alignas(cmsghdr) char control[ControlBytes];
    iovec part{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_name = &datagram.client;
    message.msg_namelen = sizeof datagram.client;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t got = ::recvmsg(socket, &message, MSG_DONTWAIT);
    if (got < 0)
        return std::nullopt;
    datagram.size = static_cast<std::size_t>(got);
    datagram.truncated = (message.msg_flags & MSG_TRUNC) != 0;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header;
         header = CMSG_NXTHDR(&message, header)) {
        const bool v4 = header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_ORIGDSTADDR;
        const bool v6 = header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_ORIGDSTADDR;
        if (v4)
            std::memcpy(&datagram.asked, CMSG_DATA(header), sizeof(sockaddr_in));
        else if (v6)
            std::memcpy(&datagram.asked, CMSG_DATA(header), sizeof(sockaddr_in6));
    }
    return datagram;
}

void sendDatagram(int socket, const Datagram& query, std::span<const std::uint8_t> answer)
{
    alignas(cmsghdr) char control[ControlBytes] = {};
    sockaddr_storage client = query.client;
    iovec part{const_cast<std::uint8_t*>(answer.data()), answer.size()};
    msghdr message{};
    message.msg_name = &client;
    message.msg_namelen = sizeOf(client);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (query.asked.ss_family != AF_UNSPEC) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        setSource(message, query.asked);
    }
    static_cast<void>(::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

} // namespace sallyport::egress

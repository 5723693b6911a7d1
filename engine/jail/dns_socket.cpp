#include "engine/jail/dns_socket.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <netinet/ip6.h>
#include <sys/uio.h>

namespace sallyport::jail {
namespace {

constexpr std::size_t ControlBytes = 256;

// The destination that the client asked, from the control data: IP_ORIGDSTADDR or
// IPV6_ORIGDSTADDR, which carry a whole socket address.
bool findAsked(msghdr& message, sockaddr_storage& asked)
{
    for (const cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr;
         c = CMSG_NXTHDR(&message, const_cast<cmsghdr*>(c))) {
        const bool is4 = c->cmsg_level == SOL_IP && c->cmsg_type == IP_ORIGDSTADDR;
        const bool is6 = c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_ORIGDSTADDR;
        if (is4)
            std::memcpy(&asked, CMSG_DATA(c), sizeof(sockaddr_in));
        if (is6)
            std::memcpy(&asked, CMSG_DATA(c), sizeof(sockaddr_in6));
        if (is4 || is6)
            return true;
    }
    return false;
}

template <typename Info> void setControl(msghdr& message, int level, int type, const Info& info)
{
    message.msg_controllen = CMSG_SPACE(sizeof info);
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = level;
    head->cmsg_type = type;
    head->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(head), &info, sizeof info);
}

void setSource(msghdr& message, const sockaddr_storage& asked)
{
    if (asked.ss_family == AF_INET) {
        sockaddr_in from{};
        std::memcpy(&from, &asked, sizeof from);
        in_pktinfo info{};
        info.ipi_spec_dst = from.sin_addr;
        setControl(message, SOL_IP, IP_PKTINFO, info);
        return;
    }
    sockaddr_in6 from{};
    std::memcpy(&from, &asked, sizeof from);
    in6_pktinfo info{};
    info.ipi6_addr = from.sin6_addr;
    setControl(message, SOL_IPV6, IPV6_PKTINFO, info);
}

} // namespace

Result<std::optional<Datagram>> receiveQuery(int socket, std::span<char> buffer)
{
    for (;;) {
        Datagram datagram;
        iovec part{buffer.data(), buffer.size()};
        alignas(cmsghdr) std::array<char, ControlBytes> control{};
        msghdr message{};
        message.msg_name = &datagram.client;
        message.msg_namelen = sizeof datagram.client;
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        const ssize_t size = ::recvmsg(socket, &message, MSG_DONTWAIT);
        if (size < 0 && errno == EAGAIN)
            return std::nullopt;
        // A pending ICMP error of an earlier answer is no reason to stop reading.
        if (size < 0 && (errno == EINTR || errno == ECONNREFUSED || errno == EHOSTUNREACH))
            continue;
        if (size < 0)
            return failErrno("receive a DNS query", errno);
        if (!findAsked(message, datagram.asked))
            continue; // not from the jail's packet filter: there is no address to answer from
        datagram.size = static_cast<std::size_t>(size);
        datagram.truncated = (message.msg_flags & MSG_TRUNC) != 0;
        return datagram;
    }
}

Status sendAnswer(int socket, const Datagram& query, std::string_view answer)
{
    sockaddr_storage to = query.client;
    iovec part{const_cast<char*>(answer.data()), answer.size()};
    alignas(cmsghdr) std::array<char, ControlBytes> control{};
    msghdr message{};
    message.msg_name = &to;
    message.msg_namelen = to.ss_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    setSource(message, query.asked);
    if (::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
        return {};
    if (errno == EAGAIN || errno == ENOBUFS)
        return fail(Error::Code::Unavailable, "the DNS socket's buffer is full");
    return failErrno("answer a DNS query", errno);
}

} // namespace sallyport::jail

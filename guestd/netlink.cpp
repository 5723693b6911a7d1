#include "guestd/netlink.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include <linux/if_addr.h>
#include <sys/socket.h>

namespace sallyport::guestd {

namespace {

constexpr std::size_t aligned(std::size_t length)
{
    return (length + 3) & ~std::size_t{3};
}

template <typename T> bool take(std::string_view from, T& value)
{
    if (from.size() < sizeof(T))
        return false;
    std::memcpy(&value, from.data(), sizeof(T));
    return true;
}

// One RTM_NEWADDR message's body. False if it is not one of the link's global addresses.
bool readAddress(std::string_view body, int link, Netlink::Address& address)
{
    ifaddrmsg header{};
    if (!take(body, header) || static_cast<int>(header.ifa_index) != link ||
        header.ifa_scope != RT_SCOPE_UNIVERSE)
        return false;
    address.family = header.ifa_family;
    address.prefix = header.ifa_prefixlen;
    body.remove_prefix(std::min(body.size(), aligned(sizeof header)));
    rtattr attribute{};
    while (take(body, attribute) && attribute.rta_len >= sizeof attribute &&
           attribute.rta_len <= body.size()) {
        const auto bytes = body.substr(sizeof attribute, attribute.rta_len - sizeof attribute);
        // On a point-to-point link IFA_ADDRESS is the peer, IFA_LOCAL we.
        if (attribute.rta_type == IFA_LOCAL ||
            (attribute.rta_type == IFA_ADDRESS && address.bytes.empty()))
            address.bytes = bytes;
        body.remove_prefix(std::min(body.size(), aligned(attribute.rta_len)));
    }
    return !address.bytes.empty();
}

} // namespace

void NetlinkRequest::begin(std::uint16_t type, std::uint16_t flags, std::string_view body)
{
    nlmsghdr header{};
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
    m_message.append(reinterpret_cast<const char*>(&header), sizeof header);
    m_message.append(body);
    m_message.resize(aligned(m_message.size()));
}

void NetlinkRequest::attribute(std::uint16_t type, std::string_view bytes)
{
    rtattr header{};
    header.rta_type = type;
    header.rta_len = static_cast<std::uint16_t>(sizeof header + bytes.size());
    m_message.append(reinterpret_cast<const char*>(&header), sizeof header);
    m_message.append(bytes);
    m_message.resize(aligned(m_message.size()));
}

void NetlinkRequest::attribute(std::uint16_t type, std::uint32_t value)
{
    attribute(type, std::string_view(reinterpret_cast<const char*>(&value), sizeof value));
}

const std::string& NetlinkRequest::message()
{
    const auto length = static_cast<std::uint32_t>(m_message.size());
    std::memcpy(m_message.data() + offsetof(nlmsghdr, nlmsg_len), &length, sizeof length);
    return m_message;
}

bool Netlink::open()
{
    m_socket.reset(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    return m_socket.isOpen();
}

int Netlink::execute(NetlinkRequest& request)
{
    std::string message = request.message();
    nlmsghdr header{};
    std::memcpy(&header, message.data(), sizeof header);
    header.nlmsg_flags |= NLM_F_ACK;
    std::memcpy(message.data(), &header, sizeof header);
    if (::send(m_socket.get(), message.data(), message.size(), 0) < 0)
        return errno;
    char answer[8192];
    const ssize_t size = ::recv(m_socket.get(), answer, sizeof answer, 0);
    if (size < 0)
        return errno;
    const std::string_view view(answer, static_cast<std::size_t>(size));
    int error = 0;
    if (!take(view, header) || header.nlmsg_type != NLMSG_ERROR ||
        !take(view.substr(sizeof header), error))
        return EPROTO;
    return -error;
}

std::vector<Netlink::Address> Netlink::addresses(int link)
{
    std::vector<Address> found;
    ifaddrmsg all{};
    NetlinkRequest request(RTM_GETADDR, NLM_F_DUMP, all);
    const std::string& message = request.message();
    if (::send(m_socket.get(), message.data(), message.size(), 0) < 0)
        return found;
    for (;;) {
        char answer[16384];
        const ssize_t size = ::recv(m_socket.get(), answer, sizeof answer, 0);
        if (size <= 0)
            return found;
        std::string_view view(answer, static_cast<std::size_t>(size));
        nlmsghdr header{};
        while (take(view, header) && header.nlmsg_len >= sizeof header &&
               header.nlmsg_len <= view.size()) {
            if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR)
                return found;
            Address address;
            if (header.nlmsg_type == RTM_NEWADDR &&
                readAddress(view.substr(sizeof header, header.nlmsg_len - sizeof header), link,
                            address))
                found.push_back(address);
            view.remove_prefix(std::min(view.size(), aligned(header.nlmsg_len)));
        }
    }
}

} // namespace sallyport::guestd

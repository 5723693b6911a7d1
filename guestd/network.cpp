#include "guestd/network.h"

#include <algorithm>
#include <cerrno>

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <unistd.h>

#include "guestd/files.h"
#include "guestd/log.h"
#include "guestd/netlink.h"
#include "guestd/trust.h"

namespace sallyport::guestd {

namespace {

using guest::OutcomeMessage;

constexpr const char* Interface = "eth0";

OutcomeMessage failed(std::string_view what, int error)
{
    return {static_cast<std::uint32_t>(error), errnoText(what, error)};
}

OutcomeMessage invalid(std::string_view what, std::string_view value)
{
    std::string text(what);
    text += ": ";
    text += value.substr(0, 128);
    return {EINVAL, text};
}

// The address's bytes in network order; empty where the text is no address of the family.
std::string addressBytes(std::uint8_t family, const std::string& text)
{
    char bytes[16];
    if (::inet_pton(family, text.c_str(), bytes) != 1)
        return {};
    return {bytes, family == AF_INET ? std::size_t{4} : std::size_t{16}};
}

int raiseLink(Netlink& netlink, int link, std::uint32_t mtu)
{
    ifinfomsg body{};
    body.ifi_family = AF_UNSPEC;
    body.ifi_index = link;
    body.ifi_flags = IFF_UP;
    body.ifi_change = IFF_UP;
    NetlinkRequest request(RTM_NEWLINK, 0, body);
    if (mtu != 0)
        request.attribute(IFLA_MTU, mtu);
    return netlink.execute(request);
}

int changeAddress(Netlink& netlink, std::uint16_t type, int link, const Netlink::Address& address)
{
    ifaddrmsg body{};
    body.ifa_family = address.family;
    body.ifa_prefixlen = address.prefix;
    // Nobody else is on this link: an address is usable at once, without duplicate detection.
    body.ifa_flags = IFA_F_NODAD | IFA_F_PERMANENT;
    body.ifa_index = static_cast<std::uint32_t>(link);
    const std::uint16_t flags = type == RTM_NEWADDR ? NLM_F_CREATE | NLM_F_REPLACE : 0;
    NetlinkRequest request(type, flags, body);
    request.attribute(IFA_LOCAL, address.bytes);
    request.attribute(IFA_ADDRESS, address.bytes);
    return netlink.execute(request);
}

// To `destination` (empty: the default route) by `gateway` (empty: directly on the link).
int addRoute(Netlink& netlink,
             std::uint8_t family,
             int link,
             const std::string& destination,
             const std::string& gateway)
{
    rtmsg body{};
    body.rtm_family = family;
    body.rtm_dst_len = static_cast<std::uint8_t>(destination.size() * 8);
    body.rtm_table = RT_TABLE_MAIN;
    body.rtm_protocol = RTPROT_BOOT;
    body.rtm_scope = gateway.empty() ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    body.rtm_type = RTN_UNICAST;
    NetlinkRequest request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, body);
    if (!destination.empty())
        request.attribute(RTA_DST, destination);
    if (!gateway.empty())
        request.attribute(RTA_GATEWAY, gateway);
    request.attribute(RTA_OIF, static_cast<std::uint32_t>(link));
    return netlink.execute(request);
}

OutcomeMessage
setFamily(Netlink& netlink, std::uint8_t family, int link, const guest::AddressSetting& setting)
{
    if (setting.address.empty())
        return {};
    const Netlink::Address wanted{family, setting.prefix, addressBytes(family, setting.address)};
    if (wanted.bytes.empty() || wanted.prefix > wanted.bytes.size() * 8)
        return invalid("not an address", setting.address);
    for (const Netlink::Address& present : netlink.addresses(link)) {
        if (present.family != family ||
            (present.bytes == wanted.bytes && present.prefix == wanted.prefix))
            continue;
        if (const int error = changeAddress(netlink, RTM_DELADDR, link, present); error != 0)
            return failed("cannot remove an address", error);
    }
    if (const int error = changeAddress(netlink, RTM_NEWADDR, link, wanted); error != 0)
        return failed("cannot set address " + setting.address, error);
    if (setting.gateway.empty())
        return {};
    const std::string gateway = addressBytes(family, setting.gateway);
    if (gateway.empty())
        return invalid("not a gateway's address", setting.gateway);
    // The gateway may be outside our prefix (a /32 or /128): say first that it is on this link.
    if (const int error = addRoute(netlink, family, link, gateway, {}); error != 0)
        return failed("cannot route to gateway " + setting.gateway, error);
    if (const int error = addRoute(netlink, family, link, {}, gateway); error != 0)
        return failed("cannot set the default route by " + setting.gateway, error);
    return {};
}

OutcomeMessage setLinks(const guest::ConfigureMessage& settings)
{
    Netlink netlink;
    if (!netlink.open())
        return failed("cannot open a netlink socket", errno);
    if (const int error = raiseLink(netlink, static_cast<int>(::if_nametoindex("lo")), 0);
        error != 0)
        return failed("cannot bring up lo", error);
    if (settings.ipv4.address.empty() && settings.ipv6.address.empty())
        return {};
    const int link = static_cast<int>(::if_nametoindex(Interface));
    if (link == 0)
        return failed("no network interface eth0", ENODEV);
    const std::string ipv6 = std::string("/proc/sys/net/ipv6/conf/") + Interface;
    writeFile(ipv6 + "/accept_ra", "0");
    writeFile(ipv6 + "/accept_dad", "0");
    writeFile(ipv6 + "/autoconf", "0");
    if (const int error = raiseLink(netlink, link, settings.mtu); error != 0)
        return failed("cannot bring up eth0", error);
    OutcomeMessage outcome = setFamily(netlink, AF_INET, link, settings.ipv4);
    if (outcome.errorNumber == 0)
        outcome = setFamily(netlink, AF_INET6, link, settings.ipv6);
    return outcome;
}

OutcomeMessage setNames(const std::string& hostname)
{
    if (hostname.empty())
        return {};
    if (!isHostname(hostname))
        return invalid("not a host name", hostname);
    if (::sethostname(hostname.c_str(), hostname.size()) != 0)
        return failed("cannot set the host name", errno);
    std::string hosts = readFile("/etc/hosts", 1024 * 1024);
    if (hosts.find("localhost") == std::string::npos)
        hosts = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n" + hosts;
    if (!replaceFile("/etc/hosts", withBlock(hosts, "127.0.1.1\t" + hostname + "\n"), 0644) ||
        !replaceFile("/etc/hostname", hostname + "\n", 0644))
        return failed("cannot write the host name to /etc", errno);
    return {};
}

OutcomeMessage setNameServers(const std::vector<std::string>& servers)
{
    if (servers.empty())
        return {};
    std::string text;
    for (const std::string& server : servers) {
        if (addressBytes(AF_INET, server).empty() && addressBytes(AF_INET6, server).empty())
            return invalid("not a name server's address", server);
        text += "nameserver " + server + "\n";
    }
    if (!replaceFile("/etc/resolv.conf", text, 0644))
        return failed("cannot write /etc/resolv.conf", errno);
    return {};
}

} // namespace

bool isHostname(std::string_view name)
{
    const auto isAllowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-';
    };
    return !name.empty() && name.size() <= 63 && name.front() != '-' && name.back() != '-' &&
           std::all_of(name.begin(), name.end(), isAllowed);
}

OutcomeMessage configureNetwork(const guest::ConfigureMessage& settings)
{
    OutcomeMessage outcome = setNames(settings.hostname);
    if (outcome.errorNumber == 0)
        outcome = setLinks(settings);
    if (outcome.errorNumber == 0)
        outcome = setNameServers(settings.nameServers);
    return outcome;
}

} // namespace sallyport::guestd

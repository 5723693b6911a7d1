#include "engine/jail/supervisor/network.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include <fcntl.h>
#include <linux/fib_rules.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/route.h>
#include <netlink/route/rule.h>
#include <netlink/socket.h>
#include <sys/ioctl.h>

#include <fmt/format.h>

#include "engine/jail/supervisor/proc_file.h"

namespace sallyport::jail {
namespace {

constexpr unsigned CaughtPriority = 100;

tl::unexpected<Error> failNetlink(std::string_view doing, int code)
{
    return fail(Error::Code::Io, fmt::format("{}: {}", doing, nl_geterror(code)));
}

// libnl's reference-counted objects.
struct Release
{
    void operator()(nl_sock* socket) const { nl_socket_free(socket); }
    void operator()(nl_addr* address) const { nl_addr_put(address); }
    void operator()(nl_cache* cache) const { nl_cache_free(cache); }
    void operator()(rtnl_link* link) const { rtnl_link_put(link); }
    void operator()(rtnl_addr* address) const { rtnl_addr_put(address); }
    void operator()(rtnl_neigh* neighbour) const { rtnl_neigh_put(neighbour); }
    void operator()(rtnl_route* route) const { rtnl_route_put(route); }
    void operator()(rtnl_rule* rule) const { rtnl_rule_put(rule); }
};
template <typename T> using Owned = std::unique_ptr<T, Release>;

Owned<nl_addr> parseAddress(const std::string& text, int family)
{
    nl_addr* address = nullptr;
    return Owned<nl_addr>(nl_addr_parse(text.c_str(), family, &address) == 0 ? address : nullptr);
}

Status setSysctls()
{
    struct Setting
    {
        const char* path;
        const char* value;
    };
    // No forwarding; strict reverse path; no IPv6 chatter of our own. Refusals are to be prompt:
    // the usual limit of one ICMP error a second would leave most packets without an answer (the
    // packet filter has a higher limit of its own).
    static constexpr Setting Settings[] = {
        {"ipv4/ip_forward", "0"},
        {"ipv6/conf/all/forwarding", "0"},
        {"ipv4/conf/all/rp_filter", "1"},
        {"ipv4/conf/default/rp_filter", "1"},
        {"ipv4/conf/all/accept_redirects", "0"},
        {"ipv4/conf/default/accept_redirects", "0"},
        {"ipv4/conf/all/accept_source_route", "0"},
        {"ipv4/conf/all/arp_ignore", "1"},
        {"ipv4/conf/all/route_localnet", "0"},
        {"ipv4/icmp_ratemask", "0"},
        {"ipv6/icmp/ratemask", "\n"},
        {"ipv6/conf/all/accept_ra", "0"},
        {"ipv6/conf/default/accept_ra", "0"},
        {"ipv6/conf/default/accept_redirects", "0"},
        {"ipv6/conf/default/accept_dad", "0"},
        {"ipv6/conf/default/dad_transmits", "0"},
        {"ipv6/conf/default/router_solicitations", "0"},
        {"ipv6/conf/all/disable_ipv6", "0"},
        {"ipv6/conf/default/disable_ipv6", "0"},
    };
    for (const Setting& setting : Settings)
        if (auto done = writeProcFile(std::string("/proc/sys/net/") + setting.path, setting.value);
            !done)
            return done;
    return {};
}

ifreq tapRequest(const std::string& name)
{
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    return request;
}

// IFF_VNET_HDR as QEMU will ask for it: an attach with other flags is accepted, but then a reader
// without a virtio header (the tests) sets it back for the whole device.
Status makeTapDevice(const Tap& tap, uid_t owner)
{
    const UniqueFd queue(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
    if (!queue.isOpen())
        return failErrno("open /dev/net/tun", errno);
    ifreq request = tapRequest(tap.name);
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_VNET_HDR);
    if (::ioctl(queue.get(), TUNSETIFF, &request) != 0)
        return failErrno("create the tap " + tap.name, errno);
    if (::ioctl(queue.get(), TUNSETOWNER, static_cast<unsigned long>(owner)) != 0 ||
        ::ioctl(queue.get(), TUNSETPERSIST, 1UL) != 0)
        return failErrno("give away the tap " + tap.name, errno);
    return {};
}

} // namespace

struct Network::Private
{
    Owned<nl_sock> socket;

    [[nodiscard]] Status addRule(int family) const;
    [[nodiscard]] Status addLocalRoute(int family) const;
    [[nodiscard]] Status changeLink(const std::string& name, const std::string& mac, int mtu) const;
    [[nodiscard]] Status
    addAddress(int index, const std::string& local, int prefix, int family) const;
    [[nodiscard]] Status
    addNeighbour(int index, const std::string& address, const std::string& mac, int family) const;
};

Status Network::Private::addRule(int family) const
{
    const Owned<rtnl_rule> rule(rtnl_rule_alloc());
    rtnl_rule_set_family(rule.get(), family);
    rtnl_rule_set_mark(rule.get(), CaughtMark);
    rtnl_rule_set_mask(rule.get(), ~0U);
    rtnl_rule_set_table(rule.get(), CaughtTable);
    rtnl_rule_set_prio(rule.get(), CaughtPriority);
    rtnl_rule_set_action(rule.get(), FR_ACT_TO_TBL);
    if (const int code = rtnl_rule_add(socket.get(), rule.get(), NLM_F_CREATE | NLM_F_EXCL);
        code < 0)
        return failNetlink("add the policy routing rule", code);
    return {};
}

Status Network::Private::addLocalRoute(int family) const
{
    const Owned<rtnl_route> route(rtnl_route_alloc());
    const auto everything = parseAddress(family == AF_INET ? "0.0.0.0/0" : "::/0", family);
    rtnl_route_set_family(route.get(), static_cast<std::uint8_t>(family));
    rtnl_route_set_dst(route.get(), everything.get());
    rtnl_route_set_type(route.get(), RTN_LOCAL);
    rtnl_route_set_scope(route.get(), RT_SCOPE_HOST);
    rtnl_route_set_table(route.get(), CaughtTable);
    rtnl_nexthop* hop = rtnl_route_nh_alloc();
    rtnl_route_nh_set_ifindex(hop, static_cast<int>(::if_nametoindex("lo")));
    rtnl_route_add_nexthop(route.get(), hop);
    if (const int code = rtnl_route_add(socket.get(), route.get(), NLM_F_CREATE | NLM_F_EXCL);
        code < 0)
        return failNetlink("add the local route for caught packets", code);
    return {};
}

Status Network::Private::changeLink(const std::string& name, const std::string& mac, int mtu) const
{
    const Owned<rtnl_link> which(rtnl_link_alloc());
    const Owned<rtnl_link> change(rtnl_link_alloc());
    rtnl_link_set_ifindex(which.get(), static_cast<int>(::if_nametoindex(name.c_str())));
    if (!mac.empty())
        rtnl_link_set_addr(change.get(), parseAddress(mac, AF_LLC).get());
    if (mtu > 0)
        rtnl_link_set_mtu(change.get(), static_cast<unsigned>(mtu));
    rtnl_link_set_flags(change.get(), IFF_UP);
    if (const int code = rtnl_link_change(socket.get(), which.get(), change.get(), 0); code < 0)
        return failNetlink("bring up " + name, code);
    return {};
}

Status
Network::Private::addAddress(int index, const std::string& local, int prefix, int family) const
{
    const Owned<rtnl_addr> address(rtnl_addr_alloc());
    rtnl_addr_set_ifindex(address.get(), index);
    rtnl_addr_set_local(address.get(), parseAddress(local, family).get());
    rtnl_addr_set_prefixlen(address.get(), prefix);
    if (const int code = rtnl_addr_add(socket.get(), address.get(), 0); code < 0)
        return failNetlink("add the address " + local, code);
    return {};
}

Status Network::Private::addNeighbour(int index,
                                      const std::string& address,
                                      const std::string& mac,
                                      int family) const
{
    const Owned<rtnl_neigh> neighbour(rtnl_neigh_alloc());
    rtnl_neigh_set_ifindex(neighbour.get(), index);
    rtnl_neigh_set_dst(neighbour.get(), parseAddress(address, family).get());
    rtnl_neigh_set_lladdr(neighbour.get(), parseAddress(mac, AF_LLC).get());
    rtnl_neigh_set_state(neighbour.get(), NUD_PERMANENT);
    if (const int code = rtnl_neigh_add(socket.get(), neighbour.get(), NLM_F_CREATE); code < 0)
        return failNetlink("fix the link address of " + address, code);
    return {};
}

Network::Network(std::unique_ptr<Private> state)
    : m(std::move(state))
{
}
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;
Network::~Network() = default;

Result<Network> Network::open()
{
    auto state = std::make_unique<Private>();
    state->socket.reset(nl_socket_alloc());
    if (const int code = nl_connect(state->socket.get(), NETLINK_ROUTE); code < 0)
        return failNetlink("open rtnetlink", code);
    return Network(std::move(state));
}

Status Network::prepare()
{
    auto done = setSysctls();
    if (done)
        done = m->changeLink("lo", {}, 0);
    for (const int family : {AF_INET, AF_INET6}) {
        if (done)
            done = m->addRule(family);
        if (done)
            done = m->addLocalRoute(family);
    }
    return done;
}

Status Network::addTap(const Tap& tap, uid_t owner)
{
    auto done = makeTapDevice(tap, owner);
    if (done)
        done = m->changeLink(tap.name, tap.gatewayMac, tap.mtu);
    const int index = static_cast<int>(::if_nametoindex(tap.name.c_str()));
    if (done)
        done = m->addAddress(index, tap.gateway4, tap.prefix4, AF_INET);
    if (done)
        done = m->addAddress(index, tap.gateway6, tap.prefix6, AF_INET6);
    if (done)
        done = m->addNeighbour(index, tap.guest4, tap.guestMac, AF_INET);
    if (done)
        done = m->addNeighbour(index, tap.guest6, tap.guestMac, AF_INET6);
    if (!done)
        (void)removeTap(tap.name);
    return done;
}

Status Network::removeTap(const std::string& name)
{
    const Owned<rtnl_link> link(rtnl_link_alloc());
    rtnl_link_set_name(link.get(), name.c_str());
    const int code = rtnl_link_delete(m->socket.get(), link.get());
    if (code < 0 && code != -NLE_NODEV && code != -NLE_OBJ_NOTFOUND)
        return failNetlink("remove the tap " + name, code);
    return {};
}

Result<std::vector<std::string>> Network::links()
{
    nl_cache* raw = nullptr;
    if (const int code = rtnl_link_alloc_cache(m->socket.get(), AF_UNSPEC, &raw); code < 0)
        return failNetlink("list the links", code);
    const Owned<nl_cache> cache(raw);
    std::vector<std::string> names;
    for (nl_object* o = nl_cache_get_first(cache.get()); o != nullptr; o = nl_cache_get_next(o))
        names.emplace_back(rtnl_link_get_name(reinterpret_cast<rtnl_link*>(o)));
    std::sort(names.begin(), names.end());
    return names;
}

Result<std::vector<std::string>> Network::foreignRoutes()
{
    nl_cache* raw = nullptr;
    if (const int code = rtnl_route_alloc_cache(m->socket.get(), AF_UNSPEC, 0, &raw); code < 0)
        return failNetlink("list the routes", code);
    const Owned<nl_cache> cache(raw);
    std::vector<std::string> foreign;
    for (nl_object* o = nl_cache_get_first(cache.get()); o != nullptr; o = nl_cache_get_next(o)) {
        auto* route = reinterpret_cast<rtnl_route*>(o);
        const std::uint32_t table = rtnl_route_get_table(route);
        rtnl_nexthop* hop = rtnl_route_nexthop_n(route, 0);
        const bool viaGateway = hop != nullptr && rtnl_route_nh_get_gateway(hop) != nullptr;
        nl_addr* to = rtnl_route_get_dst(route);
        const bool isDefault = to == nullptr || nl_addr_get_prefixlen(to) == 0;
        const bool isUnicast = rtnl_route_get_type(route) == RTN_UNICAST;
        if (isUnicast && table != RT_TABLE_LOCAL && (viaGateway || isDefault)) {
            std::array<char, 128> text{};
            foreign.emplace_back(to == nullptr ? "default"
                                               : nl_addr2str(to, text.data(), text.size()));
        }
    }
    return foreign;
}

Result<UniqueFd> openTapQueue(const std::string& name)
{
    UniqueFd queue(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
    if (!queue.isOpen())
        return failErrno("open /dev/net/tun", errno);
    if (::if_nametoindex(name.c_str()) == 0)
        return fail(Error::Code::NotFound, "there is no tap " + name);
    ifreq request = tapRequest(name);
    if (::ioctl(queue.get(), TUNSETIFF, &request) != 0)
        return failErrno("open the tap " + name, errno);
    return queue;
}

} // namespace sallyport::jail

#include "engine/policy/floor.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/policy/pattern.h"

namespace sallyport::policy {
namespace {

struct Named
{
    AddressRange range;
    std::string_view what;
};

AddressRange range(std::string_view text)
{
    return AddressRange::parse(text).value();
}

// The first that contains an address names it, so single addresses stand before their ranges.
const std::vector<Named>& ranges()
{
    static const std::vector<Named> Ranges = {
        {range("169.254.169.254"), "cloud metadata"},
        {range("169.254.170.2"), "cloud metadata"},
        {range("169.254.170.23"), "cloud metadata"},
        {range("100.100.100.200"), "cloud metadata"},
        {range("192.0.0.192"), "cloud metadata"},
        {range("168.63.129.16"), "cloud metadata"},
        {range("255.255.255.255"), "broadcast"},
        {range("0.0.0.0/8"), "this machine"},
        {range("127.0.0.0/8"), "this machine"},
        {range("10.0.0.0/8"), "private network"},
        {range("172.16.0.0/12"), "private network"},
        {range("192.168.0.0/16"), "private network"},
        {range("100.64.0.0/10"), "carrier network"},
        {range("169.254.0.0/16"), "link-local network"},
        {range("192.0.0.0/24"), "protocol assignments"},
        {range("192.88.99.0/24"), "6to4 relays"},
        {range("198.18.0.0/15"), "sandbox addresses"},
        {range("224.0.0.0/4"), "multicast"},
        {range("240.0.0.0/4"), "reserved addresses"},

        {range("fd00:ec2::254"), "cloud metadata"},
        {range("fd00:ec2::23"), "cloud metadata"},
        {range("fd20:ce::254"), "cloud metadata"},
        {range("::"), "this machine"},
        {range("::1"), "this machine"},
        {range("::/96"), "IPv4-compatible addresses"},
        {range("64:ff9b:1::/48"), "local IPv4 translation"},
        {range("100::/64"), "discard-only addresses"},
        {range("2001::/32"), "Teredo"},
        {range("fc00::/7"), "private network"},
        {range("fe80::/10"), "link-local network"},
        {range("fec0::/10"), "site-local network"},
        {range("ff00::/8"), "multicast"},
    };
    return Ranges;
}

// The IPv4 address that a packet to this address ends at: mapped, NAT64 (RFC 6052), 6to4.
std::optional<Address> innerV4(const Address& address)
{
    if (address.isV4())
        return std::nullopt;
    if (const Address inner = address.unmapped(); inner.isV4())
        return inner;
    static const AddressRange Nat64 = range("64:ff9b::/96");
    static const AddressRange SixToFour = range("2002::/16");
    if (Nat64.contains(address))
        return Address::fromBytes(address.bytes().subspan(12, 4));
    if (SixToFour.contains(address))
        return Address::fromBytes(address.bytes().subspan(2, 4));
    return std::nullopt;
}

struct Found
{
    std::string text;
    bool metadata = false;
};

std::optional<Found> findDirect(const Address& address)
{
    for (const Named& named : ranges()) {
        if (named.range.contains(address))
            return Found{named.range.isSingle()
                             ? fmt::format("{} ({})", named.what, named.range.text())
                             : fmt::format("{} {}", named.what, named.range.text()),
                         named.what == "cloud metadata"};
    }
    return std::nullopt;
}

std::optional<Found> find(const Address& address)
{
    if (std::optional<Found> found = findDirect(address))
        return found;
    const std::optional<Address> inner = innerV4(address);
    std::optional<Found> found = inner ? findDirect(*inner) : std::nullopt;
    if (found)
        found->text += " inside " + address.text();
    return found;
}

// Equal also where one is written inside the other.
bool isSame(const Address& a, const Address& b)
{
    return innerV4(a).value_or(a) == innerV4(b).value_or(b);
}

const Grant*
grantFor(const std::vector<Grant>& grants, const Address& address, int port, bool exact)
{
    const Address inner = innerV4(address).value_or(address);
    for (const Grant& grant : grants) {
        if (grant.port == port && (!exact || grant.range.isSingle()) &&
            (grant.range.contains(address) || grant.range.contains(inner)))
            return &grant;
    }
    return nullptr;
}

} // namespace

Result<Grant> Grant::parse(std::string_view text)
{
    const Result<Pattern> pattern = Pattern::parse(text);
    if (!pattern)
        return tl::unexpected(pattern.error());
    if (pattern->kind() != Pattern::Kind::Range || !pattern->port())
        return fail(Error::Code::Invalid,
                    fmt::format("\"{}\": a grant is an address or a range with a port, as in "
                                "192.168.1.10:8080 or [fd00::/64]:443",
                                pattern->text()));
    return Grant{pattern->range(), *pattern->port()};
}

std::string Grant::text() const
{
    return range.address().isV6() ? fmt::format("[{}]:{}", range.text(), port)
                                  : fmt::format("{}:{}", range.text(), port);
}

std::optional<std::string> floorRange(const Address& address)
{
    std::optional<Found> found = find(address);
    return found ? std::optional(std::move(found->text)) : std::nullopt;
}

Decision checkFloor(const Address& address,
                    int port,
                    const std::vector<Grant>& grants,
                    const std::vector<Address>& hostAddresses)
{
    Decision decision;
    decision.step = api::Step::Floor;
    decision.verdict = Verdict::Allow;
    std::optional<Found> found = find(address);
    if (!found && std::any_of(hostAddresses.begin(), hostAddresses.end(),
                              [&](const Address& own) { return isSame(own, address); }))
        found = Found{fmt::format("this machine ({})", address.text()), false};
    if (!found)
        return decision;

    if (const Grant* grant = grantFor(grants, address, port, found->metadata)) {
        decision.ruleText = grant->text();
        decision.reason = fmt::format("{} is {}, opened by the grant {}", address.text(),
                                      found->text, grant->text());
        return decision;
    }
    decision.verdict = Verdict::Deny;
    decision.ruleText = found->text;
    decision.reason = fmt::format("{} is {}, which only a grant in the sandbox's settings opens",
                                  address.text(), found->text);
    return decision;
}

std::optional<std::string> floorName(std::string_view name)
{
    struct NamedHost
    {
        std::string_view name;
        std::string_view what;
    };
    static constexpr std::array Names = {
        NamedHost{"localhost", "this machine"},
        NamedHost{"localhost.localdomain", "this machine"},
        NamedHost{"localhost6", "this machine"},
        NamedHost{"localhost6.localdomain6", "this machine"},
        NamedHost{"ip6-localhost", "this machine"},
        NamedHost{"ip6-loopback", "this machine"},
        NamedHost{"local", "the local network"},
        NamedHost{"metadata", "cloud metadata"},
        NamedHost{"metadata.google.internal", "cloud metadata"},
        NamedHost{"metadata.goog", "cloud metadata"},
        NamedHost{"instance-data", "cloud metadata"},
        NamedHost{"instance-data.ec2.internal", "cloud metadata"},
        NamedHost{"metadata.azure.internal", "cloud metadata"},
        NamedHost{"metadata.platformequinix.com", "cloud metadata"},
    };
    const auto* const found = std::find_if(
        Names.begin(), Names.end(), [&](const NamedHost& entry) { return entry.name == name; });
    if (found != Names.end())
        return std::string(found->what);
    if (name.ends_with(".localhost"))
        return "this machine";
    if (name.ends_with(".local"))
        return "the local network";
    return std::nullopt;
}

} // namespace sallyport::policy

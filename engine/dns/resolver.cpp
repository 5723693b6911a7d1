#include "engine/dns/resolver.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/dns/wire.h"
#include "engine/policy/host.h"

namespace sallyport::dns {
namespace {

constexpr std::size_t MostTcpBytes = 65'535;

// Names below these are never the internet's (RFC 6761, 6762, 7686, 8375).
bool isSpecialUse(std::string_view name)
{
    static constexpr std::array<std::string_view, 6> Tops = {
        "local", "onion", "invalid", "home.arpa", "in-addr.arpa", "ip6.arpa"};
    return std::any_of(Tops.begin(), Tops.end(), [name](std::string_view top) {
        return name == top || (name.size() > top.size() && name.ends_with(top) &&
                               name[name.size() - top.size() - 1] == '.');
    });
}

bool isLocalhost(std::string_view name)
{
    return name == "localhost" || name.ends_with(".localhost");
}

// "4.3.2.1.in-addr.arpa" is 1.2.3.4.
std::optional<policy::Address> reverseV4(std::string_view labels)
{
    std::array<std::string, 4> parts;
    for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t dot = labels.find('.');
        if ((dot == std::string_view::npos) != (i == 3))
            return std::nullopt;
        parts[3 - i] = labels.substr(0, dot);
        if (i < 3)
            labels.remove_prefix(dot + 1);
    }
    return policy::Address::parse(
        fmt::format("{}.{}.{}.{}", parts[0], parts[1], parts[2], parts[3]));
}

// 32 nibbles, the lowest first.
std::optional<policy::Address> reverseV6(std::string_view labels)
{
    if (labels.size() != 63)
        return std::nullopt;
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t i = 0; i < 32; ++i) {
        unsigned nibble = 0;
        const char* const at = labels.data() + 2 * i;
        const auto [end, error] = std::from_chars(at, at + 1, nibble, 16);
        if (error != std::errc{} || end != at + 1 || (i < 31 && labels[2 * i + 1] != '.'))
            return std::nullopt;
        std::uint8_t& byte = bytes[15 - i / 2];
        byte = static_cast<std::uint8_t>(byte | (i % 2 == 0 ? nibble : nibble << 4U));
    }
    return policy::Address::fromBytes(bytes);
}

std::optional<policy::Address> reverseAddress(std::string_view lowerName)
{
    static constexpr std::string_view V4 = ".in-addr.arpa";
    static constexpr std::string_view V6 = ".ip6.arpa";
    if (lowerName.ends_with(V4))
        return reverseV4(lowerName.substr(0, lowerName.size() - V4.size()));
    if (lowerName.ends_with(V6))
        return reverseV6(lowerName.substr(0, lowerName.size() - V6.size()));
    return std::nullopt;
}

// One query on its way to its reply.
class Answerer
{
public:
    Answerer(const Query& query, Transport transport, const ResolverOptions& options, Reply& reply)
        : m_query(query)
        , m_options(options)
        , m_reply(reply)
        , m_most(transport == Transport::Tcp ? MostTcpBytes : query.udpPayload)
    {
    }

    void run(AddressPool& pool);

private:
    void refuse(Rcode rcode, std::string note)
    {
        m_reply.note = std::move(note);
        empty(rcode);
    }
    void empty(Rcode rcode)
    {
        m_reply.rcode = rcode;
        m_reply.bytes = writer(rcode).finish(m_most);
    }
    [[nodiscard]] ReplyWriter writer(Rcode rcode) const
    {
        return {m_query, static_cast<unsigned>(rcode), true};
    }
    void pointer(AddressPool& pool);
    void addresses(const AddressPool::Addresses& pair);

    const Query& m_query;
    const ResolverOptions& m_options;
    Reply& m_reply;
    std::size_t m_most;
};

void Answerer::run(AddressPool& pool)
{
    if (m_query.opcode != 0)
        return refuse(Rcode::NotImp, "not a query");
    if (!m_query.problem.empty())
        return refuse(Rcode::FormErr, m_query.problem);
    if (m_query.hasEdns && m_query.ednsVersion != 0)
        return refuse(Rcode::BadVers, "EDNS of another version");
    if (m_query.klass != ClassIn)
        return refuse(Rcode::Refused, "not of class IN");
    if (m_query.type == TypeAxfr || m_query.type == TypeIxfr)
        return refuse(Rcode::Refused, "a zone transfer");
    if (m_query.type == TypeOpt || m_query.type == 0)
        return refuse(Rcode::FormErr, "not a type to ask for");

    const std::string lower = text::toLower(m_query.name);
    if (lower.ends_with(".arpa") && reverseAddress(lower))
        return pointer(pool);
    if (m_query.name == ".")
        return empty(Rcode::NoError);
    const Result<std::string> name = m_query.nameHasDots
                                         ? fail(Error::Code::Invalid, "a dot inside of a label")
                                         : policy::canonicalName(m_query.name);
    if (!name)
        return refuse(Rcode::NxDomain, "no host name");
    if (isLocalhost(*name))
        return addresses({policy::Address::v4(127, 0, 0, 1), *policy::Address::parse("::1")});
    if (name->find('.') == std::string::npos)
        return refuse(Rcode::NxDomain, "a name of one label");
    if (isSpecialUse(*name))
        return refuse(Rcode::NxDomain, "not a name of the internet");

    const std::optional<AddressPool::Addresses> pair = pool.assign(*name);
    if (!pair)
        return refuse(Rcode::ServFail, "all addresses of the pool are in use");
    addresses(*pair);
}

void Answerer::addresses(const AddressPool::Addresses& pair)
{
    ReplyWriter reply = writer(Rcode::NoError);
    if (m_query.type == TypeA && m_options.v4)
        reply.addAddress(pair.v4, m_options.ttlSeconds);
    else if (m_query.type == TypeAaaa && m_options.v6)
        reply.addAddress(pair.v6, m_options.ttlSeconds);
    else if (m_query.type == TypeAny)
        reply.addHinfo(m_options.ttlSeconds);
    m_reply.bytes = reply.finish(m_most);
}

void Answerer::pointer(AddressPool& pool)
{
    const std::optional<policy::Address> address = reverseAddress(text::toLower(m_query.name));
    const std::optional<std::string> name = address ? pool.nameOf(*address) : std::nullopt;
    if (!name)
        return refuse(Rcode::NxDomain, "not an address of the pool");
    ReplyWriter reply = writer(Rcode::NoError);
    if (m_query.type == TypePtr)
        reply.addPointer(*name, m_options.ttlSeconds);
    else if (m_query.type == TypeAny)
        reply.addHinfo(m_options.ttlSeconds);
    m_reply.bytes = reply.finish(m_most);
}

} // namespace

Reply answer(std::span<const std::uint8_t> query,
             Transport transport,
             AddressPool& pool,
             const ResolverOptions& options)
{
    Reply reply;
    const std::optional<Query> parsed = parseQuery(query);
    if (!parsed || parsed->isReply) {
        reply.note = parsed ? "a reply, not a query" : "shorter than a DNS header";
        reply.rcode = Rcode::FormErr;
        return reply;
    }
    reply.name = text::escapeControls(parsed->name);
    reply.type = parsed->type;
    Answerer(*parsed, transport, options, reply).run(pool);
    return reply;
}

std::string typeName(std::uint16_t type)
{
    struct Named
    {
        std::uint16_t type;
        std::string_view name;
    };
    static constexpr std::array Names = {Named{TypeA, "A"},         Named{2, "NS"},
                                         Named{5, "CNAME"},         Named{TypeSoa, "SOA"},
                                         Named{TypePtr, "PTR"},     Named{15, "MX"},
                                         Named{16, "TXT"},          Named{TypeAaaa, "AAAA"},
                                         Named{33, "SRV"},          Named{35, "NAPTR"},
                                         Named{43, "DS"},           Named{48, "DNSKEY"},
                                         Named{64, "SVCB"},         Named{65, "HTTPS"},
                                         Named{257, "CAA"},         Named{TypeAny, "ANY"},
                                         Named{TypeHinfo, "HINFO"}, Named{TypeAxfr, "AXFR"}};
    const auto* const found = std::find_if(
        Names.begin(), Names.end(), [type](const Named& named) { return named.type == type; });
    return found != Names.end() ? std::string(found->name) : fmt::format("TYPE{}", type);
}

} // namespace sallyport::dns

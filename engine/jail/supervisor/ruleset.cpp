#include "engine/jail/supervisor/ruleset.h"

#include <array>
#include <utility>

#include <fmt/format.h>
#include <nftables/libnftables.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "engine/jail/supervisor/network.h"

namespace sallyport::jail {
namespace {

using nlohmann::json;

// Counters of one tap, each a named object that a map finds by the interface.
constexpr std::array<std::string_view, 5> CounterNames = {"tcp", "dns", "refused", "spoofed",
                                                          "dropped"};

// Order matters: source check, then what may pass, then refusals. `{{` is a brace (fmt).
constexpr std::string_view Base = R"(
table inet sallyport {{
    set guest4 {{ type ifname . ipv4_addr; }}
    set guest6 {{ type ifname . ipv6_addr; }}
    set udp_open {{ type ifname . inet_service; }}
    set refusals {{ type ifname; size 2048; flags dynamic; }}
    map count_tcp {{ type ifname : counter; }}
    map count_dns {{ type ifname : counter; }}
    map count_refused {{ type ifname : counter; }}
    map count_spoofed {{ type ifname : counter; }}
    map count_dropped {{ type ifname : counter; }}

    chain spoofed {{
        counter name iifname map @count_spoofed
        drop
    }}
    chain unanswered {{
        counter name iifname map @count_dropped
        drop
    }}
    chain refused {{
        update @refusals {{ iifname limit rate over 400/second burst 200 packets }} goto unanswered
        counter name iifname map @count_refused
        meta l4proto tcp reject with tcp reset
        reject with icmpx type admin-prohibited
    }}
    chain neighbours {{
        ip6 saddr fe80::/10 accept
        ip6 saddr :: accept
        iifname . ip6 saddr @guest6 accept
        goto spoofed
    }}
    # To the socket of the very port, since the answer has to come from it. Where none hears any
    # more (the engine is gone) tproxy does not match.
    chain opened {{
        meta nfproto ipv4 meta l4proto udp tproxy ip to 127.0.0.1 meta mark set {mark} counter name iifname map @count_dns accept
        meta nfproto ipv6 meta l4proto udp tproxy ip6 to [::1] meta mark set {mark} counter name iifname map @count_dns accept
        goto refused
    }}
    chain prerouting {{
        type filter hook prerouting priority mangle; policy drop;
        iifname "lo" accept
        icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} ip6 hoplimit 255 goto neighbours
        meta nfproto ipv4 iifname . ip saddr != @guest4 goto spoofed
        meta nfproto ipv6 iifname . ip6 saddr != @guest6 goto spoofed
        fib daddr type {{ broadcast, multicast }} goto unanswered
        ip daddr {{ 0.0.0.0/8, 127.0.0.0/8, 240.0.0.0/4 }} goto refused
        ip6 daddr {{ ::/127, ::ffff:0:0/96 }} goto refused
        meta l4proto tcp tproxy to :{tcpPort} meta mark set {mark} counter name iifname map @count_tcp accept
        meta l4proto udp udp dport 53 tproxy to :{dnsPort} meta mark set {mark} counter name iifname map @count_dns accept
        iifname . udp dport @udp_open goto opened
        goto refused
    }}
    chain input {{
        type filter hook input priority filter; policy drop;
        iifname "lo" accept
        meta mark {mark} meta l4proto {{ tcp, udp }} accept
        icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} accept
    }}
    chain forward {{
        type filter hook forward priority filter; policy drop;
        counter
    }}
}}
)";

} // namespace

std::string baseRules()
{
    return fmt::format(Base, fmt::arg("tcpPort", CaughtTcpPort), fmt::arg("dnsPort", CaughtDnsPort),
                       fmt::arg("mark", CaughtMark));
}

std::string addTapRules(const Tap& tap)
{
    std::string rules;
    for (const std::string_view name : CounterNames)
        rules += fmt::format("add counter inet sallyport {0}_{1}\n"
                             "add element inet sallyport count_{1} {{ \"{0}\" : \"{0}_{1}\" }}\n",
                             tap.name, name);
    rules +=
        fmt::format("add element inet sallyport guest4 {{ \"{}\" . {} }}\n", tap.name, tap.guest4);
    rules +=
        fmt::format("add element inet sallyport guest6 {{ \"{}\" . {} }}\n", tap.name, tap.guest6);
    return rules;
}

std::string removeTapRules(const Tap& tap)
{
    std::string rules;
    rules += fmt::format("delete element inet sallyport guest4 {{ \"{}\" . {} }}\n", tap.name,
                         tap.guest4);
    rules += fmt::format("delete element inet sallyport guest6 {{ \"{}\" . {} }}\n", tap.name,
                         tap.guest6);
    for (const std::string_view name : CounterNames)
        rules += fmt::format("delete element inet sallyport count_{1} {{ \"{0}\" : \"{0}_{1}\" }}\n"
                             "delete counter inet sallyport {0}_{1}\n",
                             tap.name, name);
    return rules;
}

std::string openUdpRules(const Tap& tap, std::uint16_t port)
{
    return fmt::format("add element inet sallyport udp_open {{ \"{}\" . {} }}\n", tap.name, port);
}

std::string closeUdpRules(const Tap& tap, std::uint16_t port)
{
    return fmt::format("delete element inet sallyport udp_open {{ \"{}\" . {} }}\n", tap.name,
                       port);
}

void Ruleset::Free::operator()(nft_ctx* context) const
{
    nft_ctx_free(context);
}

Ruleset::Ruleset(nft_ctx* context)
    : m_context(context)
{
    nft_ctx_buffer_output(context);
    nft_ctx_buffer_error(context);
}

Result<std::string> Ruleset::run(const std::string& commands)
{
    const int code = nft_run_cmd_from_buffer(m_context.get(), commands.c_str());
    // Both buffers have to be fetched each time, or they grow.
    const std::string output = nft_ctx_get_output_buffer(m_context.get());
    const std::string problem = nft_ctx_get_error_buffer(m_context.get());
    if (code != 0)
        return fail(Error::Code::Unavailable,
                    "nftables refused the rules: " + text::elide(problem, 600));
    return output;
}

Result<Ruleset> Ruleset::load()
{
    nft_ctx* context = nft_ctx_new(NFT_CTX_DEFAULT);
    if (context == nullptr)
        return fail(Error::Code::Unavailable, "libnftables could not be set up");
    Ruleset ruleset(context);
    if (auto done = ruleset.run(baseRules()); !done)
        return tl::unexpected(done.error());
    return ruleset;
}

Status Ruleset::addTap(const Tap& tap)
{
    auto done = run(addTapRules(tap));
    return done ? Status() : tl::unexpected(done.error());
}

Status Ruleset::removeTap(const Tap& tap)
{
    auto done = run(removeTapRules(tap));
    return done ? Status() : tl::unexpected(done.error());
}

Status Ruleset::openUdp(const Tap& tap, std::uint16_t port)
{
    auto done = run(openUdpRules(tap, port));
    return done ? Status() : tl::unexpected(done.error());
}

Status Ruleset::closeUdp(const Tap& tap, std::uint16_t port)
{
    auto done = run(closeUdpRules(tap, port));
    return done ? Status() : tl::unexpected(done.error());
}

Result<TapCounters> Ruleset::counters(const Tap& tap)
{
    TapCounters counters;
    const std::pair<std::string_view, std::uint64_t*> wanted[] = {
        {"tcp", &counters.caughtTcp},   {"dns", &counters.caughtDns},
        {"refused", &counters.refused}, {"spoofed", &counters.spoofed},
        {"dropped", &counters.dropped},
    };
    nft_ctx_output_set_flags(m_context.get(), NFT_CTX_OUTPUT_JSON);
    auto output = run("list counters table inet sallyport");
    nft_ctx_output_set_flags(m_context.get(), 0);
    if (!output)
        return tl::unexpected(output.error());
    const json listing = json::parse(*output, nullptr, false);
    if (!listing.is_object() || !listing.contains("nftables"))
        return fail(Error::Code::Internal, "libnftables gave no counters");
    for (const json& entry : listing["nftables"]) {
        if (!entry.contains("counter"))
            continue;
        const json& counter = entry["counter"];
        for (const auto& [name, value] : wanted)
            if (counter.value("name", "") == fmt::format("{}_{}", tap.name, name))
                *value = counter.value("packets", std::uint64_t{0});
    }
    return counters;
}

} // namespace sallyport::jail

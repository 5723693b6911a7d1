#pragma once

// The packet filter of the jail: nftables table `inet sallyport`, by libnftables. One thread.
//
// What a guest sends is caught (TCP, DNS: given to our sockets by tproxy), refused with an ICMP
// error, or dropped where an answer is impossible or wrong (spoofed, multicast, floods). Nothing is
// forwarded.

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/jail/address_plan.h"
#include "engine/jail/jail.h"

struct nft_ctx;

namespace sallyport::jail {

// Ports of the listening sockets in the jail. No guest can tell: every port leads to them.
inline constexpr unsigned CaughtTcpPort = 15001;
inline constexpr unsigned CaughtDnsPort = 53; // answers have to come from port 53

// The commands, pure: for tests and for reading.
[[nodiscard]] std::string baseRules();
[[nodiscard]] std::string addTapRules(const Tap& tap);
[[nodiscard]] std::string removeTapRules(const Tap& tap);
[[nodiscard]] std::string openUdpRules(const Tap& tap, std::uint16_t port);
[[nodiscard]] std::string closeUdpRules(const Tap& tap, std::uint16_t port);

class Ruleset
{
public:
    // Loads the base rules into this process's network namespace.
    [[nodiscard]] static Result<Ruleset> load();

    [[nodiscard]] Status addTap(const Tap& tap);
    [[nodiscard]] Status removeTap(const Tap& tap);
    // One more port whose datagrams go to sockets of ours. Opening an open one is fine.
    [[nodiscard]] Status openUdp(const Tap& tap, std::uint16_t port);
    [[nodiscard]] Status closeUdp(const Tap& tap, std::uint16_t port);
    [[nodiscard]] Result<TapCounters> counters(const Tap& tap);

private:
    struct Free
    {
        void operator()(nft_ctx* context) const;
    };
    explicit Ruleset(nft_ctx* context);
    // Runs commands as one transaction; the output, which is JSON where a list is asked for.
    Result<std::string> run(const std::string& commands);

    std::unique_ptr<nft_ctx, Free> m_context;
};

} // namespace sallyport::jail

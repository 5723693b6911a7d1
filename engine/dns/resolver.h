#pragma once

// The resolver of a sandbox as a pure function: a query in, a reply out. It asks no server, so a
// query carries nothing away. A and AAAA come from the pool; PTR answers for the pool's own
// addresses; every other type has an empty answer (no ECH, no HTTP/3 hints by HTTPS or SVCB); ANY
// gets RFC 8482's. RFC 1035, EDNS(0) RFC 6891. Never reads past the end; compressed names in a
// query are refused.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/dns/address_pool.h"

namespace sallyport::dns {

enum class Transport
{
    Udp, // at most 512 bytes, or what EDNS allows up to 1232; TC where it does not fit
    Tcp, // without the two bytes of length
};

enum class Rcode : std::uint8_t
{
    NoError = 0,
    FormErr = 1,
    ServFail = 2,
    NxDomain = 3,
    NotImp = 4,
    Refused = 5,
    BadVers = 16,
};

struct ResolverOptions
{
    std::uint32_t ttlSeconds = 60;
    bool v4 = true; // answer A
    bool v6 = true; // answer AAAA
};

struct Reply
{
    std::vector<std::uint8_t> bytes; // empty: send nothing (not a query at all, or itself a reply)
    std::string name;                // asked for, as in the query, escaped; for the log
    std::uint16_t type = 0;
    Rcode rcode = Rcode::NoError;
    std::string note; // why it was refused; empty otherwise
};

// "localhost" is answered with the loopback addresses, as RFC 6761 wants. NXDOMAIN for names that
// are no host names, single labels, "*.local", "*.onion", "*.invalid" and reverse names outside of
// the pool.
[[nodiscard]] Reply answer(std::span<const std::uint8_t> query,
                           Transport transport,
                           AddressPool& pool,
                           const ResolverOptions& options);

// "A", "AAAA", "HTTPS", or "TYPE123"
[[nodiscard]] std::string typeName(std::uint16_t type);

} // namespace sallyport::dns

#pragma once

// Which names and addresses sandbox number N has in the jail's network. Pure: the same N gives the
// same answer in the supervisor, in the engine and after a restart of either.

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace sallyport::jail {

// Sandbox numbers are 1..MaxNumber. Number 0 is the self-test's own tap, number 1023 its second.
inline constexpr unsigned MaxNumber = 1000;
inline constexpr unsigned ProbeNumber = 0;
inline constexpr unsigned SecondProbeNumber = 1023;

// One tap and the two ends of its point-to-point network. The gateway is the jail's end: the guest
// uses it as its default route and as its name server, for IPv4 and IPv6.
struct Tap
{
    unsigned number = 0;
    std::string name;       // "sp7": the interface in the jail's namespace
    std::string guestMac;   // "52:54:00:53:00:07"; replies go to this one only
    std::string gatewayMac; // "02:53:50:53:00:07"
    std::string guest4;     // "100.64.0.15", RFC 6598 shared address space
    std::string gateway4;   // "100.64.0.14"
    int prefix4 = 31;       // RFC 3021
    std::string guest6;     // "fd53:616c:6c79:7::2", RFC 4193
    std::string gateway6;   // "fd53:616c:6c79:7::1"
    int prefix6 = 126;
    int mtu = 1500;
};

// The plan for any number that may have a tap, the probes' included.
[[nodiscard]] Result<Tap> addressPlan(unsigned number);

// All addresses of all sandboxes, for the floor of the policy: no sandbox reaches another.
inline constexpr std::string_view AllSandboxes4 = "100.64.0.0/20";
inline constexpr std::string_view AllSandboxes6 = "fd53:616c:6c79::/48";

} // namespace sallyport::jail

#pragma once

// Ethernet frames written and read by hand, for proving what the jail does with them. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport::jail {

inline constexpr std::uint8_t TcpFin = 0x01;
inline constexpr std::uint8_t TcpSyn = 0x02;
inline constexpr std::uint8_t TcpReset = 0x04;
inline constexpr std::uint8_t TcpAck = 0x10;

inline constexpr std::uint8_t ProtocolIcmp4 = 1;
inline constexpr std::uint8_t ProtocolTcp = 6;
inline constexpr std::uint8_t ProtocolUdp = 17;
inline constexpr std::uint8_t ProtocolIcmp6 = 58;

// From whom to whom. Addresses as text; both of one family, which decides between IPv4 and IPv6.
struct Flow
{
    std::string sourceMac;
    std::string destinationMac;
    std::string source;
    std::string destination;
    std::uint16_t sourcePort = 0;
    std::uint16_t destinationPort = 0;
};

[[nodiscard]] std::string tcpFrame(const Flow& flow,
                                   std::uint8_t flags,
                                   std::uint32_t sequence,
                                   std::uint32_t acknowledged,
                                   std::string_view data = {});
[[nodiscard]] std::string udpFrame(const Flow& flow, std::string_view data);
[[nodiscard]] std::string echoFrame(const Flow& flow, std::string_view data);
// What a router answers that must not let the datagram pass which `flow` describes (RFC 1812, RFC
// 4443: administratively prohibited); it goes the other way.
[[nodiscard]] std::string refusalFrame(const Flow& flow);
// Any protocol number, with the bytes as they are.
[[nodiscard]] std::string rawFrame(const Flow& flow, std::uint8_t protocol, std::string_view bytes);

struct SeenFrame
{
    bool isIp6 = false;
    std::string source;
    std::string destination;
    std::uint8_t protocol = 0;
    std::uint16_t sourcePort = 0; // TCP and UDP
    std::uint16_t destinationPort = 0;
    std::uint8_t tcpFlags = 0;
    std::uint32_t sequence = 0;
    std::uint32_t acknowledged = 0;
    std::uint8_t icmpType = 0;
    std::uint8_t icmpCode = 0;
    std::string data; // after the transport header

    // An ICMP error that says "refused": administratively prohibited or port unreachable.
    [[nodiscard]] bool isRefusal() const;
};

// Nothing where it is not whole IPv4 or IPv6 (ARP, for one).
[[nodiscard]] std::optional<SeenFrame> parseFrame(std::string_view frame);

} // namespace sallyport::jail

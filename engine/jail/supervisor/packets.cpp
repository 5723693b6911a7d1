#include "engine/jail/supervisor/packets.h"

#include <array>
#include <charconv>

#include <arpa/inet.h>

namespace sallyport::jail {
namespace {

constexpr std::size_t EthernetHeader = 14;
constexpr std::uint16_t EtherTypeIp4 = 0x0800;
constexpr std::uint16_t EtherTypeIp6 = 0x86dd;
constexpr std::uint8_t HopLimit = 64;

void put8(std::string& out, unsigned value)
{
    out += static_cast<char>(value & 0xffU);
}
void put16(std::string& out, unsigned value)
{
    put8(out, value >> 8U);
    put8(out, value);
}
void put32(std::string& out, std::uint32_t value)
{
    put16(out, value >> 16U);
    put16(out, value & 0xffffU);
}

unsigned get8(std::string_view bytes, std::size_t at)
{
    return static_cast<unsigned char>(bytes[at]);
}
std::uint16_t get16(std::string_view bytes, std::size_t at)
{
    return static_cast<std::uint16_t>(get8(bytes, at) << 8U | get8(bytes, at + 1));
}
std::uint32_t get32(std::string_view bytes, std::size_t at)
{
    return static_cast<std::uint32_t>(get16(bytes, at)) << 16U | get16(bytes, at + 2);
}

bool isIp6(const std::string& address)
{
    return address.find(':') != std::string::npos;
}

std::string addressBytes(const std::string& address)
{
    std::array<char, 16> bytes{};
    const int family = isIp6(address) ? AF_INET6 : AF_INET;
    if (::inet_pton(family, address.c_str(), bytes.data()) != 1)
        return {};
    return {bytes.data(), family == AF_INET ? 4U : 16U};
}

std::string addressText(std::string_view bytes)
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
    return ::inet_ntop(family, bytes.data(), text.data(), text.size()) == nullptr ? std::string()
                                                                                  : text.data();
}

std::string macBytes(const std::string& mac)
{
    std::string bytes;
    for (std::size_t at = 0; at + 1 < mac.size(); at += 3) {
        unsigned value = 0;
        std::from_chars(mac.data() + at, mac.data() + at + 2, value, 16);
        put8(bytes, value);
    }
    return bytes;
}

// RFC 1071.
std::uint16_t checksum(std::string_view bytes)
{
    std::uint32_t sum = 0;
    for (std::size_t at = 0; at < bytes.size(); at += 2)
        sum += at + 1 < bytes.size() ? get16(bytes, at) : get8(bytes, at) << 8U;
    while (sum > 0xffff)
        sum = (sum & 0xffffU) + (sum >> 16U);
    return static_cast<std::uint16_t>(~sum);
}

// Of a transport segment, with the pseudo header (RFC 9293 section 3.1, RFC 8200 section 8.1).
std::uint16_t transportChecksum(const Flow& flow, std::uint8_t protocol, std::string_view segment)
{
    std::string bytes = addressBytes(flow.source) + addressBytes(flow.destination);
    put32(bytes, static_cast<std::uint32_t>(segment.size()));
    put32(bytes, protocol);
    bytes += segment;
    return checksum(bytes);
}

void patch16(std::string& bytes, std::size_t at, std::uint16_t value)
{
    bytes[at] = static_cast<char>(value >> 8U);
    bytes[at + 1] = static_cast<char>(value & 0xffU);
}

std::string ip4Header(const Flow& flow, std::uint8_t protocol, std::size_t payload)
{
    std::string header;
    put16(header, 0x4500);
    put16(header, static_cast<unsigned>(20 + payload));
    put32(header, 0x00004000); // don't fragment
    put8(header, HopLimit);
    put8(header, protocol);
    put16(header, 0);
    header += addressBytes(flow.source) + addressBytes(flow.destination);
    patch16(header, 10, checksum(header));
    return header;
}

std::string ip6Header(const Flow& flow, std::uint8_t protocol, std::size_t payload)
{
    std::string header;
    put32(header, 0x60000000);
    put16(header, static_cast<unsigned>(payload));
    put8(header, protocol);
    put8(header, HopLimit);
    return header + addressBytes(flow.source) + addressBytes(flow.destination);
}

// Reads the transport header behind the IP header, as far as the frame has it.
void parseTransport(SeenFrame& seen, std::string_view bytes)
{
    std::size_t header = 0;
    if (seen.protocol == ProtocolTcp && bytes.size() >= 20) {
        header = (get8(bytes, 12) >> 4U) * 4UL;
        seen.sequence = get32(bytes, 4);
        seen.acknowledged = get32(bytes, 8);
        seen.tcpFlags = static_cast<std::uint8_t>(get8(bytes, 13));
    } else if (seen.protocol == ProtocolUdp && bytes.size() >= 8) {
        header = 8;
    } else if ((seen.protocol == ProtocolIcmp4 || seen.protocol == ProtocolIcmp6) &&
               bytes.size() >= 8) {
        seen.icmpType = static_cast<std::uint8_t>(get8(bytes, 0));
        seen.icmpCode = static_cast<std::uint8_t>(get8(bytes, 1));
        seen.data = bytes.substr(8);
        return;
    } else {
        seen.data = bytes;
        return;
    }
    seen.sourcePort = get16(bytes, 0);
    seen.destinationPort = get16(bytes, 2);
    if (header <= bytes.size())
        seen.data = bytes.substr(header);
}

} // namespace

std::string rawFrame(const Flow& flow, std::uint8_t protocol, std::string_view bytes)
{
    const bool six = isIp6(flow.source);
    std::string frame = macBytes(flow.destinationMac) + macBytes(flow.sourceMac);
    put16(frame, six ? EtherTypeIp6 : EtherTypeIp4);
    frame +=
        six ? ip6Header(flow, protocol, bytes.size()) : ip4Header(flow, protocol, bytes.size());
    frame += bytes;
    return frame;
}

std::string tcpFrame(const Flow& flow,
                     std::uint8_t flags,
                     std::uint32_t sequence,
                     std::uint32_t acknowledged,
                     std::string_view data)
{
    std::string segment;
    put16(segment, flow.sourcePort);
    put16(segment, flow.destinationPort);
    put32(segment, sequence);
    put32(segment, acknowledged);
    put8(segment, 0x50);
    put8(segment, flags);
    put16(segment, 65535);
    put32(segment, 0);
    segment += data;
    patch16(segment, 16, transportChecksum(flow, ProtocolTcp, segment));
    return rawFrame(flow, ProtocolTcp, segment);
}

std::string udpFrame(const Flow& flow, std::string_view data)
{
    std::string segment;
    put16(segment, flow.sourcePort);
    put16(segment, flow.destinationPort);
    put16(segment, static_cast<unsigned>(8 + data.size()));
    put16(segment, 0);
    segment += data;
    patch16(segment, 6, transportChecksum(flow, ProtocolUdp, segment));
    return rawFrame(flow, ProtocolUdp, segment);
}

std::string echoFrame(const Flow& flow, std::string_view data)
{
    const bool six = isIp6(flow.source);
    std::string message;
    put16(message, six ? 0x8000 : 0x0800);
    put16(message, 0);
    put32(message, 0x00010001);
    message += data;
    patch16(message, 2, six ? transportChecksum(flow, ProtocolIcmp6, message) : checksum(message));
    return rawFrame(flow, six ? ProtocolIcmp6 : ProtocolIcmp4, message);
}

std::string refusalFrame(const Flow& flow)
{
    const bool six = isIp6(flow.source);
    const Flow back{flow.destinationMac, flow.sourceMac,       flow.destination, flow.source,
                    flow.destinationPort, flow.sourcePort};
    std::string message;
    put16(message, six ? 0x0101 : 0x030d);
    put16(message, 0);
    put32(message, 0);
    message += udpFrame(flow, {}).substr(EthernetHeader);
    patch16(message, 2, six ? transportChecksum(back, ProtocolIcmp6, message) : checksum(message));
    return rawFrame(back, six ? ProtocolIcmp6 : ProtocolIcmp4, message);
}

bool SeenFrame::isRefusal() const
{
    // RFC 1812 5.2.7.1 codes 9, 10, 13 and port unreachable 3; RFC 4443 3.1 codes 1 and 4.
    if (protocol == ProtocolIcmp4)
        return icmpType == 3 &&
               (icmpCode == 3 || icmpCode == 9 || icmpCode == 10 || icmpCode == 13);
    return protocol == ProtocolIcmp6 && icmpType == 1 && (icmpCode == 1 || icmpCode == 4);
}

std::optional<SeenFrame> parseFrame(std::string_view frame)
{
    if (frame.size() < EthernetHeader + 20)
        return std::nullopt;
    const std::uint16_t type = get16(frame, 12);
    frame.remove_prefix(EthernetHeader);
    SeenFrame seen;
    if (type == EtherTypeIp4) {
        const std::size_t header = (get8(frame, 0) & 0xfU) * 4UL;
        const std::size_t total = get16(frame, 2);
        if (header < 20 || total < header || total > frame.size())
            return std::nullopt;
        seen.protocol = static_cast<std::uint8_t>(get8(frame, 9));
        seen.source = addressText(frame.substr(12, 4));
        seen.destination = addressText(frame.substr(16, 4));
        parseTransport(seen, frame.substr(header, total - header));
        return seen;
    }
    if (type != EtherTypeIp6 || frame.size() < 40 || frame.size() < 40UL + get16(frame, 4))
        return std::nullopt;
    seen.isIp6 = true;
    seen.protocol = static_cast<std::uint8_t>(get8(frame, 6));
    seen.source = addressText(frame.substr(8, 16));
    seen.destination = addressText(frame.substr(24, 16));
    parseTransport(seen, frame.substr(40, get16(frame, 4)));
    return seen;
}

} // namespace sallyport::jail

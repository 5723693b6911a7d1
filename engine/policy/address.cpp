#include "engine/policy/address.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include <fmt/format.h>

namespace sallyport::policy {
namespace {

// Decimal without sign or leading zero, at most three digits.
std::optional<int> smallNumber(std::string_view text)
{
    if (text.empty() || text.size() > 3 || (text.size() > 1 && text.front() == '0'))
        return std::nullopt;
    int value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9')
            return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

std::optional<std::array<std::uint8_t, 4>> parseV4(std::string_view text)
{
    std::array<std::uint8_t, 4> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const std::size_t dot = text.find('.');
        if ((dot == std::string_view::npos) != (i == 3))
            return std::nullopt;
        const std::optional<int> number = smallNumber(text.substr(0, dot));
        if (!number || *number > 255)
            return std::nullopt;
        bytes[i] = static_cast<std::uint8_t>(*number);
        if (i < 3)
            text.remove_prefix(dot + 1);
    }
    return bytes;
}

std::optional<std::uint16_t> parseGroup(std::string_view text)
{
    std::uint16_t value = 0;
    if (text.empty() || text.size() > 4)
        return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

// The bytes of "a:b:c" or "a:b:1.2.3.4"; false on anything else. Empty text is no groups.
bool parseGroups(std::string_view text, bool mayEndInV4, std::vector<std::uint8_t>& out)
{
    while (!text.empty()) {
        const std::size_t colon = text.find(':');
        const std::string_view group = text.substr(0, colon);
        if (colon == std::string_view::npos && mayEndInV4 &&
            group.find('.') != std::string_view::npos) {
            const auto v4 = parseV4(group);
            if (!v4)
                return false;
            out.insert(out.end(), v4->begin(), v4->end());
            return out.size() <= 16;
        }
        const std::optional<std::uint16_t> value = parseGroup(group);
        if (!value || out.size() > 14)
            return false;
        out.push_back(static_cast<std::uint8_t>(*value >> 8U));
        out.push_back(static_cast<std::uint8_t>(*value & 0xffU));
        if (colon == std::string_view::npos)
            return true;
        text.remove_prefix(colon + 1);
        if (text.empty())
            return false; // ends in ':'
    }
    return true;
}

std::optional<std::array<std::uint8_t, 16>> parseV6(std::string_view text)
{
    std::vector<std::uint8_t> head;
    std::vector<std::uint8_t> tail;
    const std::size_t gap = text.find("::");
    if (gap == std::string_view::npos) {
        if (text.empty() || !parseGroups(text, true, head) || head.size() != 16)
            return std::nullopt;
    } else if (!parseGroups(text.substr(0, gap), false, head) ||
               !parseGroups(text.substr(gap + 2), true, tail) || head.size() + tail.size() > 14) {
        return std::nullopt;
    }
    std::array<std::uint8_t, 16> bytes{};
    std::copy(head.begin(), head.end(), bytes.begin());
    std::copy_backward(tail.begin(), tail.end(), bytes.end());
    return bytes;
}

std::string v6Text(std::span<const std::uint8_t> bytes)
{
    std::array<unsigned, 8> groups{};
    for (std::size_t i = 0; i < 8; ++i)
        groups[i] = (static_cast<unsigned>(bytes[2 * i]) << 8U) | bytes[2 * i + 1];
    // RFC 5952 4.2: the longest run of at least two zero groups, the first of equals.
    std::size_t gapAt = 8;
    std::size_t gapLength = 1;
    for (std::size_t i = 0; i < 8;) {
        std::size_t end = i;
        while (end < 8 && groups[end] == 0)
            ++end;
        if (end - i > gapLength) {
            gapAt = i;
            gapLength = end - i;
        }
        i = std::max(end, i + 1);
    }
    std::string text;
    for (std::size_t i = 0; i < 8; ++i) {
        if (i == gapAt) {
            text += "::";
            i += gapLength - 1;
            continue;
        }
        if (!text.empty() && text.back() != ':')
            text += ':';
        text += fmt::format("{:x}", groups[i]);
    }
    return text;
}

} // namespace

Address Address::v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d)
{
    Address address;
    address.m_bytes = {a, b, c, d};
    return address;
}

Address Address::v4(std::uint32_t number)
{
    return v4(static_cast<std::uint8_t>(number >> 24U),
              static_cast<std::uint8_t>((number >> 16U) & 0xffU),
              static_cast<std::uint8_t>((number >> 8U) & 0xffU),
              static_cast<std::uint8_t>(number & 0xffU));
}

std::optional<Address> Address::fromBytes(std::span<const std::uint8_t> bytes)
{
    if (bytes.size() != 4 && bytes.size() != 16)
        return std::nullopt;
    Address address;
    address.m_v4 = bytes.size() == 4;
    std::copy(bytes.begin(), bytes.end(), address.m_bytes.begin());
    return address;
}

std::optional<Address> Address::parse(std::string_view text)
{
    if (text.size() > 45) // the longest form, an IPv4 address in IPv6
        return std::nullopt;
    if (text.find(':') == std::string_view::npos) {
        const auto bytes = parseV4(text);
        return bytes ? fromBytes(*bytes) : std::nullopt;
    }
    const auto bytes = parseV6(text);
    return bytes ? fromBytes(*bytes) : std::nullopt;
}

Address Address::unmapped() const
{
    static constexpr std::array<std::uint8_t, 12> Mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};
    if (m_v4 || !std::equal(Mapped.begin(), Mapped.end(), m_bytes.begin()))
        return *this;
    return v4(m_bytes[12], m_bytes[13], m_bytes[14], m_bytes[15]);
}

std::string Address::text() const
{
    if (m_v4)
        return fmt::format("{}.{}.{}.{}", m_bytes[0], m_bytes[1], m_bytes[2], m_bytes[3]);
    const Address inner = unmapped();
    return inner.m_v4 ? "::ffff:" + inner.text() : v6Text(bytes());
}

std::string Address::urlText() const
{
    return m_v4 ? text() : '[' + text() + ']';
}

AddressRange::AddressRange(const Address& address, int bits)
    : m_bits(std::clamp(bits, 0, address.bits()))
{
    std::array<std::uint8_t, 16> bytes{};
    const auto from = address.bytes();
    for (std::size_t i = 0; i < from.size(); ++i) {
        const int left = m_bits - static_cast<int>(i) * 8;
        const unsigned mask = left >= 8 ? 0xffU : left <= 0 ? 0U : (0xff00U >> left) & 0xffU;
        bytes[i] = static_cast<std::uint8_t>(from[i] & mask);
    }
    m_address = *Address::fromBytes({bytes.data(), from.size()});
}

Result<AddressRange> AddressRange::parse(std::string_view text)
{
    const std::size_t slash = text.find('/');
    const std::optional<Address> address = Address::parse(text.substr(0, slash));
    if (!address)
        return fail(Error::Code::Invalid, fmt::format("\"{}\" is not an address or range", text));
    if (slash == std::string_view::npos)
        return AddressRange(*address);
    const std::optional<int> bits = smallNumber(text.substr(slash + 1));
    if (!bits || *bits > address->bits())
        return fail(
            Error::Code::Invalid,
            fmt::format("\"{}\": the length of the range must be 0 to {}", text, address->bits()));
    const AddressRange range(*address, *bits);
    if (range.address() != *address)
        return fail(Error::Code::Invalid,
                    fmt::format("\"{}\" has bits set beyond its length: did you mean {}?", text,
                                range.text()));
    return range;
}

bool AddressRange::contains(const Address& address) const
{
    return address.isV4() == m_address.isV4() &&
           AddressRange(address, m_bits).m_address == m_address;
}

std::string AddressRange::text() const
{
    return isSingle() ? m_address.text() : fmt::format("{}/{}", m_address.text(), m_bits);
}

std::size_t AddressHash::operator()(const Address& address) const noexcept
{
    // FNV-1a. The keys of the maps come from the person's rules, so floods are no concern.
    std::uint64_t hash = address.isV4() ? 14695981039346656037ULL : 14695981039346656036ULL;
    for (const std::uint8_t byte : address.bytes())
        hash = (hash ^ byte) * 1099511628211ULL;
    return static_cast<std::size_t>(hash);
}

} // namespace sallyport::policy

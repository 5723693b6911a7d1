#pragma once

// IP addresses and ranges as plain values. Text forms are strict: IPv4 is four decimal numbers
// without leading zeros, IPv6 is RFC 4291 without a zone. Immutable; any thread.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace sallyport::policy {

class Address
{
public:
    Address() = default; // 0.0.0.0

    [[nodiscard]] static Address v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d);
    // The number in host byte order: 0x7f000001 is 127.0.0.1.
    [[nodiscard]] static Address v4(std::uint32_t number);
    // 4 or 16 bytes in network order; any other length is nullopt.
    [[nodiscard]] static std::optional<Address> fromBytes(std::span<const std::uint8_t> bytes);
    // "203.0.113.7", "2001:db8::1"; brackets are not part of an address.
    [[nodiscard]] static std::optional<Address> parse(std::string_view text);

    [[nodiscard]] bool isV4() const { return m_v4; }
    [[nodiscard]] bool isV6() const { return !m_v4; }
    [[nodiscard]] int bits() const { return m_v4 ? 32 : 128; }
    // 4 or 16 bytes in network order.
    [[nodiscard]] std::span<const std::uint8_t> bytes() const
    {
        return {m_bytes.data(), m_v4 ? std::size_t{4} : std::size_t{16}};
    }
    // The IPv4 address in ::ffff:a.b.c.d; every other address as it is.
    [[nodiscard]] Address unmapped() const;
    // RFC 5952: "2001:db8::1".
    [[nodiscard]] std::string text() const;
    // As it stands in a URL: IPv6 in brackets.
    [[nodiscard]] std::string urlText() const;

    friend auto operator<=>(const Address&, const Address&) = default;

private:
    bool m_v4 = true;
    std::array<std::uint8_t, 16> m_bytes{}; // IPv4 uses the first four, the rest is zero
};

// All addresses that share the first `bits` bits. The address is kept with its other bits zero.
class AddressRange
{
public:
    AddressRange() = default; // 0.0.0.0/32
    AddressRange(const Address& address, int bits);
    explicit AddressRange(const Address& address)
        : AddressRange(address, address.bits())
    {
    }
    // "10.0.0.0/8", "fd00::/8", or a single address. Set host bits are an error that shows the
    // range meant.
    [[nodiscard]] static Result<AddressRange> parse(std::string_view text);

    [[nodiscard]] const Address& address() const { return m_address; }
    [[nodiscard]] int bits() const { return m_bits; }
    [[nodiscard]] bool isSingle() const { return m_bits == m_address.bits(); }
    // False for another family; map first where ::ffff:0:0/96 matters.
    [[nodiscard]] bool contains(const Address& address) const;
    // "10.0.0.0/8"; a single address without its bits.
    [[nodiscard]] std::string text() const;

    friend auto operator<=>(const AddressRange&, const AddressRange&) = default;

private:
    Address m_address;
    int m_bits = 32;
};

struct AddressHash
{
    [[nodiscard]] std::size_t operator()(const Address& address) const noexcept;
};

} // namespace sallyport::policy

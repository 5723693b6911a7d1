#pragma once

// The host of a request: a DNS name in canonical form or a literal address, never a mixture.
// Everything that compares hosts (SNI with Host, a request with a rule) compares these. Pure; any
// thread.

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/policy/address.h"

namespace sallyport::policy {

inline constexpr std::size_t MostHostNameBytes = 253;

struct Host
{
    std::string name;               // canonical; empty for a literal address
    std::optional<Address> address; // the literal; IPv4-mapped IPv6 is kept as IPv4

    Host() = default;
    explicit Host(std::string canonicalName)
        : name(std::move(canonicalName))
    {
    }
    explicit Host(const Address& literal)
        : address(literal.unmapped())
    {
    }

    [[nodiscard]] bool isLiteral() const { return address.has_value(); }
    [[nodiscard]] bool isEmpty() const { return name.empty() && !address; }
    // "api.example.com", "203.0.113.7", "2001:db8::1"
    [[nodiscard]] std::string text() const { return address ? address->text() : name; }
    // The same with brackets around IPv6, as it stands in a URL or a Host header.
    [[nodiscard]] std::string urlText() const { return address ? address->urlText() : name; }

    friend bool operator==(const Host&, const Host&) = default;
};

// A DNS name in canonical form: lower case, A-labels (IDNA 2008 with the UTS 46 mapping), without
// the trailing dot; labels of letters, digits, '-' and '_', 1 to 63 bytes, at most 253 in all.
// Refused: literal addresses, and spellings that some resolver reads as an IPv4 address
// ("0x7f.1", "2130706433", "127.1", "010.0.0.1": a last label that is a number).
[[nodiscard]] Result<std::string> canonicalName(std::string_view text);

// A name or a literal: "Example.COM.", "203.0.113.7", "2001:db8::1", "[2001:db8::1]".
[[nodiscard]] Result<Host> parseHost(std::string_view text);

struct Authority
{
    Host host;
    std::optional<int> port; // 1 to 65535; unset where the text names none

    friend bool operator==(const Authority&, const Authority&) = default;
};

// The value of a Host header or :authority, "host[:port]" (RFC 3986 3.2.2). IPv6 needs its
// brackets here; user information ("user@host") is refused.
[[nodiscard]] Result<Authority> parseAuthority(std::string_view text);

} // namespace sallyport::policy

#pragma once

// Host patterns of rules, allowedHosts and deniedHosts (docs/policy.md):
//   example.com      that name          *.example.com  any name below it, not itself
//   203.0.113.7      that address       10.0.0.0/8     a range, also of IPv6
//   *                every host         each with ":PORT"; IPv6 with a port in brackets
// Immutable values; any thread.

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/policy/host.h"

namespace sallyport::policy {

class Pattern
{
public:
    enum class Kind
    {
        Any,   // "*"
        Name,  // "example.com"
        Below, // "*.example.com"
        Range, // an address or a range
    };

    // Errors say what is wrong and what was probably meant ("*example.com": "*.example.com").
    [[nodiscard]] static Result<Pattern> parse(std::string_view text);

    [[nodiscard]] Kind kind() const { return m_kind; }
    // For Name the name, for Below the name after "*."; canonical.
    [[nodiscard]] const std::string& name() const { return m_name; }
    [[nodiscard]] const AddressRange& range() const { return m_range; }
    [[nodiscard]] std::optional<int> port() const { return m_port; }

    [[nodiscard]] bool matches(const Host& host, int port) const;
    // Of the host part alone, higher is more specific: a name or a single address 1000, a longer
    // suffix or prefix before a shorter one, "*" 0.
    [[nodiscard]] int specificity() const;
    // Canonical form: parses to an equal pattern.
    [[nodiscard]] std::string text() const;
    // Without the port, IPv6 in brackets: as it stands in a URL.
    [[nodiscard]] std::string hostText() const;

    friend bool operator==(const Pattern&, const Pattern&) = default;

private:
    Kind m_kind = Kind::Any;
    std::string m_name;
    AddressRange m_range;
    std::optional<int> m_port;
};

} // namespace sallyport::policy

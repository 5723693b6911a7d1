#include "engine/policy/pattern.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace sallyport::policy {
namespace {

tl::unexpected<Error> bad(std::string_view pattern, std::string_view why)
{
    return fail(Error::Code::Invalid,
                fmt::format("\"{}\": {}",
                            text::elide(text::escapeControls(pattern.substr(0, 400)), 100), why));
}

Result<int> parsePort(std::string_view text, std::string_view pattern)
{
    int port = 0;
    for (const char c : text) {
        if (c < '0' || c > '9' || port > 65535)
            return bad(pattern, "the port must be a number from 1 to 65535");
        port = port * 10 + (c - '0');
    }
    if (port < 1 || port > 65535)
        return bad(pattern, "the port must be a number from 1 to 65535");
    return port;
}

struct Split
{
    std::string_view host;
    std::optional<std::string_view> port;
};

// "host:port" and "[v6]:port" taken apart; bare IPv6 has no port.
Result<Split> split(std::string_view pattern)
{
    if (pattern.starts_with('[')) {
        const std::size_t end = pattern.find(']');
        if (end == std::string_view::npos)
            return bad(pattern, "lacks its closing bracket");
        const std::string_view after = pattern.substr(end + 1);
        if (after.empty())
            return Split{pattern.substr(1, end - 1), std::nullopt};
        if (!after.starts_with(':'))
            return bad(pattern, "after ']' only \":PORT\" may follow");
        return Split{pattern.substr(1, end - 1), after.substr(1)};
    }
    const std::size_t colon = pattern.find(':');
    if (colon == std::string_view::npos || pattern.find(':', colon + 1) != std::string_view::npos)
        return Split{pattern, std::nullopt};
    return Split{pattern.substr(0, colon), pattern.substr(colon + 1)};
}

std::string wildcardHelp(std::string_view host)
{
    if (host.starts_with('*') && !host.starts_with("*.") && host.find('*', 1) == host.npos)
        return fmt::format("'*' stands for whole labels: did you mean \"*.{}\"?",
                           text::escapeControls(host.substr(1, 200)));
    return "'*' may stand alone or as the first label, as in \"*.example.com\"";
}

} // namespace

Result<Pattern> Pattern::parse(std::string_view text)
{
    if (text.empty())
        return fail(Error::Code::Invalid, "the host pattern is empty; \"*\" is every host");
    if (text.find("://") != std::string_view::npos)
        return bad(text, "a host pattern has no scheme: write the host alone");
    const Result<Split> parts = split(text);
    if (!parts)
        return tl::unexpected(parts.error());
    const std::string_view host = parts->host;

    Pattern pattern;
    if (parts->port) {
        const Result<int> port = parsePort(*parts->port, text);
        if (!port)
            return tl::unexpected(port.error());
        pattern.m_port = *port;
    }
    const bool bracketed = text.starts_with('[');
    if (bracketed || host.find(':') != std::string_view::npos ||
        host.find('/') != std::string_view::npos || Address::parse(host)) {
        if (host.find('/') != std::string_view::npos &&
            !Address::parse(host.substr(0, host.find('/'))))
            return bad(text, "a host pattern has no path: there is a field of its own for that");
        Result<AddressRange> range = AddressRange::parse(host);
        if (!range)
            return tl::unexpected(range.error());
        if (bracketed && range->address().isV4())
            return bad(text, "brackets are for IPv6 addresses");
        const Address inner = range->address().unmapped();
        pattern.m_kind = Kind::Range;
        // Requests keep mapped addresses as IPv4, so patterns do as well.
        pattern.m_range = inner.isV4() && range->bits() >= 96 && range->address().isV6()
                              ? AddressRange(inner, range->bits() - 96)
                              : *range;
        return pattern;
    }
    if (host == "*")
        return pattern;

    pattern.m_kind = host.starts_with("*.") ? Kind::Below : Kind::Name;
    const std::string_view name = pattern.m_kind == Kind::Below ? host.substr(2) : host;
    if (name.find('*') != std::string_view::npos)
        return bad(text, wildcardHelp(host));
    Result<std::string> canonical = canonicalName(name);
    if (!canonical)
        return tl::unexpected(canonical.error());
    pattern.m_name = std::move(*canonical);
    return pattern;
}

bool Pattern::matches(const Host& host, int port) const
{
    if (m_port && *m_port != port)
        return false;
    switch (m_kind) {
    case Kind::Any:
        return true;
    case Kind::Name:
        return host.name == m_name;
    case Kind::Below:
        return host.name.size() > m_name.size() + 1 && host.name.ends_with(m_name) &&
               host.name[host.name.size() - m_name.size() - 1] == '.';
    case Kind::Range:
        return host.address && m_range.contains(host.address->unmapped());
    }
    return false;
}

int Pattern::specificity() const
{
    switch (m_kind) {
    case Kind::Any:
        return 0;
    case Kind::Name:
        return 1000;
    case Kind::Below:
        return 1 + static_cast<int>(m_name.size());
    case Kind::Range:
        return m_range.isSingle() ? 1000 : 1 + m_range.bits();
    }
    return 0;
}

std::string Pattern::hostText() const
{
    switch (m_kind) {
    case Kind::Any:
        break;
    case Kind::Name:
        return m_name;
    case Kind::Below:
        return "*." + m_name;
    case Kind::Range:
        return m_range.address().isV6() ? '[' + m_range.text() + ']' : m_range.text();
    }
    return "*";
}

std::string Pattern::text() const
{
    if (!m_port)
        return m_kind == Kind::Range ? m_range.text() : hostText();
    return fmt::format("{}:{}", hostText(), *m_port);
}

} // namespace sallyport::policy

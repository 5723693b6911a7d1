#include "engine/policy/host.h"

#include <algorithm>
#include <memory>
#include <vector>

#include <fmt/format.h>
#include <idn2.h>

#include "engine/base/text.h"

namespace sallyport::policy {
namespace {

// Text of a guest in an error: short, and without controls.
std::string shown(std::string_view text)
{
    return text::elide(text::escapeControls(text.substr(0, 400)), 100);
}

tl::unexpected<Error> bad(std::string_view text, std::string_view why)
{
    return fail(Error::Code::Invalid, fmt::format("\"{}\": {}", shown(text), why));
}

bool isAscii(std::string_view text)
{
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

bool isHostCharacter(char c)
{
    return (c >= 'a' && c <= 'z') || isDigit(c) || c == '-' || c == '_';
}

// What inet_aton() and the URL standard read as a number: decimal, octal or hexadecimal.
bool isNumber(std::string_view label)
{
    if (label.size() >= 2 && label[0] == '0' && label[1] == 'x')
        return std::all_of(label.begin() + 2, label.end(),
                           [](char c) { return isDigit(c) || (c >= 'a' && c <= 'f'); });
    return std::all_of(label.begin(), label.end(), isDigit);
}

// Lower-cased ASCII, by UTS 46 and IDNA 2008 where there is more than that.
Result<std::string> toAscii(std::string_view text)
{
    if (isAscii(text))
        return text::toLower(text);
    char* out = nullptr;
    const std::string input(text);
    const int result = idn2_to_ascii_8z(
        input.c_str(), &out, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_USE_STD3_ASCII_RULES);
    if (result != IDN2_OK)
        return bad(text, fmt::format("not a host name ({})", idn2_strerror(result)));
    const std::unique_ptr<char, void (*)(void*)> owned(out, idn2_free);
    return std::string(out);
}

// An A-label must be one that IDNA would make: otherwise "xn--" hides a spelling of another name.
bool isProperALabel(const std::string& label)
{
    char* out = nullptr;
    if (idn2_to_unicode_8z8z(label.c_str(), &out, 0) != IDN2_OK)
        return false;
    const std::unique_ptr<char, void (*)(void*)> unicode(out, idn2_free);
    char* back = nullptr;
    if (idn2_to_ascii_8z(unicode.get(), &back, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
        return false;
    const std::unique_ptr<char, void (*)(void*)> ascii(back, idn2_free);
    return label == ascii.get();
}

Status checkLabel(std::string_view name, std::string_view label)
{
    if (label.empty())
        return bad(name, "has an empty label (two dots in a row, or one at the start)");
    if (label.size() > 63)
        return bad(name, "has a label of more than 63 bytes");
    if (!std::all_of(label.begin(), label.end(), isHostCharacter))
        return bad(name, "a host name has letters, digits, '-', '_' and dots only");
    if (label.starts_with("xn--") && !isProperALabel(std::string(label)))
        return bad(name, "has an \"xn--\" label that is not valid");
    return {};
}

Result<int> parsePort(std::string_view text, std::string_view whole)
{
    int port = 0;
    if (text.empty() || text.size() > 5 || !std::all_of(text.begin(), text.end(), isDigit))
        return bad(whole, "the port must be a number from 1 to 65535");
    for (const char c : text)
        port = port * 10 + (c - '0');
    if (port < 1 || port > 65535)
        return bad(whole, "the port must be a number from 1 to 65535");
    return port;
}

} // namespace

Result<std::string> canonicalName(std::string_view text)
{
    if (text.empty())
        return fail(Error::Code::Invalid, "the host name is empty");
    if (text.size() > 4 * MostHostNameBytes || text.find('\0') != std::string_view::npos)
        return bad(text, "not a host name");
    Result<std::string> ascii = toAscii(text);
    if (!ascii)
        return ascii;
    std::string& name = *ascii;
    if (name.ends_with('.'))
        name.pop_back();
    if (name.empty())
        return bad(text, "not a host name");
    if (name.size() > MostHostNameBytes)
        return bad(text, "longer than 253 bytes");
    std::string_view rest = name;
    std::string_view last;
    while (true) {
        const std::size_t dot = rest.find('.');
        last = rest.substr(0, dot);
        if (Status status = checkLabel(text, last); !status)
            return tl::unexpected(status.error());
        if (dot == std::string_view::npos)
            break;
        rest.remove_prefix(dot + 1);
    }
    if (Address::parse(name))
        return bad(text, "is an address, not a name");
    if (isNumber(last))
        return bad(text, "ends in a number: write addresses as a.b.c.d, in decimal");
    return ascii;
}

Result<Host> parseHost(std::string_view text)
{
    if (text.starts_with('[')) {
        if (!text.ends_with(']'))
            return bad(text, "lacks its closing bracket");
        const std::optional<Address> address = Address::parse(text.substr(1, text.size() - 2));
        if (!address || address->isV4())
            return bad(text, "is no IPv6 address");
        return Host(*address);
    }
    if (const std::optional<Address> address = Address::parse(text))
        return Host(*address);
    if (text.find(':') != std::string_view::npos)
        return bad(text, "is neither a name nor an address");
    return canonicalName(text).map([](std::string name) { return Host(std::move(name)); });
}

Result<Authority> parseAuthority(std::string_view text)
{
    if (text.find('@') != std::string_view::npos)
        return bad(text, "user information does not belong into a host");
    std::string_view host = text;
    std::optional<std::string_view> port;
    const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
    if (bracket == std::string_view::npos)
        return bad(text, "lacks its closing bracket");
    const std::size_t colon = text.find(':', bracket);
    if (colon != std::string_view::npos) {
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
    }
    Result<Host> parsed = parseHost(host);
    if (!parsed)
        return tl::unexpected(parsed.error());
    Authority authority{std::move(*parsed), std::nullopt};
    // RFC 3986 allows "host:" with an empty port; it means the scheme's own.
    if (port && !port->empty()) {
        Result<int> number = parsePort(*port, text);
        if (!number)
            return tl::unexpected(number.error());
        authority.port = *number;
    }
    return authority;
}

} // namespace sallyport::policy

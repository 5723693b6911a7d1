#include "engine/base/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>

#include <fmt/format.h>

namespace sallyport::text {
namespace {

struct Decoded
{
    char32_t codePoint = 0;
    std::size_t length = 0; // zero: not UTF-8 at this place
};

// One code point of UTF-8 (RFC 3629), refusing overlong forms and surrogates.
Decoded decodeUtf8(std::string_view text)
{
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned char first = byte(0);
    if (first < 0x80)
        return {first, 1};
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length)
        return {};
    char32_t value = first & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80)
            return {};
        value = (value << 6U) | (byte(i) & 0x3fU);
    }
    static constexpr std::array<char32_t, 5> Least = {0, 0, 0x80, 0x800, 0x10000};
    if (value < Least.at(length) || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return {};
    return {value, length};
}

bool isUnsafe(char32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

constexpr std::string_view Base64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

} // namespace

std::string isoTime(UnixMillis time)
{
    const auto seconds = static_cast<std::time_t>(time / 1000);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                       time % 1000);
}

std::string escapeControls(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Decoded next = decodeUtf8(text);
        const std::size_t length = std::max<std::size_t>(next.length, 1);
        if (next.length == 0)
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
        else if (!isUnsafe(next.codePoint))
            out += text.substr(0, length);
        else if (next.codePoint < 0x100)
            out += fmt::format("\\x{:02x}", static_cast<unsigned>(next.codePoint));
        else
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(next.codePoint));
        text.remove_prefix(length);
    }
    return out;
}

std::string escapeInvalidUtf8(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Decoded next = decodeUtf8(text);
        const std::size_t length = std::max<std::size_t>(next.length, 1);
        if (next.length == 0)
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
        else
            out += text.substr(0, length);
        text.remove_prefix(length);
    }
    return out;
}

std::string elide(std::string_view text, std::size_t most)
{
    static constexpr std::string_view Ellipsis = "…";
    if (text.size() <= most)
        return std::string(text);
    std::size_t end = most > Ellipsis.size() ? most - Ellipsis.size() : 0;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
        --end;
    return std::string(text.substr(0, end)) + std::string(Ellipsis);
}

std::string toLower(std::string_view ascii)
{
    std::string out(ascii);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return out;
}

bool equalsIgnoringCase(std::string_view a, std::string_view b)
{
    return a.size() == b.size() && toLower(a) == toLower(b);
}

std::string toBase64(std::string_view bytes)
{
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i)
            group = (group << 8U) | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0U);
        for (std::size_t i = 0; i < 4; ++i)
            out += i <= count ? Base64Digits[(group >> (18U - 6U * i)) & 0x3fU] : '=';
    }
    return out;
}

bool fromBase64(std::string_view text, std::string& out)
{
    if (text.size() % 4 != 0)
        return false;
    std::size_t padding = 0;
    while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=')
        ++padding;
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool isPadding = i >= text.size() - padding;
        const std::size_t digit = isPadding ? 0 : Base64Digits.find(text[i]);
        if (digit == std::string_view::npos)
            return false;
        group = (group << 6U) | static_cast<std::uint32_t>(digit);
        if (i % 4 == 3) {
            bytes += static_cast<char>((group >> 16U) & 0xffU);
            bytes += static_cast<char>((group >> 8U) & 0xffU);
            bytes += static_cast<char>(group & 0xffU);
            group = 0;
        }
    }
    bytes.resize(bytes.size() - padding);
    out = std::move(bytes);
    return true;
}

} // namespace sallyport::text

#include "handlerd/utf.h"

#include <algorithm>
#include <cstdint>

namespace sallyport::handlerd {

namespace {

struct Lead
{
    int more = 0; // continuation bytes; -1: no lead byte
    unsigned char low = 0x80;
    unsigned char high = 0xbf; // bounds of the first continuation byte
};

Lead leadOf(unsigned char byte)
{
    if (byte >= 0xc2 && byte <= 0xdf)
        return {1, 0x80, 0xbf};
    if (byte >= 0xe0 && byte <= 0xef)
        return {2, static_cast<unsigned char>(byte == 0xe0 ? 0xa0 : 0x80),
                static_cast<unsigned char>(byte == 0xed ? 0x9f : 0xbf)};
    if (byte >= 0xf0 && byte <= 0xf4)
        return {3, static_cast<unsigned char>(byte == 0xf0 ? 0x90 : 0x80),
                static_cast<unsigned char>(byte == 0xf4 ? 0x8f : 0xbf)};
    return {-1, 0, 0};
}

// How many bytes from `at` are a right beginning of a character with this lead.
std::size_t rightBytes(std::string_view text, std::size_t at, Lead lead)
{
    std::size_t count = 1;
    for (int i = 0; i < lead.more && at + count < text.size(); ++i, ++count) {
        const auto byte = static_cast<unsigned char>(text[at + count]);
        const unsigned char low = i == 0 ? lead.low : 0x80;
        const unsigned char high = i == 0 ? lead.high : 0xbf;
        if (byte < low || byte > high)
            break;
    }
    return count;
}

void appendCodePoint(std::u16string& out, std::uint32_t point)
{
    if (point < 0x10000) {
        out.push_back(static_cast<char16_t>(point));
        return;
    }
    point -= 0x10000;
    out.push_back(static_cast<char16_t>(0xd800 + (point >> 10U)));
    out.push_back(static_cast<char16_t>(0xdc00 + (point & 0x3ffU)));
}

} // namespace

bool isAscii(std::string_view text)
{
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool appendUtf16(std::u16string& out, std::string_view utf8)
{
    bool isRight = true;
    out.reserve(out.size() + utf8.size());
    for (std::size_t i = 0; i < utf8.size();) {
        const auto byte = static_cast<unsigned char>(utf8[i]);
        if (byte < 0x80) {
            out.push_back(static_cast<char16_t>(byte));
            ++i;
            continue;
        }
        const Lead lead = leadOf(byte);
        const std::size_t count = lead.more < 0 ? 1 : rightBytes(utf8, i, lead);
        if (lead.more < 0 || count != static_cast<std::size_t>(lead.more) + 1) {
            out.push_back(u'\ufffd');
            isRight = false;
        } else {
            std::uint32_t point = byte & (0x3fU >> static_cast<unsigned>(lead.more));
            for (std::size_t k = 1; k < count; ++k)
                point = point << 6U | (static_cast<unsigned char>(utf8[i + k]) & 0x3fU);
            appendCodePoint(out, point);
        }
        i += count;
    }
    return isRight;
}

void appendUtf8(std::string& out, std::u16string_view utf16)
{
    out.reserve(out.size() + utf16.size());
    for (std::size_t i = 0; i < utf16.size(); ++i) {
        std::uint32_t point = utf16[i];
        const bool isHigh = point >= 0xd800 && point < 0xdc00;
        const std::uint32_t low = isHigh && i + 1 < utf16.size() ? utf16[i + 1] : 0U;
        if (low >= 0xdc00 && low < 0xe000) {
            point = 0x10000U + ((point - 0xd800U) << 10U) + (low - 0xdc00U);
            ++i;
        } else if (point >= 0xd800 && point < 0xe000) {
            point = 0xfffd;
        }
        const auto more = [&](unsigned shift) {
            out.push_back(static_cast<char>(0x80U | (point >> shift & 0x3fU)));
        };
        if (point < 0x80) {
            out.push_back(static_cast<char>(point));
        } else if (point < 0x800) {
            out.push_back(static_cast<char>(0xc0U | point >> 6U));
            more(0);
        } else if (point < 0x10000) {
            out.push_back(static_cast<char>(0xe0U | point >> 12U));
            more(6);
            more(0);
        } else {
            out.push_back(static_cast<char>(0xf0U | point >> 18U));
            more(12);
            more(6);
            more(0);
        }
    }
}

std::size_t incompleteTail(std::string_view utf8)
{
    for (std::size_t back = 1; back <= 3 && back <= utf8.size(); ++back) {
        const std::size_t at = utf8.size() - back;
        const Lead lead = leadOf(static_cast<unsigned char>(utf8[at]));
        if (lead.more > 0)
            return rightBytes(utf8, at, lead) == back && static_cast<std::size_t>(lead.more) >= back
                       ? back
                       : 0;
    }
    return 0;
}

} // namespace sallyport::handlerd

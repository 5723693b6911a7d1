#include "engine/secret/encoding.h"

#include <algorithm>
#include <optional>

#include "engine/base/text.h"

namespace sallyport::secret {

namespace {

const char* digits(HexCase hexCase)
{
    return hexCase == HexCase::Lower ? "0123456789abcdef" : "0123456789ABCDEF";
}

bool isUnreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

std::optional<int> digitValue(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    if (lower >= 'a' && lower <= 'f')
        return lower - 'a' + 10;
    return std::nullopt;
}

} // namespace

std::string toHex(std::string_view bytes, HexCase hexCase)
{
    std::string hex;
    hex.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        hex += digits(hexCase)[byte >> 4U];
        hex += digits(hexCase)[byte & 15U];
    }
    return hex;
}

std::string percentEncoded(std::string_view bytes, HexCase hexCase)
{
    std::string text;
    for (const char c : bytes) {
        if (isUnreserved(c))
            text += c;
        else
            text.append("%").append(toHex({&c, 1}, hexCase));
    }
    return text;
}

std::string percentDecoded(std::string_view text)
{
    std::string bytes;
    bytes.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            const auto high = digitValue(text[i + 1]);
            const auto low = digitValue(text[i + 2]);
            if (high && low) {
                bytes += static_cast<char>(*high * 16 + *low);
                i += 2;
                continue;
            }
        }
        bytes += text[i];
    }
    return bytes;
}

std::vector<std::string> base64Within(std::string_view bytes)
{
    // Three bytes are four characters: a character is ours alone where all of its six bits are.
    constexpr std::size_t OthersAtFront[] = {0, 2, 3};
    std::vector<std::string> forms;
    for (std::size_t shift = 0; shift < 3; ++shift) {
        std::string padded(shift, 'x');
        padded.append(bytes);
        const std::size_t whole = padded.size() * 8 / 6;
        std::string form = text::toBase64(padded).substr(0, whole);
        forms.push_back(form.substr(std::min(OthersAtFront[shift], form.size())));
    }
    return forms;
}

std::string inUrlAlphabet(std::string base64)
{
    std::replace(base64.begin(), base64.end(), '+', '-');
    std::replace(base64.begin(), base64.end(), '/', '_');
    return base64;
}

} // namespace sallyport::secret

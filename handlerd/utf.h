#pragma once

// UTF-8 and UTF-16, as the Encoding Standard has them. Pure.

#include <cstddef>
#include <string>
#include <string_view>

namespace sallyport::handlerd {

[[nodiscard]] bool isAscii(std::string_view text);

// Decodes; what is wrong becomes U+FFFD, one for each maximal part of a character. False where
// something was wrong.
bool appendUtf16(std::u16string& out, std::string_view utf8);
// The reverse; half a character that stands alone becomes U+FFFD.
void appendUtf8(std::string& out, std::u16string_view utf16);

// Bytes at the end that begin a character and do not complete it.
[[nodiscard]] std::size_t incompleteTail(std::string_view utf8);

} // namespace sallyport::handlerd

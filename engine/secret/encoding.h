#pragma once

// Forms in which a secret travels. Pure.

#include <string>
#include <string_view>
#include <vector>

namespace sallyport::secret {

enum class HexCase
{
    Lower,
    Upper,
};

[[nodiscard]] std::string toHex(std::string_view bytes, HexCase hexCase = HexCase::Lower);
// As encodeURIComponent does, but leaving only RFC 3986's unreserved characters.
[[nodiscard]] std::string percentEncoded(std::string_view bytes, HexCase hexCase = HexCase::Upper);
// %XX as its byte; what is no such triplet stays.
[[nodiscard]] std::string percentDecoded(std::string_view text);

// What is in the base64 text of *any* message that holds these bytes, one for each of the three
// places where they can begin; without padding, and without the characters that neighbours have a
// part in.
[[nodiscard]] std::vector<std::string> base64Within(std::string_view bytes);
// The same text in the alphabet for URLs.
[[nodiscard]] std::string inUrlAlphabet(std::string base64);

} // namespace sallyport::secret

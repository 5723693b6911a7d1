#pragma once

// What is looked for in traffic, so that a secret or its placeholder does not go where it may not.
// Pure.

#include <string>
#include <string_view>
#include <vector>

namespace sallyport::secret {

enum class Form
{
    Placeholder,        // as the guest was given it
    EncodedPlaceholder, // in base64 or hex
    Value,
    EncodedValue, // in base64, hex, or as a URL writes it
};

struct Needle
{
    std::string text;
    std::size_t owner = 0; // an index of the caller's
    Form form = Form::Value;
};

// A shorter value is not looked for: it would be found everywhere.
inline constexpr std::size_t ShortestNeedle = 8;
// A longer value (a private key) is found by a part of it, past where such files all begin alike.
inline constexpr std::size_t LongestNeedle = 256;

void addPlaceholderNeedles(std::vector<Needle>& needles,
                           std::string_view placeholder,
                           std::size_t owner);
void addValueNeedles(std::vector<Needle>& needles, std::string_view value, std::size_t owner);

// The text as it is, then in each encoding, in an order that is the same for every text.
[[nodiscard]] std::vector<std::string> allForms(std::string_view text);

[[nodiscard]] std::vector<std::string> textsOf(const std::vector<Needle>& needles);

} // namespace sallyport::secret

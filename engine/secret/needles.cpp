#include "engine/secret/needles.h"

#include <algorithm>

#include "engine/secret/encoding.h"

namespace sallyport::secret {

namespace {

constexpr std::size_t PartStart = 128;
constexpr std::size_t PartBytes = 64;

void add(std::vector<Needle>& needles, std::string text, std::size_t owner, Form form)
{
    const bool known = std::any_of(needles.begin(), needles.end(), [&](const Needle& needle) {
        return needle.owner == owner && needle.text == text;
    });
    if (text.size() >= ShortestNeedle && !known)
        needles.push_back({std::move(text), owner, form});
}

void addAll(std::vector<Needle>& needles,
            std::string_view bytes,
            std::size_t owner,
            Form plain,
            Form encoded)
{
    Form form = plain;
    for (std::string& text : allForms(bytes)) {
        add(needles, std::move(text), owner, form);
        form = encoded;
    }
}

} // namespace

std::vector<std::string> allForms(std::string_view text)
{
    std::vector<std::string> forms{std::string(text), percentEncoded(text, HexCase::Upper),
                                   percentEncoded(text, HexCase::Lower)};
    for (const std::string& base64 : base64Within(text)) {
        forms.push_back(base64);
        forms.push_back(inUrlAlphabet(base64));
    }
    forms.push_back(toHex(text, HexCase::Lower));
    forms.push_back(toHex(text, HexCase::Upper));
    return forms;
}

void addPlaceholderNeedles(std::vector<Needle>& needles,
                           std::string_view placeholder,
                           std::size_t owner)
{
    addAll(needles, placeholder, owner, Form::Placeholder, Form::EncodedPlaceholder);
}

void addValueNeedles(std::vector<Needle>& needles, std::string_view value, std::size_t owner)
{
    if (value.size() > LongestNeedle)
        value = value.substr(PartStart, PartBytes);
    if (value.size() >= ShortestNeedle)
        addAll(needles, value, owner, Form::Value, Form::EncodedValue);
}

std::vector<std::string> textsOf(const std::vector<Needle>& needles)
{
    std::vector<std::string> texts;
    texts.reserve(needles.size());
    for (const Needle& needle : needles)
        texts.push_back(needle.text);
    return texts;
}

} // namespace sallyport::secret

#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

#include "engine/base/text.h"

namespace sallyport::log {

// Text from elsewhere made fit to be kept: valid UTF-8, at most so many bytes.
inline void boundText(std::string& text, std::size_t most)
{
    const auto isAscii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (text.size() <= most && std::all_of(text.begin(), text.end(), isAscii))
        return; // nearly always
    // Cut before escaping too: what a guest sent can be long.
    if (text.size() > most * 2)
        text.resize(most * 2);
    text = text::elide(text::escapeInvalidUtf8(text), most);
}

} // namespace sallyport::log

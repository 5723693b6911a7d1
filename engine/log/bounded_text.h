#pragma once

#include <cstddef>
#include <string>

#include "engine/base/text.h"

namespace sallyport::log {

// Text from elsewhere made fit to be kept: valid UTF-8, at most so many bytes.
inline void boundText(std::string& text, std::size_t most)
{
    // Cut before escaping too: what a guest sent can be long.
    if (text.size() > most * 2)
        text.resize(most * 2);
    text = text::elide(text::escapeInvalidUtf8(text), most);
}

} // namespace sallyport::log

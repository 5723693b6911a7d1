#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <Qt>

class QKeyEvent;

namespace sallyport::ui::terminal {

struct SpecialKey
{
    int key; // a VTermKey
    Qt::KeyboardModifiers modifiers;
};

// Arrows, Home, F1 …: keys whose bytes depend on the terminal's modes.
[[nodiscard]] std::optional<SpecialKey> specialKey(const QKeyEvent& event);

// The bytes of all other keys: text, control characters (Ctrl+C is 0x03), Alt as a leading Escape.
// Empty for modifiers alone and for keys without text.
[[nodiscard]] std::string characterBytes(const QKeyEvent& event);

// Text of the clipboard as it is typed: line ends become CR, other control characters but tab go.
[[nodiscard]] std::string pasteBytes(std::string_view utf8);

} // namespace sallyport::ui::terminal

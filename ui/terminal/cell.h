#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace sallyport::ui::terminal {

// A colour as the program asked for it. It becomes an RGB value when it is painted (colors.h), so
// that a change of theme changes what is on the screen already.
struct CellColor
{
    enum class Kind : std::uint8_t
    {
        Default,
        Indexed, // `red` is the index, 0–255
        Rgb,
    };
    Kind kind = Kind::Default;
    std::uint8_t red = 0;
    std::uint8_t green = 0;
    std::uint8_t blue = 0;

    bool operator==(const CellColor&) const = default;
};

// One cell of the grid. A wide character fills two: the first has width 2, the second width 0.
struct Cell
{
    // A base character and up to two combining ones; 0 ends it, an empty cell starts with 0.
    std::array<char32_t, 3> chars{};
    CellColor foreground;
    CellColor background;
    std::uint8_t width = 1;
    bool bold : 1 = false;
    bool italic : 1 = false;
    bool underline : 1 = false;
    bool strike : 1 = false;
    bool reverse : 1 = false;

    [[nodiscard]] bool isBlank() const { return chars[0] == 0 || chars[0] == U' '; }
    [[nodiscard]] bool sameLook(const Cell& other) const
    {
        return foreground == other.foreground && background == other.background &&
               bold == other.bold && italic == other.italic && underline == other.underline &&
               strike == other.strike && reverse == other.reverse;
    }
};

using Line = std::vector<Cell>;

} // namespace sallyport::ui::terminal

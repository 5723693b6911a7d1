#pragma once

#include <optional>

#include <QString>

#include "ui/terminal/screen.h"

namespace sallyport::ui::terminal {

struct Position
{
    LineNumber line = 0;
    int column = 0;

    auto operator<=>(const Position&) const = default;
};

// From `first` up to, not including, `last`, in reading order.
struct Range
{
    Position first;
    Position last;

    [[nodiscard]] bool isEmpty() const { return !(first < last); }
    [[nodiscard]] bool contains(Position position) const
    {
        return first <= position && position < last;
    }
};

// What one more click in a row selects.
enum class SelectionUnit
{
    Character,
    Word,
    WholeLine,
};

// The range between two cells (either order), grown to whole units.
[[nodiscard]] Range
selectionBetween(const Screen& screen, Position from, Position to, SelectionUnit unit);

// A line's text; blank cells inside are spaces, those at the end are left out.
[[nodiscard]] QString lineText(const Line& line, int from, int to);

// Lines that were wrapped by the terminal are joined again.
[[nodiscard]] QString rangeText(const Screen& screen, const Range& range);

} // namespace sallyport::ui::terminal

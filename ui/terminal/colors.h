#pragma once

#include <QColor>

#include "ui/terminal/cell.h"

namespace sallyport::ui::terminal {

// The colours of a terminal in a light or dark window. The sixteen named ones are ours, chosen to
// be readable on our background; the cube and the greys are those of xterm.
struct Colors
{
    QColor background;
    QColor text;
    QColor cursor;
    QColor selection;
    std::array<QColor, 256> indexed;

    [[nodiscard]] QColor foregroundOf(const Cell& cell) const;
    [[nodiscard]] QColor backgroundOf(const Cell& cell) const;
};

// The foreground, or black or white where it could hardly be read on the background (programs
// choose pairs for a dark terminal, or for a light one).
[[nodiscard]] QColor readable(const QColor& foreground, const QColor& background);

[[nodiscard]] const Colors& colorsFor(bool dark);

} // namespace sallyport::ui::terminal

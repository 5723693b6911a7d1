#pragma once

#include <QFont>
#include <QRectF>

#include "ui/terminal/cell.h"
#include "ui/terminal/colors.h"

class QPainter;

namespace sallyport::ui::terminal {

// Paints lines of cells in one font. Cells of one look are painted as one run; characters outside
// of ASCII one by one, so that a glyph of another font cannot shift its neighbours.
class CellPainter
{
public:
    explicit CellPainter(const QFont& font);

    [[nodiscard]] int cellWidth() const { return m_cellWidth; }
    [[nodiscard]] int cellHeight() const { return m_cellHeight; }

    // Columns selectedFrom … selectedTo (exclusive) lie in the selection.
    void paintLine(QPainter& painter,
                   const Line& line,
                   QPoint topLeft,
                   const Colors& colors,
                   int selectedFrom,
                   int selectedTo) const;

    // The character of one cell in the given colours, as under a block cursor.
    void paintCell(QPainter& painter,
                   const Cell& cell,
                   QPoint topLeft,
                   const QColor& foreground,
                   const QColor& background) const;

private:
    void paintText(QPainter& painter,
                   const Line& line,
                   int from,
                   int to,
                   QPoint topLeft,
                   const QColor& color) const;
    [[nodiscard]] const QFont& fontOf(const Cell& cell) const;

    QFont m_font;
    QFont m_bold;
    QFont m_italic;
    QFont m_boldItalic;
    int m_cellWidth = 8;
    int m_cellHeight = 16;
    int m_ascent = 12;
    bool m_evenAdvance = true; // every ASCII glyph is exactly one cell wide
};

} // namespace sallyport::ui::terminal

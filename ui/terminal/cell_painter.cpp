#include "ui/terminal/cell_painter.h"

#include <algorithm>
#include <cmath>

#include <QFontMetricsF>
#include <QPainter>

namespace sallyport::ui::terminal {

namespace {

bool isAscii(const Cell& cell)
{
    return cell.chars[1] == 0 && cell.chars[0] >= 0x20 && cell.chars[0] < 0x7f;
}

QString textOf(const Cell& cell)
{
    QString text;
    for (const char32_t c : cell.chars) {
        if (c == 0)
            break;
        text += QString::fromUcs4(&c, 1);
    }
    return text;
}

} // namespace

CellPainter::CellPainter(const QFont& font)
    : m_font(font)
{
    m_font.setKerning(false);
    m_font.setStyleStrategy(
        static_cast<QFont::StyleStrategy>(QFont::PreferAntialias | QFont::PreferDefault));
    m_bold = m_font;
    m_bold.setBold(true);
    m_italic = m_font;
    m_italic.setItalic(true);
    m_boldItalic = m_bold;
    m_boldItalic.setItalic(true);
    const QFontMetricsF metrics(m_font);
    m_cellWidth = std::max(2, static_cast<int>(std::lround(metrics.horizontalAdvance(u'M'))));
    m_cellHeight = std::max(4, static_cast<int>(std::ceil(metrics.height())) + 1);
    m_ascent = static_cast<int>(std::ceil(metrics.ascent()));
    const double ten = metrics.horizontalAdvance(QStringLiteral("iMiMiMiMiM"));
    m_evenAdvance = std::abs(ten - 10.0 * m_cellWidth) < 0.01;
}

const QFont& CellPainter::fontOf(const Cell& cell) const
{
    if (cell.bold)
        return cell.italic ? m_boldItalic : m_bold;
    return cell.italic ? m_italic : m_font;
}

void CellPainter::paintLine(QPainter& painter,
                            const Line& line,
                            QPoint topLeft,
                            const Colors& colors,
                            int selectedFrom,
                            int selectedTo) const
{
    const int count = static_cast<int>(line.size());
    const auto isSelected = [&](int column) {
        return column >= selectedFrom && column < selectedTo;
    };
    for (int from = 0; from < count;) {
        const Cell& first = line[static_cast<std::size_t>(from)];
        int to = from + 1;
        while (to < count && line[static_cast<std::size_t>(to)].sameLook(first) &&
               isSelected(to) == isSelected(from))
            ++to;
        const QColor back = isSelected(from) ? colors.selection : colors.backgroundOf(first);
        const QPoint at = topLeft + QPoint(from * m_cellWidth, 0);
        if (back != colors.background)
            painter.fillRect(at.x(), at.y(), (to - from) * m_cellWidth, m_cellHeight, back);
        const QColor fore =
            isSelected(from) && first.reverse ? colors.text : colors.foregroundOf(first);
        paintText(painter, line, from, to, at, readable(fore, back));
        from = to;
    }
    // The part of the selection to the right of the text.
    if (selectedTo > count && selectedFrom < selectedTo) {
        const int from = std::max(selectedFrom, count);
        painter.fillRect(topLeft.x() + from * m_cellWidth, topLeft.y(),
                         (selectedTo - from) * m_cellWidth, m_cellHeight, colors.selection);
    }
}

void CellPainter::paintText(QPainter& painter,
                            const Line& line,
                            int from,
                            int to,
                            QPoint topLeft,
                            const QColor& color) const
{
    const Cell& look = line[static_cast<std::size_t>(from)];
    painter.setFont(fontOf(look));
    painter.setPen(color);
    const int baseline = topLeft.y() + m_ascent;
    QString run;
    int runFrom = from;
    const auto flush = [&] {
        if (!run.trimmed().isEmpty())
            painter.drawText(topLeft.x() + (runFrom - from) * m_cellWidth, baseline, run);
        run.clear();
    };
    for (int column = from; column < to; ++column) {
        const Cell& cell = line[static_cast<std::size_t>(column)];
        if (m_evenAdvance && (isAscii(cell) || cell.chars[0] == 0) && cell.width == 1) {
            if (run.isEmpty())
                runFrom = column;
            run += QChar(static_cast<char16_t>(cell.chars[0] == 0 ? U' ' : cell.chars[0]));
            continue;
        }
        flush();
        if (!cell.isBlank())
            painter.drawText(topLeft.x() + (column - from) * m_cellWidth, baseline, textOf(cell));
    }
    flush();
    const int left = topLeft.x();
    const int right = left + (to - from) * m_cellWidth - 1;
    if (look.underline)
        painter.drawLine(left, baseline + 2, right, baseline + 2);
    if (look.strike)
        painter.drawLine(left, baseline - m_ascent / 3, right, baseline - m_ascent / 3);
}

void CellPainter::paintCell(QPainter& painter,
                            const Cell& cell,
                            QPoint topLeft,
                            const QColor& foreground,
                            const QColor& background) const
{
    painter.fillRect(topLeft.x(), topLeft.y(), m_cellWidth * std::max<int>(cell.width, 1),
                     m_cellHeight, background);
    painter.setFont(fontOf(cell));
    painter.setPen(foreground);
    if (!cell.isBlank())
        painter.drawText(topLeft.x(), topLeft.y() + m_ascent, textOf(cell));
}

} // namespace sallyport::ui::terminal

#include "ui/terminal/selection.h"

#include <algorithm>

namespace sallyport::ui::terminal {

namespace {

const QString WordMarks = QStringLiteral("_-./~:?&=%+@#,");

// What a double click takes together: words and addresses, runs of blanks, runs of other marks.
int classOf(const Line& line, int column)
{
    if (column < 0 || column >= static_cast<int>(line.size()))
        return 0;
    const Cell& cell = line[static_cast<std::size_t>(column)];
    if (cell.width == 0)
        return classOf(line, column - 1);
    if (cell.isBlank())
        return 0;
    const char32_t c = cell.chars[0];
    if (QChar::isLetterOrNumber(c))
        return 1;
    return c < 128 && WordMarks.contains(QLatin1Char(static_cast<char>(c))) ? 1 : 2;
}

Range wordAt(const Screen& screen, Position position)
{
    const Line line = screen.line(position.line);
    const int kind = classOf(line, position.column);
    int first = position.column;
    int last = position.column + 1;
    while (first > 0 && classOf(line, first - 1) == kind)
        --first;
    while (last < screen.columns() && classOf(line, last) == kind)
        ++last;
    return {{position.line, first}, {position.line, last}};
}

// libvterm 0.1 does not tell wrapped lines from ended ones: one that is filled to its last cell is
// taken as wrapped, but not on the alternate screen, where programs paint to the edge.
bool isWrapped(const Screen& screen, const Line& line)
{
    return !screen.isAlternate() && static_cast<int>(line.size()) >= screen.columns() &&
           (!line.back().isBlank() || line.back().width == 0);
}

} // namespace

Range selectionBetween(const Screen& screen, Position from, Position to, SelectionUnit unit)
{
    const Position first = std::min(from, to);
    const Position last = std::max(from, to);
    switch (unit) {
    case SelectionUnit::Character:
        return {first, last};
    case SelectionUnit::Word:
        return {wordAt(screen, first).first, wordAt(screen, last).last};
    case SelectionUnit::WholeLine:
        return {{first.line, 0}, {last.line + 1, 0}};
    }
    return {};
}

QString lineText(const Line& line, int from, int to)
{
    QString text;
    const auto end = std::min<std::size_t>(line.size(), static_cast<std::size_t>(std::max(to, 0)));
    for (auto i = static_cast<std::size_t>(std::max(from, 0)); i < end; ++i) {
        const Cell& cell = line[i];
        if (cell.width == 0)
            continue;
        if (cell.chars[0] == 0)
            text += QLatin1Char(' ');
        for (const char32_t c : cell.chars) {
            if (c == 0)
                break;
            text += QString::fromUcs4(&c, 1);
        }
    }
    return text;
}

QString rangeText(const Screen& screen, const Range& range)
{
    QString text;
    const LineNumber last = std::min(range.last.line, screen.endLine() - 1);
    for (LineNumber number = std::max(range.first.line, screen.firstLine()); number <= last;
         ++number) {
        const Line line = screen.line(number);
        const int from = number == range.first.line ? range.first.column : 0;
        const bool isLast = number == range.last.line;
        const int to = isLast ? range.last.column : static_cast<int>(line.size());
        QString piece = lineText(line, from, to);
        if (!isLast && isWrapped(screen, line)) {
            text += piece;
            continue;
        }
        while (piece.endsWith(QLatin1Char(' ')))
            piece.chop(1);
        text += piece;
        if (!isLast)
            text += QLatin1Char('\n');
    }
    return text;
}

} // namespace sallyport::ui::terminal

#include "ui/terminal/terminal_view.h"

#include <algorithm>

#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QMenu>
#include <QPainter>
#include <QScrollBar>

#include "ui/bridge/text.h"
#include "ui/terminal/accessible_terminal.h"
#include "ui/theme/icon.h"
#include "ui/theme/widgets.h"

namespace sallyport::ui::terminal {

namespace {

constexpr int Margin = 8; // between the edge and the first cell
constexpr int DragScrollMs = 40;
constexpr int AnnounceMs = 250;
constexpr int FirstColumns = 80;
constexpr int FirstRows = 24;

} // namespace

TerminalView::TerminalView(QWidget* parent)
    : QAbstractScrollArea(parent)
    , m_screen(FirstColumns, FirstRows, [this](std::string_view bytes) { emit typed(bytes); })
    , m_painter(theme::monospaceFont())
{
    installTerminalAccessibility();
    setObjectName(QStringLiteral("terminalView"));
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_InputMethodEnabled);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOn);
    viewport()->setAttribute(Qt::WA_OpaquePaintEvent);
    viewport()->setCursor(Qt::IBeamCursor);
    viewport()->setMouseTracking(true);
    setAccessibleName(tr("Terminal"));
    setAccessibleDescription(tr("Ctrl+Shift+Left or Ctrl+Shift+Right leaves the terminal."));
    m_clickGap.setSingleShot(true);
    m_announce.setSingleShot(true);
    m_announce.setInterval(AnnounceMs);
    connect(&m_announce, &QTimer::timeout, this, &TerminalView::announceChange);
    m_dragScroll.setInterval(DragScrollMs);
    connect(&m_dragScroll, &QTimer::timeout, this, [this] { extendSelection(m_dragPoint); });
    makeActions();
    updateScrollBar(true);
}

void TerminalView::makeActions()
{
    const auto make = [this](const QString& text, const QString& icon, const QString& name) {
        auto* action = new QAction(theme::icon(icon), text, this);
        action->setObjectName(name);
        action->setShortcutContext(Qt::WidgetShortcut);
        addAction(action);
        return action;
    };
    m_copy = make(tr("&Copy"), QStringLiteral("copy"), QStringLiteral("terminalCopy"));
    m_copy->setShortcut(QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_C));
    m_copy->setEnabled(false);
    m_paste = make(tr("&Paste"), QStringLiteral("paste"), QStringLiteral("terminalPaste"));
    m_paste->setShortcut(QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_V));
    m_selectAll =
        make(tr("Select &all"), QStringLiteral("layers"), QStringLiteral("terminalSelectAll"));
    m_clear =
        make(tr("C&lear scrollback"), QStringLiteral("trash"), QStringLiteral("terminalClear"));
    connect(m_copy, &QAction::triggered, this, &TerminalView::copy);
    connect(m_paste, &QAction::triggered, this, &TerminalView::paste);
    connect(m_selectAll, &QAction::triggered, this, [this] {
        setSelection({{m_screen.firstLine(), 0}, {m_screen.endLine(), 0}});
    });
    connect(m_clear, &QAction::triggered, this, [this] {
        m_screen.clearHistory();
        setSelection({});
        contentChanged();
    });
}

void TerminalView::feed(std::string_view bytes)
{
    m_screen.feed(bytes);
    contentChanged();
}

void TerminalView::reset()
{
    m_screen.reset();
    setSelection({});
    contentChanged();
    scrollToEnd();
}

void TerminalView::setActive(bool active)
{
    m_active = active;
    restartBlink();
    viewport()->update();
}

void TerminalView::contentChanged()
{
    const QScrollBar* bar = verticalScrollBar();
    updateScrollBar(bar->value() >= bar->maximum());
    if (!m_selection.isEmpty() && m_selection.first.line < m_screen.firstLine())
        setSelection({});
    viewport()->update();
    if (QAccessible::isActive() && !m_announce.isActive())
        m_announce.start();
}

// The bar's value is the first visible line counted from firstLine().
void TerminalView::updateScrollBar(bool toEnd)
{
    QScrollBar* bar = verticalScrollBar();
    const int history = static_cast<int>(m_screen.screenTop() - m_screen.firstLine());
    bar->setPageStep(m_screen.rows());
    bar->setRange(0, history);
    if (toEnd)
        bar->setValue(history);
}

void TerminalView::scrollToEnd()
{
    verticalScrollBar()->setValue(verticalScrollBar()->maximum());
}

void TerminalView::scrollContentsBy(int, int)
{
    viewport()->update();
}

LineNumber TerminalView::topLine() const
{
    return m_screen.firstLine() + verticalScrollBar()->value();
}

QRect TerminalView::cellRect(Position position) const
{
    return {Margin + position.column * m_painter.cellWidth(),
            Margin + static_cast<int>(position.line - topLine()) * m_painter.cellHeight(),
            m_painter.cellWidth(), m_painter.cellHeight()};
}

Position TerminalView::positionAt(QPoint point) const
{
    const int row = (point.y() - Margin) / m_painter.cellHeight();
    // A selection ends between two characters: round to the nearer edge.
    const int column = (point.x() - Margin + m_painter.cellWidth() / 2) / m_painter.cellWidth();
    return {topLine() + std::clamp(row, 0, m_screen.rows() - 1),
            std::clamp(column, 0, m_screen.columns())};
}

QString TerminalView::visibleText() const
{
    QString text;
    for (int row = 0; row < m_screen.rows(); ++row) {
        QString line = lineText(m_screen.line(topLine() + row), 0, m_screen.columns());
        while (line.endsWith(QLatin1Char(' ')))
            line.chop(1);
        text += line + QLatin1Char('\n');
    }
    return text;
}

void TerminalView::setFontScale(double scale)
{
    m_fontScale = std::clamp(scale, 0.5, 4.0);
    applyFont();
}

void TerminalView::applyFont()
{
    QFont font = theme::monospaceFont();
    font.setPointSizeF(font.pointSizeF() * m_fontScale);
    m_painter = CellPainter(font);
    applySize();
    viewport()->update();
}

void TerminalView::applySize()
{
    const int columns = (viewport()->width() - Margin) / m_painter.cellWidth();
    const int rows = (viewport()->height() - Margin) / m_painter.cellHeight();
    const QSize before(m_screen.columns(), m_screen.rows());
    m_screen.resize(columns, rows);
    if (before == QSize(m_screen.columns(), m_screen.rows()))
        return;
    setSelection({});
    updateScrollBar(true);
    emit resized(m_screen.columns(), m_screen.rows());
}

QSize TerminalView::sizeHint() const
{
    return {FirstColumns * m_painter.cellWidth() + 2 * Margin + 12,
            FirstRows * m_painter.cellHeight() + 2 * Margin};
}

void TerminalView::resizeEvent(QResizeEvent* event)
{
    QAbstractScrollArea::resizeEvent(event);
    applySize();
}

void TerminalView::changeEvent(QEvent* event)
{
    QAbstractScrollArea::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::ApplicationFontChange)
        applyFont();
}

void TerminalView::paintEvent(QPaintEvent* event)
{
    QPainter painter(viewport());
    const Colors& colors = colorsFor(theme::tonesOf(palette()).dark);
    painter.fillRect(event->rect(), colors.background);
    for (int row = 0; row < m_screen.rows(); ++row) {
        const LineNumber number = topLine() + row;
        const QRect first = cellRect({number, 0});
        if (first.bottom() < event->rect().top() || first.top() > event->rect().bottom())
            continue;
        int selectedFrom = 0;
        int selectedTo = 0;
        if (!m_selection.isEmpty() && number >= m_selection.first.line &&
            number <= m_selection.last.line) {
            selectedFrom = number == m_selection.first.line ? m_selection.first.column : 0;
            selectedTo =
                number == m_selection.last.line ? m_selection.last.column : m_screen.columns();
        }
        m_painter.paintLine(painter, m_screen.line(number), first.topLeft(), colors, selectedFrom,
                            selectedTo);
    }
    paintCursor(painter, colors);
}

void TerminalView::paintCursor(QPainter& painter, const Colors& colors)
{
    if (!m_active || !m_screen.isCursorVisible())
        return;
    const Position at{m_screen.cursorLine(),
                      std::min(m_screen.cursorColumn(), m_screen.columns() - 1)};
    const QRect cell = cellRect(at);
    if (!m_composing.isEmpty()) {
        const QRect box(
            cell.topLeft(),
            QSize(painter.fontMetrics().horizontalAdvance(m_composing) + 2, cell.height()));
        painter.fillRect(box, colors.selection);
        painter.setPen(colors.text);
        painter.drawText(box, Qt::AlignCenter, m_composing);
        painter.drawLine(box.bottomLeft(), box.bottomRight());
        return;
    }
    if (!hasFocus()) {
        painter.setPen(colors.cursor);
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(cell.adjusted(0, 0, -1, -1));
        return;
    }
    if (!m_cursorOn)
        return;
    switch (m_screen.cursorShape()) {
    case CursorShape::Block: {
        const Line line = m_screen.line(at.line);
        const auto column = static_cast<std::size_t>(at.column);
        m_painter.paintCell(painter, column < line.size() ? line[column] : Cell{}, cell.topLeft(),
                            colors.background, colors.cursor);
        break;
    }
    case CursorShape::Underline:
        painter.fillRect(cell.left(), cell.bottom() - 1, cell.width(), 2, colors.cursor);
        break;
    case CursorShape::Bar:
        painter.fillRect(cell.left(), cell.top(), 2, cell.height(), colors.cursor);
        break;
    }
}

void TerminalView::restartBlink()
{
    m_cursorOn = true;
    const int flash = QApplication::cursorFlashTime();
    if (m_active && hasFocus() && flash > 0 && m_screen.isCursorBlinking())
        m_blink.start(flash / 2, this);
    else
        m_blink.stop();
}

void TerminalView::timerEvent(QTimerEvent* event)
{
    if (event->timerId() != m_blink.timerId()) {
        QAbstractScrollArea::timerEvent(event);
        return;
    }
    m_cursorOn = !m_cursorOn;
    viewport()->update();
}

void TerminalView::focusInEvent(QFocusEvent*)
{
    m_screen.setFocused(true);
    restartBlink();
    viewport()->update();
}

void TerminalView::focusOutEvent(QFocusEvent*)
{
    m_screen.setFocused(false);
    restartBlink();
    viewport()->update();
}

void TerminalView::copy()
{
    if (!m_selection.isEmpty())
        QApplication::clipboard()->setText(selectedText());
}

void TerminalView::paste()
{
    pasteText(QApplication::clipboard()->text());
}

void TerminalView::pasteText(const QString& text)
{
    if (!m_active || text.isEmpty())
        return;
    m_screen.paste(fromQt(text));
    scrollToEnd();
}

void TerminalView::setSelection(const Range& range)
{
    m_selection = range;
    m_copy->setEnabled(!range.isEmpty());
    viewport()->update();
}

// Raised at most a few times a second: a screen reader reads the screen then, not each byte.
void TerminalView::announceChange()
{
    QAccessibleValueChangeEvent value(this, visibleText());
    QAccessible::updateAccessibility(&value);
    QAccessibleTextCursorEvent cursor(this, 0);
    QAccessible::updateAccessibility(&cursor);
}

} // namespace sallyport::ui::terminal

// TerminalView: keys, mouse, wheel and input method.

#include <algorithm>

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QInputMethodEvent>
#include <QMenu>
#include <QScrollBar>

#include "ui/bridge/text.h"
#include "ui/terminal/terminal_view.h"

namespace sallyport::ui::terminal {

namespace {

constexpr int WheelStep = 120; // of QWheelEvent::angleDelta, an eighth of a degree
constexpr int LinesPerStep = 3;

int buttonNumber(Qt::MouseButton button)
{
    switch (button) {
    case Qt::LeftButton:
        return 1;
    case Qt::MiddleButton:
        return 2;
    case Qt::RightButton:
        return 3;
    default:
        return 0;
    }
}

// Keys that stay with the window while a terminal has the focus: what a shell has no use for.
bool belongsToWindow(const QKeyEvent& event)
{
    const Qt::KeyboardModifiers modifiers = event.modifiers() & ~Qt::KeypadModifier;
    if (modifiers == (Qt::ControlModifier | Qt::ShiftModifier))
        return true;
    if (modifiers == Qt::ControlModifier)
        return (event.key() >= Qt::Key_0 && event.key() <= Qt::Key_9) ||
               event.key() == Qt::Key_Plus || event.key() == Qt::Key_Tab;
    return false;
}

} // namespace

bool TerminalView::event(QEvent* event)
{
    // Claims keys from the window's shortcuts.
    if (event->type() == QEvent::ShortcutOverride) {
        auto* key = static_cast<QKeyEvent*>(event);
        if (m_active && !belongsToWindow(*key)) {
            key->accept();
            return true;
        }
    }
    return QAbstractScrollArea::event(event);
}

bool TerminalView::leaveKey(const QKeyEvent& event)
{
    const Qt::KeyboardModifiers modifiers = event.modifiers() & ~Qt::KeypadModifier;
    const bool both = modifiers == (Qt::ControlModifier | Qt::ShiftModifier);
    if (both && event.key() == Qt::Key_Left)
        return QWidget::focusNextPrevChild(false);
    if ((both && event.key() == Qt::Key_Right) ||
        (modifiers == Qt::ShiftModifier && event.key() == Qt::Key_F6))
        return QWidget::focusNextPrevChild(true);
    return false;
}

bool TerminalView::scrollKey(const QKeyEvent& event)
{
    if ((event.modifiers() & ~Qt::KeypadModifier) != Qt::ShiftModifier || m_screen.isAlternate())
        return false;
    QScrollBar* bar = verticalScrollBar();
    switch (event.key()) {
    case Qt::Key_PageUp:
        bar->setValue(bar->value() - m_screen.rows() + 1);
        return true;
    case Qt::Key_PageDown:
        bar->setValue(bar->value() + m_screen.rows() - 1);
        return true;
    case Qt::Key_Home:
        bar->setValue(0);
        return true;
    case Qt::Key_End:
        bar->setValue(bar->maximum());
        return true;
    default:
        return false;
    }
}

void TerminalView::keyPressEvent(QKeyEvent* event)
{
    if (leaveKey(*event) || scrollKey(*event))
        return;
    if (event->matches(QKeySequence::Paste) && event->key() == Qt::Key_Insert) {
        paste();
        return;
    }
    if (!m_active || belongsToWindow(*event)) {
        event->ignore();
        return;
    }
    if (!m_screen.sendKey(*event)) {
        event->ignore();
        return;
    }
    setSelection({});
    scrollToEnd();
    restartBlink();
}

void TerminalView::inputMethodEvent(QInputMethodEvent* event)
{
    m_composing = event->preeditString();
    if (m_active && !event->commitString().isEmpty()) {
        m_screen.sendText(fromQt(event->commitString()));
        scrollToEnd();
    }
    viewport()->update();
    event->accept();
}

QVariant TerminalView::inputMethodQuery(Qt::InputMethodQuery query) const
{
    switch (query) {
    case Qt::ImEnabled:
        return m_active;
    case Qt::ImCursorRectangle: {
        const QRect cell = cellRect({m_screen.cursorLine(), m_screen.cursorColumn()});
        return cell.translated(viewport()->pos());
    }
    case Qt::ImHints:
        return static_cast<int>(Qt::ImhNoAutoUppercase | Qt::ImhNoPredictiveText);
    default:
        return QAbstractScrollArea::inputMethodQuery(query);
    }
}

bool TerminalView::programReadsMouse(Qt::KeyboardModifiers modifiers) const
{
    return m_active && m_screen.mouseMode() != MouseMode::None &&
           !modifiers.testFlag(Qt::ShiftModifier);
}

bool TerminalView::reportMouse(const QMouseEvent& event, bool pressed)
{
    const int button = buttonNumber(event.button());
    if (!programReadsMouse(event.modifiers()) || button == 0 || m_selecting)
        return false;
    const Position at = positionAt(event.pos() - QPoint(m_painter.cellWidth() / 2, 0));
    m_screen.mouseMove(static_cast<int>(at.line - m_screen.screenTop()), at.column,
                       event.modifiers());
    m_screen.mouseButton(button, pressed, event.modifiers());
    return true;
}

void TerminalView::mousePressEvent(QMouseEvent* event)
{
    if (reportMouse(*event, true))
        return;
    if (event->button() == Qt::MiddleButton) {
        QClipboard* clipboard = QApplication::clipboard();
        if (clipboard->supportsSelection())
            pasteText(clipboard->text(QClipboard::Selection));
        return;
    }
    if (event->button() != Qt::LeftButton)
        return;
    m_clicks = m_clickGap.isActive() ? m_clicks + 1 : 1;
    m_clickGap.start(QApplication::doubleClickInterval());
    const auto unit = m_clicks == 1   ? SelectionUnit::Character
                      : m_clicks == 2 ? SelectionUnit::Word
                                      : SelectionUnit::WholeLine;
    const bool extend =
        event->modifiers().testFlag(Qt::ShiftModifier) && m_clicks == 1 && !m_selection.isEmpty();
    // A unit is chosen by the cell under the pointer, an edge by the nearer one.
    const QPoint half(unit == SelectionUnit::Word ? m_painter.cellWidth() / 2 : 0, 0);
    startSelection(positionAt(event->pos() - half), unit, extend);
}

// The second press of a double click comes here and counts like any other.
void TerminalView::mouseDoubleClickEvent(QMouseEvent* event)
{
    mousePressEvent(event);
}

void TerminalView::startSelection(Position at, SelectionUnit unit, bool extend)
{
    if (!extend)
        m_anchor = at;
    m_unit = unit;
    m_selecting = true;
    setSelection(selectionBetween(m_screen, m_anchor, at, unit));
}

void TerminalView::extendSelection(QPoint point)
{
    m_dragPoint = point;
    const int height = viewport()->height();
    if (point.y() < 0 || point.y() > height) {
        QScrollBar* bar = verticalScrollBar();
        bar->setValue(bar->value() + (point.y() < 0 ? -1 : 1));
        if (!m_dragScroll.isActive())
            m_dragScroll.start();
    } else {
        m_dragScroll.stop();
    }
    const QPoint half(m_unit == SelectionUnit::Word ? m_painter.cellWidth() / 2 : 0, 0);
    setSelection(selectionBetween(m_screen, m_anchor, positionAt(point - half), m_unit));
}

void TerminalView::mouseMoveEvent(QMouseEvent* event)
{
    if (m_selecting) {
        extendSelection(event->pos());
        return;
    }
    if (!programReadsMouse(event->modifiers()))
        return;
    const Position at = positionAt(event->pos() - QPoint(m_painter.cellWidth() / 2, 0));
    m_screen.mouseMove(static_cast<int>(at.line - m_screen.screenTop()), at.column,
                       event->modifiers());
}

void TerminalView::mouseReleaseEvent(QMouseEvent* event)
{
    if (reportMouse(*event, false))
        return;
    if (event->button() != Qt::LeftButton || !m_selecting)
        return;
    m_selecting = false;
    m_dragScroll.stop();
    QClipboard* clipboard = QApplication::clipboard();
    if (!m_selection.isEmpty() && clipboard->supportsSelection())
        clipboard->setText(selectedText(), QClipboard::Selection);
}

void TerminalView::wheelEvent(QWheelEvent* event)
{
    if (event->modifiers().testFlag(Qt::ControlModifier)) {
        setFontScale(m_fontScale + (event->angleDelta().y() > 0 ? 0.1 : -0.1));
        return;
    }
    m_wheelRest += event->angleDelta().y();
    const int lines = m_wheelRest * LinesPerStep / WheelStep;
    m_wheelRest -= lines * WheelStep / LinesPerStep;
    if (lines == 0)
        return;
    if (programReadsMouse(event->modifiers())) {
        const Position at = positionAt(event->position().toPoint());
        m_screen.mouseMove(static_cast<int>(at.line - m_screen.screenTop()), at.column,
                           event->modifiers());
        for (int step = 0; step < std::max(1, std::abs(lines) / LinesPerStep); ++step)
            m_screen.mouseButton(lines > 0 ? 4 : 5, true, event->modifiers());
        return;
    }
    if (m_active && m_screen.isAlternate()) {
        QKeyEvent arrow(QEvent::KeyPress, lines > 0 ? Qt::Key_Up : Qt::Key_Down, Qt::NoModifier);
        for (int step = 0; step < std::abs(lines); ++step)
            m_screen.sendKey(arrow);
        return;
    }
    verticalScrollBar()->setValue(verticalScrollBar()->value() - lines);
}

void TerminalView::contextMenuEvent(QContextMenuEvent* event)
{
    if (programReadsMouse(event->modifiers()) && event->reason() == QContextMenuEvent::Mouse)
        return;
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(m_copy);
    menu->addAction(m_paste);
    menu->addSeparator();
    menu->addAction(m_selectAll);
    menu->addAction(m_clear);
    menu->popup(event->globalPos());
}

} // namespace sallyport::ui::terminal

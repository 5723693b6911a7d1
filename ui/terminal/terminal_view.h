#pragma once

#include <optional>
#include <string>

#include <QAbstractScrollArea>
#include <QBasicTimer>
#include <QTimer>

#include "ui/terminal/cell_painter.h"
#include "ui/terminal/selection.h"

class QAction;

namespace sallyport::ui::terminal {

// A terminal as a widget. feed() takes the program's bytes, `typed` carries what goes to it.
//
// All keys go to the program, Tab too; Ctrl+Shift+Left and Ctrl+Shift+Right (or Shift+F6) take the
// focus out, Ctrl+Shift+C/V copy and paste, Shift+PageUp/Down and the wheel scroll. With Shift the
// mouse selects also where the program reads the mouse.
class TerminalView : public QAbstractScrollArea
{
    Q_OBJECT

public:
    explicit TerminalView(QWidget* parent = nullptr);

    void feed(std::string_view bytes);
    void reset();
    // A program runs: the cursor shows and keys are taken.
    void setActive(bool active);

    [[nodiscard]] const Screen& screen() const { return m_screen; }
    [[nodiscard]] const Range& selection() const { return m_selection; }
    [[nodiscard]] QString selectedText() const { return rangeText(m_screen, m_selection); }
    // What is visible, a line each.
    [[nodiscard]] QString visibleText() const;
    [[nodiscard]] LineNumber topLine() const;
    [[nodiscard]] QRect cellRect(Position position) const; // in the viewport

    [[nodiscard]] QAction* copyAction() const { return m_copy; }
    [[nodiscard]] QAction* pasteAction() const { return m_paste; }
    [[nodiscard]] QAction* clearAction() const { return m_clear; }

    void copy();
    void paste();
    void pasteText(const QString& text);
    void setFontScale(double scale);
    [[nodiscard]] double fontScale() const { return m_fontScale; }

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QVariant inputMethodQuery(Qt::InputMethodQuery query) const override;

signals:
    // Valid within the call.
    void typed(std::string_view bytes);
    void resized(int columns, int rows);

protected:
    bool event(QEvent* event) override;
    void changeEvent(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void timerEvent(QTimerEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void inputMethodEvent(QInputMethodEvent* event) override;
    bool focusNextPrevChild(bool) override { return false; }
    void scrollContentsBy(int dx, int dy) override;

private:
    void makeActions();
    void applyFont();
    void applySize();
    void contentChanged();
    void updateScrollBar(bool toEnd);
    void scrollToEnd();
    bool scrollKey(const QKeyEvent& event);
    bool leaveKey(const QKeyEvent& event);
    [[nodiscard]] Position positionAt(QPoint point) const;
    [[nodiscard]] bool programReadsMouse(Qt::KeyboardModifiers modifiers) const;
    bool reportMouse(const QMouseEvent& event, bool pressed);
    void startSelection(Position at, SelectionUnit unit, bool extend);
    void extendSelection(QPoint point);
    void setSelection(const Range& range);
    void announceChange();
    void restartBlink();
    void paintCursor(QPainter& painter, const Colors& colors);

    Screen m_screen;
    CellPainter m_painter;
    double m_fontScale = 1.0;
    QAction* m_copy = nullptr;
    QAction* m_paste = nullptr;
    QAction* m_selectAll = nullptr;
    QAction* m_clear = nullptr;
    Range m_selection;
    Position m_anchor;
    SelectionUnit m_unit = SelectionUnit::Character;
    bool m_selecting = false;
    int m_clicks = 0;
    QTimer m_clickGap;   // running: one more click counts as double, triple
    QTimer m_dragScroll; // while a drag is above or below the view
    QTimer m_announce;   // collects changes for assistive technology
    QBasicTimer m_blink;
    bool m_cursorOn = true;
    bool m_active = false;
    int m_wheelRest = 0;
    QPoint m_dragPoint;
    QString m_composing; // text of the input method that is not yet committed
};

} // namespace sallyport::ui::terminal

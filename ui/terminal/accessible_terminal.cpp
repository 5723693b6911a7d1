#include "ui/terminal/accessible_terminal.h"

#include <algorithm>

#include <QAccessibleWidget>

#include "ui/terminal/terminal_view.h"

namespace sallyport::ui::terminal {

namespace {

class AccessibleTerminal : public QAccessibleWidget, public QAccessibleTextInterface
{
public:
    explicit AccessibleTerminal(TerminalView* view)
        : QAccessibleWidget(view, QAccessible::Terminal)
    {
    }

    void* interface_cast(QAccessible::InterfaceType type) override
    {
        if (type == QAccessible::TextInterface)
            return static_cast<QAccessibleTextInterface*>(this);
        return QAccessibleWidget::interface_cast(type);
    }

    [[nodiscard]] QString text(QAccessible::Text kind) const override
    {
        return kind == QAccessible::Value ? content() : QAccessibleWidget::text(kind);
    }

    // The scroll bars are no business of a reader of the text.
    [[nodiscard]] int childCount() const override { return 0; }

    void selection(int index, int* start, int* end) const override
    {
        *start = *end = 0;
        if (index != 0 || view()->selection().isEmpty())
            return;
        *start = offsetOf(view()->selection().first);
        *end = offsetOf(view()->selection().last);
    }
    [[nodiscard]] int selectionCount() const override
    {
        return view()->selection().isEmpty() ? 0 : 1;
    }
    void addSelection(int, int) override {}
    void removeSelection(int) override {}
    void setSelection(int, int, int) override {}

    [[nodiscard]] int cursorPosition() const override
    {
        const Screen& screen = view()->screen();
        return offsetOf({screen.cursorLine(), screen.cursorColumn()});
    }
    void setCursorPosition(int) override {}

    [[nodiscard]] QString text(int start, int end) const override
    {
        return content().mid(start, end - start);
    }
    [[nodiscard]] int characterCount() const override { return static_cast<int>(content().size()); }
    [[nodiscard]] QRect characterRect(int offset) const override
    {
        const QString before = content().left(offset);
        const int row = static_cast<int>(before.count(QLatin1Char('\n')));
        const int column =
            static_cast<int>(before.size() - before.lastIndexOf(QLatin1Char('\n')) - 1);
        const QRect cell = view()->cellRect({view()->topLine() + row, column});
        return {view()->viewport()->mapToGlobal(cell.topLeft()), cell.size()};
    }
    [[nodiscard]] int offsetAtPoint(const QPoint&) const override { return -1; }
    void scrollToSubstring(int, int) override {}
    QString attributes(int offset, int* start, int* end) const override
    {
        *start = offset;
        *end = offset + 1;
        return {};
    }

private:
    [[nodiscard]] TerminalView* view() const { return static_cast<TerminalView*>(widget()); }
    [[nodiscard]] QString content() const { return view()->visibleText(); }

    // Of a position in content(): lines are cut at their last character.
    [[nodiscard]] int offsetOf(Position position) const
    {
        const QString all = content();
        qsizetype at = 0;
        for (LineNumber line = view()->topLine(); line < position.line; ++line) {
            const qsizetype next = all.indexOf(QLatin1Char('\n'), at);
            if (next < 0)
                return static_cast<int>(all.size());
            at = next + 1;
        }
        const qsizetype end = all.indexOf(QLatin1Char('\n'), at);
        const qsizetype length = (end < 0 ? all.size() : end) - at;
        return static_cast<int>(at + std::min<qsizetype>(position.column, length));
    }
};

QAccessibleInterface* makeInterface(const QString&, QObject* object)
{
    auto* view = qobject_cast<TerminalView*>(object);
    return view == nullptr ? nullptr : new AccessibleTerminal(view);
}

} // namespace

void installTerminalAccessibility()
{
    QAccessible::installFactory(makeInterface); // installing it again changes nothing
}

} // namespace sallyport::ui::terminal

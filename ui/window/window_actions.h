#pragma once

#include <vector>

#include <QObject>

class QAction;
class QActionGroup;
class QMenuBar;
class QMenu;
class QWidget;

namespace sallyport::ui::window {

// Every action of the window, made once: menus, buttons, shortcuts and the palette use the same.
class WindowActions : public QObject
{
    Q_OBJECT

public:
    // The actions' shortcuts belong to `window`.
    explicit WindowActions(QWidget* window);

    QAction* create = nullptr;
    QAction* start = nullptr;
    QAction* stop = nullptr;
    QAction* kill = nullptr;
    QAction* rename = nullptr;
    QAction* remove = nullptr;
    QAction* pause = nullptr;
    QAction* settings = nullptr;
    QAction* quit = nullptr;

    QAction* questions = nullptr;
    QAction* credentials = nullptr;
    QAction* bindings = nullptr;

    QAction* overview = nullptr;
    QAction* terminal = nullptr;
    QAction* egress = nullptr;
    QAction* policy = nullptr;
    QAction* handlers = nullptr;
    QAction* all = nullptr;
    QAction* nextSandbox = nullptr;
    QAction* previousSandbox = nullptr;
    QAction* focusRail = nullptr;
    QAction* refresh = nullptr;
    QAction* palette = nullptr;
    QAction* themeSystem = nullptr;
    QAction* themeLight = nullptr;
    QAction* themeDark = nullptr;

    QAction* newTerminal = nullptr; // the terminal area's own

    QAction* shortcuts = nullptr;
    QAction* checks = nullptr;
    QAction* about = nullptr;

    void adoptTerminalAction(QAction* action);
    // Fills the bar and returns the menu of one sandbox, for its page and the rail.
    QMenu* fillMenuBar(QMenuBar* bar);
    // All of them, in the order of the menus.
    [[nodiscard]] const std::vector<QAction*>& everything() const { return m_all; }

private:
    QAction* make(const char* name, const QString& text, const QString& iconName);

    QWidget* m_window;
    std::vector<QAction*> m_all;
};

// The text of an action without its mnemonic marks.
[[nodiscard]] QString plainText(const QAction* action);

} // namespace sallyport::ui::window

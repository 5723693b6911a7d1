#pragma once

#include <QWidget>

#include "engine/api/types.h"

class QLabel;
class QLineEdit;
class QMenu;
class QPushButton;
class QTabWidget;

namespace sallyport::ui {
class EngineLink;
class SandboxBook;
namespace egress {
class EgressView;
}
namespace policy {
class PolicyView;
}
namespace handlers {
class HandlersView;
}
namespace sandboxes {
class OverviewPage;
class SandboxCommands;
} // namespace sandboxes
namespace terminal {
class TerminalArea;
}
namespace theme {
class Banner;
class Pill;
} // namespace theme
} // namespace sallyport::ui

namespace sallyport::ui::window {

class WindowActions;

// One sandbox: its name, state and buttons above, its tabs below. One page serves all sandboxes;
// the shells of the others go on meanwhile. GUI thread.
class SandboxPage : public QWidget
{
    Q_OBJECT

public:
    enum Tab
    {
        Overview,
        Terminal,
        Egress,
        Policy,
        Handlers,
    };

    // `actions` must have no terminal action yet; the page gives it.
    SandboxPage(EngineLink& link,
                SandboxBook& book,
                sandboxes::SandboxCommands& commands,
                WindowActions& actions,
                QWidget* parent = nullptr);

    void setSandbox(qint64 id);
    [[nodiscard]] qint64 sandbox() const { return m_sandbox; }
    void setMenu(QMenu* menu);
    void showTab(Tab tab);
    [[nodiscard]] int currentTab() const;
    [[nodiscard]] egress::EgressView& egress() { return *m_egress; }
    [[nodiscard]] policy::PolicyView& policy() { return *m_policy; }
    [[nodiscard]] handlers::HandlersView& handlers() { return *m_handlers; }

    // Ask in the page, not in a dialog: the buttons appear above the tabs.
    void askToDelete();
    void editName();

signals:
    void tabChanged(int tab);

private:
    QWidget* makeHeader(WindowActions& actions);
    void makeTabs(WindowActions& actions);
    void finishRename(bool apply);
    void refresh();

    EngineLink& m_link;
    SandboxBook& m_book;
    sandboxes::SandboxCommands& m_commands;
    qint64 m_sandbox = 0;
    QLabel* m_name = nullptr;
    QLineEdit* m_nameEdit = nullptr;
    theme::Pill* m_state = nullptr;
    QLabel* m_summary = nullptr;
    QPushButton* m_start = nullptr;
    QPushButton* m_stop = nullptr;
    QPushButton* m_more = nullptr;
    theme::Banner* m_confirm = nullptr;
    QPushButton* m_keep = nullptr;
    QTabWidget* m_tabs = nullptr;
    sandboxes::OverviewPage* m_overview = nullptr;
    terminal::TerminalArea* m_terminal = nullptr;
    egress::EgressView* m_egress = nullptr;
    policy::PolicyView* m_policy = nullptr;
    handlers::HandlersView* m_handlers = nullptr;
};

} // namespace sallyport::ui::window

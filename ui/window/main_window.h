#pragma once

#include <vector>

#include <QMainWindow>

#include "engine/api/types.h"
#include "ui/bridge/engine_facts.h"
#include "ui/bridge/sandbox_book.h"
#include "ui/policy/egress_pause.h"
#include "ui/sandboxes/sandbox_commands.h"

class QAction;
class QMenu;
class QSettings;
class QSplitter;
class QStackedWidget;

namespace sallyport::ui {
class EngineLink;
namespace approvals {
class ApprovalCenter;
}
namespace egress {
class EgressView;
}
namespace bindings {
class BindingsWindow;
}
namespace credentials {
class CredentialsWindow;
}
namespace sandboxes {
class SandboxRail;
class WelcomePage;
} // namespace sandboxes
namespace theme {
class Banner;
class Theme;
} // namespace theme
} // namespace sallyport::ui

namespace sallyport::ui::window {

class CommandPalette;
class SandboxPage;
class StatusLine;
class WindowActions;

// The window. Shows what the engine says and sends what the person wants; decides nothing. The
// three arguments outlive it. GUI thread.
class MainWindow : public QMainWindow
{
    Q_OBJECT

public:
    MainWindow(EngineLink& link, theme::Theme& theme, QSettings& settings);
    ~MainWindow() override;

    // Selects this sandbox as soon as it is known.
    void selectByName(const QString& name);
    [[nodiscard]] SandboxBook& book() { return m_book; }
    // Comes up in front, as for a second start of the program.
    void bringUp();

protected:
    // Hides the window where there is a tray to come back from; else ends the program.
    void closeEvent(QCloseEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    void makeBanners();
    void makePages();
    void wireActions();
    void wireEngine();
    void wireTheme();
    void restore();
    void save();
    void quit();
    void refreshPage();
    void refreshActions();
    void refreshBanner();
    void refreshTitle(int openQuestions);
    void select(qint64 id);
    void openCreateDialog();
    void openPalette();
    void created(qint64 id);
    void showProblem(const QString& title, const QString& text);
    void showCredentials();
    void showBindings();
    void showAlarm(const api::CredentialAlarm& alarm);
    void showChecks();
    void showAbout();
    void pickFirst();
    [[nodiscard]] const api::Sandbox* current() const;

    EngineLink& m_link;
    theme::Theme& m_theme;
    QSettings& m_settings;
    SandboxBook m_book;
    EngineFacts m_facts;
    sandboxes::SandboxCommands m_commands;
    policy::EgressPause m_pause;
    WindowActions* m_actions;
    approvals::ApprovalCenter* m_approvals = nullptr;
    credentials::CredentialsWindow* m_credentials = nullptr;
    bindings::BindingsWindow* m_bindings = nullptr; // once it was wanted
    QMenu* m_sandboxMenu = nullptr;
    QSplitter* m_splitter = nullptr;
    QStackedWidget* m_pages = nullptr;
    sandboxes::SandboxRail* m_rail = nullptr;
    sandboxes::WelcomePage* m_welcome = nullptr;
    QWidget* m_waiting = nullptr; // until the first list
    QWidget* m_allPage = nullptr;
    egress::EgressView* m_allEgress = nullptr;
    SandboxPage* m_sandboxPage = nullptr;
    theme::Banner* m_lost = nullptr;
    theme::Banner* m_paused = nullptr;
    theme::Banner* m_image = nullptr;
    theme::Banner* m_problem = nullptr;
    theme::Banner* m_alarm = nullptr; // a credential was stopped on its way elsewhere
    StatusLine* m_status = nullptr;
    CommandPalette* m_palette = nullptr;
    std::vector<QAction*> m_goTo; // of the palette, made when it opens
    QString m_wantedName;
    bool m_hasSaidWhere = false; // that it went to the tray
    bool m_forceChecks = false;  // shown because the person asked, though there are sandboxes
};

} // namespace sallyport::ui::window

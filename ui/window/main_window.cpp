#include "ui/window/main_window.h"

#include <algorithm>
#include <utility>

#include <QAction>
#include <QApplication>
#include <QCloseEvent>
#include <QLabel>
#include <QMenuBar>
#include <QMessageBox>
#include <QPushButton>
#include <QScreen>
#include <QSettings>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "ui/approvals/approval_center.h"
#include "ui/bindings/bindings_window.h"
#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/credentials/credentials_window.h"
#include "ui/egress/egress_view.h"
#include "ui/handlers/handlers_view.h"
#include "ui/policy/policy_view.h"
#include "ui/sandboxes/create_dialog.h"
#include "ui/sandboxes/sandbox_rail.h"
#include "ui/sandboxes/sandbox_text.h"
#include "ui/sandboxes/welcome_page.h"
#include "ui/settings/settings_dialog.h"
#include "ui/theme/icon.h"
#include "ui/theme/theme.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"
#include "ui/window/command_palette.h"
#include "ui/window/sandbox_page.h"
#include "ui/window/shortcuts_sheet.h"
#include "ui/window/status_line.h"
#include "ui/window/window_actions.h"

namespace sallyport::ui::window {

namespace {

const QString GeometryKey = QStringLiteral("window/geometry");
const QString SplitterKey = QStringLiteral("window/splitter");
const QString TabKey = QStringLiteral("window/tab");
const QString SandboxKey = QStringLiteral("window/sandbox");
const QString ThemeKey = QStringLiteral("window/theme");
constexpr QSize FirstSize{1180, 760};
constexpr QSize LeastSize{760, 500};
constexpr QSize FrameRoom{8, 40}; // what the window manager draws around it

} // namespace

MainWindow::MainWindow(EngineLink& link, theme::Theme& theme, QSettings& settings)
    : m_link(link)
    , m_theme(theme)
    , m_settings(settings)
    , m_book(link)
    , m_facts(link)
    , m_commands(link, m_book)
    , m_pause(link)
    , m_actions(new WindowActions(this))
{
    setObjectName(QStringLiteral("mainWindow"));
    setWindowIcon(theme::applicationIcon());
    setMinimumSize(LeastSize);

    makeBanners();
    makePages();
    m_approvals = new approvals::ApprovalCenter(m_link, this);
    m_approvals->setParent(this);
    m_credentials = new credentials::CredentialsWindow(m_link, m_book, this);
    m_approvals->addTrayActions({m_actions->pause, m_actions->quit});
    m_status = new StatusLine(m_link, m_facts, m_actions->questions, this);
    setStatusBar(m_status);
    m_palette = new CommandPalette(this);

    wireActions();
    wireEngine();
    wireTheme();
    restore();
    refreshTitle(0);
    refreshBanner();
    refreshPage();
}

MainWindow::~MainWindow() = default;

void MainWindow::makeBanners()
{
    m_lost = new theme::Banner(theme::Tone::Bad);
    m_lost->setObjectName(QStringLiteral("engineLost"));
    QPushButton* retry = m_lost->addButton(tr("&Retry"), QStringLiteral("engineRetry"));
    connect(retry, &QPushButton::clicked, this, [this] { m_link.retry(); });

    m_image = new theme::Banner(theme::Tone::Warn);
    m_image->setObjectName(QStringLiteral("imageBanner"));

    m_paused = new theme::Banner(theme::Tone::Warn);
    m_paused->setObjectName(QStringLiteral("pausedBanner"));
    m_paused->setText(tr("All egress is paused."),
                      tr("Every request of every sandbox is denied until you resume."));
    QPushButton* resume = m_paused->addButton(tr("R&esume"), QStringLiteral("pausedResume"));
    connect(resume, &QPushButton::clicked, this, [this] { m_pause.setPaused(false); });
    m_paused->hide();

    m_problem = new theme::Banner(theme::Tone::Bad);
    m_problem->setObjectName(QStringLiteral("problemBanner"));
    QPushButton* dismiss = m_problem->addButton(tr("Dis&miss"), QStringLiteral("problemDismiss"));
    connect(dismiss, &QPushButton::clicked, m_problem, &QWidget::hide);

    m_alarm = new theme::Banner(theme::Tone::Bad);
    m_alarm->setObjectName(QStringLiteral("alarmBanner"));
    QPushButton* look = m_alarm->addButton(tr("Sh&ow"), QStringLiteral("alarmBannerShow"));
    connect(look, &QPushButton::clicked, this, &MainWindow::showCredentials);
    QPushButton* seen = m_alarm->addButton(tr("Dism&iss"), QStringLiteral("alarmBannerDismiss"));
    connect(seen, &QPushButton::clicked, m_alarm, &QWidget::hide);
}

void MainWindow::makePages()
{
    m_sandboxPage = new SandboxPage(m_link, m_book, m_commands, *m_actions);
    m_sandboxMenu = m_actions->fillMenuBar(menuBar());
    m_sandboxPage->setMenu(m_sandboxMenu);
    m_rail = new sandboxes::SandboxRail(m_book, m_actions->create, m_sandboxMenu);
    m_welcome = new sandboxes::WelcomePage(m_actions->create, m_actions->checks);

    m_waiting = new QWidget;
    auto* waiting = new QVBoxLayout(m_waiting);
    waiting->addWidget(theme::mutedLabel(tr("Waiting for the engine…")), 0, Qt::AlignCenter);

    m_allPage = new QWidget;
    m_allEgress = new egress::EgressView(m_link);
    auto* allColumn = new QVBoxLayout(m_allPage);
    allColumn->setContentsMargins(0, 0, 0, 0);
    allColumn->setSpacing(0);
    auto* head = new QWidget;
    auto* headColumn = new QVBoxLayout(head);
    headColumn->setContentsMargins(theme::PagePad, 18, theme::PagePad, 12);
    headColumn->setSpacing(3);
    headColumn->addWidget(theme::titleLabel(tr("All sandboxes")));
    headColumn->addWidget(theme::mutedLabel(tr("Every request that wanted out, newest last.")));
    allColumn->addWidget(head);
    allColumn->addWidget(m_allEgress, 1);

    m_pages = new QStackedWidget;
    m_pages->setObjectName(QStringLiteral("pages"));
    for (QWidget* page :
         std::initializer_list<QWidget*>{m_waiting, m_welcome, m_allPage, m_sandboxPage})
        m_pages->addWidget(page);

    auto* right = new QWidget;
    auto* rightColumn = new QVBoxLayout(right);
    rightColumn->setContentsMargins(0, 0, 0, 0);
    rightColumn->setSpacing(0);
    rightColumn->addWidget(m_image);
    rightColumn->addWidget(m_problem);
    rightColumn->addWidget(m_alarm);
    rightColumn->addWidget(m_pages, 1);

    m_splitter = new QSplitter;
    m_splitter->addWidget(m_rail);
    m_splitter->addWidget(right);
    m_splitter->setStretchFactor(1, 1);
    m_splitter->setCollapsible(0, false);
    m_splitter->setCollapsible(1, false);
    m_splitter->setHandleWidth(1);

    auto* center = new QWidget;
    auto* column = new QVBoxLayout(center);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_lost);
    column->addWidget(m_paused);
    column->addWidget(m_splitter, 1);
    setCentralWidget(center);
}

void MainWindow::wireActions()
{
    const auto on = [this](QAction* action, auto act) {
        connect(action, &QAction::triggered, this, act);
    };
    const auto withCurrent = [this](auto act) {
        return [this, act] {
            if (const api::Sandbox* sandbox = current(); sandbox != nullptr)
                act(sandbox->id);
        };
    };
    on(m_actions->create, [this] { openCreateDialog(); });
    on(m_actions->start, withCurrent([this](qint64 id) { m_commands.start(id); }));
    on(m_actions->stop, withCurrent([this](qint64 id) { m_commands.stop(id, false); }));
    on(m_actions->kill, withCurrent([this](qint64 id) { m_commands.stop(id, true); }));
    on(m_actions->rename, [this] { m_sandboxPage->editName(); });
    on(m_actions->remove, [this] { m_sandboxPage->askToDelete(); });
    on(m_actions->pause, [this] { m_pause.setPaused(m_actions->pause->isChecked()); });
    on(m_actions->settings,
       [this] { (new settings::SettingsDialog(m_link, m_book, 0, {}, this))->show(); });
    on(m_actions->quit, [this] { quit(); });
    on(m_actions->questions, [this] { m_approvals->showQuestions(); });
    on(m_actions->credentials, [this] { showCredentials(); });
    on(m_actions->bindings, [this] { showBindings(); });
    on(m_actions->all, [this] { m_rail->select(0); });
    on(m_actions->nextSandbox, [this] { m_rail->selectNext(1); });
    on(m_actions->previousSandbox, [this] { m_rail->selectNext(-1); });
    on(m_actions->focusRail, [this] { m_rail->focusList(); });
    on(m_actions->refresh, [this] { emit m_link.connected(); });
    on(m_actions->palette, [this] { openPalette(); });
    on(m_actions->shortcuts,
       [this] { (new ShortcutsSheet(m_actions->everything(), this))->show(); });
    on(m_actions->checks, [this] { showChecks(); });
    on(m_actions->about, [this] { showAbout(); });
    connect(m_rail, &sandboxes::SandboxRail::selected, this, &MainWindow::select);
    connect(m_rail, &sandboxes::SandboxRail::activated, this, [this](qint64 id) {
        if (id != 0)
            m_actions->terminal->trigger();
    });
    connect(m_sandboxPage, &SandboxPage::tabChanged, this, &MainWindow::refreshActions);
}

void MainWindow::wireEngine()
{
    connect(&m_link, &EngineLink::stateChanged, this, [this] {
        refreshBanner();
        refreshActions();
    });
    connect(&m_facts, &EngineFacts::infoChanged, this, &MainWindow::refreshBanner);
    connect(&m_facts, &EngineFacts::checksChanged, this,
            [this] { m_welcome->setChecks(m_facts.checks()); });
    connect(&m_commands, &sandboxes::SandboxCommands::failed, this, &MainWindow::showProblem);

    connect(&m_pause, &policy::EgressPause::changed, this, [this](bool isPaused) {
        m_actions->pause->setChecked(isPaused);
        m_paused->setVisible(isPaused);
    });
    connect(&m_pause, &policy::EgressPause::failed, this, [this](const QString& text) {
        m_actions->pause->setChecked(m_pause.isPaused());
        showProblem(tr("The egress was not paused or resumed."), text);
    });

    connect(&m_book, &SandboxBook::reset, this, &MainWindow::pickFirst);
    connect(&m_book, &SandboxBook::added, this, &MainWindow::refreshPage);
    connect(&m_book, &SandboxBook::removed, this, &MainWindow::refreshPage);
    connect(&m_book, &SandboxBook::changed, this, &MainWindow::refreshActions);

    connect(m_approvals, &approvals::ApprovalCenter::openCountChanged, this, [this](int count) {
        m_status->setQuestionCount(count);
        refreshTitle(count);
    });
    connect(&m_link, &EngineLink::credentialAlarmed, this, &MainWindow::showAlarm);
    connect(m_credentials, &credentials::CredentialsWindow::rowRequested, this,
            [this](qint64 sandbox, const QString& filter) {
                m_rail->select(sandbox);
                m_sandboxPage->showTab(SandboxPage::Egress);
                m_sandboxPage->egress().setFilterText(filter);
                bringUp();
            });
    for (egress::EgressView* view : {m_allEgress, &m_sandboxPage->egress()}) {
        connect(view, &egress::EgressView::questionRequested, m_approvals,
                &approvals::ApprovalCenter::showQuestion);
        connect(view, &egress::EgressView::ruleRequested, this,
                [this](qint64 sandbox, qint64 rule) {
                    m_rail->select(sandbox);
                    m_sandboxPage->showTab(SandboxPage::Policy);
                    m_sandboxPage->policy().showRule(rule);
                });
        connect(view, &egress::EgressView::trialRequested, this, [this](const api::RowDetail& row) {
            m_rail->select(row.row.sandbox);
            m_sandboxPage->showTab(SandboxPage::Handlers);
            m_sandboxPage->handlers().tryRequest(row);
        });
        connect(view, &egress::EgressView::ruleProposed, this, [this](const api::Rule& rule) {
            if (rule.sandbox)
                m_rail->select(*rule.sandbox);
            m_sandboxPage->showTab(SandboxPage::Policy);
            m_sandboxPage->policy().proposeRule(rule);
        });
    }
}

void MainWindow::wireTheme()
{
    const auto choose = [this](theme::Choice choice) {
        return [this, choice] {
            m_theme.setChoice(choice);
            m_settings.setValue(ThemeKey, theme::Theme::choiceName(choice));
        };
    };
    connect(m_actions->themeSystem, &QAction::triggered, this, choose(theme::Choice::System));
    connect(m_actions->themeLight, &QAction::triggered, this, choose(theme::Choice::Light));
    connect(m_actions->themeDark, &QAction::triggered, this, choose(theme::Choice::Dark));
    m_actions->themeSystem->setChecked(m_theme.choice() == theme::Choice::System);
    m_actions->themeLight->setChecked(m_theme.choice() == theme::Choice::Light);
    m_actions->themeDark->setChecked(m_theme.choice() == theme::Choice::Dark);
}

void MainWindow::restore()
{
    if (!restoreGeometry(m_settings.value(GeometryKey).toByteArray()))
        resize(FirstSize.boundedTo(screen()->availableSize() - FrameRoom));
    if (!m_splitter->restoreState(m_settings.value(SplitterKey).toByteArray()))
        m_splitter->setSizes({240, FirstSize.width() - 240});
    m_sandboxPage->showTab(static_cast<SandboxPage::Tab>(m_settings.value(TabKey, 0).toInt()));
    m_wantedName = m_settings.value(SandboxKey).toString();
}

void MainWindow::save()
{
    m_settings.setValue(GeometryKey, saveGeometry());
    m_settings.setValue(SplitterKey, m_splitter->saveState());
    m_settings.setValue(TabKey, m_sandboxPage->currentTab());
    const api::Sandbox* sandbox = current();
    m_settings.setValue(SandboxKey, sandbox == nullptr ? QString() : toQt(sandbox->name));
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    save();
    event->accept();
    if (!m_approvals->hasTray()) {
        quit(); // the question window alone would keep a program alive that nobody can reach
    } else if (!std::exchange(m_hasSaidWhere, true)) {
        m_approvals->say(tr("Sallyport goes on in the tray"),
                         tr("Questions still come up. To end it, choose Quit there."));
    }
}

// The engine and the sandboxes are processes of their own and go on.
void MainWindow::quit()
{
    save();
    const auto& all = m_book.sandboxes();
    const auto running = std::count_if(all.begin(), all.end(), [](const api::Sandbox& sandbox) {
        return sandbox.state == api::SandboxState::Running;
    });
    if (running > 0)
        m_approvals->say(running == 1 ? tr("1 sandbox goes on without the window")
                                      : tr("%1 sandboxes go on without the window").arg(running),
                         tr("What they ask is denied and kept for you. Open Sallyport to answer."));
    QApplication::quit();
}

void MainWindow::showEvent(QShowEvent* event)
{
    QMainWindow::showEvent(event);
    m_status->setEndsWithWindow(!m_approvals->hasTray());
}

const api::Sandbox* MainWindow::current() const
{
    return m_book.find(m_rail->current());
}

void MainWindow::selectByName(const QString& name)
{
    m_wantedName = name;
    if (const api::Sandbox* sandbox = m_book.findByName(fromQt(name)); sandbox != nullptr)
        m_rail->select(sandbox->id);
}

void MainWindow::bringUp()
{
    setWindowState(windowState() & ~Qt::WindowMinimized);
    show();
    raise();
    activateWindow();
}

// After a (new) list: what was wanted or shown before, else the first there is.
void MainWindow::pickFirst()
{
    if (current() == nullptr) {
        const api::Sandbox* wanted = m_book.findByName(fromQt(m_wantedName));
        if (wanted == nullptr && !m_book.sandboxes().empty())
            wanted = &m_book.sandboxes().front();
        if (wanted != nullptr)
            m_rail->select(wanted->id);
    }
    refreshPage();
}

void MainWindow::select(qint64)
{
    m_forceChecks = false;
    refreshPage();
}

void MainWindow::refreshPage()
{
    const api::Sandbox* sandbox = current();
    if (sandbox != nullptr && m_sandboxPage->sandbox() != sandbox->id)
        m_sandboxPage->setSandbox(sandbox->id);
    if (!m_book.isLoaded())
        m_pages->setCurrentWidget(m_waiting);
    else if (m_book.sandboxes().empty() || m_forceChecks)
        m_pages->setCurrentWidget(m_welcome);
    else if (sandbox == nullptr)
        m_pages->setCurrentWidget(m_allPage);
    else
        m_pages->setCurrentWidget(m_sandboxPage);
    const bool hasRail = m_book.isLoaded() && !m_book.sandboxes().empty();
    if (hasRail != m_rail->isVisibleTo(this)) {
        // What had the focus is gone or goes: to where the person will act next.
        m_rail->setVisible(hasRail);
        if (hasRail)
            m_rail->focusList();
        else
            m_pages->currentWidget()->setFocus();
    }
    refreshActions();
}

void MainWindow::refreshActions()
{
    const api::Sandbox* sandbox = current();
    const bool connected = m_link.isConnected();
    const bool have = sandbox != nullptr;
    m_actions->create->setEnabled(connected);
    m_actions->start->setEnabled(connected && have && sandboxes::canStart(sandbox->state));
    m_actions->stop->setEnabled(connected && have && sandboxes::canStop(sandbox->state));
    m_actions->kill->setEnabled(connected && have && !sandboxes::canStart(sandbox->state));
    m_actions->rename->setEnabled(connected && have);
    m_actions->remove->setEnabled(connected && have);
    for (QAction* tab : {m_actions->overview, m_actions->terminal, m_actions->egress,
                         m_actions->policy, m_actions->handlers})
        tab->setEnabled(have);
    // Without an engine nothing gets out, whatever the default is.
    m_status->setSandbox(connected ? sandbox : nullptr);
}

void MainWindow::refreshBanner()
{
    m_lost->setText(tr("The engine does not answer. All egress is blocked."),
                    tr("Reason: %1").arg(m_link.problem()));
    m_lost->setVisible(m_link.state() == EngineLink::State::Lost);
    const api::EngineInfo& info = m_facts.info();
    const QString problem = info.imageReady ? QString() : toQt(info.imageProblem);
    m_welcome->setImageProblem(problem);
    m_image->setText(tr("The guest image is missing: no sandbox can start."), problem);
    m_image->setVisible(!problem.isEmpty() && !m_book.sandboxes().empty());
}

void MainWindow::refreshTitle(int openQuestions)
{
    setWindowTitle(openQuestions == 0 ? tr("Sallyport") : tr("(%1) Sallyport").arg(openQuestions));
}

void MainWindow::openCreateDialog()
{
    auto* dialog = findChild<sandboxes::CreateDialog*>();
    if (dialog == nullptr) {
        dialog = new sandboxes::CreateDialog(m_link, m_book, this);
        connect(dialog, &sandboxes::CreateDialog::created, this, &MainWindow::created);
    }
    dialog->show();
    dialog->raise();
    dialog->activateWindow();
}

// Every action, and a way to each sandbox.
void MainWindow::openPalette()
{
    qDeleteAll(m_goTo);
    m_goTo.clear();
    for (const api::Sandbox& sandbox : m_book.sandboxes()) {
        auto* go = new QAction(theme::icon(QStringLiteral("box")),
                               tr("Go to %1").arg(toQt(sandbox.name)), this);
        connect(go, &QAction::triggered, this, [this, id = sandbox.id] { m_rail->select(id); });
        m_goTo.push_back(go);
    }
    std::vector<QAction*> actions = m_actions->everything();
    std::erase(actions, m_actions->palette);
    actions.insert(actions.end(), m_goTo.begin(), m_goTo.end());
    m_palette->open(actions);
}

void MainWindow::created(qint64 id)
{
    m_rail->select(id);
    m_sandboxPage->showTab(SandboxPage::Overview);
    m_commands.start(id);
}

void MainWindow::showProblem(const QString& title, const QString& text)
{
    m_problem->setText(title, text);
    m_problem->show();
}

void MainWindow::showCredentials()
{
    m_alarm->hide();
    m_credentials->show();
    m_credentials->raise();
    m_credentials->activateWindow();
}

void MainWindow::showBindings()
{
    if (m_bindings == nullptr)
        m_bindings = new bindings::BindingsWindow(m_link, m_book, this);
    m_bindings->show();
    m_bindings->raise();
    m_bindings->activateWindow();
}

// In the window and on the desktop: who is not looking should learn of it too.
void MainWindow::showAlarm(const api::CredentialAlarm& alarm)
{
    const QString title = tr("Stopped: %1 was about to leak from %2")
                              .arg(safe(alarm.credential, 48), safe(alarm.sandboxName, 48));
    const QString text = safe(alarm.text, 300);
    m_alarm->setText(title, text);
    m_alarm->show();
    m_approvals->say(title, text);
}

void MainWindow::showChecks()
{
    m_facts.refreshChecks();
    m_facts.refreshInfo();
    m_forceChecks = true;
    refreshPage();
}

void MainWindow::showAbout()
{
    auto* box = new QMessageBox(this);
    box->setObjectName(QStringLiteral("aboutBox"));
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setWindowTitle(tr("About Sallyport"));
    box->setIconPixmap(theme::applicationIcon().pixmap(64, 64));
    box->setTextFormat(Qt::PlainText);
    box->setText(tr("Sallyport %1").arg(QStringLiteral(SALLYPORT_VERSION)));
    box->setInformativeText(
        tr("Runs untrusted code in virtual machines with one guarded door.\n\nFree software under "
           "the GNU General Public License, version 3 or later."));
    box->setModal(false);
    box->show();
}

} // namespace sallyport::ui::window

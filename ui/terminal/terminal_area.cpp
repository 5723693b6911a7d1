#include "ui/terminal/terminal_area.h"

#include <utility>

#include <QAction>
#include <QLabel>
#include <QPushButton>
#include <QStackedWidget>
#include <QTabBar>
#include <QTabWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/bridge/engine_link.h"
#include "ui/bridge/sandbox_book.h"
#include "ui/bridge/text.h"
#include "ui/terminal/terminal_pane.h"
#include "ui/terminal/terminal_view.h"
#include "ui/theme/icon.h"
#include "ui/theme/widgets.h"

namespace sallyport::ui::terminal {

namespace {

constexpr int MostTerminals = 16; // of one sandbox
constexpr int IdleWidth = 460;

TerminalPane* paneAt(QTabWidget* tabs, int index)
{
    return qobject_cast<TerminalPane*>(tabs->widget(index));
}

} // namespace

TerminalArea::TerminalArea(EngineLink& link, SandboxBook& book, QWidget* parent)
    : QWidget(parent)
    , m_link(link)
    , m_book(book)
    , m_stack(new QStackedWidget(this))
    , m_idle(new QWidget)
    , m_idleTitle(theme::headingLabel({}, m_idle))
    , m_idleText(theme::bodyLabel({}, m_idle))
{
    setObjectName(QStringLiteral("terminalArea"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_stack);

    auto* idle = new QVBoxLayout(m_idle);
    idle->setSpacing(theme::Gap);
    idle->addStretch();
    idle->addWidget(m_idleTitle, 0, Qt::AlignHCenter);
    theme::setLabelTone(m_idleText, theme::Tone::Muted);
    m_idleText->setAlignment(Qt::AlignCenter);
    m_idleText->setFixedWidth(IdleWidth);
    idle->addWidget(m_idleText, 0, Qt::AlignHCenter);
    idle->addStretch();
    m_idleTitle->setObjectName(QStringLiteral("terminalIdle"));
    m_stack->addWidget(m_idle);

    makeActions();
    connect(&m_book, &SandboxBook::changed, this, &TerminalArea::refresh);
    connect(&m_book, &SandboxBook::reset, this, &TerminalArea::refresh);
    connect(&m_book, &SandboxBook::removed, this, [this](int, qint64 id) { sandboxRemoved(id); });
    refresh();
}

void TerminalArea::makeActions()
{
    m_new = new QAction(theme::icon(QStringLiteral("plus")), tr("New &terminal"), this);
    m_new->setObjectName(QStringLiteral("newTerminal"));
    m_new->setShortcut(QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_T));
    connect(m_new, &QAction::triggered, this, &TerminalArea::openTerminal);
    m_close = new QAction(theme::icon(QStringLiteral("cross")), tr("&Close terminal"), this);
    m_close->setObjectName(QStringLiteral("closeTerminal"));
    m_close->setShortcut(QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_W));
    m_close->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    connect(m_close, &QAction::triggered, this, &TerminalArea::closeCurrent);
    addAction(m_close);
}

void TerminalArea::setStartAction(QAction* start)
{
    QPushButton* button = theme::actionButton(start, m_idle, tr("Start it"));
    theme::makePrimary(button);
    button->setObjectName(QStringLiteral("terminalStartSandbox"));
    connect(button, &QPushButton::clicked, this, [this] { m_startedHere = true; });
    auto* column = qobject_cast<QVBoxLayout*>(m_idle->layout());
    column->insertSpacing(column->count() - 1, theme::Gap);
    column->insertWidget(column->count() - 1, button, 0, Qt::AlignHCenter);
}

QTabWidget* TerminalArea::tabsOf(qint64 sandbox)
{
    QTabWidget*& tabs = m_tabs[sandbox];
    if (tabs != nullptr)
        return tabs;
    tabs = new QTabWidget;
    tabs->setObjectName(QStringLiteral("terminalTabs"));
    tabs->setDocumentMode(true);
    tabs->setTabsClosable(true);
    tabs->setMovable(true);
    tabs->tabBar()->setExpanding(false);
    tabs->tabBar()->setAccessibleName(tr("Terminals"));
    auto* more = new QToolButton;
    more->setDefaultAction(m_new);
    more->setToolButtonStyle(Qt::ToolButtonIconOnly);
    more->setAccessibleName(tr("New terminal"));
    tabs->setCornerWidget(more, Qt::TopRightCorner);
    connect(tabs, &QTabWidget::tabCloseRequested, this,
            [this, tabs = tabs](int index) { closeTab(tabs, index); });
    m_stack->addWidget(tabs);
    return tabs;
}

TerminalPane* TerminalArea::currentPane() const
{
    QTabWidget* tabs = m_tabs.value(m_sandbox);
    return tabs == nullptr ? nullptr : qobject_cast<TerminalPane*>(tabs->currentWidget());
}

void TerminalArea::setSandbox(qint64 id)
{
    if (id == m_sandbox)
        return;
    m_sandbox = id;
    m_wasRunning = false;
    m_startedHere = false;
    refresh();
}

void TerminalArea::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    refresh();
    focusTerminal();
}

void TerminalArea::focusTerminal()
{
    if (TerminalPane* pane = currentPane(); pane != nullptr && isVisible())
        pane->setFocus();
}

void TerminalArea::refresh()
{
    const api::Sandbox* sandbox = m_book.find(m_sandbox);
    const bool running = sandbox != nullptr && sandbox->state == api::SandboxState::Running;
    m_new->setEnabled(running);
    if (sandbox == nullptr) {
        m_stack->setCurrentWidget(m_idle);
        m_idleTitle->setText({});
        m_idleText->setText({});
        return;
    }
    const bool cameUp = running && !m_wasRunning;
    m_wasRunning = running;
    if (running) {
        QTabWidget* tabs = tabsOf(m_sandbox);
        m_stack->setCurrentWidget(tabs);
        if (tabs->count() == 0 && isVisible())
            openTerminal();
        else if (cameUp)
            for (int i = 0; i < tabs->count(); ++i)
                if (paneAt(tabs, i)->session().state() == TerminalSession::State::Ended)
                    paneAt(tabs, i)->start();
        if (cameUp && std::exchange(m_startedHere, false))
            focusTerminal();
        return;
    }
    m_stack->setCurrentWidget(m_idle);
    const QString name = toQt(sandbox->name);
    m_idleTitle->setText(
        sandbox->state == api::SandboxState::Starting   ? tr("%1 is starting…").arg(name)
        : sandbox->state == api::SandboxState::Stopping ? tr("%1 is stopping…").arg(name)
                                                        : tr("%1 is not running").arg(name));
    m_idleText->setText(sandbox->state == api::SandboxState::Crashed
                            ? toQt(sandbox->stateReason)
                            : tr("A terminal opens here as soon as the sandbox runs."));
}

void TerminalArea::openTerminal()
{
    const api::Sandbox* sandbox = m_book.find(m_sandbox);
    if (sandbox == nullptr || sandbox->state != api::SandboxState::Running)
        return;
    QTabWidget* tabs = tabsOf(m_sandbox);
    if (tabs->count() >= MostTerminals)
        return;
    auto* pane = new TerminalPane(m_link, m_sandbox, tabs);
    pane->view().setAccessibleName(tr("Terminal of %1").arg(toQt(sandbox->name)));
    pane->start();
    tabs->addTab(pane, QString());
    rename(tabs);
    tabs->setCurrentWidget(pane);
    focusTerminal();
}

void TerminalArea::closeCurrent()
{
    if (QTabWidget* tabs = m_tabs.value(m_sandbox); tabs != nullptr && tabs->count() > 0)
        closeTab(tabs, tabs->currentIndex());
}

// Closing the last one opens a fresh one, as long as the sandbox runs.
void TerminalArea::closeTab(QTabWidget* tabs, int index)
{
    QWidget* pane = tabs->widget(index);
    tabs->removeTab(index);
    pane->deleteLater();
    rename(tabs);
    if (tabs->count() == 0)
        openTerminal();
    focusTerminal();
}

void TerminalArea::rename(QTabWidget* tabs)
{
    for (int i = 0; i < tabs->count(); ++i)
        tabs->setTabText(i, tr("Shell %1").arg(i + 1));
}

void TerminalArea::sandboxRemoved(qint64 sandbox)
{
    QTabWidget* tabs = m_tabs.take(sandbox);
    if (tabs == nullptr)
        return;
    m_stack->removeWidget(tabs);
    tabs->deleteLater();
}

} // namespace sallyport::ui::terminal

#include "ui/window/sandbox_page.h"

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QTabBar>
#include <QTabWidget>
#include <QVBoxLayout>

#include "ui/bridge/engine_link.h"
#include "ui/bridge/sandbox_book.h"
#include "ui/bridge/text.h"
#include "ui/egress/egress_view.h"
#include "ui/handlers/handlers_view.h"
#include "ui/policy/policy_view.h"
#include "ui/sandboxes/overview_page.h"
#include "ui/sandboxes/sandbox_commands.h"
#include "ui/sandboxes/sandbox_text.h"
#include "ui/terminal/terminal_area.h"
#include "ui/theme/icon.h"
#include "ui/theme/widgets.h"
#include "ui/window/window_actions.h"

namespace sallyport::ui::window {

SandboxPage::SandboxPage(EngineLink& link,
                         SandboxBook& book,
                         sandboxes::SandboxCommands& commands,
                         WindowActions& actions,
                         QWidget* parent)
    : QWidget(parent)
    , m_link(link)
    , m_book(book)
    , m_commands(commands)
{
    setObjectName(QStringLiteral("sandboxPage"));
    m_confirm = new theme::Banner(theme::Tone::Bad, this);
    m_confirm->setObjectName(QStringLiteral("deleteConfirm"));
    QPushButton* remove = m_confirm->addButton(tr("&Delete it"), QStringLiteral("deleteYes"));
    theme::makeDanger(remove);
    m_keep = m_confirm->addButton(tr("&Keep it"), QStringLiteral("deleteNo"));
    connect(m_keep, &QPushButton::clicked, m_confirm, &QWidget::hide);
    connect(remove, &QPushButton::clicked, this, [this] {
        m_confirm->hide();
        m_commands.remove(m_sandbox);
    });

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_confirm);
    column->addWidget(makeHeader(actions));
    makeTabs(actions);
    column->addWidget(m_tabs, 1);

    connect(&m_book, &SandboxBook::changed, this, &SandboxPage::refresh);
    connect(&m_book, &SandboxBook::reset, this, &SandboxPage::refresh);
}

QWidget* SandboxPage::makeHeader(WindowActions& actions)
{
    m_name = theme::titleLabel({});
    m_name->setObjectName(QStringLiteral("sandboxName"));
    m_nameEdit = new QLineEdit;
    m_nameEdit->setObjectName(QStringLiteral("renameEdit"));
    m_nameEdit->setAccessibleName(tr("New name"));
    m_nameEdit->setMaxLength(40);
    m_nameEdit->hide();
    connect(m_nameEdit, &QLineEdit::returnPressed, this, [this] { finishRename(true); });
    connect(m_nameEdit, &QLineEdit::editingFinished, this, [this] { finishRename(false); });
    m_state = new theme::Pill;
    m_state->setObjectName(QStringLiteral("sandboxState"));
    auto* titleRow = new QHBoxLayout;
    titleRow->setSpacing(12);
    titleRow->addWidget(m_name);
    titleRow->addWidget(m_nameEdit);
    titleRow->addWidget(m_state, 0, Qt::AlignVCenter);
    titleRow->addStretch();
    m_summary = theme::mutedLabel({});
    m_summary->setObjectName(QStringLiteral("sandboxSummary"));
    m_summary->setMinimumWidth(60);
    auto* lines = new QVBoxLayout;
    lines->setSpacing(3);
    lines->addLayout(titleRow);
    lines->addWidget(m_summary);

    m_start = theme::actionButton(actions.start, nullptr, tr("Start"));
    m_start->setObjectName(QStringLiteral("headerStart"));
    theme::makePrimary(m_start);
    m_stop = theme::actionButton(actions.stop);
    m_stop->setObjectName(QStringLiteral("headerStop"));
    m_more = new QPushButton(theme::icon(QStringLiteral("more")), QString());
    m_more->setObjectName(QStringLiteral("headerMore"));
    m_more->setAccessibleName(tr("More for this sandbox"));
    m_more->setToolTip(m_more->accessibleName());

    auto* header = new QWidget;
    auto* row = new QHBoxLayout(header);
    row->setContentsMargins(theme::PagePad, 18, theme::PagePad, 10);
    row->setSpacing(theme::Gap);
    row->addLayout(lines, 1);
    row->addWidget(m_start, 0, Qt::AlignVCenter);
    row->addWidget(m_stop, 0, Qt::AlignVCenter);
    row->addWidget(m_more, 0, Qt::AlignVCenter);
    return header;
}

void SandboxPage::makeTabs(WindowActions& actions)
{
    m_overview = new sandboxes::OverviewPage(m_link, m_book, m_commands,
                                             {actions.start, actions.terminal, actions.egress});
    m_terminal = new terminal::TerminalArea(m_link, m_book);
    m_terminal->setStartAction(actions.start);
    actions.adoptTerminalAction(m_terminal->newTerminalAction());
    m_egress = new egress::EgressView(m_link);
    m_policy = new policy::PolicyView(m_link);
    m_handlers = new handlers::HandlersView(m_link);

    m_tabs = new QTabWidget;
    m_tabs->setObjectName(QStringLiteral("sandboxTabs"));
    m_tabs->setDocumentMode(true);
    m_tabs->tabBar()->setAccessibleName(tr("Parts of the sandbox"));
    m_tabs->tabBar()->setExpanding(false);
    const auto add = [this](QWidget* page, const QAction* action) {
        m_tabs->addTab(page, action->icon(), plainText(action));
    };
    add(m_overview, actions.overview);
    add(m_terminal, actions.terminal);
    add(m_egress, actions.egress);
    add(m_policy, actions.policy);
    add(m_handlers, actions.handlers);
    connect(m_handlers, &handlers::HandlersView::rowRequested, this, [this](qint64 row) {
        showTab(Egress);
        m_egress->showRow(row);
    });
    connect(m_tabs, &QTabWidget::currentChanged, this, &SandboxPage::tabChanged);
    int tab = 0;
    for (QAction* action : {actions.overview, actions.terminal, actions.egress, actions.policy,
                            actions.handlers}) {
        connect(action, &QAction::triggered, this, [this, tab] { showTab(static_cast<Tab>(tab)); });
        ++tab;
    }
    connect(actions.terminal, &QAction::triggered, m_terminal,
            &terminal::TerminalArea::focusTerminal);
}

void SandboxPage::setMenu(QMenu* menu)
{
    connect(m_more, &QPushButton::clicked, menu, [this, menu] {
        const QPoint corner = m_more->mapToGlobal(m_more->rect().bottomRight());
        menu->popup(corner - QPoint(menu->sizeHint().width(), -4));
    });
}

void SandboxPage::setSandbox(qint64 id)
{
    if (id != m_sandbox) {
        m_confirm->hide();
        finishRename(false);
    }
    m_sandbox = id;
    m_overview->setSandbox(id);
    m_terminal->setSandbox(id);
    m_egress->setSandbox(id);
    m_policy->setSandbox(id);
    m_handlers->setSandbox(id);
    refresh();
}

void SandboxPage::showTab(Tab tab)
{
    m_tabs->setCurrentIndex(tab);
}

int SandboxPage::currentTab() const
{
    return m_tabs->currentIndex();
}

void SandboxPage::askToDelete()
{
    const api::Sandbox* sandbox = m_book.find(m_sandbox);
    if (sandbox == nullptr)
        return;
    m_confirm->setText(tr("Delete %1?").arg(toQt(sandbox->name)),
                       tr("Its disk and its rules go with it. This can't be undone."));
    m_confirm->show();
    // After what made us act (a menu, a button) has given the focus back.
    QMetaObject::invokeMethod(m_keep, qOverload<>(&QWidget::setFocus), Qt::QueuedConnection);
}

void SandboxPage::editName()
{
    const api::Sandbox* sandbox = m_book.find(m_sandbox);
    if (sandbox == nullptr)
        return;
    m_name->hide();
    m_nameEdit->setText(toQt(sandbox->name));
    m_nameEdit->show();
    m_nameEdit->selectAll();
    m_nameEdit->setFocus();
}

void SandboxPage::finishRename(bool apply)
{
    if (m_nameEdit->isHidden())
        return;
    const QString name = m_nameEdit->text();
    m_nameEdit->hide();
    m_name->show();
    const api::Sandbox* sandbox = m_book.find(m_sandbox);
    if (apply && sandbox != nullptr && toQt(sandbox->name) != name)
        m_commands.rename(m_sandbox, name);
}

void SandboxPage::refresh()
{
    const api::Sandbox* sandbox = m_book.find(m_sandbox);
    if (sandbox == nullptr)
        return;
    m_name->setText(toQt(sandbox->name));
    m_state->setContent(sandboxes::stateWord(sandbox->state), sandboxes::stateTone(sandbox->state));
    QString summary = sandboxes::summaryLine(*sandbox);
    if (sandbox->state == api::SandboxState::Running && sandbox->startedAt)
        summary += QStringLiteral(" · ") +
                   tr("up %1").arg(sandboxes::uptimeText(*sandbox->startedAt, nowUnixMillis()));
    m_summary->setText(summary);
    m_start->setVisible(sandboxes::canStart(sandbox->state));
    m_stop->setVisible(!sandboxes::canStart(sandbox->state));
}

} // namespace sallyport::ui::window

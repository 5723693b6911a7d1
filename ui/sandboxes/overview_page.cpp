#include "ui/sandboxes/overview_page.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/bridge/sandbox_book.h"
#include "ui/bridge/text.h"
#include "ui/sandboxes/meter_card.h"
#include "ui/sandboxes/recent_requests.h"
#include "ui/sandboxes/sandbox_commands.h"
#include "ui/sandboxes/sandbox_text.h"
#include "ui/theme/icon.h"
#include "ui/theme/widgets.h"

namespace sallyport::ui::sandboxes {

namespace {

constexpr std::int64_t Mebibyte = 1024 * 1024;
constexpr int WidestContent = 1180; // lines stay readable in a large window
const QString ExampleCommand = QStringLiteral("curl https://example.com");

QString percentText(double percent)
{
    return QLocale().toString(percent, 'f', percent < 10 ? 1 : 0) + QStringLiteral(" %");
}

QString whatHappens(api::DefaultAction action)
{
    switch (action) {
    case api::DefaultAction::Ask:
        return OverviewPage::tr("The request is held, and you are asked whether it may leave.");
    case api::DefaultAction::Deny:
        return OverviewPage::tr("The request is denied, and the log says why.");
    case api::DefaultAction::Allow:
        return OverviewPage::tr("The request gets out, and the log shows it.");
    }
    return {};
}

} // namespace

OverviewPage::OverviewPage(EngineLink& link,
                           SandboxBook& book,
                           SandboxCommands& commands,
                           const Actions& actions,
                           QWidget* parent)
    : QScrollArea(parent)
    , m_book(book)
    , m_commands(commands)
{
    setObjectName(QStringLiteral("overviewPage"));
    setWidgetResizable(true);
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* content = new QWidget;
    content->setMaximumWidth(WidestContent);
    m_recent = new RecentRequests(link, actions.egress, content);
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(theme::PagePad, 20, theme::PagePad, theme::PagePad);
    column->setSpacing(theme::Pad);
    column->addWidget(makeProblem(actions.start));
    column->addWidget(makeMeters());
    column->addWidget(makePolicy());
    column->addWidget(makeFirstSteps(actions.terminal));
    column->addWidget(m_recent);
    column->addStretch();
    auto* holder = new QWidget;
    auto* row = new QHBoxLayout(holder);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(content, 1);
    row->addStretch(0);
    setWidget(holder);

    connect(m_recent, &RecentRequests::changed, this, &OverviewPage::refreshFirstSteps);
    connect(&m_book, &SandboxBook::changed, this, &OverviewPage::refresh);
    connect(&m_book, &SandboxBook::reset, this, &OverviewPage::refresh);
}

void OverviewPage::setSandbox(qint64 id)
{
    m_sandbox = id;
    m_recent->setSandbox(id);
    refresh();
}

QWidget* OverviewPage::makeProblem(QAction* start)
{
    m_problem = new theme::Card;
    m_problem->setObjectName(QStringLiteral("crashCard"));
    auto* picture = new QLabel;
    picture->setPixmap(theme::icon(QStringLiteral("warning"), theme::Tone::Bad).pixmap(20, 20));
    QLabel* heading = theme::headingLabel(tr("The last run ended badly"));
    theme::setLabelTone(heading, theme::Tone::Bad);
    m_problemText = theme::bodyLabel({});
    m_problemText->setObjectName(QStringLiteral("crashReason"));
    m_problemText->setTextInteractionFlags(Qt::TextSelectableByMouse |
                                           Qt::TextSelectableByKeyboard);
    auto* lines = new QVBoxLayout;
    lines->setSpacing(3);
    lines->addWidget(heading);
    lines->addWidget(m_problemText);
    auto* row = new QHBoxLayout(m_problem);
    row->setContentsMargins(theme::Pad, 14, theme::Pad, 14);
    row->setSpacing(12);
    row->addWidget(picture, 0, Qt::AlignTop);
    row->addLayout(lines, 1);
    row->addWidget(theme::actionButton(start, nullptr, tr("Start again")), 0, Qt::AlignVCenter);
    return m_problem;
}

QWidget* OverviewPage::makeMeters()
{
    auto* holder = new QWidget;
    auto* row = new QHBoxLayout(holder);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(theme::Pad);
    m_cpu = new MeterCard(tr("CPU"), QStringLiteral("cpu"));
    m_memory = new MeterCard(tr("Memory"), QStringLiteral("memory"));
    m_disk = new MeterCard(tr("Disk"), QStringLiteral("disk"));
    row->addWidget(m_cpu, 1);
    row->addWidget(m_memory, 1);
    row->addWidget(m_disk, 1);
    return holder;
}

QWidget* OverviewPage::makePolicy()
{
    auto* card = new theme::Card;
    m_policy = new QComboBox;
    m_policy->setObjectName(QStringLiteral("overviewPolicy"));
    for (const auto action :
         {api::DefaultAction::Ask, api::DefaultAction::Deny, api::DefaultAction::Allow})
        m_policy->addItem(defaultActionWord(action), static_cast<int>(action));
    m_policy->setMinimumWidth(110);
    QLabel* label = theme::headingLabel(tr("&When no rule decides"));
    label->setBuddy(m_policy);
    m_policyText = theme::bodyLabel({});
    m_policyText->setObjectName(QStringLiteral("overviewPolicyText"));
    auto* lines = new QVBoxLayout;
    lines->setSpacing(3);
    lines->addWidget(label);
    lines->addWidget(m_policyText);
    auto* row = new QHBoxLayout(card);
    row->setContentsMargins(theme::Pad, 14, theme::Pad, 14);
    row->setSpacing(theme::Pad);
    row->addLayout(lines, 1);
    row->addWidget(m_policy, 0, Qt::AlignVCenter);
    connect(m_policy, &QComboBox::activated, this, [this](int index) {
        m_commands.setDefaultAction(
            m_sandbox, static_cast<api::DefaultAction>(m_policy->itemData(index).toInt()));
    });
    return card;
}

QWidget* OverviewPage::makeFirstSteps(QAction* terminal)
{
    m_firstSteps = new theme::Card;
    m_firstSteps->setObjectName(QStringLiteral("firstSteps"));
    auto* code = new QLabel(ExampleCommand);
    code->setTextFormat(Qt::PlainText);
    code->setProperty("kind", QStringLiteral("code"));
    code->setFont(theme::monospaceFont());
    code->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    auto* copy = new QPushButton(theme::icon(QStringLiteral("copy")), tr("Copy"));
    copy->setObjectName(QStringLiteral("copyExample"));
    copy->setAccessibleName(tr("Copy the command"));
    connect(copy, &QPushButton::clicked, this,
            [] { QApplication::clipboard()->setText(ExampleCommand); });
    QPushButton* open = theme::actionButton(terminal, nullptr, tr("Open the terminal"));
    auto* line = new QHBoxLayout;
    line->setSpacing(theme::Gap);
    line->addWidget(code);
    line->addWidget(copy);
    line->addStretch();
    line->addWidget(open);
    auto* column = new QVBoxLayout(m_firstSteps);
    column->setContentsMargins(theme::Pad, 14, theme::Pad, 14);
    column->setSpacing(theme::Gap);
    column->addWidget(theme::headingLabel(tr("First steps")));
    m_firstStepsText = theme::bodyLabel({});
    column->addWidget(m_firstStepsText);
    column->addLayout(line);
    return m_firstSteps;
}

void OverviewPage::refresh()
{
    const api::Sandbox* sandbox = m_book.find(m_sandbox);
    if (sandbox == nullptr)
        return;
    m_problem->setVisible(!sandbox->stateReason.empty() &&
                          (canStart(sandbox->state) || sandbox->state == api::SandboxState::Running));
    m_problemText->setText(toQt(sandbox->stateReason));
    refreshMeters(*sandbox);
    refreshPolicy(*sandbox);
    refreshFirstSteps();
}

void OverviewPage::refreshMeters(const api::Sandbox& sandbox)
{
    const bool live = sandbox.state == api::SandboxState::Running;
    const api::Size& size = sizeOf(sandbox.size);
    const SandboxBook::History history = m_book.history(sandbox.id);
    const QString none = QStringLiteral("–");
    m_cpu->setHistory(live ? percentText(sandbox.stats.cpuPercent) : none,
                      size.vcpus == 1 ? tr("of 1 vCPU") : tr("of %1 vCPUs").arg(size.vcpus),
                      history.cpuPercent, 100.0 * size.vcpus);
    const std::int64_t memory = std::int64_t{size.memoryMib} * Mebibyte;
    m_memory->setHistory(live ? memoryText(sandbox.stats.memoryUsedBytes) : none,
                         tr("of %1").arg(memoryText(memory)), history.memoryBytes,
                         static_cast<double>(memory));
    const std::int64_t disk = std::int64_t{sandbox.diskMib} * Mebibyte;
    m_disk->setShare(sandbox.stats.diskUsedBytes > 0 ? memoryText(sandbox.stats.diskUsedBytes)
                                                     : none,
                     tr("of %1").arg(memoryText(disk)),
                     static_cast<double>(sandbox.stats.diskUsedBytes) /
                         static_cast<double>(std::max<std::int64_t>(disk, 1)));
}

void OverviewPage::refreshPolicy(const api::Sandbox& sandbox)
{
    m_policy->setCurrentIndex(m_policy->findData(static_cast<int>(sandbox.defaultAction)));
    m_policyText->setText(defaultActionText(sandbox.defaultAction));
    theme::setLabelTone(m_policyText, sandbox.defaultAction == api::DefaultAction::Allow
                                          ? theme::Tone::Bad
                                          : theme::Tone::Muted);
}

void OverviewPage::refreshFirstSteps()
{
    const api::Sandbox* sandbox = m_book.find(m_sandbox);
    m_firstSteps->setVisible(sandbox != nullptr && sandbox->state == api::SandboxState::Running &&
                             m_recent->isEmpty());
    if (sandbox != nullptr)
        m_firstStepsText->setText(
            tr("Open the terminal and try this. %1").arg(whatHappens(sandbox->defaultAction)));
}

} // namespace sallyport::ui::sandboxes

#include "ui/sandboxes/create_dialog.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QRegularExpression>
#include <QSpinBox>
#include <QStyle>
#include <QVBoxLayout>

#include "ui/bridge/engine_link.h"
#include "ui/bridge/sandbox_book.h"
#include "ui/bridge/text.h"
#include "ui/sandboxes/sandbox_text.h"
#include "ui/theme/icon.h"
#include "ui/theme/widgets.h"

namespace sallyport::ui::sandboxes {

namespace {

constexpr int MostNameLength = 40;
constexpr int MibPerGib = 1024;

QString goodFor(api::SizeName size)
{
    switch (size) {
    case api::SizeName::Lite:
        return CreateDialog::tr("A shell, small scripts, looking at a repository");
    case api::SizeName::Basic:
        return CreateDialog::tr("An AI agent, package installs, most builds");
    case api::SizeName::Standard:
        return CreateDialog::tr("Big builds, test suites, browsers");
    }
    return {};
}

// A radio button with a line below it that says what it means.
QWidget* makeChoice(QButtonGroup* group, int id, const QString& text, const QString& detail)
{
    auto* holder = new QWidget;
    auto* column = new QVBoxLayout(holder);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(1);
    auto* button = new QRadioButton(text);
    button->setAccessibleDescription(detail);
    group->addButton(button, id);
    QLabel* line = theme::mutedLabel(detail);
    line->setIndent(24);
    line->setWordWrap(true);
    column->addWidget(button);
    column->addWidget(line);
    return holder;
}

QWidget* makeSection(const QString& title, QLabel** label, std::initializer_list<QWidget*> content)
{
    auto* holder = new QWidget;
    auto* column = new QVBoxLayout(holder);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(7);
    auto* heading = theme::headingLabel(title);
    if (label != nullptr)
        *label = heading;
    column->addWidget(heading);
    for (QWidget* part : content)
        column->addWidget(part);
    return holder;
}

} // namespace

CreateDialog::CreateDialog(EngineLink& link, SandboxBook& book, QWidget* parent)
    : QDialog(parent)
    , m_link(link)
    , m_book(book)
{
    setObjectName(QStringLiteral("createDialog"));
    setWindowTitle(tr("New sandbox"));
    setAttribute(Qt::WA_DeleteOnClose);

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(theme::PagePad, 20, theme::PagePad, 20);
    column->setSpacing(20);
    column->addWidget(makeName());
    column->addWidget(makeSizes());
    column->addWidget(makeDisk());
    column->addWidget(makePolicies());

    m_problem = theme::bodyLabel({}, this);
    m_problem->setObjectName(QStringLiteral("createProblem"));
    theme::setLabelTone(m_problem, theme::Tone::Bad);
    m_problem->hide();
    column->addWidget(m_problem);
    column->addStretch();

    auto* cancel = new QPushButton(tr("Cancel"), this);
    cancel->setObjectName(QStringLiteral("createCancel"));
    m_create = new QPushButton(tr("&Create and start"), this);
    m_create->setObjectName(QStringLiteral("createConfirm"));
    m_create->setDefault(true);
    theme::makePrimary(m_create);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(theme::Gap);
    buttons->addStretch();
    buttons->addWidget(cancel);
    buttons->addWidget(m_create);
    column->addLayout(buttons);

    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_create, &QPushButton::clicked, this, &CreateDialog::create);
    connect(m_name, &QLineEdit::textChanged, this, &CreateDialog::validate);
    connect(&m_link, &EngineLink::stateChanged, this, &CreateDialog::validate);
    m_name->setText(m_book.freeName());
    m_name->selectAll();
    m_name->setFocus();
    setMinimumWidth(460);
    validate();
}

QWidget* CreateDialog::makeName()
{
    m_name = new QLineEdit;
    m_name->setObjectName(QStringLiteral("createName"));
    m_name->setMaxLength(MostNameLength);
    m_nameProblem = theme::mutedLabel({});
    m_nameProblem->setObjectName(QStringLiteral("createNameProblem"));
    m_nameProblem->setWordWrap(true);
    QLabel* label = nullptr;
    QWidget* section = makeSection(tr("&Name"), &label, {m_name, m_nameProblem});
    label->setBuddy(m_name);
    return section;
}

QWidget* CreateDialog::makeSizes()
{
    m_size = new QButtonGroup(this);
    auto* holder = new QWidget;
    auto* column = new QVBoxLayout(holder);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(10);
    for (const api::Size& size : api::sizes()) {
        const int id = static_cast<int>(size.name);
        column->addWidget(
            makeChoice(m_size, id, sizeName(size.name) + QStringLiteral("  —  ") + sizeDetail(size),
                       goodFor(size.name)));
        m_size->button(id)->setObjectName(
            QStringLiteral("createSize%1").arg(toQt(api::enumName(size.name))));
    }
    m_size->button(static_cast<int>(api::SizeName::Basic))->setChecked(true);
    return makeSection(tr("Size"), nullptr, {holder});
}

QWidget* CreateDialog::makeDisk()
{
    m_disk = new QSpinBox;
    m_disk->setObjectName(QStringLiteral("createDisk"));
    m_disk->setRange(2, 512);
    m_disk->setSuffix(tr(" GiB"));
    m_disk->setValue(api::NewSandbox().diskMib / MibPerGib);
    m_disk->setFixedWidth(120);
    QLabel* label = nullptr;
    QWidget* section = makeSection(
        tr("&Disk"), &label,
        {m_disk, theme::mutedLabel(tr("The most it can grow to. Takes only what is written."))});
    label->setBuddy(m_disk);
    return section;
}

QWidget* CreateDialog::makePolicies()
{
    m_policy = new QButtonGroup(this);
    auto* holder = new QWidget;
    auto* column = new QVBoxLayout(holder);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(10);
    for (const auto action :
         {api::DefaultAction::Ask, api::DefaultAction::Deny, api::DefaultAction::Allow}) {
        const int id = static_cast<int>(action);
        column->addWidget(
            makeChoice(m_policy, id, defaultActionWord(action), defaultActionText(action)));
        m_policy->button(id)->setObjectName(
            QStringLiteral("createPolicy%1").arg(toQt(api::enumName(action))));
    }
    m_policy->button(static_cast<int>(api::DefaultAction::Ask))->setChecked(true);
    return makeSection(tr("When it wants out and no rule decides"), nullptr, {holder});
}

QString CreateDialog::nameProblem() const
{
    const QString name = m_name->text();
    static const QRegularExpression Allowed(QStringLiteral("\\A[a-z0-9]([a-z0-9-]*[a-z0-9])?\\z"));
    if (name.isEmpty())
        return tr("Give it a name.");
    if (!Allowed.match(name).hasMatch())
        return tr("Small letters, digits and inner hyphens, such as agent-1.");
    if (m_book.findByName(fromQt(name)) != nullptr)
        return tr("There is a sandbox of this name already.");
    return {};
}

void CreateDialog::validate()
{
    const QString problem = nameProblem();
    m_nameProblem->setText(problem.isEmpty() ? tr("Also its host name.") : problem);
    theme::setLabelTone(m_nameProblem, problem.isEmpty() ? theme::Tone::Muted : theme::Tone::Bad);
    m_name->setProperty("invalid", !problem.isEmpty());
    m_name->style()->unpolish(m_name);
    m_name->style()->polish(m_name);
    m_create->setEnabled(problem.isEmpty() && !m_busy && m_link.isConnected());
    m_create->setToolTip(m_link.isConnected() ? QString() : tr("The engine does not answer."));
}

api::NewSandbox CreateDialog::wanted() const
{
    api::NewSandbox wanted;
    wanted.name = fromQt(m_name->text());
    wanted.size = static_cast<api::SizeName>(m_size->checkedId());
    wanted.diskMib = m_disk->value() * MibPerGib;
    wanted.defaultAction = static_cast<api::DefaultAction>(m_policy->checkedId());
    return wanted;
}

void CreateDialog::create()
{
    if (m_busy || !nameProblem().isEmpty())
        return;
    m_busy = true;
    m_problem->hide();
    validate();
    m_link.call("sandbox.create", api::toJson(wanted()), this, [this](const auto& reply) {
        m_busy = false;
        const auto sandbox =
            reply.and_then([](const api::Json& json) { return api::fromJson<api::Sandbox>(json); });
        if (!sandbox) {
            m_problem->setText(toQt(sandbox.error().text));
            m_problem->show();
            validate();
            return;
        }
        m_book.take(*sandbox);
        emit created(sandbox->id);
        accept();
    });
}

} // namespace sallyport::ui::sandboxes

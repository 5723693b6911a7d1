#include "ui/bindings/use_dialog.h"

#include <algorithm>

#include <QComboBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpression>

#include "ui/bindings/binding_text.h"
#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"

namespace sallyport::ui::bindings {

namespace {

constexpr int MostVariable = 63;
constexpr int FirstWidth = 460;

// As the engine names it where nobody does.
QString variableFor(const std::string& name)
{
    QString variable = toQt(name).toUpper().replace(QLatin1Char('-'), QLatin1Char('_'));
    if (!variable.isEmpty() && variable.front().isDigit())
        variable.prepend(QLatin1Char('_'));
    return variable;
}

} // namespace

UseDialog::UseDialog(EngineLink& link,
                     const api::Binding& binding,
                     const std::vector<api::Sandbox>& sandboxes,
                     QWidget* parent)
    : QDialog(parent)
    , m_link(link)
    , m_binding(binding)
{
    setObjectName(QStringLiteral("useDialog"));
    setWindowTitle(tr("Who may use %1").arg(safe(binding.name, 64)));
    setAttribute(Qt::WA_DeleteOnClose);
    m_form = new QFormLayout;
    m_form->setHorizontalSpacing(12);
    m_form->setVerticalSpacing(10);
    addFields(sandboxes);
    m_problem = theme::bodyLabel({}, this);
    m_problem->setObjectName(QStringLiteral("useProblem"));
    auto* cancel = new QPushButton(tr("Cancel"), this);
    cancel->setObjectName(QStringLiteral("useCancel"));
    m_save = new QPushButton(tr("&Bind"), this);
    m_save->setObjectName(QStringLiteral("useSave"));
    m_save->setDefault(true);
    theme::makePrimary(m_save);
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_save, &QPushButton::clicked, this, &UseDialog::save);
    auto* row = new QHBoxLayout;
    row->addStretch(1);
    row->addWidget(cancel);
    row->addWidget(m_save);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(theme::PagePad, 20, theme::PagePad, 20);
    column->setSpacing(theme::Pad);
    column->addLayout(m_form);
    column->addWidget(m_problem);
    column->addLayout(row);
    setMinimumWidth(FirstWidth);
    m_form->setRowVisible(m_access, m_binding.kind != api::BindingKind::Service);
    connect(m_reach, &QComboBox::currentIndexChanged, this, &UseDialog::judge);
    connect(m_variable, &QLineEdit::textChanged, this, &UseDialog::judge);
    judge();
}

void UseDialog::addFields(const std::vector<api::Sandbox>& sandboxes)
{
    const auto choice = [this](const QString& label, const char* name) {
        auto* box = new QComboBox;
        box->setObjectName(QLatin1String(name));
        m_form->addRow(label, box);
        return box;
    };
    m_sandbox = choice(tr("&Sandbox"), "useSandbox");
    for (const api::Sandbox& sandbox : sandboxes)
        if (m_binding.owner != sandbox.id)
            m_sandbox->addItem(safe(sandbox.name, 48), static_cast<qint64>(sandbox.id));
    m_sandbox->addItem(tr("All, those to come included"), qint64{0});
    m_access = choice(tr("M&ay"), "useAccess");
    m_access->addItem(tr("Read and write"), static_cast<int>(api::BindingAccess::ReadWrite));
    m_access->addItem(tr("Read"), static_cast<int>(api::BindingAccess::ReadOnly));
    m_reach = choice(tr("&For"), "useReach");
    m_reach->addItem(tr("Its programs and its handlers"),
                     static_cast<int>(api::BindingReach::Sandbox));
    m_reach->addItem(tr("Its handlers only"), static_cast<int>(api::BindingReach::Handlers));
    m_variable = new QLineEdit(variableFor(m_binding.name));
    m_variable->setObjectName(QStringLiteral("useVariable"));
    m_variable->setMaxLength(MostVariable);
    m_variable->setPlaceholderText(tr("none"));
    m_form->addRow(tr("In handlers, &env."), m_variable);
}

void UseDialog::show(const api::BindingUse& use)
{
    m_sandbox->setCurrentIndex(
        std::max(0, m_sandbox->findData(static_cast<qint64>(use.sandbox.value_or(0)))));
    m_access->setCurrentIndex(m_access->findData(static_cast<int>(use.access)));
    m_reach->setCurrentIndex(m_reach->findData(static_cast<int>(use.reach)));
    m_variable->setText(toQt(use.variable));
    m_save->setText(tr("Sa&ve"));
    QDialog::show();
}

void UseDialog::judge()
{
    static const QRegularExpression pattern(QStringLiteral("\\A([A-Za-z_][A-Za-z0-9_]*)?\\z"));
    const QString variable = m_variable->text().trimmed();
    const bool isForHandlers =
        m_reach->currentData().toInt() == static_cast<int>(api::BindingReach::Handlers);
    QString missing;
    if (!pattern.match(variable).hasMatch())
        missing = tr("A variable has letters, digits and “_”.");
    else if (isForHandlers && variable.isEmpty())
        missing = tr("Handlers find it by a variable: name one.");
    m_problem->setText(missing);
    theme::setLabelTone(m_problem, theme::Tone::Muted);
    m_problem->setVisible(!missing.isEmpty());
    m_save->setEnabled(missing.isEmpty() && !m_isBusy);
}

void UseDialog::save()
{
    if (!m_save->isEnabled())
        return;
    api::Json parameters{
        {"kind", api::enumName(m_binding.kind)},
        {"name", m_binding.name},
        {"access", api::enumName(static_cast<api::BindingAccess>(m_access->currentData().toInt()))},
        {"reach", api::enumName(static_cast<api::BindingReach>(m_reach->currentData().toInt()))},
        {"variable", fromQt(m_variable->text().trimmed())}};
    if (const qint64 sandbox = m_sandbox->currentData().toLongLong(); sandbox != 0)
        parameters["sandbox"] = sandbox;
    m_isBusy = true;
    m_save->setEnabled(false);
    m_link.call("bindings.bind", std::move(parameters), this,
                [this](const Result<api::Json>& reply) {
                    m_isBusy = false;
                    if (reply) {
                        accept();
                        return;
                    }
                    judge();
                    m_problem->setText(safe(reply.error().text, 300));
                    theme::setLabelTone(m_problem, theme::Tone::Bad);
                    m_problem->show();
                });
}

} // namespace sallyport::ui::bindings

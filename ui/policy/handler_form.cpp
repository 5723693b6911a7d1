#include "ui/policy/handler_form.h"

#include <algorithm>

#include <QComboBox>
#include <QFormLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include "engine/api/bindings.h"
#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/policy/params_form.h"
#include "ui/policy/rule_check.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/page_scroll.h"

namespace sallyport::ui::policy {

namespace {

// Data of the choices: whether the handler is one of the module's.
constexpr int OfModuleRole = Qt::UserRole;

} // namespace

HandlerForm::HandlerForm(EngineLink& link, QWidget* parent)
    : QWidget(parent)
    , m_link(link)
    , m_title(theme::headingLabel({}, this))
    , m_host(new QLineEdit(this))
    , m_name(new QComboBox(this))
    , m_summary(theme::bodyLabel({}, this))
    , m_params(new ParamsForm(this))
{
    m_host->setObjectName(QStringLiteral("handlerHost"));
    m_host->setPlaceholderText(tr("every host; or api.example.com, *.example.com"));
    m_host->setMaxLength(300);
    m_name->setObjectName(QStringLiteral("handlerName"));
    m_summary->setObjectName(QStringLiteral("handlerSummary"));
    theme::setLabelTone(m_summary, theme::Tone::Muted);
    auto* fields = new QFormLayout;
    fields->setHorizontalSpacing(12);
    fields->setVerticalSpacing(8);
    fields->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    fields->addRow(tr("H&osts"), m_host);
    fields->addRow(tr("Handl&er"), m_name);
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(theme::Pad, theme::Pad, theme::Pad, theme::Pad);
    column->setSpacing(12);
    column->addWidget(m_title);
    column->addLayout(fields);
    column->addWidget(m_summary);
    column->addWidget(m_params);
    column->addStretch(1);
    auto* scroll = new PageScroll(this);
    scroll->setContent(content);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->setSpacing(0);
    outer->addWidget(scroll, 1);
    outer->addWidget(makeButtons());
    connect(m_host, &QLineEdit::textChanged, this, &HandlerForm::judge);
    connect(m_host, &QLineEdit::returnPressed, this, &HandlerForm::save);
    connect(m_name, &QComboBox::currentIndexChanged, this, &HandlerForm::choose);
    connect(m_params, &ParamsForm::changed, this, &HandlerForm::judge);
}

QWidget* HandlerForm::makeButtons()
{
    auto* footer = new QWidget(this);
    m_problem = theme::bodyLabel({}, footer);
    m_problem->setObjectName(QStringLiteral("handlerProblem"));
    theme::setLabelTone(m_problem, theme::Tone::Bad);
    m_save = new QPushButton(tr("Set &for these hosts"), footer);
    m_save->setObjectName(QStringLiteral("handlerSave"));
    theme::makePrimary(m_save);
    auto* cancel = new QPushButton(tr("Cancel"), footer);
    cancel->setObjectName(QStringLiteral("handlerCancel"));
    connect(m_save, &QPushButton::clicked, this, &HandlerForm::save);
    connect(cancel, &QPushButton::clicked, this, &HandlerForm::closed);
    auto* row = new QHBoxLayout;
    row->addStretch(1);
    row->addWidget(cancel);
    row->addWidget(m_save);
    auto* column = new QVBoxLayout(footer);
    column->setContentsMargins(theme::Pad, theme::Gap, theme::Pad, theme::Pad);
    column->addWidget(m_problem);
    column->addLayout(row);
    return footer;
}

void HandlerForm::setChoices(std::vector<api::BuiltIn> builtIns,
                             const std::vector<std::string>& ofModule)
{
    m_builtIns = std::move(builtIns);
    const QSignalBlocker quiet(m_name);
    const QString before = m_name->currentText();
    m_name->clear();
    for (const std::string& name : ofModule)
        m_name->addItem(safe(name, 100), true);
    for (const api::BuiltIn& each : m_builtIns)
        if (m_name->findText(toQt(each.name)) < 0)
            m_name->addItem(toQt(each.name), false);
    m_name->setCurrentIndex(std::max(0, m_name->findText(before)));
}

void HandlerForm::edit(const api::Handler& handler, api::SandboxId sandbox)
{
    m_original = handler;
    m_sandbox = sandbox;
    m_isSaving = false;
    const bool isNew = handler.name.empty();
    m_title->setText(isNew ? tr("Add handler") : tr("Change handler"));
    m_host->setText(toQt(handler.host));
    m_host->setReadOnly(!isNew);
    {
        const QSignalBlocker quiet(m_name);
        const int found = m_name->findText(safe(handler.name, 100));
        m_name->setCurrentIndex(isNew ? m_name->findText(QStringLiteral("readOnly")) : found);
    }
    choose();
    fetchBindings();
    (isNew ? static_cast<QWidget*>(m_host) : m_name)->setFocus();
}

// What this sandbox may use, to be chosen by name.
void HandlerForm::fetchBindings()
{
    m_link.call("bindings.list", api::Json::object(), this,
                [this, sandbox = m_sandbox](const Result<api::Json>& reply) {
                    const auto all =
                        reply ? api::member<std::vector<api::Binding>>(*reply, "bindings")
                              : tl::unexpected(reply.error());
                    if (!all || sandbox != m_sandbox)
                        return;
                    std::map<std::string, QStringList> names{
                        {"namespace", {}}, {"bucket", {}}, {"service", {}}};
                    for (const api::Binding& one : *all) {
                        const bool isBound =
                            std::any_of(one.uses.begin(), one.uses.end(), [&](const auto& use) {
                                return !use.sandbox || use.sandbox == sandbox;
                            });
                        if (isBound)
                            names[one.kind == api::BindingKind::Kv        ? "namespace"
                                  : one.kind == api::BindingKind::Objects ? "bucket"
                                                                          : "service"]
                                .append(toQt(one.name));
                    }
                    m_params->setBindings(names);
                });
}

const api::BuiltIn* HandlerForm::chosen() const
{
    if (m_name->currentData(OfModuleRole).toBool())
        return nullptr;
    const std::string name = fromQt(m_name->currentText());
    const auto found = std::find_if(m_builtIns.begin(), m_builtIns.end(),
                                    [&](const api::BuiltIn& each) { return each.name == name; });
    return found == m_builtIns.end() ? nullptr : &*found;
}

void HandlerForm::choose()
{
    const api::BuiltIn* known = chosen();
    m_summary->setText(known != nullptr ? safe(known->summary, 300)
                                        : tr("A handler of this sandbox's module."));
    const bool isOriginal = m_name->currentText() == safe(m_original.name, 100);
    m_params->setHandler(known, isOriginal ? m_original.params : "{}");
    judge();
}

void HandlerForm::judge()
{
    const QString host = m_host->text().trimmed();
    QString problem = host.isEmpty() ? QString() : hostPatternProblem(host);
    if (problem.isEmpty())
        if (const auto params = m_params->params(); !params)
            problem = safe(params.error().text, 300);
    m_problem->setText(problem);
    m_problem->setVisible(!problem.isEmpty());
    m_save->setEnabled(problem.isEmpty() && m_name->currentIndex() >= 0 && !m_isSaving);
}

void HandlerForm::save()
{
    judge();
    const auto params = m_params->params();
    if (!m_save->isEnabled() || !params)
        return;
    const std::string host = fromQt(m_host->text().trimmed());
    const QString name = m_name->currentText();
    api::Json parameters{{"sandbox", m_sandbox}, {"name", fromQt(name)}, {"params", *params}};
    if (!host.empty())
        parameters["host"] = host;
    m_isSaving = true;
    m_save->setEnabled(false);
    const QString told = host.empty()
                             ? tr("%1 decides about every host now.").arg(name)
                             : tr("%1 decides about %2 now.").arg(name, hostText(host, 80));
    m_link.call(host.empty() ? "sandbox.setOutboundHandler" : "sandbox.setOutboundByHost",
                parameters, this, [this, told](const Result<api::Json>& reply) {
                    m_isSaving = false;
                    judge();
                    if (reply) {
                        emit saved(told);
                        return;
                    }
                    m_problem->setText(safe(reply.error().text, 400));
                    m_problem->show();
                });
}

void HandlerForm::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape)
        emit closed();
    else
        QWidget::keyPressEvent(event);
}

} // namespace sallyport::ui::policy

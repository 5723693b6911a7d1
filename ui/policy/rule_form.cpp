#include "ui/policy/rule_form.h"

#include <algorithm>

#include <QButtonGroup>
#include <QComboBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>
#include <QRadioButton>
#include <QStyle>
#include <QVBoxLayout>

#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/policy/rule_check.h"
#include "ui/policy/rule_text.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/headline.h"
#include "ui/widgets/page_scroll.h"

namespace sallyport::ui::policy {

namespace {

constexpr int PreviewRows = 200;
constexpr int SampleRows = 3;
constexpr int MostReasonBytes = 500;
constexpr int MostNote = 1000;
constexpr UnixMillis MinuteMs = 60'000;

enum Lifetime
{
    AsItIs,
    Always,
    UntilStop,
    Minutes15,
    Hour,
};

} // namespace

RuleForm::RuleForm(EngineLink& link, QWidget* parent)
    : QWidget(parent)
    , m_link(link)
    , m_title(theme::headingLabel({}, this))
    , m_action(new QButtonGroup(this))
{
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(theme::Pad, theme::Pad, theme::Pad, theme::Pad);
    column->setSpacing(12);
    column->addWidget(m_title);
    column->addWidget(makeFields());
    column->addWidget(makePreview());
    column->addStretch(1);
    auto* scroll = new PageScroll(this);
    scroll->setContent(content);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->setSpacing(0);
    outer->addWidget(scroll, 1);
    outer->addWidget(makeButtons());

    for (QLineEdit* edit : {m_host, m_path, m_port, m_reason, m_note}) {
        connect(edit, &QLineEdit::textChanged, this, &RuleForm::judge);
        connect(edit, &QLineEdit::returnPressed, this, &RuleForm::save);
    }
    connect(m_method, &QComboBox::currentTextChanged, this, &RuleForm::judge);
    for (QComboBox* box : {m_scheme, m_scope, m_lifetime})
        connect(box, &QComboBox::currentIndexChanged, this, &RuleForm::judge);
    connect(m_action, &QButtonGroup::idToggled, this, &RuleForm::judge);
}

QLineEdit* RuleForm::makeEdit(const char* objectName, const QString& placeholder)
{
    auto* edit = new QLineEdit(this);
    edit->setObjectName(QLatin1String(objectName));
    edit->setPlaceholderText(placeholder);
    edit->setMaxLength(1024);
    return edit;
}

QWidget* RuleForm::makeFields()
{
    auto* fields = new QWidget(this);
    auto* form = new QFormLayout(fields);
    form->setContentsMargins(0, 0, 0, 0);
    form->setHorizontalSpacing(12);
    form->setVerticalSpacing(8);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    auto* actions = new QWidget(fields);
    auto* row = new QHBoxLayout(actions);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(theme::Pad);
    const auto addAction = [this, row](api::Action action, const QString& text, const char* name) {
        auto* button = new QRadioButton(text, this);
        button->setObjectName(QLatin1String(name));
        m_action->addButton(button, static_cast<int>(action));
        row->addWidget(button);
    };
    addAction(api::Action::Allow, tr("&Allow"), "ruleAllow");
    addAction(api::Action::Deny, tr("Den&y"), "ruleDeny");
    row->addStretch(1);
    m_host = makeEdit("ruleHost", tr("api.example.com, *.example.com, 203.0.113.0/24"));
    m_method = new QComboBox(this);
    m_method->setObjectName(QStringLiteral("ruleMethod"));
    m_method->setEditable(true);
    m_method->addItems({QString(), QStringLiteral("GET"), QStringLiteral("HEAD"),
                        QStringLiteral("POST"), QStringLiteral("PUT"), QStringLiteral("PATCH"),
                        QStringLiteral("DELETE"), QStringLiteral("OPTIONS")});
    m_method->lineEdit()->setPlaceholderText(tr("any"));
    m_method->lineEdit()->setAccessibleName(tr("Method"));
    m_path = makeEdit("rulePath", tr("any; /v1/** is all below /v1/"));
    m_scheme = new QComboBox(this);
    m_scheme->setObjectName(QStringLiteral("ruleScheme"));
    m_scheme->addItem(tr("any"), QString());
    for (const char* scheme : {"https", "http", "tcp", "udp"})
        m_scheme->addItem(QLatin1String(scheme), QLatin1String(scheme));
    m_port = makeEdit("rulePort", tr("any"));
    m_port->setMaxLength(5);
    m_scope = new QComboBox(this);
    m_scope->setObjectName(QStringLiteral("ruleScope"));
    m_lifetime = new QComboBox(this);
    m_lifetime->setObjectName(QStringLiteral("ruleLifetime"));
    m_reason = makeEdit("ruleReason", tr("what the program in the sandbox reads"));
    m_reason->setMaxLength(MostReasonBytes);
    m_note = makeEdit("ruleNote", {});
    m_note->setMaxLength(MostNote);

    form->addRow(tr("Action"), actions);
    form->addRow(tr("H&ost"), m_host);
    form->addRow(tr("Metho&d"), m_method);
    form->addRow(tr("&Path"), m_path);
    form->addRow(tr("S&cheme"), m_scheme);
    form->addRow(tr("Port num&ber"), m_port);
    form->addRow(tr("&Where"), m_scope);
    form->addRow(tr("How lon&g"), m_lifetime);
    form->addRow(tr("R&eason"), m_reason);
    form->addRow(tr("Note &for yourself"), m_note);
    m_reasonLabel = qobject_cast<QLabel*>(form->labelForField(m_reason));
    return fields;
}

QWidget* RuleForm::makePreview()
{
    auto* card = new theme::Card(this);
    auto* column = new QVBoxLayout(card);
    column->setContentsMargins(12, 9, 12, 10);
    column->setSpacing(4);
    column->addWidget(theme::mutedLabel(tr("The rule"), card));
    m_sentence = new Headline(card);
    m_sentence->setObjectName(QStringLiteral("ruleSentence"));
    column->addWidget(m_sentence);
    m_matches = theme::bodyLabel({}, card);
    m_matches->setObjectName(QStringLiteral("ruleMatches"));
    theme::setLabelTone(m_matches, theme::Tone::Muted);
    column->addSpacing(4);
    column->addWidget(m_matches);
    m_samples = new Headline(card);
    m_samples->setObjectName(QStringLiteral("ruleSamples"));
    column->addWidget(m_samples);
    return card;
}

QWidget* RuleForm::makeButtons()
{
    auto* footer = new QWidget(this);
    m_problem = theme::bodyLabel({}, footer);
    m_problem->setObjectName(QStringLiteral("ruleProblem"));
    theme::setLabelTone(m_problem, theme::Tone::Bad);
    m_save = new QPushButton(tr("Save rule"), footer);
    m_save->setObjectName(QStringLiteral("ruleSave"));
    theme::makePrimary(m_save);
    auto* cancel = new QPushButton(tr("Cancel"), footer);
    cancel->setObjectName(QStringLiteral("ruleCancel"));
    connect(m_save, &QPushButton::clicked, this, &RuleForm::save);
    connect(cancel, &QPushButton::clicked, this, &RuleForm::closed);
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

void RuleForm::edit(const api::Rule& rule, api::SandboxId sandbox, const QString& sandboxName)
{
    m_original = rule;
    m_sandbox = sandbox;
    m_sandboxName = sandboxName;
    m_isSaving = false;
    m_title->setText(rule.id == 0 ? tr("New rule") : tr("Edit rule"));
    m_action->button(static_cast<int>(rule.action))->setChecked(true);
    m_host->setText(toQt(rule.match.host));
    m_method->setCurrentText(toQt(rule.match.method));
    m_path->setText(toQt(rule.match.path));
    m_scheme->setCurrentIndex(std::max(0, m_scheme->findData(toQt(rule.match.scheme))));
    m_port->setText(rule.match.port ? QString::number(*rule.match.port) : QString());
    m_scope->clear();
    if (sandbox != 0 || rule.sandbox) {
        m_scope->addItem(sandboxName.isEmpty() ? tr("Its sandbox only")
                                               : tr("Only in %1").arg(sandboxName),
                         static_cast<qint64>(rule.sandbox.value_or(sandbox)));
    }
    m_scope->addItem(tr("In all sandboxes"), qint64{0});
    m_scope->setCurrentIndex(rule.sandbox || (rule.id == 0 && sandbox != 0) ? 0
                                                                            : m_scope->count() - 1);
    fillLifetimes();
    m_reason->setText(toQt(rule.reason));
    m_note->setText(toQt(rule.note));
    m_rows.clear();
    fetchRows();
    judge();
    m_host->setFocus();
}

void RuleForm::fillLifetimes()
{
    m_lifetime->clear();
    if (m_original.expiresAt)
        m_lifetime->addItem(
            tr("As it is: %1 left").arg(leftText(*m_original.expiresAt - nowUnixMillis())), AsItIs);
    m_lifetime->addItem(tr("Always"), Always);
    m_lifetime->addItem(m_sandboxName.isEmpty() ? tr("Until its sandbox stops")
                                                : tr("Until %1 stops").arg(m_sandboxName),
                        UntilStop);
    m_lifetime->addItem(tr("15 minutes"), Minutes15);
    m_lifetime->addItem(tr("1 hour"), Hour);
    const int current = m_original.expiresAt ? AsItIs : m_original.untilStop ? UntilStop : Always;
    m_lifetime->setCurrentIndex(m_lifetime->findData(current));
}

api::Rule RuleForm::rule() const
{
    api::Rule rule = m_original;
    rule.action = static_cast<api::Action>(m_action->checkedId());
    rule.match.host = fromQt(canonicalHostPattern(m_host->text()));
    rule.match.method = fromQt(m_method->currentText().trimmed().toUpper());
    rule.match.path = fromQt(m_path->text().trimmed());
    rule.match.scheme = fromQt(m_scheme->currentData().toString());
    const QString port = m_port->text().trimmed();
    rule.match.port.reset();
    if (!port.isEmpty()) {
        bool isNumber = false;
        const int number = port.toInt(&isNumber);
        rule.match.port = isNumber ? number : -1;
    }
    const qint64 sandbox = m_scope->currentData().toLongLong();
    rule.sandbox = sandbox == 0 ? std::nullopt : std::optional<api::SandboxId>(sandbox);
    const int lifetime = m_lifetime->currentData().toInt();
    rule.untilStop = lifetime == UntilStop;
    if (lifetime != AsItIs)
        rule.expiresAt.reset();
    if (lifetime == Minutes15)
        rule.expiresAt = nowUnixMillis() + 15 * MinuteMs;
    else if (lifetime == Hour)
        rule.expiresAt = nowUnixMillis() + 60 * MinuteMs;
    rule.reason =
        rule.action == api::Action::Deny ? fromQt(m_reason->text().trimmed()) : std::string();
    rule.note = fromQt(m_note->text().trimmed());
    return rule;
}

void RuleForm::judge()
{
    const api::Rule typed = rule();
    const bool isDeny = typed.action == api::Action::Deny;
    m_reason->setVisible(isDeny);
    m_reasonLabel->setVisible(isDeny);
    const QString problem = ruleProblem(typed);
    const bool isStarted = !m_host->text().trimmed().isEmpty();
    m_problem->setText(isStarted ? problem : QString());
    m_problem->setVisible(isStarted && !problem.isEmpty());
    const bool isHostWrong = isStarted && !hostPatternProblem(m_host->text()).isEmpty();
    m_host->setProperty("invalid", isHostWrong);
    m_host->style()->unpolish(m_host);
    m_host->style()->polish(m_host);
    m_save->setEnabled(problem.isEmpty() && !m_isSaving);
    m_sentence->setParts(
        {{problem.isEmpty() ? ruleSentence(typed, m_sandboxName, nowUnixMillis()) + QLatin1Char('.')
                            : tr("Not complete yet."),
          problem.isEmpty(), !problem.isEmpty()}});
    if (problem.isEmpty()) {
        showMatches(typed);
    } else {
        m_matches->clear();
        m_samples->setParts({});
    }
}

void RuleForm::showMatches(const api::Rule& typed)
{
    if (m_rows.empty()) {
        m_matches->setText(tr("There is no request in the log yet to try it on."));
        m_samples->setParts({});
        return;
    }
    QStringList samples;
    int count = 0;
    for (const api::Row& row : m_rows) {
        if (!wouldMatch(typed.match, row))
            continue;
        ++count;
        const QString sample = safe(row.method, 16) + QLatin1Char(' ') + urlText(row, 90);
        if (samples.size() < SampleRows && !samples.contains(sample))
            samples.append(sample);
    }
    m_matches->setText(tr("Would have matched %1 of the last %2 requests%3")
                           .arg(QLocale().toString(count), QLocale().toString(m_rows.size()),
                                count == 0 ? QStringLiteral(".") : QStringLiteral(":")));
    m_samples->setParts({{samples.join(QChar(QChar::LineSeparator))}});
}

void RuleForm::fetchRows()
{
    api::RowFilter filter;
    if (m_sandbox != 0)
        filter.sandbox = m_sandbox;
    m_link.call("log.list", {{"filter", api::toJson(filter)}, {"limit", PreviewRows}}, this,
                [this](const Result<api::Json>& reply) {
                    const auto page = reply ? api::fromJson<api::RowPage>(*reply)
                                            : Result<api::RowPage>(tl::unexpected(reply.error()));
                    if (!page)
                        return;
                    m_rows = page->rows;
                    judge();
                });
}

void RuleForm::save()
{
    const api::Rule typed = rule();
    if (m_isSaving || !ruleProblem(typed).isEmpty())
        return;
    m_isSaving = true;
    m_save->setEnabled(false);
    const char* method = typed.id == 0 ? "rules.add" : "rules.update";
    m_link.call(method, {{"rule", api::toJson(typed)}}, this,
                [this, before = m_original](const Result<api::Json>& reply) {
                    m_isSaving = false;
                    const auto after = reply ? api::fromJson<api::Rule>(*reply)
                                             : Result<api::Rule>(tl::unexpected(reply.error()));
                    if (after) {
                        emit saved(before, *after);
                        return;
                    }
                    m_save->setEnabled(true);
                    m_problem->setText(safe(after.error().text, 300));
                    m_problem->show();
                });
}

void RuleForm::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape)
        emit closed();
    else
        QWidget::keyPressEvent(event);
}

} // namespace sallyport::ui::policy

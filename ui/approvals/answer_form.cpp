#include "ui/approvals/answer_form.h"

#include <QComboBox>
#include <QGridLayout>
#include <QLabel>
#include <QStandardItemModel>
#include <QVBoxLayout>

#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/policy/rule_text.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/headline.h"

namespace sallyport::ui::approvals {

namespace {

constexpr int PreviewDelayMs = 120;
constexpr qsizetype MostHostInChoice = 48;

template <typename E> E chosen(const QComboBox* box)
{
    return static_cast<E>(box->currentData().toInt());
}

template <typename E> void add(QComboBox* box, const QString& text, E value)
{
    box->addItem(text, static_cast<int>(value));
}

template <typename E> void choose(QComboBox* box, E value)
{
    box->setCurrentIndex(box->findData(static_cast<int>(value)));
}

// The second rule of an answer that writes two: the engine shows the first.
QString twinText(const api::Rule& rule, api::Reach reach)
{
    if (reach == api::Reach::Domain)
        return AnswerForm::tr(" and the domain itself");
    const bool isWhole = rule.match.path.ends_with("**");
    return reach == api::Reach::MethodAndPath && !isWhole ? AnswerForm::tr(" and all below it")
                                                          : QString();
}

QString pathOf(const api::Question& question)
{
    const auto end = question.path.find('?');
    return safe(std::string_view(question.path).substr(0, end), 40);
}

} // namespace

AnswerForm::AnswerForm(EngineLink& link, QWidget* parent)
    : QWidget(parent)
    , m_link(link)
    , m_ruleOf(theme::mutedLabel(tr("What Deny writes"), this))
    , m_rule(new Headline(this))
{
    auto* grid = new QGridLayout;
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(12);
    grid->setVerticalSpacing(4);
    grid->setColumnStretch(0, 5);
    grid->setColumnStretch(1, 3);
    grid->setColumnStretch(2, 3);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    column->addLayout(grid);
    const auto place = [this, grid](int at, const QString& text, const char* name) {
        auto* label = theme::mutedLabel(text, this);
        auto* box = new QComboBox(this);
        box->setObjectName(QLatin1String(name));
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box->setMinimumContentsLength(9);
        label->setBuddy(box);
        grid->addWidget(label, 0, at);
        grid->addWidget(box, 1, at);
        return box;
    };
    m_reach = place(0, tr("The answer is &for"), "reach");
    m_lifetime = place(1, tr("&How long"), "lifetime");
    m_scope = place(2, tr("&Where"), "scope");

    auto* box = new theme::Card(this);
    auto* lines = new QVBoxLayout(box);
    lines->setContentsMargins(12, 8, 12, 9);
    lines->setSpacing(2);
    lines->addWidget(m_ruleOf);
    m_rule->setObjectName(QStringLiteral("rulePreview"));
    lines->addWidget(m_rule);
    column->addWidget(box);

    m_delay.setSingleShot(true);
    m_delay.setInterval(PreviewDelayMs);
    connect(&m_delay, &QTimer::timeout, this, &AnswerForm::preview);
    for (QComboBox* choice : {m_reach, m_lifetime, m_scope})
        connect(choice, &QComboBox::currentIndexChanged, this, &AnswerForm::choicesChanged);
}

void AnswerForm::setQuestion(const api::Question& question)
{
    m_question = question;
    const QString host = hostText(question.host, MostHostInChoice);
    const QString method = safe(question.method, 16);
    const QString sandbox = safe(question.sandboxName, 40);
    for (QComboBox* choice : {m_reach, m_lifetime, m_scope}) {
        choice->blockSignals(true);
        choice->clear();
    }
    add(m_reach, tr("This request only"), api::Reach::ThisRequest);
    if (!question.method.empty()) {
        add(m_reach, tr("%1 under %2%3").arg(method, host, pathOf(question)),
            api::Reach::MethodAndPath);
        add(m_reach, tr("%1 to %2").arg(method, host), api::Reach::MethodAndHost);
    }
    add(m_reach, tr("Anything to %1").arg(host), api::Reach::Host);
    add(m_reach, tr("Anything in the domain of %1").arg(host), api::Reach::Domain);
    add(m_lifetime, tr("Just this once"), api::Lifetime::Once);
    add(m_lifetime, tr("This session"), api::Lifetime::UntilStop);
    add(m_lifetime, tr("15 minutes"), api::Lifetime::Minutes15);
    add(m_lifetime, tr("1 hour"), api::Lifetime::Hour);
    add(m_lifetime, tr("Always"), api::Lifetime::Always);
    add(m_scope, tr("Only in %1").arg(sandbox), api::Scope::Sandbox);
    add(m_scope, tr("In all sandboxes"), api::Scope::All);
    m_lifetime->setItemData(m_lifetime->findData(static_cast<int>(api::Lifetime::UntilStop)),
                            tr("Until %1 stops").arg(sandbox), Qt::ToolTipRole);
    const api::Answer usual;
    choose(m_reach, question.method.empty() ? api::Reach::Host : usual.reach);
    choose(m_lifetime, usual.lifetime);
    choose(m_scope, usual.scope);
    for (QComboBox* choice : {m_reach, m_lifetime, m_scope})
        choice->blockSignals(false);
    m_rule->setParts({});
    choicesChanged();
}

api::Answer AnswerForm::answer(api::Action action) const
{
    api::Answer answer;
    answer.question = m_question.id;
    answer.action = action;
    answer.reach = chosen<api::Reach>(m_reach);
    answer.lifetime = answer.reach == api::Reach::ThisRequest ? api::Lifetime::Once
                                                              : chosen<api::Lifetime>(m_lifetime);
    answer.scope =
        answer.lifetime == api::Lifetime::Once ? api::Scope::Sandbox : chosen<api::Scope>(m_scope);
    return answer;
}

void AnswerForm::setPreviewedAction(api::Action action)
{
    if (m_action == action)
        return;
    m_action = action;
    m_ruleOf->setText(action == api::Action::Allow ? tr("What Allow writes")
                                                   : tr("What Deny writes"));
    m_delay.start();
}

void AnswerForm::choicesChanged()
{
    // One request is answered once and in its own sandbox; the other axes have nothing to say then.
    const bool isOneRequest = chosen<api::Reach>(m_reach) == api::Reach::ThisRequest;
    m_lifetime->setEnabled(!isOneRequest);
    // What holds in all sandboxes has no one sandbox to end with.
    const bool isForAll = chosen<api::Scope>(m_scope) == api::Scope::All;
    const int untilStop = m_lifetime->findData(static_cast<int>(api::Lifetime::UntilStop));
    if (auto* items = qobject_cast<QStandardItemModel*>(m_lifetime->model()))
        items->item(untilStop)->setEnabled(!isForAll);
    if (isForAll && m_lifetime->currentIndex() == untilStop)
        choose(m_lifetime, api::Lifetime::Hour);
    m_scope->setEnabled(answer(m_action).lifetime != api::Lifetime::Once);
    m_delay.start();
}

void AnswerForm::preview()
{
    const int number = ++m_previewNumber;
    m_link.call("approvals.preview", api::toJson(answer(m_action)), this,
                [this, number](const Result<api::Json>& reply) {
                    if (number == m_previewNumber)
                        showPreview(reply);
                });
}

void AnswerForm::showPreview(const Result<api::Json>& reply)
{
    if (!reply) {
        m_rule->setParts({{safe(reply.error().text, 300)}});
        const Error::Code code = reply.error().code;
        setValid(code != Error::Code::Invalid && code != Error::Code::Refused);
        return;
    }
    setValid(true);
    const bool writes = reply->contains("rule") && !reply->at("rule").is_null();
    const auto rule = writes ? api::fromJson<api::Rule>(reply->at("rule"))
                             : Result<api::Rule>(fail(Error::Code::NotFound, {}));
    if (!rule) {
        m_rule->setParts(
            {{tr("No rule: ")},
             {m_question.waiting > 1 ? tr("only the requests that wait now are answered")
                                     : tr("only this request is answered"),
              false, true}});
        return;
    }
    const QString sandbox = safe(m_question.sandboxName, 40);
    m_rule->setParts({{policy::actionText(rule->action) + QLatin1Char(' '), true},
                      {policy::matchText(rule->match), true},
                      {twinText(*rule, chosen<api::Reach>(m_reach)), true},
                      {tr(" %1, %2").arg(policy::scopeText(*rule, sandbox),
                                         policy::lifetimeText(*rule, sandbox, nowUnixMillis())),
                       false, true}});
}

void AnswerForm::setValid(bool isValid)
{
    if (m_isValid == isValid)
        return;
    m_isValid = isValid;
    emit validChanged(isValid);
}

} // namespace sallyport::ui::approvals

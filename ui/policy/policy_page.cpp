#include "ui/policy/policy_page.h"

#include <algorithm>

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QRadioButton>
#include <QSplitter>
#include <QVBoxLayout>

#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/policy/budget_label.h"
#include "ui/policy/handler_form.h"
#include "ui/policy/handler_list.h"
#include "ui/policy/host_list.h"
#include "ui/policy/ladder_step.h"
#include "ui/policy/phase_bar.h"
#include "ui/policy/rule_check.h"
#include "ui/policy/rule_form.h"
#include "ui/policy/rule_table.h"
#include "ui/settings/settings_dialog.h"
#include "ui/theme/icon.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/page_scroll.h"
#include "ui/widgets/toast.h"

namespace sallyport::ui::policy {

namespace {

constexpr int TextsDelayMs = 150;
constexpr int MostPageWidth = 900;
constexpr int FormWidth = 380;
constexpr int LeastLadderWidth = 460; // beside the form; with less room the form stands alone

enum Gate
{
    Open,
    Closed,
};

QString titleOf(api::Step step)
{
    switch (step) {
    case api::Step::Floor:
        return PolicyPage::tr("Floor");
    case api::Step::Denied:
        return PolicyPage::tr("Denied hosts");
    case api::Step::Gate:
        return PolicyPage::tr("Allowed hosts");
    case api::Step::Handler:
        return PolicyPage::tr("Handlers");
    case api::Step::Rule:
        return PolicyPage::tr("Rules");
    default:
        return PolicyPage::tr("Default");
    }
}

// Until the engine has said how it stands.
QString textOf(api::Step step)
{
    switch (step) {
    case api::Step::Floor:
        return PolicyPage::tr("This machine, private networks and cloud metadata are denied.");
    case api::Step::Denied:
        return PolicyPage::tr("What matches is denied, whatever is allowed below.");
    case api::Step::Handler:
        return PolicyPage::tr("What a handler decides is decided.");
    case api::Step::Rule:
        return PolicyPage::tr("Rules and remembered answers; the most specific wins.");
    case api::Step::Default:
        return PolicyPage::tr("What happens to a request that nothing above decided.");
    default:
        return {};
    }
}

// What the page shows of a sandbox.
api::Json settingsOf(const api::Sandbox& sandbox)
{
    return {{"default", static_cast<int>(sandbox.defaultAction)},
            {"isGateSet", sandbox.allowedHosts.has_value()},
            {"allowed", sandbox.allowedHosts.value_or(std::vector<std::string>())},
            {"denied", sandbox.deniedHosts},
            {"grants", sandbox.grants}};
}

QStringList toList(const std::vector<std::string>& hosts)
{
    QStringList list;
    for (const std::string& host : hosts)
        list.append(toQt(host));
    return list;
}

} // namespace

PolicyPage::PolicyPage(EngineLink& link, QWidget* parent)
    : QWidget(parent)
    , m_link(link)
    , m_sandboxes(link)
    , m_rules(link)
    , m_model(m_rules, m_sandboxes)
{
    auto* content = new QWidget;
    auto* page = new QVBoxLayout(content);
    page->setContentsMargins(theme::PagePad, theme::PagePad, theme::PagePad, theme::PagePad);
    auto* intro = theme::bodyLabel(
        tr("Each request goes down this ladder. The first step that decides ends it. What you "
           "change here holds from the next request on."),
        content);
    theme::setLabelTone(intro, theme::Tone::Muted);
    page->addWidget(intro);
    page->addSpacing(theme::Gap);
    m_phases = new PhaseBar(link, content);
    m_phases->setObjectName(QStringLiteral("phaseBar"));
    page->addWidget(m_phases);
    page->addSpacing(theme::Gap);
    m_ladder = new QWidget(content);
    auto* ladder = new QVBoxLayout(m_ladder);
    ladder->setContentsMargins(0, 0, 0, 0);
    ladder->setSpacing(0);
    page->addWidget(m_ladder);
    page->addStretch(1);
    addStep(api::Step::Floor, makeFloor());
    addStep(api::Step::Denied, makeDenied());
    addStep(api::Step::Gate, makeGate());
    addStep(api::Step::Handler, makeHandlers());
    addStep(api::Step::Rule, makeRules());
    addStep(api::Step::Default, makeDefault());
    m_steps.at(api::Step::Default)->setLast();
    content->setMaximumWidth(MostPageWidth + 400);

    m_splitter = new QSplitter(Qt::Horizontal, this);
    m_splitter->setChildrenCollapsible(false);
    m_scroll = new PageScroll(m_splitter);
    m_scroll->setContent(content);
    m_form = new RuleForm(link, m_splitter);
    m_form->setObjectName(QStringLiteral("ruleForm"));
    m_form->setMinimumWidth(320);
    m_form->hide();
    m_splitter->addWidget(m_scroll);
    m_splitter->addWidget(m_form);
    m_handlerForm = new HandlerForm(link, m_splitter);
    m_handlerForm->setObjectName(QStringLiteral("handlerForm"));
    m_handlerForm->setMinimumWidth(320);
    m_handlerForm->hide();
    m_splitter->addWidget(m_handlerForm);
    m_splitter->setStretchFactor(0, 1);
    m_splitter->setSizes({700, FormWidth, FormWidth});
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_splitter);
    m_toast = new Toast(this);

    m_texts.setSingleShot(true);
    m_texts.setInterval(TextsDelayMs);
    connect(&m_texts, &QTimer::timeout, this, &PolicyPage::fetchTexts);
    connect(&m_sandboxes, &SandboxBook::reset, this, &PolicyPage::refresh);
    connect(&m_sandboxes, &SandboxBook::changed, this, [this](int index) {
        // Statistics come every two seconds; settings seldom.
        const api::Sandbox& sandbox = m_sandboxes.sandboxes().at(static_cast<std::size_t>(index));
        if (sandbox.id == m_sandbox && !(settingsOf(sandbox) == m_shownSettings))
            refresh();
    });
    for (const auto signal : {&RuleBook::changed, &RuleBook::removed})
        connect(&m_rules, signal, this, &PolicyPage::refresh);
    connect(&m_rules, &RuleBook::reset, this, &PolicyPage::refresh);
    connect(&m_model, &RuleTableModel::enabledWanted, this, &PolicyPage::setRuleEnabled);
    connect(m_form, &RuleForm::closed, this, &PolicyPage::closeForm);
    connect(m_handlerForm, &HandlerForm::closed, this, &PolicyPage::closeForm);
    connect(m_handlerForm, &HandlerForm::saved, this, [this](const QString& told) {
        closeForm();
        m_toast->showMessage(told);
    });
    connect(&m_link, &EngineLink::handlersChanged, this, [this](qint64 sandbox) {
        if (sandbox == m_sandbox && !m_texts.isActive())
            m_texts.start();
    });
    connect(m_form, &RuleForm::saved, this, &PolicyPage::onSaved);
    connect(m_phases, &PhaseBar::told, this,
            [this](const QString& text, const std::optional<api::Phases>& before) {
                if (!before)
                    m_toast->showMessage(text);
                else
                    m_toast->showMessage(text, [this, before] { m_phases->takeBack(*before); });
            });
    refresh();
}

void PolicyPage::addStep(api::Step step, QWidget* content)
{
    auto* view = new LadderStepView(static_cast<int>(m_steps.size()) + 1, titleOf(step), m_ladder);
    view->setText(textOf(step));
    if (content != nullptr)
        view->addContent(content);
    m_steps[step] = view;
    m_ladder->layout()->addWidget(view);
}

QWidget* PolicyPage::makeFloor()
{
    auto* part = new QWidget(this);
    m_openings = new QPushButton(part);
    m_openings->setObjectName(QStringLiteral("grantsToggle"));
    m_openings->setCheckable(true);
    m_grants = new HostList(tr("Opening, as 192.168.1.10:5432"), QStringLiteral("grants"),
                            grantProblem, part);
    m_grants->hide();
    auto* row = new QHBoxLayout;
    row->addWidget(m_openings);
    row->addStretch(1);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins(0, 0, 0, 0);
    column->addLayout(row);
    column->addWidget(m_grants);
    connect(m_openings, &QPushButton::toggled, m_grants, &QWidget::setVisible);
    connect(m_grants, &HostList::changeWanted, this, [this](const QStringList& entries) {
        changeHosts("grants", entries, tr("Openings of the floor"));
    });
    return part;
}

QWidget* PolicyPage::makeDenied()
{
    auto* part = new QWidget(this);
    m_denied = new HostList(tr("Host to deny, as *.example.com"), QStringLiteral("denied"),
                            hostPatternProblem, part);
    m_deniedNote = theme::mutedLabel({}, part);
    m_deniedNote->setObjectName(QStringLiteral("deniedNote"));
    m_deniedNote->setWordWrap(true);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_denied);
    column->addWidget(m_deniedNote);
    connect(m_denied, &HostList::changeWanted, this, [this](const QStringList& entries) {
        changeHosts("deniedHosts", entries, tr("Denied hosts"));
    });
    return part;
}

QWidget* PolicyPage::makeGate()
{
    auto* part = new QWidget(this);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    m_gate = new QButtonGroup(this);
    const auto add = [this, column, part](Gate gate, const QString& text, const char* name) {
        auto* button = new QRadioButton(text, part);
        button->setObjectName(QLatin1String(name));
        m_gate->addButton(button, gate);
        column->addWidget(button);
    };
    add(Open, tr("Not set: every host goes on to the next step"), "gateOpen");
    add(Closed, tr("Only these hosts; all others are denied"), "gateClosed");
    m_allowed = new HostList(tr("Host to let through, as api.example.com"),
                             QStringLiteral("allowed"), hostPatternProblem, part);
    m_gateWarning = theme::bodyLabel(
        tr("The list is set and empty: every request of this sandbox is denied."), part);
    m_gateWarning->setObjectName(QStringLiteral("gateWarning"));
    theme::setLabelTone(m_gateWarning, theme::Tone::Warn);
    column->addWidget(m_gateWarning);
    column->addWidget(m_allowed);
    connect(m_gate, &QButtonGroup::idClicked, this, [this](int id) { changeGate(id == Closed); });
    connect(m_allowed, &HostList::changeWanted, this, [this](const QStringList& entries) {
        changeHosts("allowedHosts", entries, tr("Allowed hosts"));
    });
    return part;
}

QWidget* PolicyPage::makeRules()
{
    auto* part = new QWidget(this);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(theme::Gap);
    auto* row = new QHBoxLayout;
    row->setSpacing(6);
    const auto add = [row, part](const QString& text, const QString& icon, const char* name) {
        auto* button = new QPushButton(text, part);
        button->setIcon(theme::icon(icon));
        button->setObjectName(QLatin1String(name));
        row->addWidget(button);
        return button;
    };
    QPushButton* addButton = add(tr("Add &rule"), QStringLiteral("plus"), "ruleAdd");
    m_edit = add(tr("Ed&it"), QStringLiteral("rename"), "ruleEdit");
    m_duplicate = add(tr("Dup&licate"), QStringLiteral("copy"), "ruleDuplicate");
    m_remove = add(tr("Re&move"), QStringLiteral("trash"), "ruleRemove");
    row->addStretch(1);
    column->addLayout(row);
    m_table = new RuleTable(m_model, part);
    m_table->setObjectName(QStringLiteral("ruleTable"));
    column->addWidget(m_table);
    m_noRules = theme::mutedLabel(
        tr("No rules yet. Answers to questions become rules here, and you can write your own."),
        part);
    m_noRules->setObjectName(QStringLiteral("noRules"));
    m_noRules->setWordWrap(true);
    column->addWidget(m_noRules);
    connect(addButton, &QPushButton::clicked, this, [this] {
        api::Rule rule;
        rule.action = api::Action::Allow;
        openForm(rule);
    });
    connect(m_edit, &QPushButton::clicked, this, &PolicyPage::editSelected);
    connect(m_duplicate, &QPushButton::clicked, this, &PolicyPage::duplicateSelected);
    connect(m_remove, &QPushButton::clicked, this, &PolicyPage::removeSelected);
    connect(m_table, &RuleTable::editWanted, this, &PolicyPage::editSelected);
    connect(m_table, &RuleTable::removeWanted, this, &PolicyPage::removeSelected);
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &PolicyPage::updateRuleButtons);
    return part;
}

QWidget* PolicyPage::makeDefault()
{
    auto* part = new QWidget(this);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    m_default = new QButtonGroup(this);
    const auto add = [this, column, part](api::DefaultAction action, const QString& text,
                                          const char* name) {
        auto* button = new QRadioButton(text, part);
        button->setObjectName(QLatin1String(name));
        m_default->addButton(button, static_cast<int>(action));
        column->addWidget(button);
    };
    add(api::DefaultAction::Ask, tr("As&k me: the request waits for your answer"), "defaultAsk");
    add(api::DefaultAction::Deny, tr("Deny it, and log it"), "defaultDeny");
    add(api::DefaultAction::Allow, tr("Allow it, and log it: nothing is asked"), "defaultAllow");
    connect(m_default, &QButtonGroup::idClicked, this,
            [this](int id) { changeDefault(static_cast<api::DefaultAction>(id)); });
    auto* budgets = new QPushButton(tr("Budgets and limits…"), part);
    budgets->setObjectName(QStringLiteral("budgets"));
    budgets->setToolTip(tr("How many requests and bytes this sandbox may use in a time"));
    connect(budgets, &QPushButton::clicked, this, [this] {
        (new settings::SettingsDialog(m_link, m_sandboxes, m_sandbox, QStringLiteral("budget"),
                                      window()))
            ->show();
    });
    column->addSpacing(6);
    column->addWidget(budgets, 0, Qt::AlignLeft);
    m_budgets = new BudgetLabel(m_link, part);
    column->addWidget(m_budgets);
    return part;
}

void PolicyPage::setSandbox(qint64 idOr0)
{
    m_sandbox = idOr0;
    m_model.setSandbox(idOr0);
    m_catchAll = {};
    m_phases->setSandbox(idOr0);
    m_budgets->setSandbox(idOr0);
    closeForm();
    m_handlers->setHandlers({});
    for (const auto& [step, view] : m_steps)
        view->setVisible(idOr0 != 0 || step == api::Step::Rule);
    refresh();
}

void PolicyPage::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    fitForm();
}

void PolicyPage::fitForm()
{
    const bool isOpen = !m_form->isHidden() || !m_handlerForm->isHidden();
    m_scroll->setVisible(!isOpen || width() >= FormWidth + LeastLadderWidth);
}

void PolicyPage::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    refresh();
}

void PolicyPage::refresh()
{
    if (const api::Sandbox* sandbox = m_sandboxes.find(m_sandbox)) {
        fillSandbox(*sandbox);
        if (isVisible() && !m_texts.isActive())
            m_texts.start();
    }
    fillDeniedNote();
    m_noRules->setVisible(m_model.rowCount() == 0);
    m_table->setVisible(m_model.rowCount() > 0);
    if (m_wantedRule != 0 && m_model.rowOf(m_wantedRule) >= 0)
        showRule(std::exchange(m_wantedRule, 0));
    updateRuleButtons();
}

void PolicyPage::fetchTexts()
{
    if (m_sandbox == 0 || !m_link.isConnected())
        return;
    m_link.call("policy.get", {{"sandbox", m_sandbox}}, this,
                [this, asked = m_sandbox](const Result<api::Json>& reply) {
                    if (!reply || asked != m_sandbox || !reply->contains("steps"))
                        return;
                    for (const api::Json& item : reply->at("steps")) {
                        const auto step = api::fromJson<api::LadderStep>(item);
                        const auto view = step ? m_steps.find(step->step) : m_steps.end();
                        if (view == m_steps.end())
                            continue;
                        view->second->setText(safe(step->text, 600));
                        if (step->step != api::Step::Handler)
                            continue;
                        m_handlers->setHandlers(step->handlers);
                        m_catchAll = {};
                        for (const api::Handler& each : step->handlers)
                            if (each.host.empty() && each.origin == api::HandlerOrigin::RunTime)
                                m_catchAll = each;
                        fillPhases();
                    }
                });
}

void PolicyPage::fillSandbox(const api::Sandbox& sandbox)
{
    m_shownSettings = settingsOf(sandbox);
    m_denied->setEntries(toList(sandbox.deniedHosts));
    m_grants->setEntries(toList(sandbox.grants));
    m_openings->setText(sandbox.grants.empty() ? tr("Openings…")
                                               : tr("Openings (%1)…").arg(sandbox.grants.size()));
    const bool isSet = sandbox.allowedHosts.has_value();
    m_gate->button(isSet ? Closed : Open)->setChecked(true);
    m_allowed->setVisible(isSet);
    m_allowed->setEntries(isSet ? toList(*sandbox.allowedHosts) : QStringList());
    m_gateWarning->setVisible(isSet && sandbox.allowedHosts->empty());
    m_default->button(static_cast<int>(sandbox.defaultAction))->setChecked(true);
    fillPhases();
}

void PolicyPage::fillPhases()
{
    const api::Sandbox* sandbox = m_sandboxes.find(m_sandbox);
    if (sandbox == nullptr)
        return;
    api::Phase now;
    now.defaultAction = sandbox->defaultAction;
    now.allowedHosts = sandbox->allowedHosts;
    now.handler = m_catchAll.name;
    now.params = m_catchAll.params;
    m_phases->setPolicy(now);
}

void PolicyPage::fillDeniedNote()
{
    const auto rules = m_rules.applyingTo(m_sandbox);
    const auto count = std::count_if(rules.begin(), rules.end(), [](const api::Rule& rule) {
        return rule.action == api::Action::Deny && rule.enabled;
    });
    m_deniedNote->setVisible(count > 0);
    m_deniedNote->setText(
        count == 1 ? tr("1 deny rule of the table below also stands on this step.")
                   : tr("%1 deny rules of the table below also stand on this step.").arg(count));
}

void PolicyPage::updateRuleButtons()
{
    const bool isSelected = m_table->selectedRule() != nullptr;
    for (QPushButton* button : {m_edit, m_duplicate, m_remove})
        button->setEnabled(isSelected);
}

} // namespace sallyport::ui::policy

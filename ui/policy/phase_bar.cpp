#include "ui/policy/phase_bar.h"

#include <algorithm>

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QInputDialog>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/theme/icon.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/flow_layout.h"

namespace sallyport::ui::policy {

namespace {

bool isSamePolicy(const api::Phase& a, const api::Phase& b)
{
    return a.defaultAction == b.defaultAction && a.allowedHosts == b.allowedHosts &&
           a.handler == b.handler &&
           api::Json::parse(a.params, nullptr, false) == api::Json::parse(b.params, nullptr, false);
}

api::Phase named(const api::Phase& policy, const std::string& name)
{
    api::Phase phase = policy;
    phase.name = name;
    return phase;
}

} // namespace

PhaseBar::PhaseBar(EngineLink& link, QWidget* parent)
    : QWidget(parent)
    , m_link(link)
    , m_text(theme::mutedLabel({}, this))
    , m_problem(theme::bodyLabel({}, this))
    , m_names(new QWidget(this))
    , m_flow(new FlowLayout(m_names, theme::Gap))
    , m_group(new QButtonGroup(this))
    , m_begin(addButton(tr("Use p&hases"), "phasesBegin"))
    , m_keep(addButton(QString(), "phaseKeep"))
    , m_back(addButton(QString(), "phaseBack"))
    , m_add(addButton(tr("Add phase…"), "phaseAdd"))
    , m_remove(addButton(tr("Remove phase"), "phaseRemove"))
{
    m_text->setObjectName(QStringLiteral("phaseText"));
    m_text->setWordWrap(true);
    m_problem->setObjectName(QStringLiteral("phaseProblem"));
    theme::setLabelTone(m_problem, theme::Tone::Bad);
    m_names->setObjectName(QStringLiteral("phaseNames"));
    m_names->setAccessibleName(tr("Phases"));
    auto* buttonRow = new QWidget(this);
    auto* buttons = new FlowLayout(buttonRow, theme::Gap);
    for (QPushButton* button : {m_keep, m_back, m_add, m_remove})
        buttons->addWidget(button);
    m_changes = buttonRow;
    auto* card = new theme::Card(this);
    auto* first = new QHBoxLayout;
    first->setSpacing(theme::Pad);
    first->addWidget(theme::headingLabel(tr("Phase"), card));
    first->addWidget(m_names, 1);
    auto* second = new QHBoxLayout;
    second->setSpacing(theme::Pad);
    second->addWidget(m_text, 1);
    second->addWidget(m_begin);
    auto* column = new QVBoxLayout(card);
    column->setContentsMargins(theme::Pad, theme::Pad, theme::Pad, theme::Pad);
    column->setSpacing(theme::Gap);
    column->addLayout(first);
    column->addLayout(second);
    column->addWidget(m_problem);
    column->addWidget(m_changes);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(card);
    connect(m_begin, &QPushButton::clicked, this, &PhaseBar::begin);
    connect(m_keep, &QPushButton::clicked, this, &PhaseBar::keep);
    connect(m_back, &QPushButton::clicked, this, &PhaseBar::goBack);
    connect(m_add, &QPushButton::clicked, this, &PhaseBar::add);
    connect(m_remove, &QPushButton::clicked, this, &PhaseBar::removeCurrent);
    connect(&m_link, &EngineLink::connected, this, &PhaseBar::fetch);
    connect(&m_link, &EngineLink::phasesChanged, this,
            [this](qint64 sandbox, const api::Phases& phases) {
                if (sandbox == m_sandbox)
                    showPhases(phases);
            });
    hide();
}

QPushButton* PhaseBar::addButton(const QString& text, const char* name)
{
    auto* button = new QPushButton(text, this);
    button->setObjectName(QLatin1String(name));
    return button;
}

void PhaseBar::setSandbox(qint64 idOr0)
{
    m_sandbox = idOr0;
    m_phases.reset();
    hide();
    fetch();
}

void PhaseBar::setPolicy(const api::Phase& now)
{
    m_now = now;
    judge();
}

void PhaseBar::fetch()
{
    if (m_sandbox == 0 || !m_link.isConnected())
        return;
    m_link.call("phases.get", {{"sandbox", m_sandbox}}, this,
                [this, asked = m_sandbox](const Result<api::Json>& reply) {
                    const auto phases = reply ? api::fromJson<api::Phases>(*reply)
                                              : Result<api::Phases>(tl::unexpected(reply.error()));
                    if (phases && asked == m_sandbox)
                        showPhases(*phases);
                });
}

const api::Phase* PhaseBar::current() const
{
    if (!m_phases)
        return nullptr;
    const auto& all = m_phases->phases;
    const auto found = std::find_if(all.begin(), all.end(), [&](const api::Phase& each) {
        return each.name == m_phases->current;
    });
    return found == all.end() ? nullptr : &*found;
}

void PhaseBar::showPhases(const api::Phases& phases)
{
    m_phases = phases;
    fillButtons();
    judge();
    setVisible(true);
}

void PhaseBar::fillButtons()
{
    QStringList names;
    for (const api::Phase& phase : m_phases->phases)
        names.append(toQt(phase.name));
    QStringList shown;
    for (const QAbstractButton* button : m_group->buttons())
        shown.append(button->property("phase").toString());
    if (names != shown) {
        for (QAbstractButton* button : m_group->buttons()) {
            m_group->removeButton(button);
            button->hide();
            button->deleteLater();
        }
        for (const QString& name : names) {
            auto* button = new QPushButton(name, m_names);
            button->setObjectName(QStringLiteral("phase_") + name);
            button->setProperty("phase", name);
            button->setCheckable(true);
            button->setAccessibleName(tr("Enter phase %1").arg(name));
            m_group->addButton(button);
            m_flow->addWidget(button);
            connect(button, &QPushButton::clicked, this, [this, name] { enter(fromQt(name)); });
        }
    }
    if (m_begin->hasFocus() && !m_group->buttons().isEmpty())
        m_group->buttons().first()->setFocus(); // that one goes
    m_group->setExclusive(false);
    for (QAbstractButton* button : m_group->buttons())
        button->setChecked(fromQt(button->property("phase").toString()) == m_phases->current);
    m_group->setExclusive(!m_phases->current.empty());
}

// What holds may have been changed since the phase was entered.
void PhaseBar::judge()
{
    if (!m_phases)
        return;
    const bool hasPhases = !m_phases->phases.empty();
    const api::Phase* phase = current();
    const bool differs = phase != nullptr && !isSamePolicy(*phase, m_now);
    const QString name = phase != nullptr ? toQt(phase->name) : QString();
    m_names->setVisible(hasPhases);
    m_begin->setVisible(!hasPhases);
    m_changes->setVisible(hasPhases);
    m_keep->setVisible(differs);
    m_back->setVisible(differs);
    m_remove->setVisible(phase != nullptr);
    m_keep->setText(tr("Keep this in %1").arg(name));
    m_back->setText(tr("Back to %1 as it was").arg(name));
    m_remove->setText(tr("Remove %1").arg(name));
    m_problem->setVisible(!m_phases->problem.empty());
    m_problem->setText(tr("Everything is denied: %1").arg(safe(m_phases->problem, 400)));
    if (!hasPhases)
        m_text->setText(tr("One policy while the sandbox is set up, a stricter one once the work "
                           "begins: a phase holds the default, the allowed hosts and the handler of "
                           "every host."));
    else if (!m_phases->next.empty())
        m_text->setText(tr("%1 begins when the program that was started so ends.")
                            .arg(safe(m_phases->next, 40)));
    else if (differs)
        m_text->setText(tr("The ladder below was changed since %1 was entered.").arg(name));
    else if (phase != nullptr)
        m_text->setText(tr("The ladder below is that of %1. Change it and keep it in the phase, or "
                           "enter another one.")
                            .arg(name));
    else
        m_text->setText(tr("No phase was entered. The ladder below holds."));
}

void PhaseBar::take(const Result<api::Json>& reply, const QString& text)
{
    const std::optional<api::Phases> before = m_phases;
    const auto phases = reply ? api::fromJson<api::Phases>(*reply)
                              : Result<api::Phases>(tl::unexpected(reply.error()));
    if (phases)
        showPhases(*phases);
    else if (m_phases)
        fillButtons(); // what holds is checked again
    emit told(phases ? text : tr("Nothing was changed: %1").arg(safe(phases.error().text, 300)),
              phases ? before : std::nullopt);
}

void PhaseBar::send(std::vector<api::Phase> phases, const QString& text)
{
    m_link.call("phases.set", {{"sandbox", m_sandbox}, {"phases", api::toJson(phases)}}, this,
                [this, text](const Result<api::Json>& reply) { take(reply, text); });
}

void PhaseBar::begin()
{
    api::Phase locked;
    locked.name = "locked";
    locked.allowedHosts.emplace();
    const std::vector<api::Phase> phases{named(m_now, "setup"), locked};
    m_link.call("phases.set", {{"sandbox", m_sandbox}, {"phases", api::toJson(phases)}}, this,
                [this](const Result<api::Json>& reply) {
                    if (!reply)
                        take(reply, {});
                    else
                        enter("setup");
                });
}

void PhaseBar::enter(const std::string& phase)
{
    m_link.call("phases.enter", {{"sandbox", m_sandbox}, {"phase", phase}}, this,
                [this, phase](const Result<api::Json>& reply) {
                    take(reply, tr("%1 holds from the next request on.").arg(safe(phase, 40)));
                });
}

void PhaseBar::keep()
{
    const api::Phase* phase = current();
    if (phase == nullptr)
        return;
    std::vector<api::Phase> all = m_phases->phases;
    const std::string name = phase->name;
    for (api::Phase& each : all)
        if (each.name == name)
            each = named(m_now, name);
    send(std::move(all), tr("Kept in %1.").arg(safe(name, 40)));
}

void PhaseBar::goBack()
{
    if (const api::Phase* phase = current())
        enter(std::string(phase->name));
}

void PhaseBar::add()
{
    bool isGiven = false;
    const QString name = QInputDialog::getText(
        this, tr("Add phase"), tr("Name of a phase with the ladder as it is now (a-z, 0-9, -)"),
        QLineEdit::Normal, {}, &isGiven);
    if (!isGiven || !m_phases)
        return;
    std::vector<api::Phase> all = m_phases->phases;
    all.push_back(named(m_now, fromQt(name.trimmed())));
    send(std::move(all), tr("Added %1, with the ladder as it is now.").arg(name.trimmed()));
}

void PhaseBar::removeCurrent()
{
    const api::Phase* phase = current();
    if (phase == nullptr)
        return;
    const std::string name = phase->name;
    std::vector<api::Phase> all = m_phases->phases;
    std::erase_if(all, [&](const api::Phase& each) { return each.name == name; });
    send(std::move(all), tr("Removed %1. The ladder stays as it is.").arg(safe(name, 40)));
}

void PhaseBar::takeBack(const api::Phases& before)
{
    m_link.call("phases.set", {{"sandbox", m_sandbox}, {"phases", api::toJson(before.phases)}},
                this, [this, before](const Result<api::Json>& reply) {
                    if (reply && !before.current.empty())
                        enter(before.current);
                    else
                        take(reply, tr("As it was before."));
                });
}

} // namespace sallyport::ui::policy

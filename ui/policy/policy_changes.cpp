// What the policy page sends to the engine, and how it is undone.

#include <algorithm>
#include <utility>

#include <QPushButton>

#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/policy/handler_form.h"
#include "ui/policy/handler_list.h"
#include "ui/policy/host_list.h"
#include "ui/policy/ladder_step.h"
#include "ui/policy/policy_page.h"
#include "ui/policy/rule_form.h"
#include "ui/policy/rule_table.h"
#include "ui/policy/rule_text.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/page_scroll.h"
#include "ui/widgets/toast.h"

namespace sallyport::ui::policy {

namespace {

api::Json hostsOf(const api::Sandbox& sandbox, const std::string& member)
{
    if (member == "grants")
        return sandbox.grants;
    if (member == "deniedHosts")
        return sandbox.deniedHosts;
    return sandbox.allowedHosts ? api::Json(*sandbox.allowedHosts) : api::Json(nullptr);
}

// The entries that are in `list` and not in `other`, to be shown.
QString entriesBeyond(const api::Json& list, const api::Json& other)
{
    QStringList entries;
    for (const api::Json& entry : list)
        if (std::find(other.begin(), other.end(), entry) == other.end())
            entries += safe(entry.get<std::string>(), 80);
    return entries.join(QStringLiteral(", "));
}

QString differenceText(const api::Json& before, const api::Json& after)
{
    const QString added = entriesBeyond(after, before);
    const QString removed = entriesBeyond(before, after);
    if (removed.isEmpty())
        return PolicyPage::tr("added %1").arg(added);
    if (added.isEmpty())
        return PolicyPage::tr("removed %1").arg(removed);
    return PolicyPage::tr("%1 in place of %2").arg(added, removed);
}

} // namespace

void PolicyPage::change(const api::Json& parts, const QString& told, const api::Json& undo)
{
    if (m_sandbox != 0)
        sendPolicy(parts, told, undo);
}

void PolicyPage::sendPolicy(const api::Json& parts, const QString& told, const api::Json& undo)
{
    api::Json parameters = parts;
    if (!parameters.contains("sandbox"))
        parameters["sandbox"] = m_sandbox;
    api::Json back = undo;
    if (!back.is_null())
        back["sandbox"] = parameters["sandbox"];
    m_link.call("policy.set", parameters, this, [this, told, back](const Result<api::Json>& reply) {
        const auto sandbox = reply ? api::fromJson<api::Sandbox>(*reply)
                                   : Result<api::Sandbox>(tl::unexpected(reply.error()));
        if (!sandbox) {
            m_toast->showMessage(
                tr("Nothing was changed: %1").arg(safe(sandbox.error().text, 300)));
            refresh(); // the controls show what holds
            return;
        }
        m_sandboxes.take(*sandbox);
        refresh();
        if (back.is_null())
            m_toast->showMessage(told);
        else
            m_toast->showMessage(
                told, [this, back] { sendPolicy(back, tr("As it was before."), nullptr); });
    });
}

void PolicyPage::changeHosts(const char* member, const QStringList& hosts, const QString& list)
{
    const api::Sandbox* sandbox = m_sandboxes.find(m_sandbox);
    if (sandbox == nullptr)
        return;
    const api::Json before = hostsOf(*sandbox, member);
    api::Json after = api::Json::array();
    for (const QString& host : hosts)
        after.push_back(fromQt(host));
    change({{member, after}}, tr("%1: %2.").arg(list, differenceText(before, after)),
           {{member, before}});
}

void PolicyPage::changeGate(bool isSet)
{
    const api::Sandbox* sandbox = m_sandboxes.find(m_sandbox);
    if (sandbox == nullptr || sandbox->allowedHosts.has_value() == isSet)
        return;
    const api::Json list = isSet ? api::Json::array() : api::Json(nullptr);
    change({{"allowedHosts", list}},
           isSet ? tr("Only hosts of the list pass now. It is empty: everything is denied.")
                 : tr("Every host goes on to the next step now."),
           {{"allowedHosts", hostsOf(*sandbox, "allowedHosts")}});
}

void PolicyPage::changeDefault(api::DefaultAction action)
{
    const api::Sandbox* sandbox = m_sandboxes.find(m_sandbox);
    if (sandbox == nullptr || sandbox->defaultAction == action)
        return;
    const QString told = action == api::DefaultAction::Ask ? tr("What nothing decides is asked.")
                         : action == api::DefaultAction::Deny
                             ? tr("What nothing decides is denied.")
                             : tr("What nothing decides is allowed.");
    change({{"defaultAction", api::enumName(action)}}, told,
           {{"defaultAction", api::enumName(sandbox->defaultAction)}});
}

void PolicyPage::showRule(qint64 rule)
{
    if (m_model.rowOf(rule) < 0) {
        m_wantedRule = rule;
        return;
    }
    m_table->selectRule(rule);
    m_table->setFocus();
    m_scroll->ensureWidgetVisible(m_table, 0, 80);
}

void PolicyPage::proposeRule(const api::Rule& rule)
{
    api::Rule proposed = rule;
    proposed.id = 0;
    openForm(proposed);
}

void PolicyPage::openForm(const api::Rule& rule)
{
    const api::Sandbox* sandbox = m_sandboxes.find(rule.sandbox.value_or(m_sandbox));
    m_form->edit(rule, m_sandbox, sandbox ? safe(sandbox->name, 40) : QString());
    showForm(m_form);
}

void PolicyPage::showForm(QWidget* form)
{
    m_form->setVisible(form == m_form);
    m_handlerForm->setVisible(form == m_handlerForm);
    fitForm();
}

void PolicyPage::closeForm()
{
    const bool wasHandler = m_handlerForm->isVisible();
    showForm(nullptr);
    (wasHandler ? static_cast<QWidget*>(m_handlers) : m_table)->setFocus();
}

void PolicyPage::editSelected()
{
    if (const api::Rule* rule = m_table->selectedRule())
        openForm(*rule);
}

void PolicyPage::duplicateSelected()
{
    const api::Rule* rule = m_table->selectedRule();
    if (rule == nullptr)
        return;
    api::Rule copy = *rule;
    copy.id = 0;
    copy.origin = api::RuleOrigin::Person;
    copy.hits = 0;
    copy.lastHitAt.reset();
    openForm(copy);
}

void PolicyPage::removeSelected()
{
    const api::Rule* selected = m_table->selectedRule();
    if (selected == nullptr)
        return;
    m_link.call("rules.remove", {{"rule", selected->id}}, this,
                [this, rule = *selected](const Result<api::Json>& reply) {
                    if (!reply && reply.error().code != Error::Code::NotFound) {
                        m_toast->showMessage(
                            tr("Not removed: %1").arg(safe(reply.error().text, 300)));
                        return;
                    }
                    m_rules.drop(rule.id);
                    if (m_form->ruleId() == rule.id)
                        closeForm();
                    const QString told =
                        tr("Removed: %1 %2.").arg(actionText(rule.action), matchText(rule.match));
                    m_toast->showMessage(told, [this, rule] { sendRule("rules.add", rule); });
                });
}

void PolicyPage::setRuleEnabled(qint64 id, bool isEnabled)
{
    const api::Rule* found = m_rules.find(id);
    if (found == nullptr)
        return;
    api::Rule rule = *found;
    rule.enabled = isEnabled;
    sendRule("rules.update", rule);
}

void PolicyPage::sendRule(const char* method, const api::Rule& rule)
{
    m_link.call(
        method, {{"rule", api::toJson(rule)}}, this, [this](const Result<api::Json>& reply) {
            const auto stored = reply ? api::fromJson<api::Rule>(*reply)
                                      : Result<api::Rule>(tl::unexpected(reply.error()));
            if (stored)
                m_rules.put(*stored);
            else
                m_toast->showMessage(tr("Not changed: %1").arg(safe(stored.error().text, 300)));
        });
}

void PolicyPage::onSaved(const api::Rule& before, const api::Rule& after)
{
    m_rules.put(after);
    closeForm();
    showRule(after.id);
    if (before.id == 0)
        m_toast->showMessage(tr("The rule holds from the next request on."), [this, id = after.id] {
            m_link.call("rules.remove", {{"rule", id}}, this, [](const Result<api::Json>&) {});
        });
    else
        m_toast->showMessage(tr("The changed rule holds from the next request on."),
                             [this, before] { sendRule("rules.update", before); });
}

} // namespace sallyport::ui::policy

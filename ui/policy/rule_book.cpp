#include "ui/policy/rule_book.h"

#include "ui/bridge/engine_link.h"

namespace sallyport::ui::policy {

RuleBook::RuleBook(EngineLink& link, QObject* parent)
    : QObject(parent)
    , m_link(link)
{
    connect(&link, &EngineLink::connected, this, &RuleBook::reload);
    connect(&link, &EngineLink::ruleChanged, this, &RuleBook::put);
    connect(&link, &EngineLink::ruleRemoved, this, &RuleBook::drop);
    if (link.state() == EngineLink::State::Connected)
        reload();
}

const api::Rule* RuleBook::find(api::RuleId id) const
{
    const auto found = m_rules.find(id);
    return found == m_rules.end() ? nullptr : &found->second;
}

std::vector<api::Rule> RuleBook::applyingTo(api::SandboxId idOr0) const
{
    std::vector<api::Rule> rules;
    for (const auto& [id, rule] : m_rules) {
        if (idOr0 == 0 || !rule.sandbox || *rule.sandbox == idOr0)
            rules.push_back(rule);
    }
    return rules;
}

void RuleBook::put(const api::Rule& rule)
{
    m_rules[rule.id] = rule;
    emit changed(rule.id);
}

void RuleBook::drop(api::RuleId id)
{
    if (m_rules.erase(id) > 0)
        emit removed(id);
}

void RuleBook::reload()
{
    m_link.call("rules.list", api::Json::object(), this, [this](const Result<api::Json>& reply) {
        if (!reply || !reply->contains("rules"))
            return;
        m_rules.clear();
        for (const api::Json& item : reply->at("rules")) {
            if (const auto rule = api::fromJson<api::Rule>(item))
                m_rules[rule->id] = *rule;
        }
        emit reset();
    });
}

} // namespace sallyport::ui::policy

#include "ui/policy/egress_pause.h"

#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/widgets/display_text.h"

namespace sallyport::ui::policy {

namespace {

bool pausesAll(const api::Rule& rule)
{
    const api::Match& match = rule.match;
    return rule.enabled && rule.action == api::Action::Deny && !rule.sandbox && match.host == "*" &&
           !match.port && match.scheme.empty() && match.method.empty() && match.path.empty();
}

} // namespace

EgressPause::EgressPause(EngineLink& link, QObject* parent)
    : QObject(parent)
    , m_link(link)
    , m_book(link)
{
    connect(&m_book, &RuleBook::reset, this, &EgressPause::refresh);
    for (const auto change : {&RuleBook::changed, &RuleBook::removed})
        connect(&m_book, change, this, &EgressPause::refresh);
}

void EgressPause::setPaused(bool wanted)
{
    if (wanted == isPaused())
        return;
    const auto done = [this](const Result<api::Json>& reply) {
        if (!reply && reply.error().code != Error::Code::NotFound)
            emit failed(safe(reply.error().text, 300));
    };
    if (!wanted) {
        for (const api::RuleId id : m_rules)
            m_link.call("rules.remove", {{"rule", id}}, this, done);
        return;
    }
    api::Rule rule;
    rule.action = api::Action::Deny;
    rule.match.host = "*";
    rule.reason = fromQt(tr("all egress is paused"));
    rule.note = fromQt(tr("Pause all egress"));
    m_link.call("rules.add", {{"rule", api::toJson(rule)}}, this, done);
}

void EgressPause::refresh()
{
    std::vector<api::RuleId> rules;
    for (const api::Rule& rule : m_book.applyingTo(0))
        if (pausesAll(rule))
            rules.push_back(rule.id);
    const bool was = isPaused();
    m_rules = std::move(rules);
    if (was != isPaused())
        emit changed(isPaused());
}

} // namespace sallyport::ui::policy

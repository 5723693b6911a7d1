#pragma once

#include <map>
#include <vector>

#include <QObject>

#include "engine/api/types.h"

namespace sallyport::ui {
class EngineLink;
}

namespace sallyport::ui::policy {

// The window's copy of all rules, kept by the engine's events. GUI thread.
class RuleBook : public QObject
{
    Q_OBJECT

public:
    explicit RuleBook(EngineLink& link, QObject* parent = nullptr);

    [[nodiscard]] const api::Rule* find(api::RuleId id) const;
    // Those that apply to this sandbox (its own and those of all); 0: every rule. By id.
    [[nodiscard]] std::vector<api::Rule> applyingTo(api::SandboxId idOr0) const;
    // For changes that this window made itself, so that they show before the event comes.
    void put(const api::Rule& rule);
    void drop(api::RuleId id);

signals:
    void reset();
    void changed(qint64 rule); // also new ones
    void removed(qint64 rule);

private:
    void reload();

    EngineLink& m_link;
    std::map<api::RuleId, api::Rule> m_rules;
};

} // namespace sallyport::ui::policy

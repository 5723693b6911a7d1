#pragma once

#include <QObject>

#include "ui/policy/rule_book.h"

namespace sallyport::ui::policy {

// "Pause all egress": one deny rule for every host of every sandbox. The engine enforces it, it
// outlives the window, and it shows in the policy and in the log like any other rule. GUI thread.
class EgressPause : public QObject
{
    Q_OBJECT

public:
    explicit EgressPause(EngineLink& link, QObject* parent = nullptr);

    [[nodiscard]] bool isPaused() const { return !m_rules.empty(); }
    void setPaused(bool isPaused);

signals:
    void changed(bool isPaused);
    // Nothing was changed; `text` is the engine's.
    void failed(const QString& text);

private:
    void refresh();

    EngineLink& m_link;
    RuleBook m_book;
    std::vector<api::RuleId> m_rules; // that pause
};

} // namespace sallyport::ui::policy

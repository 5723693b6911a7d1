#pragma once

#include <optional>

#include <QWidget>

#include "engine/api/json.h"
#include "engine/api/phases.h"
#include "engine/base/result.h"

class QButtonGroup;
class QLabel;
class QPushButton;

namespace sallyport::ui {
class EngineLink;
class FlowLayout;
} // namespace sallyport::ui

namespace sallyport::ui::policy {

// The phases of a sandbox's work, above the ladder: which one holds, a button to enter another, and
// keeping the ladder as it is now as a phase. Calls the engine itself.
class PhaseBar : public QWidget
{
    Q_OBJECT

public:
    explicit PhaseBar(EngineLink& link, QWidget* parent = nullptr);

    // 0: every sandbox, which has no phases.
    void setSandbox(qint64 idOr0);
    // The policy that holds now, as a phase without a name.
    void setPolicy(const api::Phase& now);

signals:
    // What was done, or why it was not; with phases to go back to.
    void told(const QString& text, const std::optional<sallyport::api::Phases>& before);

public slots:
    void takeBack(const sallyport::api::Phases& before);

private:
    void fetch();
    void take(const Result<api::Json>& reply, const QString& text);
    void showPhases(const api::Phases& phases);
    void fillButtons();
    void judge();
    void begin();
    void enter(const std::string& phase);
    void keep();
    void goBack();
    void add();
    void removeCurrent();
    void send(std::vector<api::Phase> phases, const QString& text);
    [[nodiscard]] const api::Phase* current() const;
    QPushButton* addButton(const QString& text, const char* name);

    EngineLink& m_link;
    qint64 m_sandbox = 0;
    std::optional<api::Phases> m_phases; // unset: not known yet
    api::Phase m_now;

    QLabel* m_text;
    QLabel* m_problem;
    QWidget* m_names;
    FlowLayout* m_flow;
    QWidget* m_changes;
    QButtonGroup* m_group;
    QPushButton* m_begin;
    QPushButton* m_keep;
    QPushButton* m_back;
    QPushButton* m_add;
    QPushButton* m_remove;
};

} // namespace sallyport::ui::policy

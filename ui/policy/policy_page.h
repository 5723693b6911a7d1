#pragma once

#include <functional>
#include <map>
#include <vector>

#include <QTimer>
#include <QWidget>

#include "engine/api/json.h"
#include "engine/api/types.h"
#include "ui/bridge/sandbox_book.h"
#include "ui/policy/rule_book.h"
#include "ui/policy/rule_table_model.h"

class QButtonGroup;
class QLabel;
class QPushButton;
class QSplitter;

namespace sallyport::ui {
class EngineLink;
class PageScroll;
class Toast;
} // namespace sallyport::ui

namespace sallyport::ui::policy {

class BudgetLabel;
class HandlerForm;
class HandlerList;
class HostList;
class LadderStepView;
class PhaseBar;
class RuleForm;
class RuleTable;

// The inside of PolicyView: the ladder on the left, the form beside it when a rule is written.
class PolicyPage : public QWidget
{
    Q_OBJECT

public:
    PolicyPage(EngineLink& link, QWidget* parent);

    void setSandbox(qint64 idOr0);
    void showRule(qint64 rule);
    void proposeRule(const api::Rule& rule);

protected:
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    QWidget* makeFloor();
    QWidget* makeDenied();
    QWidget* makeGate();
    QWidget* makeHandlers();
    QWidget* makeRules();
    QWidget* makeDefault();
    void addStep(api::Step step, QWidget* content);

    void refresh();
    void fetchTexts();
    void fillSandbox(const api::Sandbox& sandbox);
    void fillDeniedNote();
    void fillPhases();
    void updateRuleButtons();

    // Sends a part of policy.set; offers `undo`, the same with the former values.
    void change(const api::Json& parts, const QString& told, const api::Json& undo);
    void sendPolicy(const api::Json& parts, const QString& told, const api::Json& undo);
    void changeHosts(const char* member, const QStringList& hosts, const QString& list);
    void changeDefault(api::DefaultAction action);
    void changeGate(bool isSet);

    void editHandler(const api::Handler& handler);
    void unsetHandler(const api::Handler& handler);
    void setHandler(const api::Handler& handler);
    void fetchChoices(const std::function<void()>& then);
    void showForm(QWidget* form);
    void openForm(const api::Rule& rule);
    void closeForm();
    void fitForm();
    void editSelected();
    void duplicateSelected();
    void removeSelected();
    void setRuleEnabled(qint64 id, bool isEnabled);
    void sendRule(const char* method, const api::Rule& rule);
    void onSaved(const api::Rule& before, const api::Rule& after);

    EngineLink& m_link;
    SandboxBook m_sandboxes;
    RuleBook m_rules;
    RuleTableModel m_model;
    qint64 m_sandbox = 0;
    qint64 m_wantedRule = 0; // to be selected when it comes
    api::Json m_shownSettings;
    QTimer m_texts; // policy.get, once for a burst of changes

    PhaseBar* m_phases = nullptr;
    std::map<api::Step, LadderStepView*> m_steps;
    QWidget* m_ladder = nullptr;
    QLabel* m_allTitle = nullptr;
    PageScroll* m_scroll = nullptr;
    QSplitter* m_splitter = nullptr;
    HostList* m_denied = nullptr;
    QLabel* m_deniedNote = nullptr;
    QButtonGroup* m_gate = nullptr;
    HostList* m_allowed = nullptr;
    QLabel* m_gateWarning = nullptr;
    QPushButton* m_openings = nullptr;
    HostList* m_grants = nullptr;
    QButtonGroup* m_default = nullptr;
    BudgetLabel* m_budgets = nullptr;
    RuleTable* m_table = nullptr;
    QLabel* m_noRules = nullptr;
    QPushButton* m_edit = nullptr;
    QPushButton* m_duplicate = nullptr;
    QPushButton* m_remove = nullptr;
    RuleForm* m_form = nullptr;
    HandlerList* m_handlers = nullptr;
    HandlerForm* m_handlerForm = nullptr;
    std::vector<api::BuiltIn> m_builtIns; // fetched once
    api::Handler m_catchAll; // set at run time; without a name: none
    Toast* m_toast = nullptr;
};

} // namespace sallyport::ui::policy

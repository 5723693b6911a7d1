#pragma once

#include <vector>

#include <QWidget>

#include "engine/api/types.h"

class QButtonGroup;
class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;

namespace sallyport::ui {
class EngineLink;
class Headline;
} // namespace sallyport::ui

namespace sallyport::ui::policy {

// Writes one rule, beside the ladder and never in its way. While it is typed it says what is wrong,
// the rule in words, and which of the latest requests it would have matched. Saving calls the
// engine; the form stays open when that fails.
class RuleForm : public QWidget
{
    Q_OBJECT

public:
    explicit RuleForm(EngineLink& link, QWidget* parent = nullptr);

    // A rule with id 0 is new; `sandbox` is that of the page, whose log the preview reads.
    void edit(const api::Rule& rule, api::SandboxId sandbox, const QString& sandboxName);
    [[nodiscard]] api::RuleId ruleId() const { return m_original.id; }

signals:
    // `before` is the rule as it was; its id is 0 when `after` is new.
    void saved(const sallyport::api::Rule& before, const sallyport::api::Rule& after);
    void closed();

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    QWidget* makeFields();
    QWidget* makePreview();
    QWidget* makeButtons();
    QLineEdit* makeEdit(const char* objectName, const QString& placeholder);
    void fillLifetimes();
    [[nodiscard]] api::Rule rule() const;
    void judge();
    void showMatches(const api::Rule& rule);
    void fetchRows();
    void save();

    EngineLink& m_link;
    api::Rule m_original;
    api::SandboxId m_sandbox = 0;
    QString m_sandboxName;
    std::vector<api::Row> m_rows; // the latest of the sandbox
    bool m_isSaving = false;

    QLabel* m_title;
    QButtonGroup* m_action;
    QLineEdit* m_host;
    QComboBox* m_method;
    QLineEdit* m_path;
    QComboBox* m_scheme;
    QLineEdit* m_port;
    QComboBox* m_scope;
    QComboBox* m_lifetime;
    QLabel* m_reasonLabel;
    QLineEdit* m_reason;
    QLineEdit* m_note;
    Headline* m_sentence;
    QLabel* m_matches;
    Headline* m_samples;
    QLabel* m_problem;
    QPushButton* m_save;
};

} // namespace sallyport::ui::policy

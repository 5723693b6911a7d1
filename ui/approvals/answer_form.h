#pragma once

#include <QTimer>
#include <QWidget>

#include "engine/api/json.h"
#include "engine/api/types.h"

class QComboBox;
class QLabel;

namespace sallyport::ui {
class EngineLink;
class Headline;
} // namespace sallyport::ui

namespace sallyport::ui::approvals {

// How far an answer reaches, how long, and where: three axes of the four (the fourth is the button
// that is pressed). Below them the rule that the answer will write, as the engine says it.
class AnswerForm : public QWidget
{
    Q_OBJECT

public:
    AnswerForm(EngineLink& link, QWidget* parent = nullptr);

    // Fills the choices for this question and goes back to the defaults: this method and host,
    // this session, this sandbox.
    void setQuestion(const api::Question& question);
    // The answer as chosen now.
    [[nodiscard]] api::Answer answer(api::Action action) const;
    // The action that the preview is for: the button under the focus or the pointer.
    void setPreviewedAction(api::Action action);
    // False where the engine says that this answer cannot become a rule.
    [[nodiscard]] bool isValid() const { return m_isValid; }

signals:
    void validChanged(bool isValid);

private:
    void choicesChanged();
    void preview();
    void showPreview(const Result<api::Json>& reply);
    void setValid(bool isValid);

    EngineLink& m_link;
    api::Question m_question;
    api::Action m_action = api::Action::Deny;
    QComboBox* m_reach;
    QComboBox* m_lifetime;
    QComboBox* m_scope;
    QLabel* m_ruleOf;
    Headline* m_rule;
    QTimer m_delay;
    int m_previewNumber = 0; // replies to earlier previews are dropped
    bool m_isValid = true;
};

} // namespace sallyport::ui::approvals

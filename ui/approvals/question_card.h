#pragma once

#include <QWidget>

#include "engine/api/types.h"

class QFormLayout;
class QLabel;

namespace sallyport::ui {
class Headline;
}

namespace sallyport::ui::approvals {

class HoldBar;

// What is asked: who wants to do what to whom, the whole URL, and what is known about it. Shows,
// and offers nothing to press.
class QuestionCard : public QWidget
{
    Q_OBJECT

public:
    explicit QuestionCard(QWidget* parent = nullptr);

    void setQuestion(const api::Question& question);
    // "agent-1 wants to POST to api.example.com"
    [[nodiscard]] static QString sentence(const api::Question& question);

private:
    Headline* addFact(const QString& name, const QString& objectName);

    Headline* m_headline;
    Headline* m_url;
    QLabel* m_looksLike;
    QFormLayout* m_facts;
    Headline* m_body;
    Headline* m_process;
    Headline* m_why;
    Headline* m_seen;
    Headline* m_credentials;
    HoldBar* m_hold;
};

} // namespace sallyport::ui::approvals

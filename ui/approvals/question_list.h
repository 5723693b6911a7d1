#pragma once

#include <vector>

#include <QListWidget>
#include <QTimer>

#include "engine/api/types.h"

namespace sallyport::ui::approvals {

// The inbox: every open question, grouped by sandbox, those that nothing waits for any more marked
// as missed.
class QuestionList : public QListWidget
{
    Q_OBJECT

public:
    explicit QuestionList(QWidget* parent = nullptr);

    void setQuestions(const std::vector<api::Question>& questions, api::QuestionId current);

signals:
    void chosen(qint64 question);

private:
    void addGroup(const api::Question& first, int count);
    void addQuestion(const api::Question& question, bool isCurrent);

    bool m_isFilling = false;
};

} // namespace sallyport::ui::approvals

#pragma once

#include <map>
#include <optional>
#include <vector>

#include <QObject>

#include "engine/api/types.h"

namespace sallyport::ui {
class EngineLink;
}

namespace sallyport::ui::approvals {

// The open questions, as the engine's events tell. GUI thread.
class QuestionBook : public QObject
{
    Q_OBJECT

public:
    explicit QuestionBook(EngineLink& link, QObject* parent = nullptr);

    [[nodiscard]] const api::Question* find(api::QuestionId id) const;
    [[nodiscard]] int count() const { return static_cast<int>(m_questions.size()); }
    // By sandbox name, then oldest first.
    [[nodiscard]] std::vector<api::Question> all() const;
    // The most urgent: held ones first, then the oldest; never `except`.
    [[nodiscard]] std::optional<api::QuestionId> next(api::QuestionId except = 0) const;
    // An answer has been sent and accepted: do not wait for the event.
    void drop(api::QuestionId id);

    // Whether requests still wait at the door for this answer.
    [[nodiscard]] static bool isHeld(const api::Question& question, UnixMillis now);

signals:
    // `isNew` is false for those that were open before this window was (re)connected.
    void added(qint64 question, bool isNew);
    void updated(qint64 question);
    // Its budget had ended, and a retry of the client waits now.
    void heldAgain(qint64 question);
    void removed(qint64 question);
    void countChanged(int count);

private:
    void reload();
    void take(const api::Question& question, bool isNew);

    EngineLink& m_link;
    std::map<api::QuestionId, api::Question> m_questions;
};

} // namespace sallyport::ui::approvals

#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include <QObject>

#include "engine/api/types.h"
#include "ui/bridge/engine_link.h"

namespace sallyport::ui::approvals {

// The open questions, as the engine's events tell. GUI thread.
class QuestionBook : public QObject
{
    Q_OBJECT

public:
    // Why a question is open no more.
    enum class End
    {
        AnsweredHere,
        AnsweredElsewhere, // by another window or the command line, or a new rule decides it
        Withdrawn,         // its clients gave up
    };
    Q_ENUM(End)

    explicit QuestionBook(EngineLink& link, QObject* parent = nullptr);

    [[nodiscard]] const api::Question* find(api::QuestionId id) const;
    [[nodiscard]] int count() const { return static_cast<int>(m_questions.size()); }
    // By sandbox name, then oldest first.
    [[nodiscard]] std::vector<api::Question> all() const;
    // The most urgent: held ones first, then the oldest; never `except`.
    [[nodiscard]] std::optional<api::QuestionId> next(api::QuestionId except = 0) const;
    // Sends it. The question goes with the reply or with the engine's event, whichever is first;
    // `reply` comes after, unless `context` has died.
    void answer(const api::Answer& answer, QObject* context, EngineLink::Reply reply);

    // Whether requests still wait at the door for this answer.
    [[nodiscard]] static bool isHeld(const api::Question& question, UnixMillis now);

signals:
    // `isNew` is false for those that were open before this window was (re)connected.
    void added(qint64 question, bool isNew);
    void updated(qint64 question);
    // Its budget had ended, and a retry of the client waits now.
    void heldAgain(qint64 question);
    void removed(qint64 question, sallyport::ui::approvals::QuestionBook::End end);
    void countChanged(int count);

private:
    void reload();
    void drop(api::QuestionId id, End end);
    void take(const api::Question& question, bool isNew);

    EngineLink& m_link;
    std::map<api::QuestionId, api::Question> m_questions;
    std::set<api::QuestionId> m_answering; // an answer of ours is on its way
};

} // namespace sallyport::ui::approvals

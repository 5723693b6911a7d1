#include "ui/approvals/question_book.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <QPointer>

namespace sallyport::ui::approvals {

QuestionBook::QuestionBook(EngineLink& link, QObject* parent)
    : QObject(parent)
    , m_link(link)
{
    connect(&link, &EngineLink::connected, this, &QuestionBook::reload);
    connect(&link, &EngineLink::questionChanged, this,
            [this](const api::Question& question) { take(question, true); });
    if (link.state() == EngineLink::State::Connected)
        reload();
}

bool QuestionBook::isHeld(const api::Question& question, UnixMillis now)
{
    return question.heldUntil && *question.heldUntil > now && question.waiting > 0;
}

const api::Question* QuestionBook::find(api::QuestionId id) const
{
    const auto found = m_questions.find(id);
    return found == m_questions.end() ? nullptr : &found->second;
}

std::vector<api::Question> QuestionBook::all() const
{
    std::vector<api::Question> questions;
    questions.reserve(m_questions.size());
    for (const auto& [id, question] : m_questions)
        questions.push_back(question);
    std::sort(questions.begin(), questions.end(), [](const auto& a, const auto& b) {
        return std::tie(a.sandboxName, a.sandbox, a.askedAt, a.id) <
               std::tie(b.sandboxName, b.sandbox, b.askedAt, b.id);
    });
    return questions;
}

std::optional<api::QuestionId> QuestionBook::next(api::QuestionId except) const
{
    const UnixMillis now = nowUnixMillis();
    const api::Question* best = nullptr;
    const auto rank = [now](const api::Question& q) {
        return std::make_tuple(!isHeld(q, now), q.askedAt, q.id);
    };
    for (const auto& [id, question] : m_questions) {
        if (id != except && (best == nullptr || rank(question) < rank(*best)))
            best = &question;
    }
    return best ? std::optional(best->id) : std::nullopt;
}

void QuestionBook::answer(const api::Answer& answer, QObject* context, EngineLink::Reply reply)
{
    const api::QuestionId id = answer.question;
    m_answering.insert(id);
    m_link.call("approvals.answer", api::toJson(answer), this,
                [this, id, isHere = QPointer<QObject>(context),
                 reply = std::move(reply)](const Result<api::Json>& result) {
                    const bool hasGone = !result && result.error().code == Error::Code::NotFound;
                    if (hasGone)
                        m_answering.erase(id);
                    if (result || hasGone)
                        drop(id, End::AnsweredElsewhere);
                    m_answering.erase(id);
                    if (isHere)
                        reply(result);
                });
}

void QuestionBook::drop(api::QuestionId id, End end)
{
    if (m_questions.erase(id) == 0)
        return;
    emit removed(id, m_answering.contains(id) ? End::AnsweredHere : end);
    emit countChanged(count());
}

void QuestionBook::take(const api::Question& question, bool isNew)
{
    if (question.state != api::QuestionState::Open) {
        drop(question.id, question.state == api::QuestionState::Withdrawn ? End::Withdrawn
                                                                          : End::AnsweredElsewhere);
        return;
    }
    const UnixMillis now = nowUnixMillis();
    const api::Question* known = find(question.id);
    const bool isKnown = known != nullptr;
    const bool wasHeld = isKnown && isHeld(*known, now);
    m_questions[question.id] = question;
    if (isKnown) {
        emit updated(question.id);
        if (!wasHeld && isHeld(question, now))
            emit heldAgain(question.id);
        return;
    }
    emit added(question.id, isNew);
    emit countChanged(count());
}

void QuestionBook::reload()
{
    m_link.call("approvals.list", api::Json::object(), this,
                [this](const Result<api::Json>& reply) {
                    if (!reply || !reply->contains("questions"))
                        return;
                    std::map<api::QuestionId, api::Question> open;
                    for (const api::Json& item : reply->at("questions")) {
                        if (const auto question = api::fromJson<api::Question>(item))
                            open[question->id] = *question;
                    }
                    const auto before = m_questions;
                    for (const auto& [id, question] : before) {
                        if (!open.contains(id))
                            drop(id, End::AnsweredElsewhere);
                    }
                    for (const auto& [id, question] : open)
                        take(question, false);
                });
}

} // namespace sallyport::ui::approvals

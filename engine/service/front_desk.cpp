#include "engine/service/front_desk.h"

#include <algorithm>
#include <chrono>
#include <variant>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace sallyport::service
{
namespace asio = boost::asio;

// One held request. Lives in the frame of hold().
struct FrontDesk::Waiter
{
    explicit Waiter(asio::io_context& loop)
        : released(loop, asio::steady_timer::time_point::max())
    {
    }

    asio::steady_timer released; // cancelled when there is an outcome
    std::optional<egress::AskOutcome> outcome;
    UnixMillis since = nowUnixMillis();
};

// A waiter's place at the desk. Given up without an outcome, it withdraws the request: that is how a client that hung up,
// whose coroutine is cancelled or destroyed, takes its question back.
class FrontDesk::Place
{
public:
    Place(FrontDesk& desk, approval::HeldId id, Waiter& waiter)
        : m_desk(desk.m_self)
        , m_id(id)
        , m_waiter(waiter)
    {
        desk.m_waiters[id] = &waiter;
    }
    ~Place()
    {
        const auto desk = m_desk.lock(); // a coroutine can be destroyed with the loop, after the desk
        if (!desk)
            return;
        (*desk)->m_waiters.erase(m_id);
        if (!m_waiter.outcome)
            (*desk)->withdraw(m_id);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

private:
    std::weak_ptr<FrontDesk*> m_desk;
    approval::HeldId m_id;
    Waiter& m_waiter;
};

FrontDesk::FrontDesk(asio::io_context& loop, store::Store& store, PolicyBook& book, approval::Desk::Options options,
                     const std::vector<store::SavedQuestion>& saved)
    : m_store(store)
    , m_book(book)
    , m_desk(options, store.newQuestionId())
    , m_loop(loop)
    , m_alarm(loop)
{
    std::vector<approval::SavedQuestion> questions;
    questions.reserve(saved.size());
    for (const store::SavedQuestion& each : saved)
        questions.push_back({each.question, each.method, each.target});
    m_desk.restore(questions, nowUnixMillis());
    setAlarm();
}

asio::awaitable<egress::AskOutcome> FrontDesk::hold(approval::Asked asked, QuestionNote note)
{
    Waiter waiter(m_loop);
    const approval::HeldId id = ++m_lastHeld;
    const Place place(*this, id, waiter);
    carryOut(m_desk.arrived(id, asked, nowUnixMillis()));
    if (const auto question = m_desk.questionOf(id))
        note(*question);
    if (!waiter.outcome) {
        boost::system::error_code ignored;
        co_await waiter.released.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    egress::AskOutcome outcome;
    if (waiter.outcome)
        outcome = *waiter.outcome;
    else
        outcome = {egress::AskOutcome::Kind::Denied, {}, "the client hung up", false, 0};
    outcome.heldMs = nowUnixMillis() - waiter.since;
    co_return outcome;
}

Result<std::vector<api::Rule>> FrontDesk::preview(const api::Answer& answer) const
{
    const auto saved = m_desk.saved(answer.question);
    if (!saved)
        return fail(Error::Code::NotFound, fmt::format("no open question with id {}; it may have been answered or withdrawn", answer.question));
    // What is shown may be cut: a rule is made of what came.
    api::Question whole = saved->question;
    whole.method = saved->method;
    whole.path = saved->target;
    return policy::rulesForAnswer(whole, answer, nowUnixMillis());
}

Result<std::optional<api::Rule>> FrontDesk::answer(const api::Answer& answer)
{
    auto wanted = preview(answer);
    if (!wanted)
        return tl::unexpected(wanted.error());
    std::optional<api::Rule> shown;
    m_isAnswering = true;
    for (const api::Rule& rule : *wanted) {
        auto added = m_book.add(rule);
        if (!added) {
            m_isAnswering = false;
            policyChanged();
            return tl::unexpected(added.error());
        }
        if (!shown)
            shown = *added;
    }
    m_isAnswering = false;
    const auto ruleId = shown ? std::optional(shown->id) : std::nullopt;
    auto commands = m_desk.answered(answer, ruleId, nowUnixMillis());
    if (!commands)
        return tl::unexpected(commands.error());
    carryOut(*commands);
    policyChanged();
    return shown;
}

void FrontDesk::policyChanged()
{
    if (m_isAnswering)
        return;
    for (const approval::Recheck& recheck : m_desk.policyChanged()) {
        policy::Decision decision = m_book.peek(recheck.sandbox, recheck.request);
        if (decision.verdict == policy::Verdict::Ask)
            continue;
        if (decision.verdict != policy::Verdict::Deny && m_asksForBudget && m_asksForBudget(recheck.sandbox, recheck.request))
            continue;
        // What may go on asks the ladder itself: a handler may have a say in how. A denial counts here.
        if (decision.verdict == policy::Verdict::Deny && recheck.held)
            decision = m_book.decide(recheck.sandbox, recheck.request);
        if (decision.verdict == policy::Verdict::Handle)
            decision.verdict = policy::Verdict::Allow;
        m_isSettling = true;
        carryOut(m_desk.settled(recheck, decision, nowUnixMillis()));
        m_isSettling = false;
    }
}

void FrontDesk::sandboxStopped(api::SandboxId sandbox)
{
    carryOut(m_desk.sandboxStopped(sandbox, nowUnixMillis()));
}

void FrontDesk::standDown()
{
    carryOut(m_desk.standDown());
}

void FrontDesk::carryOut(const approval::Commands& commands)
{
    for (const approval::Command& command : commands)
        std::visit([this](const auto& one) { carryOut(one); }, command);
    setAlarm();
}

void FrontDesk::carryOut(const approval::ReleaseAllow& command)
{
    release(command.id, {egress::AskOutcome::Kind::Allowed, command.rule, {}, false, 0});
}

void FrontDesk::carryOut(const approval::ReleaseDeny& command)
{
    release(command.id, {egress::AskOutcome::Kind::Denied, command.rule, command.reason, false, 0});
}

void FrontDesk::carryOut(const approval::ReleasePending& command)
{
    release(command.id, {egress::AskOutcome::Kind::Pending, {}, {}, false, 0});
}

void FrontDesk::carryOut(const approval::QuestionChanged& command)
{
    if (auto saved = m_desk.saved(command.question.id))
        m_store.saveQuestion({std::move(saved->question), std::move(saved->method), std::move(saved->target)});
    if (m_listener)
        m_listener(command.question);
}

void FrontDesk::carryOut(const approval::QuestionRemoved& command)
{
    m_store.removeQuestion(command.question.id);
    if (m_listener)
        m_listener(command.question);
}

void FrontDesk::release(approval::HeldId id, egress::AskOutcome outcome)
{
    const auto found = m_waiters.find(id);
    if (found == m_waiters.end())
        return;
    outcome.decideAgain = m_isSettling;
    found->second->outcome = std::move(outcome);
    found->second->released.cancel();
}

void FrontDesk::withdraw(approval::HeldId id)
{
    carryOut(m_desk.hungUp(id, nowUnixMillis()));
}

void FrontDesk::setAlarm()
{
    const auto deadline = m_desk.nextDeadline();
    if (!deadline) {
        m_alarm.cancel();
        return;
    }
    m_alarm.expires_after(std::chrono::milliseconds(std::max<UnixMillis>(0, *deadline - nowUnixMillis())));
    m_alarm.async_wait([this](const boost::system::error_code& error) {
        if (!error)
            carryOut(m_desk.tick(nowUnixMillis()));
    });
}

} // namespace sallyport::service

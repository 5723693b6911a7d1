#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/approval/desk.h"
#include "engine/egress/gatekeeper.h"
#include "engine/log/egress_log.h"
#include "engine/service/policy_book.h"
#include "engine/store/store.h"

namespace sallyport::service
{

// The desk (engine/approval) at work: holds the requests' coroutines, keeps its deadlines, stores its questions, and turns
// the person's answers into rules. Network thread only.
class FrontDesk
{
public:
    using Listener = std::function<void(const api::Question&)>; // asked, changed, answered or withdrawn

    // The open questions of an earlier engine go on, with nothing held by them. All but the listener outlive the desk.
    FrontDesk(boost::asio::io_context& loop, store::Store& store, PolicyBook& book, approval::Desk::Options options,
              const std::vector<store::SavedQuestion>& saved);

    void setListener(Listener listener) { m_listener = std::move(listener); }
    // Whether a window or a watcher is there to be asked.
    void setCanAsk(bool canAsk) { m_desk.setCanAsk(canAsk); }

    // For what comes from now on.
    void setOptions(approval::Desk::Options options) { m_desk.setOptions(options); }

    // Whether a request that the ladder lets pass waits for a budget.
    using AsksForBudget = std::function<bool(api::SandboxId sandbox, const policy::Request& request)>;
    void setAsksForBudget(AsksForBudget asks) { m_asksForBudget = std::move(asks); }

    // Called once the question has an id, before the request is held.
    using QuestionNote = std::function<void(api::QuestionId)>;

    // Holds the calling request until it is released. A cancelled (or destroyed) coroutine withdraws it.
    [[nodiscard]] boost::asio::awaitable<egress::AskOutcome> hold(approval::Asked asked, QuestionNote note);

    // The person's answer: makes its rules, releases what waits. Returns the rule to show, where one was made.
    [[nodiscard]] Result<std::optional<api::Rule>> answer(const api::Answer& answer);
    // The rules that this answer would make; changes nothing.
    [[nodiscard]] Result<std::vector<api::Rule>> preview(const api::Answer& answer) const;

    // What is held may be decided otherwise now.
    void policyChanged();
    void sandboxStopped(api::SandboxId sandbox);
    // The engine ends: whoever waits is told to retry, and the questions stay for the next engine.
    void standDown();

    [[nodiscard]] std::vector<api::Question> questions() const { return m_desk.questions(); }
    [[nodiscard]] int openQuestions(api::SandboxId sandbox) const { return m_desk.openQuestions(sandbox); }

private:
    struct Waiter;
    class Place;

    void carryOut(const approval::Commands& commands);
    void carryOut(const approval::ReleaseAllow& command);
    void carryOut(const approval::ReleaseDeny& command);
    void carryOut(const approval::ReleasePending& command);
    void carryOut(const approval::QuestionChanged& command);
    void carryOut(const approval::QuestionRemoved& command);
    void release(approval::HeldId id, egress::AskOutcome outcome);
    void withdraw(approval::HeldId id);
    void setAlarm();

    store::Store& m_store;
    PolicyBook& m_book;
    approval::Desk m_desk;
    boost::asio::io_context& m_loop;
    boost::asio::steady_timer m_alarm;
    Listener m_listener;
    AsksForBudget m_asksForBudget;
    approval::HeldId m_lastHeld = 0;
    std::map<approval::HeldId, Waiter*> m_waiters;
    const std::shared_ptr<FrontDesk*> m_self = std::make_shared<FrontDesk*>(this); // expires with the desk
    bool m_isSettling = false;  // a change of the policy releases
    bool m_isAnswering = false; // the rules of an answer are being added: it settles the questions itself
};

} // namespace sallyport::service

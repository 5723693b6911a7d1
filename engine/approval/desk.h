#pragma once

// The desk: every request that waits for the person, as a pure state machine (docs/policy.md,
// "Questions"). It holds no sockets and starts no timer: inputs are calls with the time, outputs
// are commands, which the caller carries out in order. One object for the engine, used on its
// network thread only.
//
// Requests that are equal in (sandbox, scheme, host, port, method) share one question. A request
// is held until its hold budget ends, then released as pending; the question stays in the inbox
// and the answer serves the retry. Nothing is ever released as allowed but by an answer or by a
// policy that allows it now.

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "engine/api/types.h"
#include "engine/base/result.h"
#include "engine/policy/decision.h"

namespace sallyport::approval {

// Of the caller's choice; unique among the requests that are held.
using HeldId = std::uint64_t;

struct ReleaseAllow
{
    HeldId id = 0;
    api::QuestionId question = 0;
    std::optional<api::RuleId> rule; // that the answer made or that allows now
    friend bool operator==(const ReleaseAllow&, const ReleaseAllow&) = default;
};
struct ReleaseDeny
{
    HeldId id = 0;
    std::optional<api::QuestionId> question; // unset: it never reached one (limits)
    std::optional<api::RuleId> rule;
    std::string reason; // what the guest reads
    friend bool operator==(const ReleaseDeny&, const ReleaseDeny&) = default;
};
// The guest is told to retry; the question stays open.
struct ReleasePending
{
    HeldId id = 0;
    api::QuestionId question = 0;
    friend bool operator==(const ReleasePending&, const ReleasePending&) = default;
};
// Asked, asked again, or what waits for it has changed. Store it and tell the subscribers.
struct QuestionChanged
{
    api::Question question;
};
// No longer open: state is Answered or Withdrawn.
struct QuestionRemoved
{
    api::Question question;
};
using Command =
    std::variant<ReleaseAllow, ReleaseDeny, ReleasePending, QuestionChanged, QuestionRemoved>;
using Commands = std::vector<Command>;

// What the policy is to be asked again about, after it changed. `held` is unset for a question of
// the inbox that nothing waits for.
struct Recheck
{
    api::QuestionId question = 0;
    std::optional<HeldId> held;
    api::SandboxId sandbox = 0;
    policy::Request request;
};

// What came in with a request that the ladder wants asked.
struct Asked
{
    api::SandboxId sandbox = 0;
    std::string sandboxName;
    policy::Request request;
    std::string why;                      // Decision::reason
    bool firstSeen = true;                // no earlier row of this sandbox names the host
    std::vector<std::string> credentials; // names of those that it would be given
    // In place of the desk's own, where the sandbox has others.
    std::optional<std::int64_t> holdBudgetMs;
    std::optional<std::size_t> mostQuestions;
    std::optional<std::size_t> mostPerMinute;
};

// An open question as it survives a restart of the engine. What it held is gone with the engine.
struct SavedQuestion
{
    api::Question question;
    // Of the request that is shown, as they came: the question's own are cut and escaped for the
    // eye.
    std::string method;
    std::string target;
};

class Desk
{
public:
    struct Options
    {
        std::int64_t holdBudgetMs = 25'000;
        std::int64_t inboxMs = 24LL * 60 * 60 * 1000; // a question that nobody answers expires
        std::int64_t onceMs = 10LL * 60 * 1000; // how long an answer "once" waits for its retry
        std::size_t mostQuestions = 32;         // open, a sandbox
        std::size_t mostPerMinute = 60;         // new ones, a sandbox
        std::size_t mostWaiting = 256;          // requests, a question
        std::size_t mostOnce = 64;              // unused answers "once", a sandbox
        std::size_t mostTargetBytes = std::size_t{4} << 20U; // of all held requests, a sandbox
    };

    // Question ids count up from `firstId`, which must be past every id ever given.
    Desk(Options options, api::QuestionId firstId);

    // For what comes from now on; what is held keeps its budget.
    void setOptions(Options options) { m_options = options; }

    // A request that the ladder wants asked. Exactly one Release with this id comes out, now or
    // later, unless hungUp(id) is called before. An unused answer "once" for it releases it now.
    // When nobody can be asked (setCanAsk) it is released as pending and kept in the inbox.
    [[nodiscard]] Commands arrived(HeldId id, const Asked& asked, UnixMillis now);
    // The client of a held request is gone: no release follows. Unknown ids are ignored. Where the
    // request that the question shows has gone, what else waits moves to a new question.
    [[nodiscard]] Commands hungUp(HeldId id, UnixMillis now);
    // The person's answer. `rule` is the one that it made, already stored and in force. Requests of
    // the question that the reach does not cover (other paths) move to a new question. After that
    // call policyChanged(), since a rule can cover other questions. NotFound for a question that is
    // no longer open.
    [[nodiscard]] Result<Commands>
    answered(const api::Answer& answer, std::optional<api::RuleId> rule, UnixMillis now);
    // The policy of a sandbox (or of all) changed: what to decide again. Pass each that is no
    // longer Ask to settled().
    [[nodiscard]] std::vector<Recheck>
    policyChanged(std::optional<api::SandboxId> sandbox = {}) const;
    [[nodiscard]] Commands
    settled(const Recheck& recheck, const policy::Decision& decision, UnixMillis now);
    // Everything of this sandbox ends: held requests are denied, questions withdrawn.
    [[nodiscard]] Commands sandboxStopped(api::SandboxId sandbox, UnixMillis now);
    // The engine ends: all that is held is released as pending, and nothing is held any more.
    [[nodiscard]] Commands standDown();
    // Ends budgets and inbox times that are over. Call at nextDeadline() or later.
    [[nodiscard]] Commands tick(UnixMillis now);
    // The earliest time at which tick() has something to do.
    [[nodiscard]] std::optional<UnixMillis> nextDeadline() const;

    // Whether anybody sees questions now (a window or a watcher is connected). What is held stays
    // held until its budget ends.
    void setCanAsk(bool canAsk) { m_canAsk = canAsk; }

    // Open questions, oldest first.
    [[nodiscard]] std::vector<api::Question> questions() const;
    [[nodiscard]] std::optional<api::Question> question(api::QuestionId id) const;
    // The same with all that rules and retries are matched by; what to store.
    [[nodiscard]] std::optional<SavedQuestion> saved(api::QuestionId id) const;
    [[nodiscard]] std::optional<api::QuestionId> questionOf(HeldId id) const;
    [[nodiscard]] int openQuestions(api::SandboxId sandbox) const;

    [[nodiscard]] std::vector<SavedQuestion> save() const;
    // Before the first arrival. Expired ones are dropped, nothing is held by them.
    void restore(const std::vector<SavedQuestion>& saved, UnixMillis now);

private:
    using Key = std::tuple<api::SandboxId, std::string, std::string, int, std::string>;
    struct Held
    {
        HeldId id = 0;
        UnixMillis until = 0;
        Asked asked;
    };
    struct Entry
    {
        api::Question shown;
        Key key;
        Asked first;              // the request that is shown, whole
        bool isPending = false;   // it was released as pending: somebody may retry
        UnixMillis keepUntil = 0; // end of its time in the inbox
        std::deque<Held> held;    // the one whose budget ends first is in front
    };
    // An answer "once" that waits for the retry of a request whose budget had ended.
    struct Once
    {
        api::Answer answer;
        Asked asked;
        api::QuestionId question = 0;
        UnixMillis until = 0;
    };

    [[nodiscard]] static Key keyOf(const Asked& asked);
    [[nodiscard]] std::optional<Command> useOnce(HeldId id, const Asked& asked, UnixMillis now);
    [[nodiscard]] std::string limitReached(const Asked& asked, UnixMillis now);
    Entry& findOrOpen(const Asked& asked, UnixMillis now);
    void hold(Entry& entry, Held held);
    [[nodiscard]] Held release(Entry& entry, std::size_t index);
    void releaseOne(Entry& entry, HeldId id);
    void keepOnce(const Entry& entry, const api::Answer& answer, UnixMillis now);
    void changed(Entry& entry, Commands& commands);
    void close(Entry& entry, api::QuestionState state, Commands& commands);
    void
    changedOrClosed(Entry& entry, api::QuestionState state, UnixMillis now, Commands& commands);
    void ask(std::deque<Held> held, UnixMillis now, Commands& commands);

    Options m_options;
    api::QuestionId m_nextId;
    bool m_canAsk = true;
    std::map<api::QuestionId, Entry> m_entries;
    std::map<Key, api::QuestionId> m_byKey;
    std::map<HeldId, api::QuestionId> m_byHeld;
    std::map<api::SandboxId, std::size_t> m_targetBytes;
    std::map<api::SandboxId, std::deque<UnixMillis>> m_recent; // new questions of the last minute
    std::deque<Once> m_once;
};

} // namespace sallyport::approval

#include "engine/approval/desk.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/approval/question_text.h"

namespace sallyport::approval {

namespace {
constexpr std::int64_t OneMinuteMs = 60'000;
}

Desk::Desk(Options options, api::QuestionId firstId)
    : m_options(options)
    , m_nextId(firstId)
{
}

Desk::Key Desk::keyOf(const Asked& asked)
{
    const policy::Request& request = asked.request;
    return {asked.sandbox, request.scheme, request.host.text(), request.port, request.method};
}

// ---- What comes in

Commands Desk::arrived(HeldId id, const Asked& asked, UnixMillis now)
{
    if (std::optional<Command> answer = useOnce(id, asked, now))
        return {std::move(*answer)};
    if (std::string reason = limitReached(asked, now); !reason.empty())
        return {ReleaseDeny{id, std::nullopt, std::nullopt, std::move(reason)}};

    Commands commands;
    Entry& entry = findOrOpen(asked, now);
    entry.keepUntil = now + m_options.inboxMs;
    if (m_canAsk)
        hold(entry, {id, now + asked.holdBudgetMs.value_or(m_options.holdBudgetMs), asked});
    else
        entry.isPending = true;
    changed(entry, commands);
    if (!m_canAsk)
        commands.emplace_back(ReleasePending{id, entry.shown.id});
    return commands;
}

Commands Desk::hungUp(HeldId id, UnixMillis now)
{
    const auto question = m_byHeld.find(id);
    if (question == m_byHeld.end())
        return {};
    Commands commands;
    Entry& entry = m_entries.at(question->second);
    releaseOne(entry, id);
    changedOrClosed(entry, api::QuestionState::Withdrawn, now, commands);
    return commands;
}

Result<Commands>
Desk::answered(const api::Answer& answer, std::optional<api::RuleId> rule, UnixMillis now)
{
    const auto found = m_entries.find(answer.question);
    if (found == m_entries.end())
        return fail(Error::Code::NotFound,
                    fmt::format("question {} is no longer open", answer.question));
    Entry& entry = found->second;
    const policy::Request shown = entry.first.request;
    Commands commands;
    std::deque<Held> others;
    bool hasReleased = false;
    while (!entry.held.empty()) {
        Held held = release(entry, 0);
        if (!covers(answer, shown, held.asked.request)) {
            others.push_back(std::move(held));
            continue;
        }
        hasReleased = true;
        if (answer.action == api::Action::Allow)
            commands.emplace_back(ReleaseAllow{held.id, answer.question, rule});
        else
            commands.emplace_back(ReleaseDeny{held.id, answer.question, rule, denialText(answer)});
    }
    // Nobody waited any more, and no rule will serve the retry.
    if (!hasReleased && !rule)
        keepOnce(entry, answer, now);
    close(entry, api::QuestionState::Answered, commands);

    ask(std::move(others), now, commands);
    return commands;
}

std::vector<Recheck> Desk::policyChanged(std::optional<api::SandboxId> sandbox) const
{
    std::vector<Recheck> rechecks;
    for (const auto& [id, entry] : m_entries) {
        if (sandbox && *sandbox != entry.shown.sandbox)
            continue;
        for (const Held& held : entry.held)
            rechecks.push_back({id, held.id, entry.shown.sandbox, held.asked.request});
        if (entry.isPending)
            rechecks.push_back({id, std::nullopt, entry.shown.sandbox, entry.first.request});
    }
    return rechecks;
}

Commands Desk::settled(const Recheck& recheck, const policy::Decision& decision, UnixMillis now)
{
    if (decision.verdict == policy::Verdict::Ask)
        return {};
    // A held request may have moved to another question since.
    const auto question = recheck.held ? questionOf(*recheck.held) : recheck.question;
    const auto found = question ? m_entries.find(*question) : m_entries.end();
    if (found == m_entries.end())
        return {};
    Commands commands;
    Entry& entry = found->second;
    if (recheck.held) {
        releaseOne(entry, *recheck.held);
        if (decision.verdict == policy::Verdict::Allow)
            commands.emplace_back(ReleaseAllow{*recheck.held, *question, decision.rule});
        else
            commands.emplace_back(
                ReleaseDeny{*recheck.held, *question, decision.rule, decision.reason});
    } else {
        entry.isPending = false; // its retry is decided without a question
    }
    changedOrClosed(entry, api::QuestionState::Answered, now, commands);
    return commands;
}

Commands Desk::sandboxStopped(api::SandboxId sandbox, UnixMillis /*now*/)
{
    m_recent.erase(sandbox);
    Commands commands;
    std::erase_if(m_once, [sandbox](const Once& once) { return once.asked.sandbox == sandbox; });
    for (auto next = m_entries.begin(); next != m_entries.end();) {
        Entry& entry = (next++)->second; // close() erases it
        if (entry.shown.sandbox != sandbox)
            continue;
        while (!entry.held.empty())
            commands.emplace_back(ReleaseDeny{release(entry, 0).id, entry.shown.id, std::nullopt,
                                              "the sandbox has stopped"});
        close(entry, api::QuestionState::Withdrawn, commands);
    }
    m_targetBytes.erase(sandbox);
    return commands;
}

Commands Desk::standDown()
{
    Commands commands;
    m_canAsk = false;
    for (auto& [id, entry] : m_entries) {
        if (entry.held.empty())
            continue;
        while (!entry.held.empty())
            commands.emplace_back(ReleasePending{release(entry, 0).id, id});
        entry.isPending = true;
        changed(entry, commands);
    }
    return commands;
}

Commands Desk::tick(UnixMillis now)
{
    Commands commands;
    std::erase_if(m_once, [now](const Once& once) { return once.until <= now; });
    for (auto next = m_entries.begin(); next != m_entries.end();) {
        Entry& entry = (next++)->second;
        bool hasEnded = false;
        while (!entry.held.empty() && entry.held.front().until <= now) {
            commands.emplace_back(ReleasePending{release(entry, 0).id, entry.shown.id});
            hasEnded = true;
        }
        entry.isPending = entry.isPending || hasEnded;
        if (entry.held.empty() && entry.keepUntil <= now)
            close(entry, api::QuestionState::Withdrawn, commands);
        else if (hasEnded)
            changed(entry, commands);
    }
    return commands;
}

std::optional<UnixMillis> Desk::nextDeadline() const
{
    std::optional<UnixMillis> next;
    const auto consider = [&next](UnixMillis time) { next = std::min(next.value_or(time), time); };
    for (const auto& [id, entry] : m_entries)
        consider(entry.held.empty() ? entry.keepUntil : entry.held.front().until);
    for (const Once& once : m_once)
        consider(once.until);
    return next;
}

// ---- What it keeps

std::string Desk::limitReached(const Asked& asked, UnixMillis now)
{
    const auto known = m_byKey.find(keyOf(asked));
    if (known == m_byKey.end()) {
        const std::size_t most = asked.mostQuestions.value_or(m_options.mostQuestions);
        if (static_cast<std::size_t>(openQuestions(asked.sandbox)) >= most)
            return fmt::format("too many open questions: {} wait for an answer", most);
        const std::size_t rate = asked.mostPerMinute.value_or(m_options.mostPerMinute);
        std::deque<UnixMillis>& recent = m_recent[asked.sandbox];
        while (!recent.empty() && recent.front() + OneMinuteMs <= now)
            recent.pop_front();
        if (recent.size() >= rate)
            return fmt::format("too many new questions: {} within a minute", rate);
        recent.push_back(now);
    } else if (m_entries.at(known->second).held.size() >= m_options.mostWaiting) {
        return fmt::format("too many requests wait for the same question: {}",
                           m_options.mostWaiting);
    }
    const auto bytes = m_targetBytes.find(asked.sandbox);
    if ((bytes != m_targetBytes.end() ? bytes->second : 0) + asked.request.path.size() >
        m_options.mostTargetBytes)
        return "too many requests wait for an answer";
    return {};
}

Desk::Entry& Desk::findOrOpen(const Asked& asked, UnixMillis now)
{
    Key key = keyOf(asked);
    if (const auto known = m_byKey.find(key); known != m_byKey.end()) {
        Entry& entry = m_entries.at(known->second);
        ++entry.shown.timesAsked;
        return entry;
    }
    const api::QuestionId id = m_nextId++;
    Entry& entry = m_entries[id];
    entry.shown = questionFor(asked, now);
    entry.shown.id = id;
    entry.first = asked;
    entry.key = key;
    m_byKey.emplace(std::move(key), id);
    return entry;
}

void Desk::hold(Entry& entry, Held held)
{
    m_byHeld[held.id] = entry.shown.id;
    m_targetBytes[entry.shown.sandbox] += held.asked.request.path.size();
    const auto after =
        std::upper_bound(entry.held.begin(), entry.held.end(), held.until,
                         [](UnixMillis until, const Held& each) { return until < each.until; });
    entry.held.insert(after, std::move(held));
}

Desk::Held Desk::release(Entry& entry, std::size_t index)
{
    const auto at = entry.held.begin() + static_cast<std::ptrdiff_t>(index);
    Held held = std::move(*at);
    entry.held.erase(at);
    m_byHeld.erase(held.id);
    m_targetBytes[entry.shown.sandbox] -= held.asked.request.path.size();
    return held;
}

void Desk::releaseOne(Entry& entry, HeldId id)
{
    const auto at = std::find_if(entry.held.begin(), entry.held.end(),
                                 [id](const Held& each) { return each.id == id; });
    if (at != entry.held.end())
        static_cast<void>(release(entry, static_cast<std::size_t>(at - entry.held.begin())));
}

void Desk::changed(Entry& entry, Commands& commands)
{
    entry.shown.waiting = static_cast<int>(entry.held.size());
    entry.shown.heldUntil =
        entry.held.empty() ? std::nullopt : std::optional(entry.held.front().until);
    commands.emplace_back(QuestionChanged{entry.shown});
}

void Desk::close(Entry& entry, api::QuestionState state, Commands& commands)
{
    entry.shown.state = state;
    entry.shown.waiting = 0;
    entry.shown.heldUntil.reset();
    commands.emplace_back(QuestionRemoved{entry.shown});
    m_byKey.erase(entry.key);
    const api::QuestionId id = entry.shown.id;
    m_entries.erase(id);
}

void Desk::ask(std::deque<Held> held, UnixMillis now, Commands& commands)
{
    if (held.empty())
        return;
    Entry& entry = findOrOpen(held.front().asked, now);
    entry.keepUntil = now + m_options.inboxMs;
    entry.shown.timesAsked = static_cast<int>(held.size());
    for (Held& each : held)
        hold(entry, std::move(each));
    changed(entry, commands);
}

void Desk::changedOrClosed(Entry& entry,
                           api::QuestionState state,
                           UnixMillis now,
                           Commands& commands)
{
    const auto isShown = [&entry](const Held& each) {
        return each.asked.request.path == entry.first.request.path;
    };
    if (entry.isPending || std::any_of(entry.held.begin(), entry.held.end(), isShown))
        return changed(entry, commands);
    // The request that is shown has gone. What else waits becomes a new question: an answer on
    // its way must not let through what the person has not seen.
    std::deque<Held> others;
    while (!entry.held.empty())
        others.push_back(release(entry, 0));
    close(entry, state, commands);
    ask(std::move(others), now, commands);
}

// ---- Answers "once" that wait for a retry

void Desk::keepOnce(const Entry& entry, const api::Answer& answer, UnixMillis now)
{
    const api::SandboxId sandbox = entry.shown.sandbox;
    const auto isOfSandbox = [sandbox](const Once& once) { return once.asked.sandbox == sandbox; };
    if (static_cast<std::size_t>(std::count_if(m_once.begin(), m_once.end(), isOfSandbox)) >=
        m_options.mostOnce)
        m_once.erase(std::find_if(m_once.begin(), m_once.end(), isOfSandbox)); // the oldest
    m_once.push_back({answer, entry.first, entry.shown.id, now + m_options.onceMs});
}

std::optional<Command> Desk::useOnce(HeldId id, const Asked& asked, UnixMillis now)
{
    const auto sameHost = [](const Asked& a, const Asked& b) {
        return a.sandbox == b.sandbox && a.request.scheme == b.request.scheme &&
               a.request.host == b.request.host && a.request.port == b.request.port;
    };
    const auto found = std::find_if(m_once.begin(), m_once.end(), [&](const Once& once) {
        return once.until > now && sameHost(once.asked, asked) &&
               covers(once.answer, once.asked.request, asked.request);
    });
    if (found == m_once.end())
        return std::nullopt;
    const Once once = std::move(*found);
    m_once.erase(found);
    if (once.answer.action == api::Action::Allow)
        return ReleaseAllow{id, once.question, std::nullopt};
    return ReleaseDeny{id, once.question, std::nullopt, denialText(once.answer)};
}

// ---- What it tells

std::vector<api::Question> Desk::questions() const
{
    std::vector<api::Question> all;
    all.reserve(m_entries.size());
    for (const auto& [id, entry] : m_entries)
        all.push_back(entry.shown);
    return all;
}

std::optional<api::Question> Desk::question(api::QuestionId id) const
{
    const auto found = m_entries.find(id);
    return found != m_entries.end() ? std::optional(found->second.shown) : std::nullopt;
}

std::optional<SavedQuestion> Desk::saved(api::QuestionId id) const
{
    const auto found = m_entries.find(id);
    if (found == m_entries.end())
        return std::nullopt;
    const policy::Request& request = found->second.first.request;
    return SavedQuestion{found->second.shown, request.method, request.path};
}

std::optional<api::QuestionId> Desk::questionOf(HeldId id) const
{
    const auto found = m_byHeld.find(id);
    return found != m_byHeld.end() ? std::optional(found->second) : std::nullopt;
}

int Desk::openQuestions(api::SandboxId sandbox) const
{
    return static_cast<int>(
        std::count_if(m_entries.begin(), m_entries.end(), [sandbox](const auto& each) {
            return each.second.shown.sandbox == sandbox;
        }));
}

std::vector<SavedQuestion> Desk::save() const
{
    std::vector<SavedQuestion> all;
    all.reserve(m_entries.size());
    for (const auto& [id, entry] : m_entries)
        all.push_back({entry.shown, entry.first.request.method, entry.first.request.path});
    return all;
}

void Desk::restore(const std::vector<SavedQuestion>& saved, UnixMillis now)
{
    for (const SavedQuestion& each : saved) {
        m_nextId = std::max(m_nextId, each.question.id + 1);
        std::optional<Asked> asked = askedFrom(each);
        if (!asked || each.question.askedAt + m_options.inboxMs <= now ||
            m_byKey.contains(keyOf(*asked)) || m_entries.contains(each.question.id))
            continue;
        Entry& entry = m_entries[each.question.id];
        entry.shown = each.question;
        entry.shown.waiting = 0;
        entry.shown.heldUntil.reset();
        entry.shown.state = api::QuestionState::Open;
        entry.key = keyOf(*asked);
        entry.first = std::move(*asked);
        entry.isPending = true; // whoever waited was cut off and may retry
        entry.keepUntil = each.question.askedAt + m_options.inboxMs;
        m_byKey.emplace(entry.key, each.question.id);
    }
}

} // namespace sallyport::approval

#include "engine/service/door_keeper.h"

#include <fmt/format.h>

namespace sallyport::service
{

DoorKeeper::DoorKeeper(PolicyBook& book, FrontDesk& desk, CredentialBook& credentials, const SettingsBook& settings, BudgetBook& budgets, log::EgressLog& log,
                       log::HandlerLog& handlerLog, store::Store& store, NameOf nameOf)
    : m_book(book)
    , m_desk(desk)
    , m_credentials(credentials)
    , m_settings(settings)
    , m_budgets(budgets)
    , m_log(log)
    , m_handlerLog(handlerLog)
    , m_store(store)
    , m_nameOf(std::move(nameOf))
{
}

policy::Decision DoorKeeper::decide(api::SandboxId sandbox, const policy::Request& request)
{
    if (const auto problem = m_store.problem())
        return {policy::Verdict::Deny, api::Step::Protocol, {}, {},
                fmt::format("the log can't be written, so nothing is let through: {}", problem->text)};
    policy::Decision decision = m_book.decide(sandbox, request);
    if (decision.verdict != policy::Verdict::Allow && decision.verdict != policy::Verdict::Handle)
        return decision;
    const auto over = m_budgets.admit(sandbox, request, nowUnixMillis());
    if (!over)
        return decision;
    policy::Decision refused;
    refused.verdict = over->asks ? policy::Verdict::Ask : policy::Verdict::Deny;
    refused.step = api::Step::Protocol;
    refused.reason = over->reason;
    refused.status = 429;
    refused.retryAfterSeconds = over->retryAfterSeconds;
    return refused;
}

policy::Decision DoorKeeper::peek(api::SandboxId sandbox, const policy::Request& request)
{
    return m_book.peek(sandbox, request);
}

void DoorKeeper::addHandlerLine(const api::HandlerLine& line)
{
    m_handlerLog.add(line);
}

boost::asio::awaitable<egress::AskOutcome>
DoorKeeper::ask(api::SandboxId sandbox, const policy::Request& request, const policy::Decision& decision, api::RowId row)
{
    approval::Asked asked;
    asked.sandbox = sandbox;
    asked.sandboxName = m_nameOf(sandbox);
    asked.request = request;
    asked.why = decision.reason;
    asked.holdBudgetMs = m_settings.number("approval.holdTime", sandbox);
    asked.mostQuestions = static_cast<std::size_t>(m_settings.number("approval.questions", sandbox));
    asked.mostPerMinute = static_cast<std::size_t>(m_settings.number("approval.questionsPerMinute", sandbox));
    if (const auto kit = m_credentials.kitOf(sandbox))
        asked.credentials = kit->namesAt({request.host, request.port, request.scheme == "https"});
    if (const auto held = m_held.find(row); held != m_held.end())
        asked.firstSeen = held->second.isFirstTime;
    auto held = m_desk.hold(std::move(asked), [this, row](api::QuestionId question) { noteQuestion(row, question); });
    const egress::AskOutcome outcome = co_await std::move(held);
    // One that is decided again is counted there.
    if (outcome.kind == egress::AskOutcome::Kind::Allowed && !outcome.decideAgain)
        m_budgets.count(sandbox, request, nowUnixMillis());
    co_return outcome;
}

policy::Decision DoorKeeper::checkAddress(api::SandboxId sandbox, const policy::Address& address, int port)
{
    return m_book.checkAddress(sandbox, address, port);
}

std::optional<std::string> DoorKeeper::spend(api::SandboxId sandbox, const policy::Host& host, int port, std::int64_t bytes)
{
    return m_budgets.spend(sandbox, host, port, bytes, nowUnixMillis());
}

std::int64_t DoorKeeper::mostUploadBytes(api::SandboxId sandbox)
{
    return m_settings.number("budget.uploadBytes", sandbox);
}

std::optional<std::size_t> DoorKeeper::mostConnections(api::SandboxId sandbox)
{
    return static_cast<std::size_t>(m_settings.number("door.connections", sandbox));
}

std::shared_ptr<const secret::Kit> DoorKeeper::credentials(api::SandboxId sandbox)
{
    return m_credentials.kitOf(sandbox);
}

boost::asio::awaitable<std::shared_ptr<const secret::Kit>>
DoorKeeper::fetchCredentials(api::SandboxId sandbox, const secret::Destination& destination)
{
    return m_credentials.freshKitOf(sandbox, destination);
}

void DoorKeeper::credentialsUsed(const std::vector<std::string>& names)
{
    m_credentials.used(names);
}

bool DoorKeeper::isEnvironmentFresh(api::SandboxId sandbox)
{
    return m_credentials.areHandlersValuesFresh(sandbox, m_settings.list("handler.credentials", sandbox));
}

boost::asio::awaitable<void> DoorKeeper::freshenEnvironment(api::SandboxId sandbox)
{
    return m_credentials.freshenHandlersValues(sandbox, m_settings.list("handler.credentials", sandbox));
}

void DoorKeeper::alarm(api::CredentialAlarm alarm)
{
    if (alarm.sandboxName.empty())
        alarm.sandboxName = m_nameOf(alarm.sandbox);
    m_credentials.alarm(alarm);
}

api::RowId DoorKeeper::addRow(const api::Row& row)
{
    if (m_traffic)
        m_traffic(row.sandbox);
    api::Row stored = row;
    if (stored.sandboxName.empty())
        stored.sandboxName = m_nameOf(row.sandbox);
    const bool isFirstTime = m_log.isFirstTime(stored.sandbox, stored.host);
    const api::RowId id = m_log.add(stored);
    if (stored.state == api::RowState::Held) {
        stored.id = id;
        m_held[id] = {std::move(stored), isFirstTime, {}};
    }
    return id;
}

void DoorKeeper::updateRow(api::RowDetail stored)
{
    if (stored.row.sandboxName.empty())
        stored.row.sandboxName = m_nameOf(stored.row.sandbox);
    if (const auto held = m_held.find(stored.row.id); held != m_held.end()) {
        if (!stored.row.question)
            stored.row.question = held->second.question;
        // Its later updates keep the question until nothing more can come.
        const bool isFinal = stored.row.state != api::RowState::Held && stored.row.state != api::RowState::Open;
        if (isFinal)
            m_held.erase(held);
    }
    m_log.update(std::move(stored));
}

void DoorKeeper::noteQuestion(api::RowId row, api::QuestionId question)
{
    const auto held = m_held.find(row);
    if (held == m_held.end())
        return;
    held->second.question = question;
    held->second.row.question = question;
    api::RowDetail detail;
    detail.row = held->second.row;
    m_log.update(std::move(detail));
}

} // namespace sallyport::service

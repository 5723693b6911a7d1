#include "engine/service/exec_sessions.h"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fmt/format.h>

#include "engine/api/json.h"

namespace sallyport::service
{
namespace asio = boost::asio;

namespace
{

constexpr std::size_t MostSessions = 256;
constexpr int MostColumns = 2000; // of a terminal: far past any screen

// One event's share of the output, well below the API's longest message once it is base64.
constexpr std::size_t MostPiece = std::size_t{256} << 10U;

bool isTerminalSize(int columns, int rows)
{
    return columns >= 1 && columns <= MostColumns && rows >= 1 && rows <= MostColumns;
}

guest::ExecSpec specOf(const api::ExecRequest& request)
{
    guest::ExecSpec spec;
    spec.arguments = request.argv;
    spec.environment = request.environment;
    spec.directory = request.directory;
    spec.user = request.user;
    spec.terminal = request.pty;
    spec.columns = static_cast<std::uint16_t>(request.columns);
    spec.rows = static_cast<std::uint16_t>(request.rows);
    if (spec.arguments.empty())
        spec.arguments.emplace_back(); // the agent's word for the user's login shell
    if (request.pty)
        spec.environment.emplace_back("TERM", request.term);
    return spec;
}

api::ExecExit exitOf(api::StreamId stream, const guest::ExitStatus& status)
{
    return {stream, status.shellValue(), status.signalled ? status.value : 0, {}};
}

} // namespace

ExecSessions::ExecSessions(asio::io_context& loop, sandbox::Manager& sandboxes, EnvironmentOf environmentOf)
    : m_loop(loop)
    , m_sandboxes(sandboxes)
    , m_environmentOf(std::move(environmentOf))
{
}

asio::awaitable<Result<api::StreamId>> ExecSessions::start(api::Connection& connection, api::ExecRequest request, std::shared_ptr<void> untilEnd)
{
    if (!isTerminalSize(request.columns, request.rows))
        co_return fail(Error::Code::Invalid, fmt::format("not a terminal's size: {} columns, {} rows", request.columns, request.rows));
    if (m_sessions.size() >= MostSessions)
        co_return fail(Error::Code::Unavailable, fmt::format("{} programs run already; end some first", MostSessions));
    const auto sandbox = m_sandboxes.get(request.sandbox);
    if (!sandbox)
        co_return tl::unexpected(sandbox.error());
    guest::Agent* agent = m_sandboxes.agent(request.sandbox);
    if (agent == nullptr)
        co_return fail(Error::Code::Conflict, fmt::format("{} is not running; start it first", sandbox->name));
    const auto owner = connection.shared_from_this(); // over the wait
    Variables environment = m_environmentOf(request.sandbox);
    environment.insert(environment.end(), request.environment.begin(), request.environment.end());
    request.environment = std::move(environment);
    auto process = co_await agent->exec(specOf(request));
    if (!process)
        co_return tl::unexpected(process.error());
    const api::StreamId stream = ++m_last;
    Session& session = m_sessions[stream];
    session.sandbox = sandbox->id;
    session.connection = owner;
    session.connectionId = owner->id();
    session.process = std::move(*process);
    session.untilEnd = std::move(untilEnd);
    // Runs at once where the client has gone meanwhile.
    const auto hook = owner->onClosed([this, stream] { m_sessions.erase(stream); });
    if (const auto kept = m_sessions.find(stream); kept != m_sessions.end()) {
        kept->second.hook = hook;
        asio::co_spawn(m_loop, pump(stream), asio::detached);
    }
    co_return stream;
}

// Carries the output to the client, as fast as both the client and the guest go.
asio::awaitable<void> ExecSessions::pump(api::StreamId stream)
{
    for (;;) {
        // Copies: the session goes when the client closes, whatever is awaited here.
        const auto found = m_sessions.find(stream);
        if (found == m_sessions.end())
            co_return;
        const auto connection = found->second.connection.lock();
        const auto process = found->second.process;
        if (connection == nullptr || !co_await connection->drained())
            co_return;
        auto chunk = co_await process->read();
        if (!m_sessions.contains(stream))
            co_return;
        if (!chunk)
            co_return finish(stream, {stream, 255, 0, chunk.error().text});
        if (chunk->kind == guest::Chunk::Kind::Exited)
            co_return finish(stream, exitOf(stream, *process->exit));
        const auto channel = chunk->kind == guest::Chunk::Kind::ErrorOutput ? api::OutputStream::Err : api::OutputStream::Out;
        for (std::size_t at = 0; at < chunk->data.size(); at += MostPiece)
            connection->send("exec.output", api::toJson(api::ExecOutput{stream, channel, chunk->data.substr(at, MostPiece)}));
    }
}

void ExecSessions::finish(api::StreamId stream, const api::ExecExit& exit)
{
    const auto found = m_sessions.find(stream);
    if (const auto connection = found->second.connection.lock()) {
        connection->forget(found->second.hook);
        connection->send("exec.exit", api::toJson(exit));
    }
    m_sessions.erase(found);
}

Result<std::shared_ptr<guest::Process>> ExecSessions::find(const api::Connection& connection, api::StreamId stream) const
{
    const auto found = m_sessions.find(stream);
    if (found == m_sessions.end() || found->second.connectionId != connection.id())
        return fail(Error::Code::NotFound, fmt::format("no program with stream {} belongs to this connection; it may have ended", stream));
    return found->second.process;
}

bool ExecSessions::isAnyRunning(api::SandboxId sandbox) const
{
    return std::any_of(m_sessions.begin(), m_sessions.end(), [&](const auto& each) { return each.second.sandbox == sandbox; });
}

asio::awaitable<Status> ExecSessions::input(api::Connection& connection, api::StreamId stream, std::string bytes)
{
    const auto process = find(connection, stream);
    if (!process)
        co_return tl::unexpected(process.error());
    co_return co_await (*process)->write(bytes);
}

Status ExecSessions::closeInput(api::Connection& connection, api::StreamId stream)
{
    const auto process = find(connection, stream);
    if (!process)
        return tl::unexpected(process.error());
    (*process)->closeInput();
    return {};
}

Status ExecSessions::resize(api::Connection& connection, api::StreamId stream, int columns, int rows)
{
    if (!isTerminalSize(columns, rows))
        return fail(Error::Code::Invalid, fmt::format("not a terminal's size: {} columns, {} rows", columns, rows));
    const auto process = find(connection, stream);
    if (!process)
        return tl::unexpected(process.error());
    (*process)->resize(static_cast<std::uint16_t>(columns), static_cast<std::uint16_t>(rows));
    return {};
}

Status ExecSessions::signal(api::Connection& connection, api::StreamId stream, int number)
{
    const auto process = find(connection, stream);
    if (!process)
        return tl::unexpected(process.error());
    if (number < 1 || number > 64)
        return fail(Error::Code::Invalid, fmt::format("not a signal: {}", number));
    (*process)->signal(number);
    return {};
}

Status ExecSessions::close(api::Connection& connection, api::StreamId stream)
{
    const auto process = find(connection, stream);
    if (!process)
        return tl::unexpected(process.error());
    const auto found = m_sessions.find(stream);
    connection.forget(found->second.hook);
    m_sessions.erase(found);
    return {};
}

} // namespace sallyport::service

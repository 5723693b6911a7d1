#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "engine/api/connection.h"
#include "engine/api/types.h"
#include "engine/base/result.h"
#include "engine/guest/agent.h"
#include "engine/sandbox/manager.h"

namespace sallyport::service
{

// Programs that clients run in guests. Each belongs to the connection that started it: its output goes there, no other may
// touch it, and it is hung up when the connection closes. Network thread only.
class ExecSessions
{
public:
    using Variables = std::vector<std::pair<std::string, std::string>>;
    // What every program of a sandbox finds in its environment; what its starter asks for wins.
    using EnvironmentOf = std::function<Variables(api::SandboxId)>;

    ExecSessions(boost::asio::io_context& loop, sandbox::Manager& sandboxes, EnvironmentOf environmentOf);

    // `untilEnd` is let go of when the program has ended or nobody can hear of its end any more.
    [[nodiscard]] boost::asio::awaitable<Result<api::StreamId>> start(api::Connection& connection, api::ExecRequest request, std::shared_ptr<void> untilEnd = {});
    // Returns when the guest has taken the bytes: the caller's back-pressure.
    [[nodiscard]] boost::asio::awaitable<Status> input(api::Connection& connection, api::StreamId stream, std::string bytes);
    [[nodiscard]] Status closeInput(api::Connection& connection, api::StreamId stream);
    [[nodiscard]] Status resize(api::Connection& connection, api::StreamId stream, int columns, int rows);
    [[nodiscard]] Status signal(api::Connection& connection, api::StreamId stream, int number);
    [[nodiscard]] Status close(api::Connection& connection, api::StreamId stream);

    // Whether a program that a client started runs in the sandbox.
    [[nodiscard]] bool isAnyRunning(api::SandboxId sandbox) const;

private:
    struct Session
    {
        api::SandboxId sandbox = 0;
        std::weak_ptr<api::Connection> connection;
        std::uint64_t connectionId = 0;
        std::shared_ptr<guest::Process> process;
        api::Connection::HookId hook = 0;
        std::shared_ptr<void> untilEnd;
    };

    [[nodiscard]] Result<std::shared_ptr<guest::Process>> find(const api::Connection& connection, api::StreamId stream) const;
    [[nodiscard]] boost::asio::awaitable<void> pump(api::StreamId stream);
    void finish(api::StreamId stream, const api::ExecExit& exit);

    boost::asio::io_context& m_loop;
    sandbox::Manager& m_sandboxes;
    EnvironmentOf m_environmentOf;
    std::map<api::StreamId, Session> m_sessions;
    api::StreamId m_last = 0;
};

} // namespace sallyport::service

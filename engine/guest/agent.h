#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include "engine/base/result.h"
#include "engine/guest/connection.h"
#include "engine/guest/messages.h"
#include "engine/guest/process.h"

namespace sallyport::guest {

using GuestConfig = ConfigureMessage;
using ExecSpec = ExecMessage;
using GuestStats = StatsMessage;

// One running guest, by its guestd: set it up, run programs in it, end it. All calls on the
// executor of the coroutine that connected. There is one agent a guest: connecting takes the port
// over from an engine before us, whose processes get SIGHUP (those that were detached go on).
class Agent
{
public:
    // Waits until QEMU has made the socket and guestd has greeted us. Fails with the guest's own
    // words if it could not boot properly.
    [[nodiscard]] static asio::awaitable<Result<std::unique_ptr<Agent>>>
    connect(std::filesystem::path channelSocket, std::chrono::milliseconds deadline);

    Agent(const Agent&) = delete;
    Agent& operator=(const Agent&) = delete;
    // The guest goes on. No handler is called any more; processes fail with Unavailable.
    ~Agent();

    // What guestd said of itself: text from the guest, escaped and cut.
    [[nodiscard]] const HelloMessage& hello() const { return m_connection->hello(); }
    [[nodiscard]] bool isOpen() const { return m_connection->isOpen(); }

    // Network, names, clock, random state, CA. Empty entropy and a zero time mean: take the host's.
    // May be called again. Before anything that a person asked for runs in the guest.
    [[nodiscard]] asio::awaitable<Status> configure(GuestConfig config);

    // Sets the guest's clock to the host's, as after a pause or a restore.
    [[nodiscard]] asio::awaitable<Status> setTime();

    [[nodiscard]] asio::awaitable<Result<GuestStats>> stats();

    // Starts a program; returns once it runs. arguments[0] is looked up in the guest's PATH; an
    // empty one means the user's login shell. NotFound: no such program, directory or user.
    [[nodiscard]] asio::awaitable<Result<std::shared_ptr<Process>>> exec(ExecSpec spec);

    // Ends all processes and makes the disk safe; returns when the guest has announced its
    // power-off (some 3 s if programs ignore SIGTERM). The machine itself ends a moment later.
    [[nodiscard]] asio::awaitable<Status>
    shutdown(std::chrono::milliseconds patience = std::chrono::seconds(10));

    // Called once, from the executor, when the talk has ended by any cause but our destruction. It
    // may destroy the agent.
    void setClosedHandler(std::function<void(ClosedReason)> handler);

private:
    explicit Agent(std::shared_ptr<Connection> connection)
        : m_connection(std::move(connection))
    {
    }

    std::shared_ptr<Connection> m_connection;
};

} // namespace sallyport::guest

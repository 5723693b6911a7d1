#pragma once

// The engine's end of the API: JSON-RPC 2.0, a line a message, on a Unix socket of mode 0600.
//
// Everything runs on the thread of the given io_context; members are for that thread unless they
// say otherwise. Clients of another user are turned away. Requests of one connection start in the
// order in which they came and run side by side, at most MostRunning (past that they fail with
// Unavailable); while a client does not read its answers no more of its requests are read. What a
// client may send and leave unread is bounded (connection.h).

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "engine/api/connection.h"
#include "engine/api/engine_lock.h"
#include "engine/api/json.h"
#include "engine/base/result.h"

namespace sallyport::api {

class Server
{
public:
    // `parameters` is an object. Invalid errors become -32602, others -32000. The connection lives
    // at least until the handler has returned, also when its client has gone meanwhile; the handler
    // is not cancelled then (use Connection::onClosed).
    using Handler = std::function<boost::asio::awaitable<Result<Json>>(Connection& connection,
                                                                       Json parameters)>;

    // Replaces the socket of a dead engine; the lock is the proof that it is dead, and is kept.
    // `loop` outlives the server.
    [[nodiscard]] static Result<std::unique_ptr<Server>>
    listen(boost::asio::io_context& loop, const std::filesystem::path& socket, EngineLock lock);

    // Closes every connection (their hooks run) and removes the socket.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Before the first request can come, that is before the loop runs. `name` must be one of
    // Methods (std::logic_error otherwise). engine.subscribe is the server's own.
    void registerMethod(std::string_view name, Handler handler);

    // To every subscriber. Any thread; events of one thread keep their order. log.row is dropped
    // for a client that does not keep up, and followed by log.gap when it does again.
    void broadcast(std::string_view event, Json parameters);

    [[nodiscard]] std::size_t subscriberCount() const;
    // Connections that subscribed as somebody who can answer (the window, `approvals watch`). While
    // it is zero nobody can be asked.
    [[nodiscard]] std::size_t answererCount() const;
    // Called with answererCount() whenever that changes.
    void onAnswerersChanged(std::function<void(std::size_t)> callback);

    // Stops accepting, gives requests that run up to a second to be answered, then closes
    // all. A method may spawn it.
    [[nodiscard]] boost::asio::awaitable<void> shutdown();

    static constexpr std::size_t MostRunning = 64;
    static constexpr std::size_t MostConnections = 64;

private:
    class State;
    explicit Server(std::shared_ptr<State> state);
    std::shared_ptr<State> m_state;
};

} // namespace sallyport::api

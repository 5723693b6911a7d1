#pragma once

// One accepted connection: reads lines, hands requests to its owner, writes answers and events. The
// server's own; methods see its base class.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/api/connection.h"
#include "engine/api/rpc.h"

namespace sallyport::api {

class Session final : public Connection
{
public:
    using Socket = boost::asio::local::stream_protocol::socket;

    enum class Delivery
    {
        Sure,      // the connection is closed rather than that this is lost
        Droppable, // counted and reported by log.gap when the client does not keep up
    };

    struct Callbacks
    {
        // Starts the request; must not block.
        std::function<void(const std::shared_ptr<Session>&, RpcRequest)> request;
        std::function<void(Session&)> closed;
    };

    Session(Socket socket, std::uint64_t id, int peerPid, Callbacks callbacks);

    // Begins to read and write. Keeps the session alive until it is closed.
    void start();
    void close(std::string_view why);

    // `line` ends with its newline.
    void sendLine(std::string_view line, Delivery delivery = Delivery::Sure);
    [[nodiscard]] bool hasUnsent() const { return isOpen() && unsent() > 0; }

    // Bookkeeping of the server.
    bool isSubscribed = false;
    bool canAnswer = false;
    std::size_t running = 0;

    [[nodiscard]] std::uint64_t id() const override { return m_id; }
    [[nodiscard]] int peerPid() const override { return m_peerPid; }
    [[nodiscard]] bool isOpen() const override { return m_isOpen; }
    void send(std::string_view event, const Json& parameters) override;
    [[nodiscard]] boost::asio::awaitable<bool> drained() override;
    HookId onClosed(std::function<void()> hook) override;
    void forget(HookId hook) override;

private:
    [[nodiscard]] std::size_t unsent() const { return m_queued.size() + m_writing.size(); }
    [[nodiscard]] boost::asio::awaitable<bool> unsentAtMost(std::size_t bytes);
    [[nodiscard]] boost::asio::awaitable<void> readLines();
    [[nodiscard]] boost::asio::awaitable<void> writeLines();
    void takeLine(std::string_view line);
    void reportGap();

    Socket m_socket;
    const std::uint64_t m_id;
    const int m_peerPid;
    Callbacks m_callbacks;
    bool m_isOpen = true;
    std::string m_queued;
    std::string m_writing;
    std::int64_t m_dropped = 0;
    boost::asio::steady_timer m_somethingQueued; // never expires, is cancelled
    boost::asio::steady_timer m_belowLowWater;
    std::map<HookId, std::function<void()>> m_hooks;
    HookId m_lastHook = 0;
};

} // namespace sallyport::api

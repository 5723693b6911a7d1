#pragma once

// One client of the engine, as the methods see it. Made and owned by the Server; a method that goes
// on after it has answered (a running program) keeps it by shared_from_this. All members: the
// server's loop thread only.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "engine/api/json.h"

namespace sallyport::api {

class Connection : public std::enable_shared_from_this<Connection>
{
public:
    using HookId = std::uint64_t;

    virtual ~Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    [[nodiscard]] virtual std::uint64_t id() const = 0; // only grows
    [[nodiscard]] virtual int peerPid() const = 0;
    [[nodiscard]] virtual bool isOpen() const = 0;

    // Queues an event for this client alone. Never blocks and never drops: a client with more than
    // MostQueuedBytes unread is closed. So wait for drained() between the pieces of a stream.
    virtual void send(std::string_view event, const Json& parameters) = 0;

    // Returns when little enough is queued (LowWaterBytes) to send on; false: it is closed.
    [[nodiscard]] virtual boost::asio::awaitable<bool> drained() = 0;

    // Called once when the connection closes, in order of registration; at once when it is closed
    // already. forget() takes a hook back.
    virtual HookId onClosed(std::function<void()> hook) = 0;
    virtual void forget(HookId hook) = 0;

    // Events that can be dropped (log.row) are, past the low water, and a log.gap follows.
    static constexpr std::size_t LowWaterBytes = std::size_t{256} << 10U;
    static constexpr std::size_t MostQueuedBytes = std::size_t{8} << 20U;

protected:
    Connection() = default;
};

} // namespace sallyport::api

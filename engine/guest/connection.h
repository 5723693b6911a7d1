#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/local/stream_protocol.hpp>

#include "engine/base/result.h"
#include "engine/guest/event.h"
#include "engine/guest/messages.h"
#include "engine/guest/process.h"

namespace sallyport::guest {

// Why the talk with a guest ended.
enum class ClosedReason
{
    PoweredOff, // the guest announced it; its machine is about to end (or it lies)
    Reboot,     // the same, and it asks to be started again
    Lost,       // the machine is gone, or something failed
    Protocol,   // the guest broke the protocol
};

// The engine's end of one guest's wire: socket, frames, and who waits for which. Behind Agent and
// Process, which share it; everything on one executor. Ends once, for good.
class Connection : public std::enable_shared_from_this<Connection>
{
public:
    using ClosedHandler = std::function<void(ClosedReason)>;

    explicit Connection(asio::any_io_executor executor);

    // Connects, syncs and waits for the guest's Hello; retries until the deadline.
    [[nodiscard]] asio::awaitable<Status> open(std::filesystem::path socket,
                                               std::chrono::steady_clock::time_point deadline);

    // Sends a request and waits for its answer's payload.
    [[nodiscard]] asio::awaitable<Result<std::string>> request(FrameType type,
                                                               std::string payload,
                                                               FrameType answer,
                                                               std::chrono::milliseconds patience);

    [[nodiscard]] asio::awaitable<Result<std::shared_ptr<Process>>>
    exec(ExecMessage request, std::chrono::milliseconds patience);

    // Asks for a power-off and waits for its announcement.
    [[nodiscard]] asio::awaitable<Status> shutdown(std::chrono::milliseconds patience);

    // Queues a frame. Ends the connection if the guest takes none any more.
    void send(FrameType type, std::uint32_t id, std::string_view payload);
    // Waits while more is queued than one would like.
    [[nodiscard]] asio::awaitable<void> sendable();

    // A Process goes. `tell`: the guest is told to hang up; `inFlight`: what it may still send.
    void forget(std::uint32_t id, bool tell, std::uint32_t inFlight);

    void close(ClosedReason reason, Error error);
    void setClosedHandler(ClosedHandler handler) { m_closedHandler = std::move(handler); }

    [[nodiscard]] bool isOpen() const { return !m_error; }
    [[nodiscard]] const HelloMessage& hello() const { return m_hello; }
    [[nodiscard]] const asio::any_io_executor& executor() const { return m_executor; }

private:
    struct Request
    {
        FrameType answer{};
        std::optional<std::string> payload;
        asio::steady_timer* wake = nullptr;
    };

    [[nodiscard]] asio::awaitable<Status>
    connectSocket(std::filesystem::path path, std::chrono::steady_clock::time_point until);
    [[nodiscard]] asio::awaitable<void> readLoop();
    [[nodiscard]] asio::awaitable<void> writeLoop();
    void parse(std::string_view bytes);
    void handleFrame();
    void handleHello();
    void handleAnswer();
    void handlePowerOff();
    [[nodiscard]] bool handleStray();
    [[nodiscard]] Status checkHello();
    void protocolError(std::string_view what);
    [[nodiscard]] std::uint32_t takeId();

    asio::any_io_executor m_executor;
    asio::local::stream_protocol::socket m_socket;
    FrameParser m_parser;
    Nonce m_nonce{};
    std::uint32_t m_tag = 0;
    bool m_synced = false;
    bool m_greeted = false;
    HelloMessage m_hello;
    std::optional<Error> m_error; // set: closed
    bool m_closeAfterWrites = false;
    bool m_powerOffAnnounced = false;
    ClosedHandler m_closedHandler;

    std::string m_out;
    Event m_writeWork;
    Event m_drained;
    Event m_progress; // greeting, power-off, end

    std::uint32_t m_lastId = 0;
    std::map<std::uint32_t, Process*> m_processes; // each removes itself by forget()
    std::map<std::uint32_t, Request> m_requests;
    std::uint64_t m_strayBudget = 0; // bytes that may still come for channels we have given up
};

} // namespace sallyport::guest

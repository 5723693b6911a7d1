#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/handler/limits.h"
#include "engine/handler/process.h"

namespace sallyport::handler {

// Who made a call: told what the host says about it. Must end() the call before it goes.
class CallPeer
{
public:
    virtual ~CallPeer() = default;
    // Respond, CallFailed, Fetch, AbortFetch, Op, Use, Console, Done, Piece*, Pull or Cancel. May
    // end the call.
    virtual void onFrame(const Frame& frame) = 0;
    // Nothing more comes: the host has gone, or the call was ended past a limit. The call is over.
    // `isToBlame` where this call was being run then.
    virtual void onLost(const std::string& reason, bool isToBlame) = 0;
    // Waits for something of the engine's: a fetch, the person, a body.
    [[nodiscard]] virtual bool isWaiting() const = 0;
};

// A process that runs one module for one sandbox, and the calls in it. Network thread only; shared
// by its calls and the runtime.
class Host : public std::enable_shared_from_this<Host>
{
public:
    using Ready = std::function<void(const Frame& frame)>;     // Ready or Failed, once
    using Line = std::function<void(const Frame& frame)>;      // Console of no call
    using Gone = std::function<void(const std::string& why)>;

    Host(const boost::asio::any_io_executor& executor,
         std::unique_ptr<Process> process,
         HandlerLimits limits);
    ~Host();

    // Reads until the process ends. Call once.
    void run(Ready ready, Line line, Gone gone);

    // A new call; frames about it reach `peer` until end().
    [[nodiscard]] std::uint32_t begin(CallPeer& peer);
    void end(std::uint32_t call);
    // A number for a body that the engine sends.
    [[nodiscard]] std::uint32_t newBody() { return m_lastBody = m_lastBody + 1; }

    void send(FrameType type,
              std::uint32_t id,
              std::uint32_t call,
              std::string_view head,
              std::string_view tail = {});

    // Called now and then: ends what is past a limit.
    void check(std::chrono::steady_clock::time_point now);
    // Ends the process; every call is lost for this reason.
    void stop(const std::string& reason);

    [[nodiscard]] const boost::asio::any_io_executor& executor() const { return m_executor; }
    [[nodiscard]] std::size_t calls() const { return m_calls.size(); }
    [[nodiscard]] bool isGone() const { return m_isGone; }
    [[nodiscard]] bool isUsed() const { return m_lastCall > 0; }
    [[nodiscard]] std::chrono::steady_clock::time_point idleSince() const { return m_idleSince; }
    [[nodiscard]] const Process& process() const { return *m_process; }

private:
    struct Call
    {
        CallPeer* peer = nullptr;
        std::chrono::steady_clock::duration waited{0};
    };

    [[nodiscard]] boost::asio::awaitable<void> read();
    void dispatch(const Frame& frame);
    void flush();
    void watchProcessor();
    [[nodiscard]] std::string limitText() const;

    boost::asio::any_io_executor m_executor;
    std::unique_ptr<Process> m_process;
    HandlerLimits m_limits;
    boost::asio::posix::stream_descriptor m_socket;
    FrameParser m_parser{MaxHostPayload};
    Ready m_ready;
    Line m_line;
    Gone m_gone;
    std::unordered_map<std::uint32_t, Call> m_calls;
    std::uint32_t m_lastCall = 0;
    std::uint32_t m_lastBody = 0x80000000U; // apart from the numbers that hosts choose
    std::string m_out;
    bool m_isFlushing = false;
    bool m_isGone = false;
    std::chrono::steady_clock::time_point m_idleSince = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point m_lastCheck = m_idleSince;
    // The entry into a script that is being watched, and what the process had used at its sight.
    std::uint32_t m_watchedEntry = 0;
    std::chrono::nanoseconds m_watchedFrom{0};
};

} // namespace sallyport::handler

#pragma once

// One HTTP/2 stream: what came in and what goes out, each bounded. The receive window is given back
// to the peer only as the body is taken, so its flow control reaches from end to end.

#include <cstdint>
#include <memory>
#include <string>

#include "engine/egress/body.h"
#include "engine/egress/deadlines.h"
#include "engine/egress/event.h"
#include "engine/egress/limits.h"

namespace sallyport::egress {

class H2Connection;

// Lives in its connection's table until the stream is closed, and as long as whoever serves it.
// Those hold the connection too.
class H2Stream : public BodySource, public BodySink, public std::enable_shared_from_this<H2Stream>
{
public:
    H2Stream(H2Connection& connection, const DoorLimits& limits);
    ~H2Stream() override;

    [[nodiscard]] std::int32_t id() const { return m_id; }
    void setId(std::int32_t id) { m_id = id; }
    [[nodiscard]] H2Connection& connection() { return m_connection; }
    [[nodiscard]] std::shared_ptr<H2Stream> shared() { return shared_from_this(); }

    // BodySource: the body that the peer sends.
    State next(std::string_view& piece) override;
    boost::asio::awaitable<void> wait() override;
    const Fields* trailers() const override;
    std::string fault() const override { return m_fault; }

    // BodySink: the body that goes to the peer.
    void put(std::string_view piece) override;
    void finish(const Fields* trailers) override;
    bool isFull() const override { return m_out.size() - m_outSent >= m_limits.outputBytes; }
    // Waits for room; after finish() until all has been handed to the connection.
    boost::asio::awaitable<void> flush() override;
    bool isBroken() const override { return m_closed && !isFinished(); }

    // All that was put, and its end, is on its way.
    [[nodiscard]] bool isFinished() const { return m_outFinished && m_out.empty(); }
    // The answer or request has no body: nothing will be put.
    void finishWithoutBody() { m_outFinished = true; }
    [[nodiscard]] bool isInputComplete() const { return m_inComplete; }
    [[nodiscard]] bool isClosed() const { return m_closed; }
    [[nodiscard]] std::uint32_t errorCode() const { return m_errorCode; }

    // The input may be silent for so long.
    void setSilence(std::chrono::milliseconds limit) { m_silence = limit; }
    // From here on what comes is dropped, up to the limit for refused uploads.
    void discardInput();
    // Ends the stream at once.
    void reset(std::uint32_t errorCode);

    // ---- For the connection
    void received(std::string_view bytes);
    void receivedEnd();
    [[nodiscard]] Fields& trailersToFill() { return m_inTrailers; }
    // The next bytes to frame. Sets `end` with the last; `deferred` when there are none yet.
    [[nodiscard]] std::size_t
    takeOutput(std::uint8_t* out, std::size_t size, bool& end, bool& deferred);
    [[nodiscard]] const Fields& outputTrailers() const { return m_outTrailers; }
    virtual void closed(std::uint32_t errorCode);
    // Whether a wait of this stream has lasted too long.
    [[nodiscard]] bool isStalled(Deadlines::Clock::time_point now) const
    {
        return m_inDue <= now || m_outDue <= now;
    }

protected:
    // Wakes a coroutine in wait().
    void wakeInput() { m_inEvent.set(); }
private:
    void giveWindowBack();

    H2Connection& m_connection;
    const DoorLimits& m_limits;
    std::int32_t m_id = -1;
    std::chrono::milliseconds m_silence;

    std::string m_in;    // came and not given out
    std::string m_given; // given out by next(), not yet given back as window
    Fields m_inTrailers;
    bool m_inComplete = false;
    bool m_discarding = false;
    std::uint64_t m_discarded = 0;
    std::string m_fault;

    std::string m_out;
    std::size_t m_outSent = 0; // of m_out
    Fields m_outTrailers;
    bool m_outFinished = false;
    bool m_deferred = false; // nghttp2 waits for resume

    bool m_closed = false;
    std::uint32_t m_errorCode = 0;
    // Ends of waits in either direction; the first also of a stream that hangs about after its end.
    Deadlines::Clock::time_point m_inDue = Deadlines::Clock::time_point::max();
    Deadlines::Clock::time_point m_outDue = Deadlines::Clock::time_point::max();
    Event m_inEvent;
    Event m_outEvent;
};

} // namespace sallyport::egress

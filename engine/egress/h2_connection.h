#pragma once

// An HTTP/2 connection of either side: carries bytes between its stream and an nghttp2 session, and
// hands frames to what derives from it. nghttp2 checks the protocol (RFC 9113) and messages; this
// bounds what it does not.

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include <boost/asio/awaitable.hpp>
#include <nghttp2/nghttp2.h>

#include "engine/egress/deadlines.h"
#include "engine/egress/event.h"
#include "engine/egress/flood_meter.h"
#include "engine/egress/h2_stream.h"
#include "engine/egress/limits.h"
#include "engine/egress/stream.h"

namespace sallyport::egress {

enum class H2Role
{
    Server,
    Client,
};

class H2Connection : public std::enable_shared_from_this<H2Connection>, public Deadlines::Watched
{
public:
    H2Connection(H2Role role,
                 Stream& stream,
                 Deadlines& deadlines,
                 const DoorLimits& limits,
                 boost::asio::any_io_executor executor);
    H2Connection(const H2Connection&) = delete;
    H2Connection& operator=(const H2Connection&) = delete;
    virtual ~H2Connection();

    // Runs the connection to its end; afterwards every stream is closed. The stream stays the
    // caller's to close.
    [[nodiscard]] boost::asio::awaitable<void> run();
    // Asks the peer for no more streams; the connection ends with its last one.
    void goAway(std::uint32_t errorCode);

    [[nodiscard]] bool isDead() const { return m_dead; }
    [[nodiscard]] bool isGoingAway() const { return m_goingAway || m_dead; }
    [[nodiscard]] const std::string& fault() const { return m_fault; }
    [[nodiscard]] std::size_t streamCount() const { return m_streams.size(); }
    [[nodiscard]] const boost::asio::any_io_executor& executor() const { return m_executor; }

    // Waits until the peer's settings have come, or the connection is lost. One waiter.
    [[nodiscard]] boost::asio::awaitable<void> waitSettings();

    // ---- For streams
    // Sends what nghttp2 has queued, soon.
    void wake() { m_wake.set(); }
    void resume(std::int32_t id);
    void consume(std::int32_t id, std::size_t bytes);
    void consumeOfClosed(std::size_t bytes);
    void submitReset(std::int32_t id, std::uint32_t errorCode);

protected:
    [[nodiscard]] nghttp2_session* session() const { return m_session; }
    [[nodiscard]] const DoorLimits& limits() const { return m_limits; }
    void addStream(std::int32_t id, std::shared_ptr<H2Stream> stream);
    [[nodiscard]] H2Stream* streamOf(std::int32_t id) const;
    // The body of `stream` as nghttp2 reads it.
    [[nodiscard]] static nghttp2_data_provider provide(H2Stream& stream);

    // A header block begins: of a new stream (server) or of a known one. False refuses it.
    [[nodiscard]] virtual bool beginHeaders(const nghttp2_frame& frame) = 0;
    virtual void header(H2Stream& stream, std::string_view name, std::string_view value) = 0;
    virtual void headersComplete(H2Stream& stream, bool endOfStream) = 0;

private:
    void tick(Deadlines::Clock::time_point now) override;

    [[nodiscard]] boost::asio::awaitable<void> readLoop();
    [[nodiscard]] boost::asio::awaitable<void> writeLoop();
    [[nodiscard]] bool feed(std::string_view bytes);
    void end(std::string fault);
    void countUseless();

    static int onBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* self);
    static int onHeader(nghttp2_session*,
                        const nghttp2_frame* frame,
                        const std::uint8_t* name,
                        std::size_t nameSize,
                        const std::uint8_t* value,
                        std::size_t valueSize,
                        std::uint8_t flags,
                        void* self);
    static int onFrame(nghttp2_session*, const nghttp2_frame* frame, void* self);
    static int onData(nghttp2_session*,
                      std::uint8_t flags,
                      std::int32_t id,
                      const std::uint8_t* data,
                      std::size_t size,
                      void* self);
    static int onClose(nghttp2_session*, std::int32_t id, std::uint32_t errorCode, void* self);
    static ssize_t readOutput(nghttp2_session* session,
                              std::int32_t id,
                              std::uint8_t* out,
                              std::size_t size,
                              std::uint32_t* flags,
                              nghttp2_data_source* source,
                              void* self);

    Stream& m_stream;
    const DoorLimits& m_limits;
    boost::asio::any_io_executor m_executor;
    nghttp2_session* m_session = nullptr;
    std::unordered_map<std::int32_t, std::shared_ptr<H2Stream>> m_streams;
    Event m_wake;
    Event m_settled;
    bool m_hasSettings = false;
    Event m_writerEnded;
    FloodMeter m_useless;
    std::chrono::milliseconds m_idleLimit;
    Deadlines::Clock::time_point m_lastBusy = Deadlines::Clock::now();
    bool m_flooded = false;
    bool m_goingAway = false;
    bool m_dead = false;
    std::string m_fault;
};

} // namespace sallyport::egress

#pragma once

// The log's view of a connection that switched protocols: its bytes, and the frames of a WebSocket.

#include "engine/egress/body.h"
#include "engine/egress/deadlines.h"
#include "engine/egress/log_row.h"
#include "engine/egress/websocket.h"

namespace sallyport::egress {

// Writes the row anew while something moves, though not with each frame.
class SwitchedRow final : public Deadlines::Watched
{
public:
    SwitchedRow(SandboxDoor& door, LogRow& log, bool isWebSocket);

    void passed(bool fromGuest, std::string_view bytes);
    // Puts the last counts into the row, which the caller writes.
    void finish();

private:
    void tick(Deadlines::Clock::time_point now) override;

    LogRow& m_log;
    const bool m_isWebSocket;
    WebSocketMeter m_meter;
    bool m_changed = false;
    Deadlines::Clock::time_point m_start = Deadlines::Clock::now();
    Deadlines::Clock::time_point m_written = m_start;
};

// A source whose bytes are seen by a row as they pass.
class WatchedSource final : public BodySource
{
public:
    WatchedSource(BodySource& inner, SwitchedRow& row, bool fromGuest)
        : m_inner(inner)
        , m_row(row)
        , m_fromGuest(fromGuest)
    {
    }

    State next(std::string_view& piece) override
    {
        const State state = m_inner.next(piece);
        if (state == State::Piece)
            m_row.passed(m_fromGuest, piece);
        return state;
    }
    boost::asio::awaitable<void> wait() override { return m_inner.wait(); }
    const Fields* trailers() const override { return nullptr; }
    std::string fault() const override { return m_inner.fault(); }

private:
    BodySource& m_inner;
    SwitchedRow& m_row;
    bool m_fromGuest;
};

} // namespace sallyport::egress

#include "engine/egress/h2_stream.h"

#include <algorithm>
#include <cstring>

#include <nghttp2/nghttp2.h>

#include "engine/egress/h2_connection.h"

namespace sallyport::egress {

namespace asio = boost::asio;

H2Stream::H2Stream(H2Connection& connection, const DoorLimits& limits)
    : m_connection(connection)
    , m_limits(limits)
    , m_silence(limits.stalled)
    , m_inEvent(connection.executor())
    , m_outEvent(connection.executor())
{
}

H2Stream::~H2Stream()
{
    // What nobody took must not stay charged to the connection's window.
    m_connection.consumeOfClosed(m_in.size() + m_given.size());
}

void H2Stream::giveWindowBack()
{
    if (m_given.empty())
        return;
    if (m_closed)
        m_connection.consumeOfClosed(m_given.size());
    else
        m_connection.consume(m_id, m_given.size());
    m_given.clear();
}

BodySource::State H2Stream::next(std::string_view& piece)
{
    giveWindowBack();
    if (!m_in.empty()) {
        std::swap(m_in, m_given);
        piece = m_given;
        return State::Piece;
    }
    if (m_inComplete)
        return State::End;
    if (m_closed) {
        m_fault = m_connection.isDead()
                      ? m_connection.fault()
                      : std::string("the stream was reset: ") + nghttp2_http2_strerror(m_errorCode);
        return State::Failed;
    }
    return State::Blocked;
}

asio::awaitable<void> H2Stream::wait()
{
    if (m_closed || m_inComplete || !m_in.empty())
        co_return;
    m_inDue = Deadlines::Clock::now() + m_silence;
    co_await m_inEvent.wait();
    m_inDue = Deadlines::Clock::time_point::max();
}

const Fields* H2Stream::trailers() const
{
    return m_inTrailers.isEmpty() ? nullptr : &m_inTrailers;
}

void H2Stream::received(std::string_view bytes)
{
    if (!m_discarding) {
        m_in.append(bytes);
        m_inEvent.set();
        return;
    }
    m_discarded += bytes.size();
    m_connection.consume(m_id, bytes.size());
    if (m_discarded > m_limits.drainBytes)
        reset(NGHTTP2_NO_ERROR);
}

void H2Stream::receivedEnd()
{
    m_inComplete = true;
    m_inEvent.set();
}

void H2Stream::discardInput()
{
    if (m_inComplete || m_closed)
        return;
    m_discarding = true;
    giveWindowBack();
    m_connection.consume(m_id, m_in.size());
    m_in.clear();
    // The client gets a moment to read the answer and end by itself.
    m_inDue = Deadlines::Clock::now() + m_limits.drain;
}

void H2Stream::put(std::string_view piece)
{
    if (m_closed || piece.empty())
        return;
    m_out.append(piece);
    if (std::exchange(m_deferred, false))
        m_connection.resume(m_id);
}

void H2Stream::finish(const Fields* trailers)
{
    if (m_outFinished)
        return;
    m_outFinished = true;
    if (trailers)
        m_outTrailers = *trailers;
    if (std::exchange(m_deferred, false) && !m_closed)
        m_connection.resume(m_id);
}

std::size_t H2Stream::takeOutput(std::uint8_t* out, std::size_t size, bool& end, bool& deferred)
{
    const std::size_t count = std::min(size, m_out.size() - m_outSent);
    if (count > 0)
        std::memcpy(out, m_out.data() + m_outSent, count);
    m_outSent += count;
    if (m_outSent == m_out.size()) {
        m_out.clear();
        m_outSent = 0;
        end = m_outFinished;
        deferred = count == 0 && !end;
        m_deferred = deferred;
    }
    if (!isFull())
        m_outEvent.set();
    return count;
}

asio::awaitable<void> H2Stream::flush()
{
    m_connection.wake();
    while (!m_closed && (isFull() || (m_outFinished && !m_out.empty()))) {
        m_outDue = Deadlines::Clock::now() + m_limits.stalled;
        co_await m_outEvent.wait();
        m_outDue = Deadlines::Clock::time_point::max();
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none)
            co_return;
    }
}

void H2Stream::reset(std::uint32_t errorCode)
{
    if (!m_closed && m_id > 0)
        m_connection.submitReset(m_id, errorCode);
}

void H2Stream::closed(std::uint32_t errorCode)
{
    if (std::exchange(m_closed, true))
        return;
    m_errorCode = errorCode;
    m_inDue = m_outDue = Deadlines::Clock::time_point::max();
    m_inEvent.set();
    m_outEvent.set();
}

} // namespace sallyport::egress

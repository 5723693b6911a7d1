#include "engine/egress/handler_body.h"

#include <utility>

namespace sallyport::egress {

using handler::FrameType;

HandlerBody::HandlerBody(std::shared_ptr<handler::Host> host,
                         std::uint32_t call,
                         std::uint32_t number)
    : m_host(std::move(host))
    , m_call(call)
    , m_number(number)
    , m_news(m_host->executor())
{
}

void HandlerBody::onFrame(const handler::Frame& frame)
{
    // What was not asked for is not kept.
    if (!std::exchange(m_isAsking, false))
        return;
    if (frame.type == FrameType::Piece && frame.tail.size() <= handler::MaxPiece) {
        m_piece = frame.tail;
        m_hasPiece = true;
    } else if (frame.type == FrameType::PieceEnd) {
        m_isComplete = true;
    } else {
        m_fault = "the handler's body failed: " + std::string(frame.head.substr(0, 1000));
    }
    m_news.set();
}

void HandlerBody::fail(std::string why)
{
    if (m_isComplete || !m_fault.empty())
        return;
    m_fault = std::move(why);
    m_isAsking = false;
    m_news.set();
}

void HandlerBody::cancel()
{
    if (!m_isComplete && m_fault.empty())
        m_host->send(FrameType::Cancel, m_number, m_call, {});
    fail("nobody reads on");
}

BodySource::State HandlerBody::next(std::string_view& piece)
{
    if (std::exchange(m_hasPiece, false)) {
        piece = m_piece;
        return State::Piece;
    }
    if (!m_fault.empty())
        return State::Failed;
    if (m_isComplete)
        return State::End;
    if (!std::exchange(m_isAsking, true))
        m_host->send(FrameType::Pull, m_number, m_call, {});
    return State::Blocked;
}

boost::asio::awaitable<void> HandlerBody::wait()
{
    co_await m_news.wait();
}

} // namespace sallyport::egress

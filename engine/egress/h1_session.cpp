#include "engine/egress/h1_session.h"

#include <array>

#include "engine/egress/forwarding.h"

namespace sallyport::egress {

namespace asio = boost::asio;

H1Session::H1Session(Stream& stream, const DoorLimits& limits)
    : m_stream(stream)
    , m_limits(limits)
    , m_reader(stream, limits)
    , m_writer(stream, limits)
{
}

asio::awaitable<void> H1Session::run(Serve serve, Refuse refuse)
{
    bool more = true;
    while (more) {
        more = co_await serveNext(serve, refuse);
        m_first = false;
    }
    m_stream.closeNow();
}

asio::awaitable<bool> H1Session::serveNext(const Serve& serve, const Refuse& refuse)
{
    m_writer.rest();
    std::string_view text;
    const auto end = co_await m_reader.readHead(m_first ? m_limits.head : m_limits.idle, text);
    if (end == H1Reader::HeadEnd::Malformed) {
        m_head.clear();
        co_await refuseAndEnd(refuse, m_reader.headFault());
        co_return false;
    }
    if (end != H1Reader::HeadEnd::Complete) {
        m_stream.shutdownWrite();
        co_return false;
    }
    if (const auto parsed = parseRequestHead(text, m_limits.headFields, m_head); !parsed) {
        co_await refuseAndEnd(refuse, parsed.error());
        co_return false;
    }
    m_reader.startBody(m_head.framing);
    m_headSent = m_aborted = false;
    m_closeAfter =
        m_head.version == HttpVersion::Http10 || m_head.fields.hasToken("connection", "close");

    co_await serve(*this);

    m_stream.onHangUp(nullptr);
    if (m_raw)
        co_return false;
    if (m_aborted || !m_headSent || !m_writer.isFinished() || m_writer.isBroken()) {
        // Where the end of the connection is the end of the body, only a reset says "cut off".
        if (m_answerKind == BodyKind::UntilClose)
            m_stream.resetNow();
        co_return false;
    }
    if (m_closeAfter || !m_reader.isBodyDone()) {
        co_await endPolitely();
        co_return false;
    }
    co_return true;
}

asio::awaitable<void> H1Session::refuseAndEnd(const Refuse& refuse, const HeadFault& fault)
{
    m_headSent = m_aborted = false;
    m_closeAfter = true;
    m_reader.startBody({});
    refuse(*this, fault);
    co_await m_writer.flush();
    co_await endPolitely();
}

asio::awaitable<void> H1Session::endPolitely()
{
    m_stream.shutdownWrite();
    const auto end = Stream::Clock::now() + m_limits.drain;
    std::array<char, 4096> scratch;
    std::uint64_t dropped = 0;
    while (dropped < m_limits.drainBytes) {
        std::size_t count = 0;
        const Stream::Io io = m_stream.tryRead(scratch.data(), scratch.size(), count);
        dropped += count;
        if (io == Stream::Io::Done)
            continue;
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - Stream::Clock::now());
        if (io != Stream::Io::Blocked || left.count() <= 0)
            co_return;
        const bool ready = co_await m_stream.waitReadable(left);
        if (!ready)
            co_return;
    }
}

void H1Session::sendInterim(const ResponseHead& head)
{
    // HTTP/1.0 knows no interim answers (RFC 9110, 15.2).
    if (m_head.version != HttpVersion::Http10)
        appendResponseHead(m_writer.head(), head, BodyKind::None, false);
}

BodyKind H1Session::answerKind(const ResponseHead& head) const
{
    if (head.framing.kind == BodyKind::None || head.framing.kind == BodyKind::Length)
        return head.framing.kind;
    return m_head.version == HttpVersion::Http10 ? BodyKind::UntilClose : BodyKind::Chunked;
}

void H1Session::sendHead(const ResponseHead& head)
{
    m_answerKind = answerKind(head);
    m_closeAfter = m_closeAfter || !head.keepAlive || m_answerKind == BodyKind::UntilClose;
    appendResponseHead(m_writer.head(), head, m_answerKind, m_closeAfter);
    m_writer.startBody(m_answerKind, head.framing.length);
    m_headSent = true;
}

void H1Session::onHangUp(std::function<void()> handler, bool halfCloseCounts)
{
    if (!handler) {
        m_stream.onHangUp(nullptr);
        return;
    }
    // TLS has its own end before FIN; whoever sends FIN alone is gone.
    m_stream.onHangUp(
        [this, handler = std::move(handler)] {
            m_gone = true;
            handler();
        },
        halfCloseCounts || m_stream.ssl() != nullptr);
}

void H1Session::startRaw()
{
    m_raw = true;
    m_stream.onHangUp(nullptr);
    m_reader.startRaw();
    m_writer.startRaw();
}

} // namespace sallyport::egress

#include "engine/egress/h1_upstream.h"

#include <poll.h>

#include "engine/egress/forwarding.h"
#include "engine/egress/websocket.h"

namespace sallyport::egress {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds FreshNews{50};

} // namespace

bool H1Upstream::isQuiet() const
{
    // Of one that was in use just now, what the loop has heard is news enough.
    if (stream->isSilent() && Deadlines::Clock::now() - idleSince < FreshNews)
        return true;
    pollfd query{stream->fd(), POLLIN | POLLRDHUP, 0};
    // TLS 1.3 servers send session tickets after the handshake: bytes that are no answer. Those
    // are read, and kept by OpenSSL, before the connection is judged.
    if (::poll(&query, 1, 0) == 0)
        return true;
    if (!stream->ssl() || (query.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0)
        return false;
    char byte = 0;
    std::size_t count = 0;
    return stream->tryRead(&byte, 1, count) == Stream::Io::Blocked;
}

H1UpstreamRequest::H1UpstreamRequest(std::unique_ptr<H1Upstream> connection,
                                     const DoorLimits& limits,
                                     GiveBack giveBack)
    : m_connection(std::move(connection))
    , m_limits(limits)
    , m_giveBack(std::move(giveBack))
{
}

H1UpstreamRequest::~H1UpstreamRequest()
{
    H1Upstream& connection = *m_connection;
    const bool complete = m_finalHead && m_keepAlive && !m_raw && connection.stream->isOpen() &&
                          connection.reader.isBodyDone() && connection.writer.isFinished() &&
                          !connection.writer.isBroken() && connection.reader.leftover().empty();
    if (!complete)
        return;
    connection.used = true;
    connection.reader.rest();
    connection.writer.rest();
    m_giveBack(std::move(m_connection));
}

void H1UpstreamRequest::sendHead(const RequestHead& head, std::string_view host)
{
    m_method = head.method;
    if (head.version == HttpVersion::Http2 && !head.upgrade.empty())
        m_webSocketKey = newWebSocketKey();
    const auto& forwardedBy = m_connection->forwardedBy;
    appendRequestHead(m_connection->writer.head(), head, host, m_webSocketKey,
                      forwardedBy ? &*forwardedBy : nullptr);
    m_connection->writer.startBody(head.framing.kind, head.framing.length);
}

asio::awaitable<Status> H1UpstreamRequest::readHead(ResponseHead& out)
{
    H1Reader& reader = m_connection->reader;
    std::string_view text;
    const auto end = co_await reader.readHead(m_limits.stalled, text);
    if (end == H1Reader::HeadEnd::Malformed)
        co_return fail(Error::Code::Invalid, "the upstream's answer is malformed: " +
                                                 std::string(reader.headFault().text));
    if (end != H1Reader::HeadEnd::Complete) {
        m_safeToRetry =
            m_connection->used && !reader.hasBegun() && end != H1Reader::HeadEnd::TimedOut;
        const bool timedOut = end == H1Reader::HeadEnd::TimedOut;
        co_return fail(timedOut ? Error::Code::TimedOut : Error::Code::Io,
                       timedOut ? "the upstream did not answer in time" : closedText());
    }
    auto parsed = parseResponseHead(text, m_limits.headFields, out);
    if (parsed) {
        auto framing = responseFraming(out, m_method);
        if (framing)
            out.framing = *framing;
        else
            parsed = tl::unexpected(framing.error());
    }
    if (!parsed)
        co_return fail(Error::Code::Invalid,
                       "the upstream's answer is malformed: " + std::string(parsed.error().text));
    if (const auto& by = m_connection->forwardedBy; by && out.status == 407)
        co_return fail(Error::Code::Refused,
                       "the upstream proxy: " +
                           authenticationProblem(by->proxy, !by->authorization.empty()));
    if (out.status == 101 && !m_webSocketKey.empty() &&
        out.fields.find("sec-websocket-accept") != webSocketAccept(m_webSocketKey))
        co_return fail(Error::Code::Invalid, "the upstream's WebSocket handshake does not add up");
    reader.startBody(out.framing);
    m_finalHead = out.status >= 200;
    m_keepAlive = out.keepAlive && out.framing.kind != BodyKind::UntilClose;
    co_return Status{};
}

std::string H1UpstreamRequest::closedText() const
{
    std::string text = "the upstream closed the connection before its answer was complete";
    // TLS 1.3 refuses a client after the handshake, with an alert that says why.
    if (m_connection->stream->receivedAlert() > 0)
        text.append(": ").append(m_connection->stream->failure());
    return text;
}

void H1UpstreamRequest::abort()
{
    m_connection->stream->closeNow();
}

void H1UpstreamRequest::startRaw()
{
    m_raw = true;
    m_connection->reader.startRaw();
    m_connection->writer.startRaw();
}

} // namespace sallyport::egress

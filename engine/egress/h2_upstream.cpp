#include "engine/egress/h2_upstream.h"

#include <algorithm>
#include <utility>

#include "engine/egress/forwarding.h"
#include "engine/egress/h2_fields.h"
#include "engine/egress/head_parser.h"
#include "engine/egress/websocket.h"

namespace sallyport::egress {

namespace asio = boost::asio;

namespace {

constexpr std::size_t MostInterimHeads = 16;

} // namespace

// One stream, with the heads of its answer: interim ones, then the final one.
class H2Upstream::Answer final : public H2Stream
{
public:
    using H2Stream::H2Stream;

    ResponseHead building;
    std::deque<ResponseHead> heads;
    std::string method;
    bool finalSeen = false;
    bool overflow = false;

    void wakeReader() { wakeInput(); }
};

class H2Upstream::Request final : public UpstreamRequest
{
public:
    explicit Request(std::shared_ptr<H2Upstream> connection)
        : m_connection(std::move(connection))
        , m_stream(std::make_shared<Answer>(*m_connection, m_connection->limits()))
    {
    }
    ~Request() override
    {
        if (!m_stream->isClosed())
            m_stream->reset(NGHTTP2_CANCEL);
        // The stream may stay in the table until it is closed, but nobody reads it any more.
        m_stream->discardInput();
    }

    void sendHead(const RequestHead& head, std::string_view host) override
    {
        const std::string_view scheme = m_connection->tlsText().empty() ? "http" : "https";
        H2Fields fields;
        m_switches = isWebSocket(head.upgrade);
        m_webSocketKey = head.fields.find("sec-websocket-key").value_or("");
        fields.add(":method", m_switches ? std::string_view("CONNECT") : head.method);
        if (m_switches)
            fields.add(":protocol", "websocket");
        fields.add(":scheme", scheme);
        fields.add(":authority", host);
        fields.add(":path", head.path);
        forEachRequestFieldOfH2(
            head, [&](std::string_view name, std::string_view value) { fields.add(name, value); });
        m_stream->method = head.method;
        const bool bodiless = head.framing.kind == BodyKind::None && !m_switches;
        if (bodiless)
            m_stream->finishWithoutBody();
        const nghttp2_data_provider provider = provide(*m_stream);
        const std::int32_t id =
            m_connection->isDead()
                ? -1
                : nghttp2_submit_request(m_connection->session(), nullptr, fields.data(),
                                         fields.size(), bodiless ? nullptr : &provider, nullptr);
        if (id > 0)
            m_connection->addStream(id, m_stream);
        else
            m_stream->closed(NGHTTP2_REFUSED_STREAM);
        m_connection->wake();
    }

    BodySink& body() override { return *m_stream; }
    BodySource& answer() override { return *m_stream; }

    asio::awaitable<Status> readHead(ResponseHead& out) override
    {
        while (m_stream->heads.empty()) {
            if (m_stream->isClosed()) {
                m_safeToRetry = m_stream->errorCode() == NGHTTP2_REFUSED_STREAM;
                co_return fail(Error::Code::Io, closedText());
            }
            if (m_stream->isInputComplete())
                co_return fail(Error::Code::Invalid,
                               "the upstream ended its answer without a head");
            co_await m_stream->wait();
        }
        out = std::move(m_stream->heads.front());
        m_stream->heads.pop_front();
        if (m_switches && out.status >= 200 && out.status < 300)
            switchAsHttp1(out);
        if (m_stream->overflow)
            co_return fail(Error::Code::Invalid, "the head of the upstream's answer is too large");
        co_return Status{};
    }

    void abort() override { m_stream->reset(NGHTTP2_CANCEL); }
    std::uint32_t resetCode() const override
    {
        return m_stream->isClosed() && !m_connection->isDead() ? m_stream->errorCode() : 0;
    }
    bool isSafeToRetry() const override { return m_safeToRetry; }
    const std::string& address() const override { return m_connection->address(); }
    const std::string& tlsText() const override { return m_connection->tlsText(); }
    void startRaw() override { m_stream->setSilence(m_connection->limits().tunnelIdle); }

private:
    // The acceptance of an extended CONNECT, in the words of HTTP/1.1.
    void switchAsHttp1(ResponseHead& out) const
    {
        out.status = 101;
        out.reason.clear();
        out.framing = {};
        out.fields.add("Connection", "Upgrade");
        out.fields.add("Upgrade", "websocket");
        if (!m_webSocketKey.empty())
            out.fields.add("Sec-WebSocket-Accept", webSocketAccept(m_webSocketKey));
    }

    [[nodiscard]] std::string closedText() const
    {
        if (m_connection->isDead())
            return "the upstream's HTTP/2 connection was lost: " + m_connection->fault();
        return std::string("the upstream reset the stream: ") +
               nghttp2_http2_strerror(m_stream->errorCode());
    }

    std::shared_ptr<H2Upstream> m_connection;
    std::shared_ptr<Answer> m_stream;
    bool m_safeToRetry = false;
    bool m_switches = false;
    std::string m_webSocketKey;
};

H2Upstream::H2Upstream(std::unique_ptr<Stream> stream,
                       std::string address,
                       std::string tlsText,
                       Deadlines& deadlines,
                       const DoorLimits& limits,
                       asio::any_io_executor executor)
    : H2Connection(H2Role::Client, *stream, deadlines, limits, std::move(executor))
    , m_stream(std::move(stream))
    , m_address(std::move(address))
    , m_tlsText(std::move(tlsText))
{
}

bool H2Upstream::hasRoom() const
{
    const std::uint32_t allowed =
        nghttp2_session_get_remote_settings(session(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    return !isGoingAway() && streamCount() < std::min(allowed, limits().streamsPerConnection) &&
           nghttp2_session_check_request_allowed(session()) != 0;
}

bool H2Upstream::takesWebSockets() const
{
    return nghttp2_session_get_remote_settings(
               session(), NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}

std::unique_ptr<UpstreamRequest> H2Upstream::open()
{
    return std::make_unique<Request>(std::static_pointer_cast<H2Upstream>(shared_from_this()));
}

asio::awaitable<void> H2Upstream::runToEnd()
{
    const auto keep = shared_from_this();
    co_await run();
    m_stream->closeNow();
}

bool H2Upstream::beginHeaders(const nghttp2_frame&)
{
    return true;
}

void H2Upstream::header(H2Stream& stream, std::string_view name, std::string_view value)
{
    auto& answer = static_cast<Answer&>(stream);
    if (answer.finalSeen) {
        if (answer.trailersToFill().bytes() + name.size() + value.size() <= limits().trailerBytes)
            answer.trailersToFill().add(name, value);
        return;
    }
    Fields& fields = answer.building.fields;
    std::uint64_t status = 0;
    if (name == ":status" && parseLength(value, status)) {
        answer.building.status = static_cast<int>(status);
    } else if (fields.bytes() + name.size() + value.size() > limits().headBytes ||
               fields.size() >= limits().headFields) {
        answer.overflow = true;
    } else if (!name.starts_with(':')) {
        fields.add(name, value);
    }
}

void H2Upstream::headersComplete(H2Stream& stream, bool endOfStream)
{
    auto& answer = static_cast<Answer&>(stream);
    if (endOfStream)
        stream.receivedEnd();
    if (answer.finalSeen)
        return;
    ResponseHead head = std::exchange(answer.building, {});
    head.version = HttpVersion::Http2;
    answer.finalSeen = head.status >= 200;
    if (!endOfStream && answer.finalSeen) {
        head.framing.kind = BodyKind::Chunked;
        if (const auto length = head.fields.find("content-length"))
            if (parseLength(*length, head.framing.length))
                head.framing.kind = BodyKind::Length;
    }
    if (answer.heads.size() >= MostInterimHeads) {
        stream.reset(NGHTTP2_ENHANCE_YOUR_CALM);
        return;
    }
    answer.heads.push_back(std::move(head));
    answer.wakeReader();
}

} // namespace sallyport::egress

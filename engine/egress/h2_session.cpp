#include "engine/egress/h2_session.h"

#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "engine/egress/forwarding.h"
#include "engine/egress/h2_fields.h"
#include "engine/egress/websocket.h"

namespace sallyport::egress {

namespace asio = boost::asio;

// One stream of a guest.
class H2Session::Request final : public H2Stream, public GuestRequest
{
public:
    Request(H2Session& session, const DoorLimits& limits)
        : H2Stream(session, limits)
        , m_session(session)
    {
        m_head.version = HttpVersion::Http2;
    }

    const RequestHead& head() const override { return m_head; }
    BodySource& body() override { return *this; }
    BodySink& answer() override { return *this; }
    bool isHeadSent() const override { return m_headSent; }
    bool isGone() const override { return isClosed() && !isFinished(); }
    void startRaw() override { setSilence(m_session.limits().tunnelIdle); }

    void sendInterim(const ResponseHead& head) override
    {
        const std::string status = std::to_string(head.status);
        H2Fields fields = listOf(head, status);
        if (!isClosed())
            nghttp2_submit_headers(m_session.session(), NGHTTP2_FLAG_NONE, id(), nullptr,
                                   fields.data(), fields.size(), nullptr);
    }

    void sendHead(const ResponseHead& head) override
    {
        m_headSent = true;
        if (isClosed())
            return;
        const bool switches = head.status == 101; // to what an extended CONNECT asked for
        const std::string status = switches ? "200" : std::to_string(head.status);
        const H2Fields fields = listOf(head, status);
        const bool bodiless = head.framing.kind == BodyKind::None && !switches;
        if (bodiless)
            finishWithoutBody();
        const nghttp2_data_provider provider = provide(*this);
        nghttp2_submit_response(m_session.session(), id(), fields.data(), fields.size(),
                                bodiless ? nullptr : &provider);
    }

    void abort(std::uint32_t errorCode) override
    {
        reset(errorCode != 0 ? errorCode : NGHTTP2_INTERNAL_ERROR);
    }

    void onHangUp(std::function<void()> handler, bool) override { m_hangUp = std::move(handler); }

    void closed(std::uint32_t errorCode) override
    {
        H2Stream::closed(errorCode);
        if (!isFinished() && m_hangUp)
            std::exchange(m_hangUp, nullptr)();
    }

private:
    friend class H2Session;

    static H2Fields listOf(const ResponseHead& head, std::string_view status)
    {
        H2Fields fields;
        fields.add(":status", status);
        forEachResponseFieldOfH2(
            head, [&](std::string_view name, std::string_view value) { fields.add(name, value); });
        return fields;
    }

    H2Session& m_session;
    RequestHead m_head;
    bool m_headComplete = false;
    bool m_headSent = false;
    const char* m_overflow = nullptr; // why the head is too large
    bool m_unknownProtocol = false;   // asked for by an extended CONNECT
    std::function<void()> m_hangUp;
};

H2Session::H2Session(Stream& stream,
                     Deadlines& deadlines,
                     const DoorLimits& limits,
                     asio::any_io_executor executor,
                     Serve serve,
                     Refuse refuse)
    : H2Connection(H2Role::Server, stream, deadlines, limits, std::move(executor))
    , m_serve(std::move(serve))
    , m_refuse(std::move(refuse))
{
}

bool H2Session::beginHeaders(const nghttp2_frame& frame)
{
    if (frame.headers.cat == NGHTTP2_HCAT_REQUEST)
        addStream(frame.hd.stream_id, std::make_shared<Request>(*this, limits()));
    return true;
}

void H2Session::header(H2Stream& stream, std::string_view name, std::string_view value)
{
    auto& request = static_cast<Request&>(stream);
    if (request.m_headComplete) {
        if (stream.trailersToFill().bytes() + name.size() + value.size() <= limits().trailerBytes)
            stream.trailersToFill().add(name, value);
        return;
    }
    RequestHead& head = request.m_head;
    const std::size_t bytes = head.fields.bytes() + head.path.size() + name.size() + value.size();
    if (bytes > limits().headBytes || head.fields.size() >= limits().headFields) {
        request.m_overflow =
            bytes > limits().headBytes ? "a head larger than the limit" : "too many header fields";
        return;
    }
    if (name == ":method")
        head.method = value;
    else if (name == ":scheme")
        head.scheme = value;
    else if (name == ":authority")
        head.authority = value;
    else if (name == ":path")
        head.path = value;
    else if (name == ":protocol")
        head.upgrade = value;
    else if (!name.starts_with(':'))
        head.fields.add(name, value);
}

void H2Session::headersComplete(H2Stream& stream, bool endOfStream)
{
    auto& request = static_cast<Request&>(stream);
    if (endOfStream)
        stream.receivedEnd();
    if (std::exchange(request.m_headComplete, true))
        return;
    RequestHead& head = request.m_head;
    // An extended CONNECT has no body, but a stream that stays open.
    if (!head.upgrade.empty()) {
        if (isWebSocket(head.upgrade))
            head.method = "GET";
        else
            request.m_unknownProtocol = true;
    } else if (!endOfStream) {
        head.framing.kind = BodyKind::Chunked;
        if (const auto length = head.fields.find("content-length"))
            if (parseLength(*length, head.framing.length))
                head.framing.kind = BodyKind::Length;
    }
    const auto expect = head.fields.find("expect");
    head.expectsContinue = expect && sameToken(*expect, "100-continue");
    auto shared = std::static_pointer_cast<Request>(stream.shared());
    asio::co_spawn(
        executor(), [session = shared_from_this(), this, shared]() { return serveOne(shared); },
        asio::detached);
}

asio::awaitable<void> H2Session::serveOne(std::shared_ptr<Request> request)
{
    const auto keep = shared_from_this();
    const auto host = request->m_head.fields.find("host");
    if (request->m_head.authority.empty())
        request->m_head.authority = host.value_or("");
    if (request->m_overflow)
        m_refuse(*request, {431, request->m_overflow});
    else if (request->m_unknownProtocol)
        m_refuse(*request, {501, "a CONNECT to another protocol than WebSocket"});
    else if (host && !sameToken(*host, request->m_head.authority))
        m_refuse(*request, {400, "an authority and a Host that disagree"});
    else
        co_await m_serve(*request);
    co_await request->flush();
    request->onHangUp(nullptr, false);
    wake();
    if (request->isClosed())
        co_return;
    if (!request->isHeadSent() || !request->isFinished())
        request->reset(NGHTTP2_INTERNAL_ERROR);
    else
        request->discardInput();
}

} // namespace sallyport::egress

#include "engine/egress/connection.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <openssl/ssl.h>

#include "engine/api/row_kind.h"
#include "engine/egress/dns_service.h"
#include "engine/egress/exchange.h"
#include "engine/egress/first_bytes.h"
#include "engine/egress/h1_session.h"
#include "engine/egress/h2_session.h"
#include "engine/egress/log_row.h"
#include "engine/policy/handler_index.h"
#include "engine/tls/client_hello.h"
#include "engine/tls/leaf_cache.h"

namespace sallyport::egress {

namespace {

constexpr int DnsPort = 53;
// On a port of ssh or mail nobody needs the benefit of the doubt that a slow HTTP client gets.
constexpr std::chrono::milliseconds ServerPortSilence{300};

std::span<const std::uint8_t> bytesOf(std::string_view text)
{
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

LogRow connectionRow(SandboxDoor& door, const Destination& destination, std::string_view protocol)
{
    LogRow log(door);
    log.row().protocol = protocol;
    log.row().method = "CONNECT";
    log.row().scheme = protocol == "tls" ? "https" : "tcp";
    log.row().host = destination.host().text();
    log.row().port = destination.port;
    return log;
}

} // namespace

Connection::Connection(std::shared_ptr<SandboxDoor> door, std::unique_ptr<Stream> stream)
    : m_door(std::move(door))
    , m_stream(std::move(stream))
{
    ++m_door->connections;
}

Connection::~Connection()
{
    --m_door->connections;
    if (!m_pinned.empty())
        m_door->pool->unpin(m_pinned);
}

asio::awaitable<void> Connection::run(policy::Address address, int port)
{
    if (port == DnsPort) {
        co_await serveDnsStream(*m_door, *m_stream);
        co_return;
    }
    if (!findDestination(address, port)) {
        m_stream->resetNow();
        co_return;
    }
    const Peeked peeked = co_await peek();
    if (peeked == Peeked::Ended)
        co_return;
    const Speaks speaks =
        peeked == Peeked::Silent ? Speaks::Other : classify(m_first, m_origin.destination.port);
    if (speaks == Speaks::Tls) {
        co_await serveTls();
    } else if (speaks == Speaks::Http1 || speaks == Speaks::Http2) {
        m_stream->unread(std::exchange(m_first, {}));
        m_origin.http2 = speaks == Speaks::Http2;
        if (m_origin.http2)
            co_await serveHttp2();
        else
            co_await serveHttp1();
    } else {
        co_await serveTcp(TcpExchange::Carries::Other);
    }
}

bool Connection::findDestination(const policy::Address& address, int port)
{
    m_origin.destination = {{}, address.unmapped(), port};
    if (!m_door->pool->contains(m_origin.destination.address))
        return true;
    if (auto name = m_door->pool->nameOf(m_origin.destination.address)) {
        m_door->pool->pin(*name);
        m_pinned = *name;
        m_origin.destination.name = std::move(*name);
        return true;
    }
    LogRow log = connectionRow(*m_door, m_origin.destination, "tcp");
    log.refused(api::Step::Protocol,
                "the resolver has not given out this address: the guest kept it from earlier, or "
                "guessed it",
                0);
    return false;
}

asio::awaitable<bool> Connection::readMore()
{
    char block[4096];
    for (;;) {
        std::size_t count = 0;
        const Stream::Io io = m_stream->tryRead(block, sizeof block, count);
        if (io == Stream::Io::Done) {
            m_first.append(block, count);
            co_return true;
        }
        if (io != Stream::Io::Blocked)
            co_return false;
        const bool ready = co_await m_stream->waitReadable(m_door->context->limits.head);
        if (!ready)
            co_return false;
    }
}

asio::awaitable<Connection::Peeked> Connection::peek()
{
    // Here and everywhere: what is awaited gets a name first, since g++ 12 lays a coroutine's frame
    // out wrongly where a condition suspends.
    const DoorLimits& limits = m_door->context->limits;
    const bool isClientFirst = clientSpeaksFirst(m_origin.destination.port);
    const std::chrono::milliseconds silence =
        serverSpeaksFirst(m_origin.destination.port)
            ? std::min(limits.serverFirst, ServerPortSilence)
            : limits.serverFirst;
    const bool spoke = co_await m_stream->waitFirstByte(isClientFirst ? limits.head : silence);
    if (!spoke)
        co_return isClientFirst ? Peeked::Ended : Peeked::Silent;
    for (;;) {
        if (!m_first.empty() && classify(m_first, m_origin.destination.port) != Speaks::NeedMore)
            co_return Peeked::Bytes;
        const bool hasMore = co_await readMore();
        if (!hasMore)
            co_return Peeked::Ended;
    }
}

asio::awaitable<void> Connection::serveTls()
{
    const bool hasHello = co_await readHello();
    if (!hasHello)
        co_return;
    if (isTunnel()) {
        co_await serveTcp(TcpExchange::Carries::Tls);
        co_return;
    }
    const bool isOpen = co_await openTls();
    if (!isOpen)
        co_return;
    if (m_origin.http2)
        co_await serveHttp2();
    else
        co_await serveHttp1();
}

asio::awaitable<bool> Connection::readHello()
{
    tls::HelloResult result = tls::parseClientHello(bytesOf(m_first));
    while (result.state == tls::HelloState::NeedMore) {
        const bool more = co_await readMore();
        if (!more)
            co_return false;
        result = tls::parseClientHello(bytesOf(m_first));
    }
    if (result.state == tls::HelloState::Invalid) {
        if (result.isTls)
            co_await refuseTls(SSL_AD_DECODE_ERROR, "a malformed TLS hello: " + result.problem);
        else
            co_await serveTcp(TcpExchange::Carries::Other);
        co_return false;
    }
    m_origin.sni = result.hello.sni;
    const auto host = agreeOnSni(m_origin.destination, m_origin.sni);
    if (!host) {
        co_await refuseTls(SSL_AD_UNRECOGNIZED_NAME, host.error());
        co_return false;
    }
    m_origin.tls = true;
    co_return true;
}

asio::awaitable<void> Connection::refuseTls(std::uint8_t alert, std::string reason)
{
    LogRow log = connectionRow(*m_door, m_origin.destination, "tls");
    log.refused(api::Step::Protocol, std::move(reason), 0);
    const auto record = tls::alertRecord(alert);
    const std::string_view bytes(reinterpret_cast<const char*>(record.data()), record.size());
    static_cast<void>(co_await m_stream->writeAll(bytes, m_door->context->limits.drain));
    m_stream->shutdownWrite();
    m_stream->closeNow();
}

asio::awaitable<bool> Connection::openTls()
{
    const policy::Host host = m_origin.destination.host();
    const auto context = m_door->leaves.contextFor(host, nowUnixMillis());
    tls::SslPtr ssl(context ? SSL_new(context->get()) : nullptr);
    if (!ssl) {
        co_await refuseTls(SSL_AD_INTERNAL_ERROR,
                           "no certificate could be made: " +
                               (context ? tls::takeErrors() : context.error().text));
        co_return false;
    }
    SSL_set_accept_state(ssl.get());
    // The guest is offered what the upstream is known to speak; until then, all.
    const bool http1Only =
        !m_door->upstreams.speaksHttp2(host, m_origin.destination.port).value_or(true);
    tls::setServerAlpn(ssl.get(), http1Only ? tls::Alpn::Http1 : tls::Alpn::Http2OrHttp1);
    m_stream->unread(std::exchange(m_first, {}));
    const Status done =
        co_await m_stream->startTls(std::move(ssl), m_door->context->limits.handshake);
    if (!done) {
        LogRow log = connectionRow(*m_door, m_origin.destination, "tls");
        const int alert = m_stream->receivedAlert();
        const bool distrusts = alert == SSL_AD_UNKNOWN_CA || alert == SSL_AD_BAD_CERTIFICATE ||
                               alert == SSL_AD_CERTIFICATE_UNKNOWN;
        log.row().reason = distrusts ? "the client does not trust the sandbox's certificates; it "
                                       "has a trust store of its own or pins the server's key"
                                     : "TLS with the guest failed";
        log.row().step = api::Step::Protocol;
        log.end(api::RowState::Failed, distrusts
                                           ? fmt::format("{} (alert {})", api::DistrustsCertificate,
                                                         SSL_alert_desc_string_long(alert))
                                           : done.error().text);
        co_return false;
    }
    m_origin.http2 = tls::negotiatedAlpn(m_stream->ssl()) == "h2";
    co_return true;
}

asio::awaitable<void> Connection::serveHttp1()
{
    H1Session session(*m_stream, m_door->context->limits);
    co_await session.run(
        [this](GuestRequest& request) -> asio::awaitable<void> {
            Exchange exchange(*m_door, m_origin, request);
            co_await exchange.run();
        },
        [this](GuestRequest& request, const HeadFault& fault) {
            Exchange(*m_door, m_origin, request).refuseHead(fault);
        });
}

asio::awaitable<void> Connection::serveHttp2()
{
    const auto session = std::make_shared<H2Session>(
        *m_stream, m_door->context->deadlines, m_door->context->limits,
        m_door->context->context.get_executor(),
        // The streams may outlive this connection's coroutine by a moment.
        [door = m_door, origin = m_origin](GuestRequest& request) -> asio::awaitable<void> {
            Exchange exchange(*door, origin, request);
            co_await exchange.run();
        },
        [door = m_door, origin = m_origin](GuestRequest& request, const HeadFault& fault) {
            Exchange(*door, origin, request).refuseHead(fault);
        });
    co_await session->run();
    m_stream->closeNow();
}

bool Connection::isTunnel()
{
    // Where a deny speaks of a part of the host, the ladder denies the connection as a whole: then
    // it is opened like any other, so that the rule holds and the rest passes.
    const policy::Decision decision =
        m_door->context->gatekeeper.peek(m_door->id, tunnelRequest(m_origin.destination));
    return decision.verdict == policy::Verdict::Allow && decision.handler &&
           decision.handler->builtIn &&
           std::holds_alternative<policy::TunnelHandler>(*decision.handler->builtIn);
}

asio::awaitable<void> Connection::serveTcp(TcpExchange::Carries carries)
{
    TcpExchange exchange(*m_door, m_origin.destination, *m_stream, carries);
    co_await exchange.run(std::exchange(m_first, {}));
}

} // namespace sallyport::egress

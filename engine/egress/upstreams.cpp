#include "engine/egress/upstreams.h"

#include <algorithm>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fmt/format.h>
#include <openssl/ssl.h>

#include "engine/policy/virtual_name.h"

namespace sallyport::egress {

namespace asio = boost::asio;

namespace {

// Connections to what a handler grants are never those of a host by the same name.
std::string keyOfGranted(int port)
{
    return "granted " + std::to_string(port);
}

std::string keyOf(const policy::Host& host, int port, bool tls)
{
    std::string key = host.text();
    key += tls ? " tls " : " tcp ";
    key += std::to_string(port);
    return key;
}

} // namespace

Upstreams::Upstreams(std::shared_ptr<DoorContext> context,
                     api::SandboxId sandbox,
                     Stream::Group& group)
    : m_context(std::move(context))
    , m_sandbox(sandbox)
    , m_group(group)
{
    m_context->deadlines.watch(*this);
}

Upstreams::~Upstreams() = default;

std::optional<bool> Upstreams::speaksHttp2(const policy::Host& host, int port) const
{
    const auto found = m_speaksHttp2.find(keyOf(host, port, true));
    return found == m_speaksHttp2.end() ? std::nullopt : std::optional(found->second);
}

void Upstreams::remember(const std::string& key, bool http2)
{
    if (m_speaksHttp2.size() >= m_context->limits.hostsRemembered)
        m_speaksHttp2.clear();
    m_speaksHttp2[key] = http2;
}

asio::awaitable<Upstreams::OpenResult> Upstreams::request(UpstreamTarget target, bool fresh)
{
    if (policy::isVirtualName(target.host.name)) {
        // Asked for each request: a kept connection must not outlive its binding.
        if (auto refused = refuseService(*m_context, m_sandbox, target.host, target.port))
            co_return tl::unexpected(std::move(*refused));
        // Nobody but us lies between.
        target.tls = false;
        if (target.protocol == UpstreamProtocol::Http2OrHttp1)
            target.protocol = UpstreamProtocol::Http1;
    }
    std::string key =
        target.isGranted ? keyOfGranted(target.port) : keyOf(target.host, target.port, target.tls);
    if (isForwarded(target))
        key += " forwarded";
    const bool shares = target.protocol != UpstreamProtocol::Http1;
    for (;;) {
        if (shares || target.webSocket)
            if (auto shared = openShared(key, target.webSocket))
                co_return shared;
        // HTTP/2 goes out as HTTP/1.1 only where the host has nothing better: trailers would be
        // lost.
        const auto known = m_speaksHttp2.find(key);
        const bool hopes = shares && (known == m_speaksHttp2.end() || known->second);
        if (!hopes && !fresh)
            if (auto kept = takeKept(key))
                co_return kept;
        // Many streams of one client want the same new host at once: one connection for all,
        // unless it is known to take one request at a time.
        if (!hopes)
            co_return co_await open(std::move(target), key);
        if (const auto found = m_dialling.find(key); found != m_dialling.end()) {
            const auto dialling = found->second;
            co_await dialling->done.async_wait(asio::as_tuple(asio::use_awaitable));
            continue;
        }
        const auto dialling = std::make_shared<Dialling>(m_context->context.get_executor());
        m_dialling.emplace(key, dialling);
        auto opened = co_await open(std::move(target), key);
        m_dialling.erase(key);
        dialling->done.cancel();
        co_return opened;
    }
}

bool Upstreams::isForwarded(const UpstreamTarget& target) const
{
    const auto& plan = m_context->proxy;
    return plan && plan->server && plan->server->kind == ProxyServer::Kind::Http && !target.tls &&
           target.protocol == UpstreamProtocol::Http1 && !target.upgrades && !target.isGranted &&
           plan->applies(target.host, target.port);
}

std::unique_ptr<UpstreamRequest> Upstreams::openShared(const std::string& key, bool webSocket)
{
    const auto found = m_shared.find(key);
    if (found == m_shared.end())
        return nullptr;
    std::erase_if(found->second, [](const auto& each) { return each->isGoingAway(); });
    for (const auto& connection : found->second)
        if (connection->hasRoom() && (!webSocket || connection->takesWebSockets()))
            return connection->open();
    return nullptr;
}

std::unique_ptr<UpstreamRequest> Upstreams::takeKept(const std::string& key)
{
    const auto found = m_idle.find(key);
    if (found == m_idle.end())
        return nullptr;
    while (!found->second.empty()) {
        auto connection = std::move(found->second.back());
        found->second.pop_back();
        --m_idleCount;
        if (connection->isQuiet())
            return wrap(std::move(connection), key);
    }
    return nullptr;
}

std::unique_ptr<UpstreamRequest> Upstreams::wrap(std::unique_ptr<H1Upstream> connection,
                                                 const std::string& key)
{
    return std::make_unique<H1UpstreamRequest>(
        std::move(connection), m_context->limits,
        [this, key](std::unique_ptr<H1Upstream> done) { keep(key, std::move(done)); });
}

void Upstreams::keep(const std::string& key, std::unique_ptr<H1Upstream> connection)
{
    Idle& idle = m_idle[key];
    if (idle.size() >= m_context->limits.idlePerHost ||
        m_idleCount >= m_context->limits.idlePerSandbox)
        return;
    connection->idleSince = Deadlines::Clock::now();
    idle.push_back(std::move(connection));
    ++m_idleCount;
}

void Upstreams::tick(Deadlines::Clock::time_point now)
{
    for (auto it = m_idle.begin(); it != m_idle.end();) {
        Idle& idle = it->second;
        const auto old = std::find_if(idle.begin(), idle.end(), [&](const auto& each) {
            return now - each->idleSince < m_context->limits.upstreamIdle;
        });
        m_idleCount -= static_cast<std::size_t>(old - idle.begin());
        idle.erase(idle.begin(), old);
        it = idle.empty() ? m_idle.erase(it) : std::next(it);
    }
    for (auto it = m_shared.begin(); it != m_shared.end();) {
        std::erase_if(it->second, [](const auto& each) { return each->isDead(); });
        it = it->second.empty() ? m_shared.erase(it) : std::next(it);
    }
}

void Upstreams::closeIdle()
{
    m_idle.clear();
    m_idleCount = 0;
    m_shared.clear();
}

asio::awaitable<UpstreamResult<Dialled>> Upstreams::connect(policy::Host host, int port)
{
    return dial(*m_context, m_sandbox, m_group, std::move(host), port, ByProxy::Tunnelled);
}

asio::awaitable<UpstreamResult<Dialled>> Upstreams::openTls(const UpstreamTarget& target,
                                                            std::vector<std::string> alpn)
{
    auto dialled = co_await connect(target.host, target.port);
    if (!dialled)
        co_return dialled;
    const auto failed = [&](const Error& error) {
        const bool timedOut = error.code == Error::Code::TimedOut;
        return tl::unexpected(
            UpstreamFailure{timedOut ? UpstreamFailure::Kind::TimedOut : UpstreamFailure::Kind::Tls,
                            error.text, std::nullopt, dialled->address});
    };
    tls::SslPtr ssl(SSL_new(m_context->upstreamTls->context().get()));
    if (!ssl)
        co_return failed(Error{Error::Code::Internal, tls::takeErrors()});
    const tls::UpstreamContext::Connection connection{target.host, target.port, std::move(alpn),
                                                      std::to_string(m_sandbox)};
    if (const Status prepared = m_context->upstreamTls->prepare(ssl.get(), connection); !prepared)
        co_return failed(prepared.error());
    const auto describe = [&](SSL* handle) { return tls::handshakeErrorText(handle, target.host); };
    const Status done =
        co_await dialled->stream->startTls(std::move(ssl), m_context->limits.handshake, describe);
    if (!done) {
        UpstreamFailure why = failed(done.error()).value();
        if (dialled->stream->receivedAlert() == SSL_AD_NO_APPLICATION_PROTOCOL)
            why.kind = UpstreamFailure::Kind::Protocol;
        co_return tl::unexpected(std::move(why));
    }
    co_return dialled;
}

asio::awaitable<Upstreams::OpenResult> Upstreams::open(UpstreamTarget target, std::string key)
{
    if (!target.tls) {
        auto connecting = target.isGranted
                              ? dialGranted(*m_context, m_group, target.port)
                              : dial(*m_context, m_sandbox, m_group, target.host, target.port,
                                     isForwarded(target) ? ByProxy::Forwarded : ByProxy::Tunnelled);
        auto dialled = co_await std::move(connecting);
        if (!dialled)
            co_return tl::unexpected(std::move(dialled.error()));
        if (target.protocol == UpstreamProtocol::Http2Plain)
            co_return co_await startHttp2(std::move(*dialled), {}, key, target.webSocket);
        auto connection =
            std::make_unique<H1Upstream>(std::move(dialled->stream), std::move(dialled->address),
                                         std::string(), m_context->limits);
        connection->forwardedBy = std::move(dialled->forwardedBy);
        co_return wrap(std::move(connection), key);
    }
    // No braced lists here: g++ 12 can't keep one in a coroutine's frame.
    std::vector<std::string> alpn(1, "http/1.1");
    if (target.protocol == UpstreamProtocol::Http2OrHttp1)
        alpn.insert(alpn.begin(), "h2");
    auto dialled = co_await openTls(target, std::move(alpn));
    // A server of HTTP/2 alone refuses a client that offers HTTP/1.1 only: then we translate.
    if (!dialled && dialled.error().kind == UpstreamFailure::Kind::Protocol &&
        target.protocol == UpstreamProtocol::Http1)
        dialled = co_await openTls(target, std::vector<std::string>(1, "h2"));
    if (!dialled)
        co_return tl::unexpected(std::move(dialled.error()));
    const bool http2 = tls::negotiatedAlpn(dialled->stream->ssl()) == "h2";
    std::string tlsText = tls::describePeer(dialled->stream->ssl());
    if (target.protocol != UpstreamProtocol::Http1 || http2)
        remember(key, http2);
    if (http2)
        co_return co_await startHttp2(std::move(*dialled), std::move(tlsText), key,
                                      target.webSocket);
    co_return wrap(std::make_unique<H1Upstream>(std::move(dialled->stream),
                                                std::move(dialled->address), std::move(tlsText),
                                                m_context->limits),
                   key);
}

asio::awaitable<Upstreams::OpenResult>
Upstreams::startHttp2(Dialled dialled, std::string tlsText, std::string key, bool webSocket)
{
    const asio::any_io_executor executor = m_context->context.get_executor();
    const auto connection = std::make_shared<H2Upstream>(
        std::move(dialled.stream), std::move(dialled.address), std::move(tlsText),
        m_context->deadlines, m_context->limits, executor);
    m_shared[key].push_back(connection);
    // The connection keeps what it refers to: limits and deadlines live in the context.
    asio::co_spawn(
        executor,
        [connection, context = m_context]() -> asio::awaitable<void> {
            co_await connection->runToEnd();
        },
        asio::detached);
    if (webSocket) {
        // Whether it takes one is known only once its settings have come.
        co_await connection->waitSettings();
        if (!connection->takesWebSockets())
            co_return tl::unexpected(
                UpstreamFailure{UpstreamFailure::Kind::Protocol,
                                "the upstream speaks HTTP/2 alone and takes no WebSocket over it",
                                std::nullopt, connection->address()});
    }
    co_return connection->open();
}

} // namespace sallyport::egress

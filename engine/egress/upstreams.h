#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/egress/dialer.h"
#include "engine/egress/h1_upstream.h"
#include "engine/egress/h2_upstream.h"

namespace sallyport::egress {

enum class UpstreamProtocol
{
    Http1,
    Http2OrHttp1, // as ALPN says
    Http2Plain,   // prior knowledge, without TLS
};

struct UpstreamTarget
{
    policy::Host host;
    int port = 0;
    bool tls = false;
    UpstreamProtocol protocol = UpstreamProtocol::Http1;
    // A port of this machine that a handler leads to: 127.0.0.1, and the floor is not asked.
    bool isGranted = false;
    // It asks for another protocol by Upgrade, which a proxy would not carry on.
    bool upgrades = false;
    // It is for a WebSocket: over HTTP/1.1, or a stream of an HTTP/2 connection that takes them.
    bool webSocket = false;
};

// The upstream connections of one sandbox: opens them, keeps idle ones, shares HTTP/2 ones, and
// remembers which hosts speak HTTP/2. Never shared between sandboxes: a connection's cookies of
// the TLS layer and its timing would be a channel between them. Network thread.
class Upstreams final : public Deadlines::Watched
{
public:
    Upstreams(std::shared_ptr<DoorContext> context, api::SandboxId sandbox, Stream::Group& group);
    ~Upstreams();

    // A connection ready for one request. `fresh` does not take a kept one.
    [[nodiscard]] boost::asio::awaitable<UpstreamResult<std::unique_ptr<UpstreamRequest>>>
    request(UpstreamTarget target, bool fresh);

    // A plain TCP connection, for what is not HTTP.
    [[nodiscard]] boost::asio::awaitable<UpstreamResult<Dialled>> connect(policy::Host host,
                                                                          int port);

    // Whether the host speaks HTTP/2; unset where nothing is known.
    [[nodiscard]] std::optional<bool> speaksHttp2(const policy::Host& host, int port) const;

    void closeIdle();

private:
    using Idle = std::vector<std::unique_ptr<H1Upstream>>; // most recently used last
    struct Dialling
    {
        explicit Dialling(const asio::any_io_executor& executor)
            : done(executor, asio::steady_timer::time_point::max())
        {
        }
        asio::steady_timer done;
    };
    using OpenResult = UpstreamResult<std::unique_ptr<UpstreamRequest>>;

    void tick(Deadlines::Clock::time_point now) override;
    // The upstream proxy gets the request itself, not a CONNECT.
    [[nodiscard]] bool isForwarded(const UpstreamTarget& target) const;
    [[nodiscard]] std::unique_ptr<UpstreamRequest> takeKept(const std::string& key);
    [[nodiscard]] std::unique_ptr<UpstreamRequest> openShared(const std::string& key,
                                                              bool webSocket);
    [[nodiscard]] boost::asio::awaitable<OpenResult> open(UpstreamTarget target, std::string key);
    [[nodiscard]] boost::asio::awaitable<UpstreamResult<Dialled>>
    openTls(const UpstreamTarget& target, std::vector<std::string> alpn);
    [[nodiscard]] boost::asio::awaitable<OpenResult>
    startHttp2(Dialled dialled, std::string tlsText, std::string key, bool webSocket);
    [[nodiscard]] std::unique_ptr<UpstreamRequest> wrap(std::unique_ptr<H1Upstream> connection,
                                                        const std::string& key);
    void keep(const std::string& key, std::unique_ptr<H1Upstream> connection);
    void remember(const std::string& key, bool http2);

    std::shared_ptr<DoorContext> m_context;
    api::SandboxId m_sandbox;
    Stream::Group& m_group;
    std::unordered_map<std::string, Idle> m_idle;
    std::size_t m_idleCount = 0;
    std::unordered_map<std::string, std::vector<std::shared_ptr<H2Upstream>>> m_shared;
    std::unordered_map<std::string, std::shared_ptr<Dialling>> m_dialling;
    std::unordered_map<std::string, bool> m_speaksHttp2; // by key
};

} // namespace sallyport::egress

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/egress/stream.h"
#include "engine/policy/host.h"
#include "engine/policy/pattern.h"

namespace sallyport::egress {

// A proxy of the host's network, by which the door reaches upstreams.
struct ProxyServer
{
    enum class Kind
    {
        Http, // plain HTTP as requests of its own, all else by CONNECT
        Socks5,
    };
    Kind kind = Kind::Http;
    policy::Host host;
    int port = 0;
    std::string user; // empty: none is sent
    std::string password;

    [[nodiscard]] std::string text() const; // "http://proxy.example:3128"
};

// "http://[USER[:PASSWORD]@]HOST[:PORT]", "socks5h://…" ("socks5://" is the same: names are always
// resolved by the proxy), "HOST:PORT" for http. The error does not quote a password.
[[nodiscard]] Result<ProxyServer> parseProxy(std::string_view text);

// A host that is reached without the proxy, as in NO_PROXY: "example.com" and ".example.com" with
// all below them, an address, a range, "*"; each with ":PORT".
class DirectHost
{
public:
    [[nodiscard]] static Result<DirectHost> parse(std::string_view text);
    [[nodiscard]] bool matches(const policy::Host& host, int port) const;

private:
    std::vector<policy::Pattern> m_patterns;
};

// How upstreams are reached. Immutable once the door has it.
struct ProxyPlan
{
    std::optional<ProxyServer> server; // unset: directly
    std::string problem;               // why the proxy can't be used: nothing passes then
    std::vector<DirectHost> direct;

    // This machine's loopback is never reached by a proxy.
    [[nodiscard]] bool applies(const policy::Host& host, int port) const;
};

// A name that only a private network gives an address to: a single word, "*.local", "*.internal"…
[[nodiscard]] bool isPrivateName(const policy::Host& host);

// How a request of plain HTTP is put to an HTTP proxy: with the whole URI as its target (RFC 9112,
// 3.2.2). Many proxies let CONNECT to the ports of TLS alone.
struct ForwardedBy
{
    std::string proxy;         // "http://proxy.example:3128"
    std::string origin;        // "http://example.com:8080", where the request is for
    std::string authorization; // a Proxy-Authorization; empty: none is sent
};
[[nodiscard]] ForwardedBy forwardedBy(const ProxyServer& proxy, const policy::Host& host, int port);

// Why a proxy answers 407.
[[nodiscard]] std::string authenticationProblem(std::string_view proxy, bool hasUser);

// Has the proxy behind a connected stream lead it on to host:port. The error says who refused what.
[[nodiscard]] asio::awaitable<Status> leadThrough(Stream& stream,
                                                  const ProxyServer& proxy,
                                                  const policy::Host& host,
                                                  int port,
                                                  std::chrono::milliseconds limit);

} // namespace sallyport::egress

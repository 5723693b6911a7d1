#pragma once

// The client side of TLS towards upstreams: system trust, TLS 1.2 and later, the name or address
// verified by OpenSSL itself during the handshake, sessions resumed. One object for the engine,
// used on its network thread.

#include <list>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/policy/host.h"
#include "engine/tls/handles.h"
#include "engine/tls/host_authorities.h"

namespace sallyport::tls {

class UpstreamContext
{
public:
    struct Options
    {
        bool systemTrust = true;
        std::string extraRootsFile; // PEM, trusted besides; empty: none
        std::size_t mostSessions = 512;
    };

    [[nodiscard]] static Result<std::unique_ptr<UpstreamContext>> create(const Options& options);
    ~UpstreamContext();
    UpstreamContext(const UpstreamContext&) = delete;
    UpstreamContext& operator=(const UpstreamContext&) = delete;

    [[nodiscard]] const ContextPtr& context() const { return m_context; }

    // Trusted besides, for connections from now on to the hosts that they are for; replaces what
    // was set. A certificate that is no authority is trusted as it is. Sessions are not resumed
    // across.
    [[nodiscard]] Status setAuthorities(const std::vector<HostAuthorities>& authorities);

    struct Connection
    {
        policy::Host host;
        int port = 443;
        std::vector<std::string> alpn; // in order of preference; empty: no ALPN
        std::string partition;         // sessions are resumed only within one (a sandbox)
    };
    // Prepares an SSL of this context before its handshake: SNI (for names), the identity that the
    // certificate must show, ALPN, a session to resume. A handshake that succeeds after this is
    // verified; there is no way to go on without.
    [[nodiscard]] Status prepare(SSL* ssl, const Connection& connection);

private:
    struct Sessions;
    UpstreamContext() = default;
    static int keepSession(SSL* ssl, SSL_SESSION* session);

    struct Store
    {
        std::vector<policy::Pattern> hosts;
        std::unique_ptr<X509_STORE, Free> store;
    };

    Options m_options;
    ContextPtr m_context;
    std::vector<Store> m_stores;
    int m_generation = 0; // of m_stores
    std::unique_ptr<Sessions> m_sessions;
};

// Why the handshake of a prepared SSL failed, for a person: "the certificate of api.example.com has
// expired", else what the error queue says. Empties the queue.
[[nodiscard]] std::string handshakeErrorText(SSL* ssl, const policy::Host& host);
// The text of a verification result (X509_V_ERR_…).
[[nodiscard]] std::string verifyErrorText(long result, const policy::Host& host);

// "TLSv1.3, issued to api.example.com by Example CA" for the detail pane; names are escaped.
[[nodiscard]] std::string describePeer(SSL* ssl);
// What ALPN agreed on: "h2", "http/1.1", or "" for none.
[[nodiscard]] std::string negotiatedAlpn(const SSL* ssl);

} // namespace sallyport::tls

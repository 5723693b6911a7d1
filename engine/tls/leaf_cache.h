#pragma once

// The TLS server contexts by which one sandbox's traffic is opened: one for each name or literal
// address, with a leaf of the sandbox's authority. All leaves share one key, made with the cache.
// One owner, one thread; the contexts handed out outlive their place in the cache.

#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "engine/policy/host.h"
#include "engine/tls/certificate_authority.h"

namespace sallyport::tls {

// What the door offers a client by ALPN. A client without ALPN speaks HTTP/1.1.
enum class Alpn
{
    Http1,        // the upstream has no HTTP/2
    Http2OrHttp1, // HTTP/2 where the client offers it
};

// For one handshake, before it starts; without this call Http2OrHttp1.
void setServerAlpn(SSL* ssl, Alpn alpn);

class LeafCache
{
public:
    static constexpr std::size_t MostContexts = 1024;

    [[nodiscard]] static Result<LeafCache>
    create(std::shared_ptr<const CertificateAuthority> authority,
           std::size_t mostContexts = MostContexts);

    // TLS 1.2 and 1.3, with resumption. Made when first asked for (a few hundred microseconds), or
    // again when the leaf is close to its end.
    [[nodiscard]] Result<ContextPtr> contextFor(const policy::Host& host, UnixMillis now);
    [[nodiscard]] std::size_t size() const { return m_contexts.size(); }

private:
    struct Entry
    {
        std::string host;
        ContextPtr context;
        UnixMillis renewAt = 0;
    };
    using Entries = std::list<Entry>; // most recently used first

    LeafCache() = default;
    [[nodiscard]] Result<ContextPtr> makeContext(const std::string& host, UnixMillis now) const;

    std::shared_ptr<const CertificateAuthority> m_authority;
    KeyPtr m_key;
    std::size_t m_mostContexts = MostContexts;
    Entries m_contexts;
    std::unordered_map<std::string, Entries::iterator> m_byHost;
};

} // namespace sallyport::tls

#include "engine/tls/leaf_cache.h"

#include <algorithm>

namespace sallyport::tls {
namespace {

constexpr std::int64_t DayMs = 24LL * 60 * 60 * 1000;
constexpr std::int64_t RenewMs = 6 * DayMs; // of the eight days that a leaf is valid

// The slot of an SSL that holds its Alpn. Not the app data: Boost.Asio uses that.
int alpnSlot()
{
    static const int Slot = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return Slot;
}

// The slot holds one of these addresses.
constexpr Alpn AlpnHttp1 = Alpn::Http1;
constexpr Alpn AlpnBoth = Alpn::Http2OrHttp1;

int selectAlpn(SSL* ssl,
               const unsigned char** out,
               unsigned char* outSize,
               const unsigned char* in,
               unsigned int inSize,
               void* /*argument*/)
{
    static constexpr unsigned char Both[] = "\x02h2\x08http/1.1";
    static constexpr unsigned char Http1[] = "\x08http/1.1";
    const bool http1Only = SSL_get_ex_data(ssl, alpnSlot()) == &AlpnHttp1;
    const unsigned char* const ours = http1Only ? Http1 : Both;
    const unsigned int size =
        static_cast<unsigned int>(http1Only ? sizeof Http1 - 1 : sizeof Both - 1);
    unsigned char* selected = nullptr;
    if (SSL_select_next_proto(&selected, outSize, ours, size, in, inSize) != OPENSSL_NPN_NEGOTIATED)
        // Nothing in common ("acme-tls/1", "grpc-exp"): go on without, as an HTTP/1.1 server does.
        return SSL_TLSEXT_ERR_NOACK;
    *out = selected;
    return SSL_TLSEXT_ERR_OK;
}

} // namespace

void setServerAlpn(SSL* ssl, Alpn alpn)
{
    // The slot's type is void*; nothing writes through it.
    SSL_set_ex_data(ssl, alpnSlot(),
                    const_cast<Alpn*>(alpn == Alpn::Http1 ? &AlpnHttp1 : &AlpnBoth));
}

Result<LeafCache> LeafCache::create(std::shared_ptr<const CertificateAuthority> authority,
                                    std::size_t mostContexts)
{
    LeafCache cache;
    cache.m_authority = std::move(authority);
    cache.m_mostContexts = std::max<std::size_t>(mostContexts, 1);
    cache.m_key.reset(EVP_EC_gen("P-256"));
    if (!cache.m_key)
        return failTls("make a key");
    return cache;
}

Result<ContextPtr> LeafCache::contextFor(const policy::Host& host, UnixMillis now)
{
    const std::string text = host.text();
    if (const auto known = m_byHost.find(text); known != m_byHost.end()) {
        m_contexts.splice(m_contexts.begin(), m_contexts, known->second);
        if (now < known->second->renewAt)
            return known->second->context;
        m_contexts.erase(known->second);
        m_byHost.erase(known);
    }
    Result<ContextPtr> context = makeContext(text, now);
    if (!context)
        return context;
    if (m_contexts.size() >= m_mostContexts) {
        m_byHost.erase(m_contexts.back().host);
        m_contexts.pop_back();
    }
    m_contexts.push_front({text, *context, now + RenewMs});
    m_byHost.emplace(text, m_contexts.begin());
    return context;
}

Result<ContextPtr> LeafCache::makeContext(const std::string& host, UnixMillis now) const
{
    const Result<CertificatePtr> leaf = m_authority->issue(host, m_key.get(), now);
    if (!leaf)
        return tl::unexpected(leaf.error());
    ContextPtr context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    if (!context)
        return failTls("make a TLS context");
    SSL_CTX* const raw = context.get();
    const auto* const id = reinterpret_cast<const unsigned char*>("sallyport");
    if (SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) != 1 ||
        SSL_CTX_use_certificate(raw, leaf->get()) != 1 ||
        SSL_CTX_use_PrivateKey(raw, m_key.get()) != 1 ||
        SSL_CTX_set_session_id_context(raw, id, 9) != 1)
        return failTls("make a TLS context");
    SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
    // Sessions live in tickets, sealed with the context's own key: no memory for each client.
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(raw, selectAlpn, nullptr);
    return context;
}

} // namespace sallyport::tls

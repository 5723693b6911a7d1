#include "engine/tls/upstream_context.h"

#include <algorithm>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace sallyport::tls {
namespace {

void freeText(void* /*parent*/,
              void* text,
              CRYPTO_EX_DATA* /*data*/,
              int /*index*/,
              long /*argument*/,
              void* /*pointer*/)
{
    delete static_cast<std::string*>(text);
}

// The slot of an SSL that holds the key of its session (owned).
int keySlot()
{
    static const int Slot = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, freeText);
    return Slot;
}

// The slot of a context that holds its sessions (borrowed; cleared when they go).
int sessionsSlot()
{
    static const int Slot = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return Slot;
}

// "\x02h2\x08http/1.1"; empty where a name does not fit.
std::string alpnWire(const std::vector<std::string>& names)
{
    std::string wire;
    for (const std::string& name : names) {
        if (name.empty() || name.size() > 255)
            return {};
        wire += static_cast<char>(name.size());
        wire += name;
    }
    return wire;
}

Status trustRoots(SSL_CTX* context, const UpstreamContext::Options& options)
{
    if (options.systemTrust && SSL_CTX_set_default_verify_paths(context) != 1)
        return failTls("load the system's certificate authorities");
    if (!options.extraRootsFile.empty() &&
        SSL_CTX_load_verify_file(context, options.extraRootsFile.c_str()) != 1)
        return failTls("load certificate authorities from " + options.extraRootsFile);
    ERR_clear_error(); // a missing default file is no failure, but leaves an entry
    return {};
}

} // namespace

// One session for each (partition, host, port), the most recently used first.
struct UpstreamContext::Sessions
{
    struct Entry
    {
        std::string key;
        SessionPtr session;
    };
    using Entries = std::list<Entry>;

    std::size_t most = 0;
    Entries entries;
    std::unordered_map<std::string, Entries::iterator> byKey;

    void keep(const std::string& key, SessionPtr session)
    {
        take(key);
        if (entries.size() >= most && !entries.empty()) {
            byKey.erase(entries.back().key);
            entries.pop_back();
        }
        entries.push_front({key, std::move(session)});
        byKey.emplace(key, entries.begin());
    }

    // A ticket is used once (RFC 8446 C.4): the connection brings a new one.
    SessionPtr take(const std::string& key)
    {
        const auto known = byKey.find(key);
        if (known == byKey.end())
            return {};
        SessionPtr session = std::move(known->second->session);
        entries.erase(known->second);
        byKey.erase(known);
        return session;
    }
};

Result<std::unique_ptr<UpstreamContext>> UpstreamContext::create(const Options& options)
{
    std::unique_ptr<UpstreamContext> upstream(new UpstreamContext);
    upstream->m_context.reset(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    if (!upstream->m_context)
        return failTls("make a TLS context");
    upstream->m_options = options;
    SSL_CTX* const context = upstream->m_context.get();
    if (Status status = trustRoots(context, options); !status)
        return tl::unexpected(status.error());
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1)
        return failTls("make a TLS context");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);

    upstream->m_sessions = std::make_unique<Sessions>();
    upstream->m_sessions->most = std::max<std::size_t>(options.mostSessions, 1);
    if (SSL_CTX_set_ex_data(context, sessionsSlot(), upstream->m_sessions.get()) != 1)
        return failTls("make a TLS context");
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, keepSession);
    return upstream;
}

UpstreamContext::~UpstreamContext()
{
    // Connections can outlive this object; their late sessions are dropped.
    if (m_context)
        SSL_CTX_set_ex_data(m_context.get(), sessionsSlot(), nullptr);
}

Status UpstreamContext::setAuthorities(const std::vector<HostAuthorities>& authorities)
{
    std::vector<Store> stores;
    for (const HostAuthorities& each : authorities) {
        Store next{each.hosts, std::unique_ptr<X509_STORE, Free>(X509_STORE_new())};
        X509_STORE* const store = next.store.get();
        if (store == nullptr ||
            (m_options.systemTrust && X509_STORE_set_default_paths(store) != 1) ||
            (!m_options.extraRootsFile.empty() &&
             X509_STORE_load_file(store, m_options.extraRootsFile.c_str()) != 1))
            return failTls("load the system's certificate authorities");
        for (const CertificatePtr& certificate : each.certificates)
            if (X509_STORE_add_cert(store, certificate.get()) != 1)
                return failTls("add a certificate authority");
        X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
        stores.push_back(std::move(next));
    }
    ERR_clear_error();
    m_stores = std::move(stores);
    ++m_generation;
    return {};
}

int UpstreamContext::keepSession(SSL* ssl, SSL_SESSION* session)
{
    auto* const sessions =
        static_cast<Sessions*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), sessionsSlot()));
    const auto* const key = static_cast<const std::string*>(SSL_get_ex_data(ssl, keySlot()));
    if (sessions == nullptr || key == nullptr || SSL_get_verify_result(ssl) != X509_V_OK)
        return 0;
    // A copy: OpenSSL marks a connection's own session as not resumable when it ends without a
    // close_notify, as most do.
    if (SessionPtr copy(SSL_SESSION_dup(session)); copy)
        sessions->keep(*key, std::move(copy));
    return 0; // the reference stays OpenSSL's
}

Status UpstreamContext::prepare(SSL* ssl, const Connection& connection)
{
    SSL_set_connect_state(ssl);
    const policy::Host& host = connection.host;
    if (host.isEmpty())
        return fail(Error::Code::Invalid, "no host to verify the certificate against");
    X509_VERIFY_PARAM* const parameters = SSL_get0_param(ssl);
    // RFC 9525: the identity is a subjectAltName, never the common name.
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                                    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    int ok = 0;
    if (host.address) {
        const auto bytes = host.address->bytes();
        ok = X509_VERIFY_PARAM_set1_ip(parameters, bytes.data(), bytes.size());
    } else {
        ok = X509_VERIFY_PARAM_set1_host(parameters, host.name.data(), host.name.size());
        if (ok == 1)
            // The macro of this name has a cast of the old style.
            ok = static_cast<int>(SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
                                           TLSEXT_NAMETYPE_host_name,
                                           const_cast<char*>(host.name.c_str())));
    }
    if (ok != 1)
        return failTls("set the name to verify");
    SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
    const auto own = std::find_if(m_stores.begin(), m_stores.end(), [&](const Store& each) {
        return std::any_of(each.hosts.begin(), each.hosts.end(), [&](const auto& pattern) {
            return pattern.matches(host, connection.port);
        });
    });
    if (own != m_stores.end() && SSL_set1_verify_cert_store(ssl, own->store.get()) != 1)
        return failTls("set the certificate authorities");

    const std::string alpn = alpnWire(connection.alpn);
    if (alpn.empty() != connection.alpn.empty())
        return fail(Error::Code::Invalid, "an ALPN name is empty or too long");
    // Zero is success here, unlike everywhere else.
    if (!alpn.empty() &&
        SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(alpn.data()),
                            static_cast<unsigned>(alpn.size())) != 0)
        return failTls("set ALPN");

    auto key = std::make_unique<std::string>(fmt::format(
        "{}\n{}\n{}\n{}", connection.partition, host.text(), connection.port, m_generation));
    SessionPtr session = m_sessions->take(*key);
    if (session && SSL_SESSION_is_resumable(session.get()) == 1) {
        const SessionPtr used(SSL_SESSION_dup(session.get())); // as in keepSession()
        SSL_set_session(ssl, used.get());
        if (SSL_SESSION_get_protocol_version(session.get()) < TLS1_3_VERSION)
            m_sessions->keep(*key, std::move(session)); // good for more than one use
    }
    delete static_cast<std::string*>(SSL_get_ex_data(ssl, keySlot()));
    if (SSL_set_ex_data(ssl, keySlot(), key.get()) != 1) {
        SSL_set_ex_data(ssl, keySlot(), nullptr);
        return failTls("prepare a connection");
    }
    static_cast<void>(key.release()); // freed with the SSL
    ERR_clear_error();
    return {};
}

} // namespace sallyport::tls

#include <ctime>

#include <QTemporaryFile>
#include <QTest>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "engine/tls/leaf_cache.h"
#include "engine/tls/upstream_context.h"

using namespace sallyport;
using namespace sallyport::tls;

namespace {

constexpr std::int64_t Day = 24LL * 60 * 60 * 1000;
constexpr UnixMillis Now = 1'790'000'000'000; // leaves are checked at this time, not today's

struct FreeStore
{
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
    void operator()(X509_STORE_CTX* context) const { X509_STORE_CTX_free(context); }
};

std::shared_ptr<const CertificateAuthority> authority(UnixMillis now = Now)
{
    return std::make_shared<const CertificateAuthority>(
        CertificateAuthority::create("agent-1", now).value());
}

policy::Host host(const char* text)
{
    return policy::parseHost(text).value();
}

// What OpenSSL says about the certificate against the authority, for a host, at a time.
int verify(const CertificateAuthority& ca, X509* leaf, const policy::Host& wanted, UnixMillis at)
{
    const std::unique_ptr<X509_STORE, FreeStore> store(X509_STORE_new());
    X509_STORE_add_cert(store.get(), ca.certificate());
    const std::unique_ptr<X509_STORE_CTX, FreeStore> context(X509_STORE_CTX_new());
    X509_STORE_CTX_init(context.get(), store.get(), leaf, nullptr);
    X509_VERIFY_PARAM* const parameters = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_time(parameters, at / 1000);
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (wanted.address)
        X509_VERIFY_PARAM_set1_ip(parameters, wanted.address->bytes().data(),
                                  wanted.address->bytes().size());
    else
        X509_VERIFY_PARAM_set1_host(parameters, wanted.name.data(), wanted.name.size());
    X509_verify_cert(context.get());
    return X509_STORE_CTX_get_error(context.get());
}

// Milliseconds of processor time of this process: other work on the machine does not count.
double processorMs()
{
    return static_cast<double>(std::clock()) * 1000 / CLOCKS_PER_SEC;
}

// Runs both ends of a handshake in memory.
struct Handshake
{
    SslPtr client;
    SslPtr server;
    bool ok = false;

    void run(SSL_CTX* serverContext)
    {
        server.reset(SSL_new(serverContext));
        BIO* clientSide = nullptr;
        BIO* serverSide = nullptr;
        BIO_new_bio_pair(&clientSide, 0, &serverSide, 0);
        SSL_set_bio(client.get(), clientSide, clientSide);
        SSL_set_bio(server.get(), serverSide, serverSide);
        SSL_set_connect_state(client.get());
        SSL_set_accept_state(server.get());
    }
    void finish()
    {
        int clientDone = 0;
        int serverDone = 0;
        for (int i = 0; i < 10 && (clientDone != 1 || serverDone != 1); ++i) {
            if (clientDone != 1)
                clientDone = SSL_do_handshake(client.get());
            if (serverDone != 1)
                serverDone = SSL_do_handshake(server.get());
        }
        ok = clientDone == 1 && serverDone == 1;
        char byte = 0; // takes in the tickets
        SSL_read(client.get(), &byte, 1);
    }
};

} // namespace

class LeafTest : public QObject
{
    Q_OBJECT

private slots:
    void cleanup() { QCOMPARE(ERR_peek_error(), 0UL); }

    void authorityIsWhatClientsExpect()
    {
        const auto ca = authority();
        X509* const certificate = ca->certificate();
        QCOMPARE(X509_get_pathlen(certificate), 0L);
        QVERIFY((X509_get_key_usage(certificate) & KU_KEY_CERT_SIGN) != 0);
        QCOMPARE(EVP_PKEY_get_bits(X509_get0_pubkey(certificate)), 256);
        QCOMPARE(ca->validUntil(), Now + 30 * Day);
        QVERIFY(ca->caPem().starts_with("-----BEGIN CERTIFICATE-----\n"));
        QVERIFY(ca->caPem().find("PRIVATE") == std::string::npos);
        char name[200];
        X509_NAME_oneline(X509_get_subject_name(certificate), name, sizeof name);
        QVERIFY2(QString(name).startsWith("/O=Sallyport/CN=Sallyport agent-1 "), name);
        // Two authorities of one name can be told apart.
        QVERIFY(X509_NAME_cmp(X509_get_subject_name(certificate),
                              X509_get_subject_name(authority()->certificate())) != 0);
        QVERIFY(CertificateAuthority::create(std::string(200, 'x'), Now));
    }

    void leavesVerify_data()
    {
        QTest::addColumn<QString>("name");
        for (const char* name : {"api.example.com", "a.b.c.example.com", "_x.example.com",
                                 "203.0.113.7", "2001:db8::1", "xn--bcher-kva.example"})
            QTest::newRow(name) << name;
        QTest::newRow("longer than a common name")
            << QString("%1.%2.example.com").arg(QString(60, 'a'), QString(60, 'b'));
    }
    void leavesVerify()
    {
        QFETCH(QString, name);
        const auto ca = authority();
        const KeyPtr key(EVP_EC_gen("P-256"));
        const policy::Host wanted = host(qPrintable(name));
        const auto leaf = ca->issue(name.toStdString(), key.get(), Now);
        QVERIFY(leaf);
        QCOMPARE(verify(*ca, leaf->get(), wanted, Now), X509_V_OK);
        QCOMPARE(verify(*ca, leaf->get(), wanted, Now - Day / 2), X509_V_OK); // a late clock
        QCOMPARE(verify(*ca, leaf->get(), wanted, Now + 9 * Day), X509_V_ERR_CERT_HAS_EXPIRED);
        QVERIFY(verify(*ca, leaf->get(), host("other.example"), Now) != X509_V_OK);
        QVERIFY(verify(*ca, leaf->get(), host("x.api.example.com"), Now) != X509_V_OK);
        QVERIFY(verify(*authority(), leaf->get(), wanted, Now) != X509_V_OK);
        QVERIFY(!ca->issue("not a name", key.get(), Now));
        QVERIFY(!ca->issue("*.example.com", key.get(), Now));
        ERR_clear_error();
    }

    void leavesEndWithTheirAuthority()
    {
        const auto ca = authority();
        const KeyPtr key(EVP_EC_gen("P-256"));
        const auto leaf = ca->issue("a.example", key.get(), Now + 29 * Day);
        QCOMPARE(ASN1_TIME_compare(X509_get0_notAfter(leaf->get()),
                                   X509_get0_notAfter(ca->certificate())),
                 0);
    }

    void authorityIsHandedOver()
    {
        const auto ca = authority();
        const SecretBytes bytes = ca->serialize().value();
        const auto restored = CertificateAuthority::restore(bytes.view());
        QVERIFY(restored);
        QCOMPARE(restored->caPem(), ca->caPem());
        QCOMPARE(restored->validUntil(), ca->validUntil());
        const KeyPtr key(EVP_EC_gen("P-256"));
        const auto leaf = restored->issue("a.example", key.get(), Now);
        QCOMPARE(verify(*ca, leaf->get(), host("a.example"), Now), X509_V_OK);

        const std::string whole(bytes.view());
        for (std::size_t size = 0; size < whole.size(); ++size)
            QVERIFY(!CertificateAuthority::restore(whole.substr(0, size)));
        QVERIFY(!CertificateAuthority::restore(whole + "x"));
        // A key and a certificate of two authorities.
        const std::string other(authority()->serialize().value().view());
        if (other.size() == whole.size()) {
            const std::size_t half = whole.size() - 130;
            QVERIFY(!CertificateAuthority::restore(whole.substr(0, half) + other.substr(half)));
        }
    }

    void cacheReusesAndForgets()
    {
        auto cache = LeafCache::create(authority(), 2);
        QVERIFY(cache);
        const auto a = cache->contextFor(host("a.example"), Now).value();
        QCOMPARE(cache->contextFor(host("a.example"), Now).value(), a);
        static_cast<void>(cache->contextFor(host("203.0.113.7"), Now));
        static_cast<void>(cache->contextFor(host("a.example"), Now));
        static_cast<void>(cache->contextFor(host("b.example"), Now)); // the address goes
        QCOMPARE(cache->size(), std::size_t{2});
        QCOMPARE(cache->contextFor(host("a.example"), Now).value(), a);
        // Renewed before the leaf ends.
        QVERIFY(cache->contextFor(host("a.example"), Now + 6 * Day).value() != a);
    }

    void handshakesWithTheGuest_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<bool>("http1");
        QTest::addColumn<QString>("protocol");
        QTest::newRow("h2") << "api.example.com" << false << "h2";
        QTest::newRow("http/1.1") << "api.example.com" << true << "http/1.1";
        QTest::newRow("address") << "203.0.113.7" << false << "h2";
    }
    // The guest's side is our upstream side with the sandbox's authority as its trust.
    void handshakesWithTheGuest()
    {
        QFETCH(QString, name);
        QFETCH(bool, http1);
        QFETCH(QString, protocol);
        const UnixMillis today = nowUnixMillis();
        const auto ca = authority(today);
        auto cache = LeafCache::create(ca);
        const auto context = cache->contextFor(host(qPrintable(name)), today).value();
        QTemporaryFile roots;
        QVERIFY(roots.open());
        roots.write(ca->caPem().c_str());
        roots.flush();
        const auto client =
            UpstreamContext::create({false, roots.fileName().toStdString(), 4}).value();

        const auto connect = [&](const char* wanted) {
            Handshake handshake;
            handshake.client.reset(SSL_new(client->context().get()));
            const Status status = client->prepare(
                handshake.client.get(), {host(wanted), 443, {"h2", "http/1.1"}, "agent-1"});
            if (status) {
                handshake.run(context.get());
                setServerAlpn(handshake.server.get(), http1 ? Alpn::Http1 : Alpn::Http2OrHttp1);
                handshake.finish();
            }
            return handshake;
        };
        const Handshake first = connect(qPrintable(name));
        QVERIFY(first.ok);
        QCOMPARE(QString::fromStdString(negotiatedAlpn(first.client.get())), protocol);
        QCOMPARE(negotiatedAlpn(first.server.get()), negotiatedAlpn(first.client.get()));
        const QString peer = QString::fromStdString(describePeer(first.client.get()));
        QVERIFY2(peer.startsWith("TLSv1.3, issued to " + name + " by Sallyport agent-1"),
                 qPrintable(peer));
        // The second one is resumed.
        const Handshake second = connect(qPrintable(name));
        QVERIFY(second.ok);
        QCOMPARE(SSL_session_reused(second.client.get()), 1);
        // Another name is refused by the client, in words.
        const Handshake wrong = connect("other.example");
        QVERIFY(!wrong.ok);
        QCOMPARE(
            QString::fromStdString(handshakeErrorText(wrong.client.get(), host("other.example"))),
            QString("the certificate of other.example is for another host"));
        ERR_clear_error();
    }

    void goesOnWithoutAlpnInCommon()
    {
        const UnixMillis today = nowUnixMillis();
        const auto ca = authority(today);
        auto cache = LeafCache::create(ca);
        const auto context = cache->contextFor(host("a.example"), today).value();
        const ContextPtr client(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
        for (const auto version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            Handshake handshake;
            handshake.client.reset(SSL_new(client.get()));
            SSL_set_max_proto_version(handshake.client.get(), version);
            const unsigned char odd[] = "\x03odd";
            SSL_set_alpn_protos(handshake.client.get(), odd, 4);
            handshake.run(context.get());
            handshake.finish();
            QVERIFY(handshake.ok);
            QCOMPARE(negotiatedAlpn(handshake.server.get()), std::string());
            QCOMPARE(SSL_version(handshake.server.get()), version);
        }
        ERR_clear_error();
    }

    void refusesUntrustedUpstreams()
    {
        const UnixMillis today = nowUnixMillis();
        auto cache = LeafCache::create(authority(today));
        const auto context = cache->contextFor(host("api.example.com"), today).value();
        const auto client = UpstreamContext::create({true, {}, 4}).value();
        Handshake handshake;
        handshake.client.reset(SSL_new(client->context().get()));
        QVERIFY(client->prepare(handshake.client.get(), {host("api.example.com"), 443, {}, ""}));
        handshake.run(context.get());
        handshake.finish();
        QVERIFY(!handshake.ok);
        const QString text = QString::fromStdString(
            handshakeErrorText(handshake.client.get(), host("api.example.com")));
        QVERIFY2(text.contains("does not trust"), qPrintable(text));
        ERR_clear_error();
    }

    void keepsSessionsOfSandboxesApart()
    {
        const UnixMillis today = nowUnixMillis();
        const auto ca = authority(today);
        auto cache = LeafCache::create(ca);
        const auto context = cache->contextFor(host("a.example"), today).value();
        QTemporaryFile roots;
        QVERIFY(roots.open());
        roots.write(ca->caPem().c_str());
        roots.flush();
        auto client = UpstreamContext::create({false, roots.fileName().toStdString(), 4}).value();
        const auto reused = [&](const char* partition, int port, int version) {
            Handshake handshake;
            handshake.client.reset(SSL_new(client->context().get()));
            SSL_set_max_proto_version(handshake.client.get(), version);
            static_cast<void>(
                client->prepare(handshake.client.get(), {host("a.example"), port, {}, partition}));
            handshake.run(context.get());
            handshake.finish();
            return handshake.ok ? SSL_session_reused(handshake.client.get()) : -1;
        };
        QCOMPARE(reused("1", 443, TLS1_3_VERSION), 0);
        QCOMPARE(reused("2", 443, TLS1_3_VERSION), 0);
        QCOMPARE(reused("1", 8443, TLS1_3_VERSION), 0);
        QCOMPARE(reused("1", 443, TLS1_3_VERSION), 1);
        QCOMPARE(reused("3", 443, TLS1_2_VERSION), 0);
        QCOMPARE(reused("3", 443, TLS1_2_VERSION), 1);
        QCOMPARE(reused("3", 443, TLS1_2_VERSION), 1);
        // A connection may outlive the context's owner.
        Handshake late;
        late.client.reset(SSL_new(client->context().get()));
        QVERIFY(client->prepare(late.client.get(), {host("a.example"), 443, {}, "9"}));
        client.reset();
        late.run(context.get());
        late.finish();
        QVERIFY(late.ok);
        ERR_clear_error();
    }

    void saysWhatIsMissing()
    {
        const auto none = UpstreamContext::create({false, "/nonexistent/roots.pem", 4});
        QVERIFY(!none);
        QVERIFY(none.error().text.find("/nonexistent/roots.pem") != std::string::npos);
        const auto client = UpstreamContext::create({true, {}, 4}).value();
        const SslPtr ssl(SSL_new(client->context().get()));
        QVERIFY(!client->prepare(ssl.get(), {{}, 443, {}, ""}));
        QVERIFY(!client->prepare(ssl.get(), {host("a.example"), 443, {""}, ""}));
        for (const long code :
             {X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_HOSTNAME_MISMATCH,
              X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_PATH_LENGTH_EXCEEDED})
            QVERIFY(verifyErrorText(code, host("a.example")).find("a.example") !=
                    std::string::npos);
        QVERIFY(verifyErrorText(X509_V_OK, host("a.example")).empty());
    }

    void leavesAreMadeFast()
    {
        auto cache = LeafCache::create(authority());
        const double start = processorMs();
        for (int i = 0; i < 500; ++i)
            QVERIFY(cache->contextFor(host(qPrintable(QString("h%1.example").arg(i))), Now));
        const double each = (processorMs() - start) / 500;
        qInfo("%.3f ms a leaf with its context", each);
        QVERIFY(each < 5); // loose: test machines are busy
    }
};

QTEST_APPLESS_MAIN(LeafTest)
#include "leaf_test.moc"

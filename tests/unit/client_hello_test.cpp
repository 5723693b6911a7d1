#include <QTest>

#include "engine/tls/client_hello.h"
#include "engine/tls/handles.h"

using namespace sallyport::tls;

namespace {

using Bytes = std::vector<std::uint8_t>;

void put16(Bytes& bytes, std::size_t value)
{
    bytes.push_back(static_cast<std::uint8_t>(value >> 8U));
    bytes.push_back(static_cast<std::uint8_t>(value & 0xffU));
}

void append(Bytes& bytes, const Bytes& more)
{
    bytes.insert(bytes.end(), more.begin(), more.end());
}

Bytes textBytes(std::string_view text)
{
    return {text.begin(), text.end()};
}

Bytes extension(unsigned type, const Bytes& data)
{
    Bytes bytes;
    put16(bytes, type);
    put16(bytes, data.size());
    append(bytes, data);
    return bytes;
}

Bytes sni(std::string_view name, std::uint8_t type = 0)
{
    Bytes entry{type};
    put16(entry, name.size());
    append(entry, textBytes(name));
    Bytes list;
    put16(list, entry.size());
    append(list, entry);
    return extension(0, list);
}

Bytes alpn(const std::vector<std::string>& names)
{
    Bytes list;
    for (const std::string& name : names) {
        list.push_back(static_cast<std::uint8_t>(name.size()));
        append(list, textBytes(name));
    }
    Bytes data;
    put16(data, list.size());
    append(data, list);
    return extension(16, data);
}

// The handshake message.
Bytes hello(const Bytes& extensions, bool withExtensions = true)
{
    Bytes body;
    put16(body, 0x0303);
    body.insert(body.end(), 32, 0x55);
    body.push_back(0);
    put16(body, 2);
    put16(body, 0x1301);
    body.push_back(1);
    body.push_back(0);
    if (withExtensions) {
        put16(body, extensions.size());
        append(body, extensions);
    }
    Bytes message{1, static_cast<std::uint8_t>(body.size() >> 16U)};
    put16(message, body.size() & 0xffffU);
    append(message, body);
    return message;
}

// In records of at most `most` bytes.
Bytes records(const Bytes& message, std::size_t most = 16384)
{
    Bytes bytes;
    for (std::size_t at = 0; at < message.size(); at += most) {
        const std::size_t size = std::min(most, message.size() - at);
        append(bytes, {22, 3, 1});
        put16(bytes, size);
        bytes.insert(bytes.end(), message.begin() + static_cast<std::ptrdiff_t>(at),
                     message.begin() + static_cast<std::ptrdiff_t>(at + size));
    }
    return bytes;
}

// What OpenSSL itself sends.
Bytes realHello(const char* name)
{
    const ContextPtr context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    const SslPtr ssl(SSL_new(context.get()));
    BIO* const in = BIO_new(BIO_s_mem());
    BIO* const out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl.get(), in, out);
    SSL_set_connect_state(ssl.get());
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, 0, const_cast<char*>(name));
    const unsigned char protocols[] = "\x02h2\x08http/1.1";
    SSL_set_alpn_protos(ssl.get(), protocols, 12);
    SSL_do_handshake(ssl.get());
    Bytes bytes(4096);
    const int size = BIO_read(out, bytes.data(), static_cast<int>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(size));
    return bytes;
}

} // namespace

class ClientHelloTest : public QObject
{
    Q_OBJECT

private slots:
    void readsARealOne()
    {
        const HelloResult result = parseClientHello(realHello("api.example.com"));
        QCOMPARE(result.state, HelloState::Complete);
        QCOMPARE(result.hello.sni, std::string("api.example.com"));
        QCOMPARE(result.hello.alpn, (std::vector<std::string>{"h2", "http/1.1"}));
        QVERIFY(result.hello.offers("h2"));
        QVERIFY(!result.hello.offers("h3"));
        QVERIFY(result.hello.offersVersion(0x0304));
        QVERIFY(!result.hello.hasEch);
    }

    void waitsForEveryMissingByte()
    {
        const Bytes bytes = realHello("api.example.com");
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            const HelloResult result = parseClientHello(std::span(bytes).first(size));
            QCOMPARE(result.state, HelloState::NeedMore);
            QCOMPARE(result.isTls, size > 1);
        }
    }

    void joinsFragments_data()
    {
        QTest::addColumn<int>("size");
        for (const int size : {1, 2, 3, 4, 5, 37, 100})
            QTest::addRow("%d", size) << size;
    }
    void joinsFragments()
    {
        QFETCH(int, size);
        Bytes extensions = sni("api.example.com");
        append(extensions, alpn({"h2"}));
        const Bytes bytes = records(hello(extensions), static_cast<std::size_t>(size));
        const HelloResult result = parseClientHello(bytes);
        QCOMPARE(result.state, HelloState::Complete);
        QCOMPARE(result.hello.sni, std::string("api.example.com"));
        QCOMPARE(parseClientHello(std::span(bytes).first(bytes.size() - 1)).state,
                 HelloState::NeedMore);
    }

    void readsWhatIsThere_data()
    {
        QTest::addColumn<QByteArray>("extensions");
        QTest::addColumn<QString>("sni");
        QTest::addColumn<bool>("ech");
        const auto row = [](const char* name, const Bytes& bytes, const char* host, bool ech) {
            QTest::newRow(name) << QByteArray(reinterpret_cast<const char*>(bytes.data()),
                                              static_cast<qsizetype>(bytes.size()))
                                << host << ech;
        };
        row("none", {}, "", false);
        row("sni", sni("a.example"), "a.example", false);
        row("sni of another type", sni("a.example", 9), "", false);
        row("ech", extension(0xfe0d, {0, 0, 1}), "", true);
        row("unknown", extension(0x0a0a, {1, 2, 3}), "", false);
    }
    void readsWhatIsThere()
    {
        QFETCH(QByteArray, extensions);
        const HelloResult result =
            parseClientHello(records(hello(Bytes(extensions.begin(), extensions.end()))));
        QCOMPARE(result.state, HelloState::Complete);
        QTEST(QString::fromStdString(result.hello.sni), "sni");
        QTEST(result.hello.hasEch, "ech");
        QVERIFY(result.hello.offersVersion(0x0303));
    }

    void readsOldHellosWithoutExtensions()
    {
        const HelloResult result = parseClientHello(records(hello({}, false)));
        QCOMPARE(result.state, HelloState::Complete);
        QVERIFY(result.hello.sni.empty());
    }

    void refusesMalformed_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<bool>("isTls");
        const auto row = [](const char* name, const Bytes& bytes, bool isTls = true) {
            QTest::newRow(name) << QByteArray(reinterpret_cast<const char*>(bytes.data()),
                                              static_cast<qsizetype>(bytes.size()))
                                << isTls;
        };
        row("http", textBytes("GET / HTTP/1.1\r\n"), false);
        row("ssh", textBytes("SSH-2.0-OpenSSH"), false);
        row("one wrong byte", {23}, false);
        row("SSLv2", {0x80, 0x2e, 1, 3, 1}, false);
        row("not version 3", {22, 2}, false);
        row("empty record", {22, 3, 1, 0, 0});
        row("record too long", {22, 3, 1, 0x40, 0x01});
        row("server hello", {22, 3, 3, 0, 4, 2, 0, 0, 0});
        row("huge", {22, 3, 1, 0, 4, 1, 0, 0x40, 0x01});
        Bytes split = records(hello(sni("a.example")), 10);
        split[15] = 21;
        row("alert inside", split);
        Bytes twice = sni("a.example");
        append(twice, sni("b.example"));
        row("two server_name extensions", records(hello(twice)));
        Bytes two = sni("a.example");
        Bytes list(two.begin() + 6, two.end());
        append(list, list);
        Bytes data;
        put16(data, list.size());
        append(data, list);
        row("two names in one", records(hello(extension(0, data))));
        row("empty name", records(hello(sni(""))));
        row("long name", records(hello(sni(std::string(256, 'a')))));
        row("list past the end", records(hello(extension(0, {0, 9, 0, 0, 1, 'a'}))));
        row("bytes after the list", records(hello(extension(0, {0, 4, 0, 0, 1, 'a', 'b'}))));
        row("empty list", records(hello(extension(0, {0, 0}))));
        row("empty extension", records(hello(extension(0, {}))));
        row("ALPN empty name", records(hello(extension(16, {0, 1, 0}))));
        row("ALPN past the end", records(hello(extension(16, {0, 3, 9, 'h', '2'}))));
        row("versions odd", records(hello(extension(43, {3, 3, 4, 3}))));
        row("extension past the end", records(hello({0, 0, 0, 9, 1})));
        row("extension header cut", records(hello({0, 0, 0})));
        row("unknown twice", records(hello({0x0a, 0x0a, 0, 0, 0x0a, 0x0a, 0, 0})));
        Bytes message = hello(sni("a.example"));
        message[4] = 0x02; // legacy version 2.x
        row("version 2", records(message));
        message = hello(sni("a.example"));
        message[38] = 33; // session id
        row("session id too long", records(message));
    }
    void refusesMalformed()
    {
        QFETCH(QByteArray, bytes);
        const HelloResult result = parseClientHello(Bytes(bytes.begin(), bytes.end()));
        QCOMPARE(result.state, HelloState::Invalid);
        QVERIFY(!result.problem.empty());
        QTEST(result.isTls, "isTls");
    }

    void isBounded()
    {
        Bytes extensions = sni("a.example");
        append(extensions, extension(21, Bytes(12'000)));
        QCOMPARE(parseClientHello(records(hello(extensions))).state, HelloState::Complete);
        append(extensions, extension(22, Bytes(4'400)));
        const Bytes tooLong = records(hello(extensions));
        QCOMPARE(parseClientHello(tooLong).state, HelloState::Invalid);
        // One byte a record: the headers count as well.
        QCOMPARE(parseClientHello(records(hello(extension(21, Bytes(4'000))), 1)).state,
                 HelloState::Invalid);
    }

    void ignoresWhatFollows()
    {
        Bytes bytes = records(hello(sni("a.example")));
        append(bytes, textBytes("\x14\x03\x03"));
        QCOMPARE(parseClientHello(bytes).state, HelloState::Complete);
    }

    void makesAlerts() { QCOMPARE(alertRecord(112), (Bytes{21, 3, 3, 0, 2, 2, 112})); }
};

QTEST_APPLESS_MAIN(ClientHelloTest)
#include "client_hello_test.moc"

// Credentials at the door, with curl as guest: what the upstream gets, what the guest gets to see,
// and what does not leave.

#include <QTest>

#include <atomic>
#include <mutex>
#include <thread>

#include <fmt/format.h>
#include <sys/socket.h>

#include "egress_fixture.h"
#include "engine/base/text.h"
#include "engine/secret/encoding.h"
#include "engine/secret/sigv4.h"

using namespace sallyport;
using namespace sallyport::test;

namespace {

constexpr auto Home = "api.example.com";
constexpr auto Elsewhere = "other.example.com";
const std::string Value = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
const std::string Placeholder = "sp_A0B1C2D3E4F5G6H7I8J9K0L1M2N3O4P5Q6R7S";

const std::string AwsValue = "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY:session/token=+";

using Change = std::function<void(secret::KitEntry&)>;

std::shared_ptr<const secret::Kit> kit(const Change& change = {})
{
    secret::KitEntry entry;
    entry.credential.id = 1;
    entry.credential.name = "github";
    entry.credential.hosts = {Home};
    entry.credential.use = api::CredentialUse::Placeholder;
    entry.placeholder = Placeholder;
    entry.value = std::make_shared<const secret::SecretText>(Value);
    if (change)
        change(entry);
    std::vector<secret::KitEntry> entries;
    entries.push_back(std::move(entry));
    return std::make_shared<const secret::Kit>(std::move(entries));
}

QString url(const char* host, int port, const QString& path, const char* scheme = "https")
{
    return QString("%1://%2:%3%4").arg(scheme, host).arg(port).arg(path);
}

QString qtext(const std::string& bytes)
{
    return QString::fromStdString(bytes);
}

// Keeps what a client sent, and answers with all of it, so that nothing of it may reach the guest.
class Echo
{
public:
    Echo()
        : m_server([this](int socket) { serve(socket); })
    {
    }
    [[nodiscard]] int port() const { return m_server.port(); }
    [[nodiscard]] std::string seen() const
    {
        const std::lock_guard lock(m_mutex);
        return m_seen;
    }
    void forget()
    {
        const std::lock_guard lock(m_mutex);
        m_seen.clear();
    }

private:
    // A chunked body ends in "0\r\n\r\n"; others in these tests end in "END".
    static bool isWhole(const std::string& request)
    {
        return request.ends_with("0\r\n\r\n") || request.ends_with("END") ||
               (request.ends_with("\r\n\r\n") && request.starts_with("GET"));
    }
    void serve(int socket)
    {
        std::string request;
        char piece[4096];
        while (!isWhole(request)) {
            const ssize_t count = ::recv(socket, piece, sizeof piece, 0);
            if (count <= 0)
                break;
            request.append(piece, static_cast<std::size_t>(count));
            const std::lock_guard lock(m_mutex);
            m_seen += std::string(piece, static_cast<std::size_t>(count));
        }
        if (isWhole(request))
            sendAll(socket, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " +
                                std::to_string(request.size()) + "\r\n\r\n" + request);
    }

    mutable std::mutex m_mutex; // guards m_seen
    std::string m_seen;
    ScriptedServer m_server;
};

// What an upstream does once it has read the head of a request, whose body it does not wait for.
enum class Early
{
    ReadsOn,     // answers, and reads the body all the same
    Waits,       // answers, keeps the connection, reads no more
    Closes,      // answers, and closes
    Resets,      // answers, and resets: the stream, or the connection
    GoesOn,      // begins an answer that does not end
    SaysNothing, // closes without an answer
};

// Answers before it has the body, in HTTP/1.1 or 2, and keeps every byte of the body that came.
class EarlyServer
{
public:
    EarlyServer(Early early, bool isHttp2)
        : m_early(early)
        , m_isHttp2(isHttp2)
        , m_server([this](int socket) { serve(socket); })
    {
    }
    ~EarlyServer() { m_isOver = true; }
    [[nodiscard]] int port() const { return m_server.port(); }
    [[nodiscard]] std::string body() const
    {
        const std::lock_guard lock(m_mutex);
        return m_body;
    }

private:
    void serve(int socket)
    {
        std::string came = m_isHttp2 ? readHeadOfH2(socket) : readUntil(socket, "\r\n\r\n");
        if (!m_isHttp2)
            came.erase(0, came.find("\r\n\r\n") + 4);
        keep(came);
        if (m_early != Early::SaysNothing)
            answer(socket);
        if (m_early == Early::Resets && !m_isHttp2) {
            const linger hard{1, 0};
            ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        }
        if (m_early == Early::Closes || m_early == Early::SaysNothing ||
            (m_early == Early::Resets && !m_isHttp2))
            return;
        while (m_early == Early::Waits && !m_isOver)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        const timeval tick{0, 20'000}; // a connection of HTTP/2 is kept for other requests
        ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof tick);
        char piece[4096];
        for (ssize_t count = 1; count != 0 && !m_isOver;) {
            count = ::recv(socket, piece, sizeof piece, 0);
            came.append(piece, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
            keep(came);
        }
    }
    void answer(int socket) const
    {
        if (!m_isHttp2) {
            sendAll(socket,
                    m_early == Early::GoesOn
                        ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nearly\r\n"
                        : "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly");
            return;
        }
        const int end = m_early == Early::GoesOn ? 0 : 1;
        sendAll(socket, h2::frame(1, 4, 1, "\x88") + h2::frame(0, end, 1, "early"));
        if (m_early == Early::Resets)
            sendAll(socket, h2::frame(3, 0, 1, std::string_view("\0\0\0\0", 4)));
    }
    static std::string readHeadOfH2(int socket)
    {
        sendAll(socket, h2::frame(4, 0, 0, {}) + h2::frame(4, 1, 0, {}));
        std::string came = readUntil(socket, "SM\r\n\r\n");
        came.erase(0, came.find("SM\r\n\r\n") + 6);
        char piece[4096];
        while (!h2::holds(came, 1, 1)) {
            const ssize_t count = ::recv(socket, piece, sizeof piece, 0);
            if (count <= 0)
                break;
            came.append(piece, static_cast<std::size_t>(count));
        }
        return came;
    }
    // Of HTTP/1.1 the body has a length, so its bytes are the stream's.
    void keep(const std::string& came)
    {
        const std::string body = m_isHttp2 ? h2::data(came, 1) : came;
        const std::lock_guard lock(m_mutex);
        m_body = body;
    }

    Early m_early;
    bool m_isHttp2;
    std::atomic<bool> m_isOver{false};
    mutable std::mutex m_mutex; // guards m_body
    std::string m_body;
    ScriptedServer m_server;
};

} // namespace

class EgressCredentialTest : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<EgressFixture> m_fixture;
    std::unique_ptr<Echo> m_echo;

    void use(const Change& change = {}) { m_fixture->keeper().setKit(kit(change)); }
    // What nginx saw of the last request: "authorization|x-key|query|accept-encoding".
    QByteArray seenByNginx()
    {
        QFile log(m_fixture->path("seen.log"));
        const bool isOpen = log.open(QIODevice::ReadOnly);
        const QList<QByteArray> lines =
            isOpen ? log.readAll().trimmed().split('\n') : QList<QByteArray>();
        return lines.isEmpty() ? QByteArray() : lines.last();
    }
    void expectDenied(const char* where)
    {
        QTRY_COMPARE(m_fixture->keeper().lastRow().row.state, api::RowState::Denied);
        const api::RowDetail row = m_fixture->keeper().lastRow();
        QCOMPARE(row.row.step, api::Step::Credential);
        QCOMPARE(row.row.credentials, std::string("github"));
        QVERIFY2(row.row.reason.find(where) != std::string::npos, row.row.reason.c_str());
        QCOMPARE(m_fixture->keeper().alarms().size(), std::size_t{1});
        for (const auto& [name, value] : row.requestHeaders)
            QVERIFY(value.find(Value) == std::string::npos);
        QVERIFY(row.row.path.find(Value) == std::string::npos);
    }

private slots:
    void initTestCase()
    {
        m_fixture = std::make_unique<EgressFixture>();
        m_fixture->startNginx();
    }
    void cleanupTestCase()
    {
        m_fixture.reset();
        m_echo.reset();
    }
    void init()
    {
        m_fixture->keeper().forgetRows();
        m_fixture->keeper().allowAll();
        m_echo = std::make_unique<Echo>(); // what the one before still reads is its own
    }

    void aHeaderIsSetInPlaceOfTheGuests_data()
    {
        QTest::addColumn<QString>("version");
        QTest::newRow("HTTP/1.1") << "--http1.1";
        QTest::newRow("HTTP/2") << "--http2";
    }
    void aHeaderIsSetInPlaceOfTheGuests()
    {
        QFETCH(QString, version);
        use([](secret::KitEntry& entry) {
            entry.credential.use = api::CredentialUse::Header;
            entry.credential.header = "Authorization: token {}";
        });
        const int port = m_fixture->h2Port();
        const CurlResult result = m_fixture->curl(
            Home, port,
            {url(Home, port, "/secret?a=b"), version, "-i", "-H", "Authorization: mine"});
        QTRY_COMPARE(seenByNginx(), QByteArray(("token " + Value + "|-|a=b|identity").c_str()));
        // The echo, in a header and in the body, is of the placeholder.
        QVERIFY(!result.out.contains(Value.c_str()));
        QCOMPARE(result.out.count(("token " + Placeholder).c_str()), 2);
        QTRY_COMPARE(m_fixture->keeper().lastRow().row.state, api::RowState::Done);
        const api::RowDetail row = m_fixture->keeper().lastRow();
        QCOMPARE(row.row.credentials, std::string("github"));
        for (const auto* headers : {&row.requestHeaders, &row.responseHeaders})
            for (const auto& [name, value] : *headers)
                QVERIFY(value.find(Value) == std::string::npos);
    }

    void basicAndQueryArePutIn()
    {
        const int port = m_fixture->h1Port();
        use([](secret::KitEntry& entry) {
            entry.credential.use = api::CredentialUse::Basic;
            entry.credential.user = "me";
        });
        CurlResult result = m_fixture->curl(Home, port, {url(Home, port, "/secret"), "-u", "x:y"});
        QTRY_COMPARE(seenByNginx(),
                 QByteArray(("Basic " + text::toBase64("me:" + Value) + "|-|-|identity").c_str()));
        QVERIFY(result.out.contains(text::toBase64("me:" + Placeholder).substr(4, 40).c_str()));

        use([](secret::KitEntry& entry) {
            entry.credential.use = api::CredentialUse::Query;
            entry.credential.parameter = "key";
        });
        result = m_fixture->curl(Home, port, {url(Home, port, "/secret?key=mine&q=1")});
        QTRY_COMPARE(seenByNginx(), QByteArray(("-|-|q=1&key=" + Value + "|identity").c_str()));
        QVERIFY(result.out.contains(("key=" + Placeholder).c_str()));
        QVERIFY(m_fixture->keeper().lastRow().row.path.find(Value) == std::string::npos);
    }

    void placeholdersAreReplacedWhereverTheGuestPutThem()
    {
        use();
        const int port = m_fixture->h2Port();
        static_cast<void>(m_fixture->curl(Home, port,
                                          {url(Home, port, "/secret?k=" + qtext(Placeholder)), "-H",
                                           "X-Key: " + qtext(Placeholder) + ";v=1", "-u",
                                           "user:" + qtext(Placeholder)}));
        QTRY_COMPARE(seenByNginx(), QByteArray(("Basic " + text::toBase64("user:" + Value) + "|" +
                                            Value + ";v=1|k=" + Value + "|identity")
                                               .c_str()));
        // Who has none is left alone, but for what the answer needs.
        static_cast<void>(m_fixture->curl(Home, port, {url(Home, port, "/secret")}));
        QTRY_COMPARE(seenByNginx(), QByteArray("-|-|-|identity"));
        QTRY_COMPARE(m_fixture->keeper().lastRow().row.credentials, std::string());
    }

    void aBodyGetsTheValueWhereChosenAndKeepsItsLength()
    {
        const auto send = [&]() -> CurlResult {
            return m_fixture->curl(Home, m_echo->port(),
                                   {url(Home, m_echo->port(), "/", "http"), "--data-binary",
                                    "token=" + qtext(Placeholder) + "&END"});
        };
        use([](secret::KitEntry& entry) { entry.credential.plainHttp = true; });
        CurlResult result = send();
        QVERIFY(m_echo->seen().find(Value) == std::string::npos);
        QVERIFY(result.out.contains(Placeholder.c_str()));

        m_echo->forget();
        use([](secret::KitEntry& entry) {
            entry.credential.plainHttp = entry.credential.inBodies = true;
        });
        result = send();
        QVERIFY(m_echo->seen().find("token=" + Value + "&END") != std::string::npos);
        QVERIFY(m_echo->seen().find("Content-Length: 50") != std::string::npos);
        QVERIFY(!result.out.contains(Value.c_str()));
        QVERIFY(result.out.contains(("token=" + Placeholder + "&END").c_str()));
    }

    void aBodyOfAnotherLengthGoesInChunks()
    {
        use([](secret::KitEntry& entry) {
            entry.credential.plainHttp = entry.credential.inBodies = true;
            entry.value = std::make_shared<const secret::SecretText>("short-value");
        });
        const CurlResult result =
            m_fixture->curl(Home, m_echo->port(),
                            {url(Home, m_echo->port(), "/", "http"), "-i", "--data-binary",
                             "token=" + qtext(Placeholder) + "&END"});
        QVERIFY(m_echo->seen().find("token=short-value&END") != std::string::npos);
        QVERIFY(m_echo->seen().find("Content-Length") == std::string::npos);
        QVERIFY(result.out.contains(("token=" + Placeholder + "&END").c_str()));
    }

    void nothingOfItGoesElsewhere_data()
    {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("where");
        const QString value = qtext(Value);
        const QString placeholder = qtext(Placeholder);
        QTest::newRow("placeholder, header") << QStringList{"-H", "X-A: " + placeholder} << "/"
                                             << "a header";
        QTest::newRow("placeholder, basic") << QStringList{"-u", "u:" + placeholder} << "/"
                                            << "a header";
        QTest::newRow("placeholder, query")
            << QStringList{} << "/?a=" + placeholder << "the address";
        QTest::newRow("value, header") << QStringList{"-H", "X-A: a" + value} << "/"
                                       << "a header";
        QTest::newRow("value, percent")
            << QStringList{}
            << "/?" + value.left(5) + "%" + qtext(secret::toHex(Value.substr(5, 1))) + value.mid(6)
            << "the address";
        QTest::newRow("value, hex")
            << QStringList{} << "/" + qtext(secret::toHex(Value)) << "the address";
        QTest::newRow("value, body") << QStringList{"--data-binary", "xx" + value + "END"} << "/"
                                     << "the body";
        QTest::newRow("value, base64 body")
            << QStringList{"--data-binary", qtext(text::toBase64("abc" + Value + "END"))} << "/"
            << "the body";
        QTest::newRow("placeholder, chunked body")
            << QStringList{"-H", "Transfer-Encoding: chunked", "--data-binary", placeholder + "END"}
            << "/"
            << "the body";
    }
    void nothingOfItGoesElsewhere()
    {
        QFETCH(QStringList, arguments);
        QFETCH(QString, path);
        QFETCH(QString, where);
        use([](secret::KitEntry& entry) { entry.credential.plainHttp = true; });
        const CurlResult result = m_fixture->curl(
            Elsewhere, m_echo->port(),
            QStringList{url(Elsewhere, m_echo->port(), path, "http"), "-w", "%{http_code}"} +
                arguments);
        QVERIFY2(result.out.endsWith("403"), result.out);
        QVERIFY(result.out.contains("\"step\":\"credential\""));
        expectDenied(qPrintable(where));
        QVERIFY(m_echo->seen().find(Value.substr(0, 8)) == std::string::npos);
        QVERIFY(m_echo->seen().find(Placeholder.substr(0, 8)) == std::string::npos);
    }

    void withoutTlsItsOwnHostIsElsewhereToo()
    {
        use();
        const int port = m_fixture->plainPort();
        const CurlResult result =
            m_fixture->curl(Home, port,
                            {url(Home, port, "/secret", "http"), "-w", "%{http_code}", "-H",
                             "X-Key: " + qtext(Placeholder)});
        QVERIFY(result.out.endsWith("403"));
        expectDenied("TLS");
    }

    void nobodyIsAskedAboutALeak()
    {
        use();
        m_fixture->keeper().setDecide(
            [](const policy::Request&) { return verdict(policy::Verdict::Ask); });
        const int port = m_fixture->h2Port();
        const CurlResult result = m_fixture->curl(Elsewhere, port,
                                                  {url(Elsewhere, port, "/"), "-w", "%{http_code}",
                                                   "-H", "X-Key: " + qtext(Placeholder)});
        QVERIFY(result.out.endsWith("403"));
        QCOMPARE(m_fixture->keeper().openQuestions(), 0);
        expectDenied("a header");
    }

    void whatCanNotBeHadIsNotLeftOut()
    {
        use([](secret::KitEntry& entry) {
            entry.credential.use = api::CredentialUse::Header;
            entry.value = nullptr;
            entry.problem = "the vault is locked";
        });
        const int port = m_fixture->h2Port();
        const CurlResult result =
            m_fixture->curl(Home, port, {url(Home, port, "/secret"), "-w", "%{http_code}"});
        QVERIFY(result.out.endsWith("403"));
        QVERIFY(result.out.contains("the vault is locked"));
        QCOMPARE(m_fixture->keeper().lastRow().row.step, api::Step::Credential);
        QVERIFY(m_fixture->keeper().alarms().empty());
    }

    // The answer may be over before the body is, the upstream may be gone: nothing of the value
    // leaves, and the leak is told of all the same.
    void aLeakIsFoundWhereTheServerAnswersEarly_data()
    {
        QTest::addColumn<int>("early");
        QTest::addColumn<bool>("isHttp2");
        QTest::addColumn<QString>("secret");
        for (const bool isHttp2 : {false, true})
            for (const auto& [name, early] :
                 {std::pair("reads on", Early::ReadsOn), std::pair("waits", Early::Waits),
                  std::pair("closes", Early::Closes), std::pair("resets", Early::Resets),
                  std::pair("goes on", Early::GoesOn),
                  std::pair("says nothing", Early::SaysNothing)})
                for (const auto& [form, secret] :
                     {std::pair("value", Value), std::pair("placeholder", Placeholder),
                      std::pair("base64", text::toBase64(Value)),
                      std::pair("hex", secret::toHex(Value))})
                    QTest::addRow("%s, %s, %s", isHttp2 ? "HTTP/2" : "HTTP/1.1", name, form)
                        << static_cast<int>(early) << isHttp2 << qtext(secret);
    }
    void aLeakIsFoundWhereTheServerAnswersEarly()
    {
        QFETCH(int, early);
        QFETCH(bool, isHttp2);
        QFETCH(QString, secret);
        use();
        const auto what = static_cast<Early>(early);
        EarlyServer server(what, isHttp2);
        const UniqueFd guest = m_fixture->connectTo(m_fixture->frontFor(Elsewhere, server.port()));
        const std::string first = "begin-";
        const std::string more = std::string(1000, 'g');
        const std::string leak = secret.toStdString();
        const std::string end = "-END";
        const std::size_t length = first.size() + more.size() + leak.size() + end.size();
        const std::string host = fmt::format("{}:{}", Elsewhere, server.port());
        if (isHttp2)
            sendAll(guest.get(),
                    h2::preface() + h2::post(1, host, "/") + h2::frame(0, 0, 1, first));
        else
            sendAll(guest.get(),
                    fmt::format("POST / HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n{}", host,
                                length, first));
        const std::string answer =
            readUntil(guest.get(), what == Early::SaysNothing ? "upstream" : "early");
        QVERIFY2(answer.find(what == Early::SaysNothing ? "upstream" : "early") !=
                     std::string::npos,
                 answer.c_str());
        const bool reads = what == Early::ReadsOn || what == Early::GoesOn;
        const auto send = [&](const std::string& bytes, int flags = 0) {
            sendAll(guest.get(), isHttp2 ? h2::frame(0, flags, 1, bytes) : bytes);
        };
        send(more);
        // A pause within the value: what came of it waits at the door, but for a few bytes.
        send(leak.substr(0, 12));
        if (reads)
            QTRY_COMPARE(server.body(), first + more);
        send(leak.substr(12) + end, 1);
        expectDenied("the body");
        const std::string left = server.body();
        if (reads)
            QCOMPARE(left, first + more);
        else
            QVERIFY2((first + more).starts_with(left), left.c_str());
    }

    void aBodyWithALimitIsScreenedToo()
    {
        use([](secret::KitEntry& entry) { entry.credential.plainHttp = true; });
        m_fixture->keeper().setMostUploadBytes(1 << 20);
        const CurlResult result =
            m_fixture->curl(Elsewhere, m_echo->port(),
                            {url(Elsewhere, m_echo->port(), "/", "http"), "-w", "%{http_code}",
                             "--data-binary", "xx" + qtext(Value) + "END"});
        m_fixture->keeper().setMostUploadBytes(0);
        QVERIFY2(result.out.endsWith("403"), result.out);
        expectDenied("the body");
        QVERIFY(m_echo->seen().find(Value.substr(0, 8)) == std::string::npos);
    }

    // The signature of what was seen, as its server would compute it.
    std::string signatureOfSeen(const std::string& body)
    {
        const std::string seen = m_echo->seen();
        secret::AwsRequest request;
        const std::size_t line = seen.find("\r\n");
        const std::string_view first = std::string_view(seen).substr(0, line);
        request.method = first.substr(0, first.find(' '));
        request.target = first.substr(first.find(' ') + 1);
        request.target = request.target.substr(0, request.target.find(' '));
        std::optional<secret::AwsAuthorization> as;
        request.payloadHash = secret::awsPayloadHash(body);
        for (std::size_t at = line + 2; seen.substr(at, 2) != "\r\n";) {
            const std::size_t end = seen.find("\r\n", at);
            const std::string_view field = std::string_view(seen).substr(at, end - at);
            const std::string_view name = field.substr(0, field.find(':'));
            const std::string_view value = field.substr(field.find(':') + 2);
            request.fields.emplace_back(name, value);
            if (text::equalsIgnoringCase(name, "authorization"))
                as = secret::AwsAuthorization::parse(value);
            if (text::equalsIgnoringCase(name, "x-amz-content-sha256"))
                request.payloadHash = value;
            at = end + 2;
        }
        if (!as || as->id != "AKIDEXAMPLE")
            return "not signed with the true key: " + seen;
        return secret::awsSigned(request, *as, secret::AwsKeys::of(AwsValue)).value_or("none");
    }
    static void signForAws(secret::KitEntry& entry)
    {
        entry.credential.plainHttp = true;
        entry.credential.use = api::CredentialUse::AwsSigV4;
        entry.value = std::make_shared<const secret::SecretText>(AwsValue);
    }
    void aRequestIsSignedAnewForAws_data()
    {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<QString>("body");
        QTest::newRow("no body") << QStringList{} << "";
        QTest::newRow("a body that is read for it") << QStringList{"--data-binary", "a=b&END"} << "a=b&END";
        QTest::newRow("chunked") << QStringList{"--data-binary", "a=b&END", "-H", "Transfer-Encoding: chunked"}
                                 << "a=b&END";
        QTest::newRow("unsigned") << QStringList{"--data-binary", "a=b&END", "-H",
                                                 "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD"}
                                  << "a=b&END";
    }
    // curl signs by itself, with the placeholder for both keys.
    void aRequestIsSignedAnewForAws()
    {
        QFETCH(QStringList, arguments);
        QFETCH(QString, body);
        use(signForAws);
        const CurlResult result = m_fixture->curl(
            Home, m_echo->port(),
            QStringList{url(Home, m_echo->port(), "/a%20b/c?z=1&a=2", "http"), "--aws-sigv4",
                        "aws:amz:us-east-1:service", "-u",
                        qtext(Placeholder) + ":" + qtext(Placeholder)} +
                arguments);
        QVERIFY2(!m_echo->seen().empty(), result.out + result.error);
        const std::string signature = signatureOfSeen(body.toStdString());
        QVERIFY2(signature.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), signature.c_str());
        QVERIFY2(m_echo->seen().find("uthorization: " + signature + "\r\n") != std::string::npos,
                 (signature + "\n" + m_echo->seen()).c_str());
        QVERIFY(m_echo->seen().find(qtext(Placeholder).toStdString()) == std::string::npos);
        QVERIFY(m_echo->seen().find("X-Amz-Security-Token: session/token=+") != std::string::npos);
        QVERIFY(m_echo->seen().ends_with(body.toStdString()));
        QTRY_COMPARE(m_fixture->keeper().lastRow().row.credentials, std::string("github"));
        QVERIFY(m_fixture->keeper().alarms().empty());
    }

    void whatCanNotBeSignedAnewIsRefused_data()
    {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("why");
        const QString as = "Authorization: AWS4-HMAC-SHA256 Credential=" + qtext(Placeholder) +
                           "/20150830/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=00";
        QTest::newRow("pieces") << QStringList{"-H", as, "-H", "X-Amz-Date: 20150830T123600Z", "-H",
                                               "X-Amz-Content-Sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
                                               "--data-binary", "xEND"}
                                << "/"
                                << "signed in pieces";
        QTest::newRow("no time") << QStringList{"-H", as} << "/"
                                 << "x-amz-date";
        QTest::newRow("presigned") << QStringList{}
                                   << "/?X-Amz-Credential=" + qtext(Placeholder) + "%2F20150830%2Fus&X-Amz-Signature=00"
                                   << "not URLs";
    }
    void whatCanNotBeSignedAnewIsRefused()
    {
        QFETCH(QStringList, arguments);
        QFETCH(QString, path);
        QFETCH(QString, why);
        use(signForAws);
        const CurlResult result = m_fixture->curl(
            Home, m_echo->port(),
            QStringList{url(Home, m_echo->port(), path, "http"), "-w", "%{http_code}"} + arguments);
        QVERIFY2(result.out.endsWith("403") && result.out.contains(why.toUtf8()), result.out);
        QCOMPARE(m_echo->seen(), std::string());
    }

    void aSignatureForAwsGoesNowhereElse()
    {
        use(signForAws);
        const CurlResult result = m_fixture->curl(
            Elsewhere, m_echo->port(),
            {url(Elsewhere, m_echo->port(), "/", "http"), "-w", "%{http_code}", "--aws-sigv4",
             "aws:amz:us-east-1:service", "-u", qtext(Placeholder) + ":" + qtext(Placeholder)});
        QVERIFY2(result.out.endsWith("403"), result.out);
        expectDenied("a header");
        QCOMPARE(m_echo->seen(), std::string());
    }

    void aLargeUploadIsScreenedToItsEnd()
    {
        use();
        QFile file(m_fixture->path("upload.bin"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        const QByteArray filler(1 << 20, 'g');
        for (int i = 0; i < 16; ++i)
            file.write(filler);
        file.close();
        const int port = m_fixture->h2Port();
        const QStringList arguments{url(Elsewhere, port, "/upload"), "-w", "%{http_code}", "-T",
                                    file.fileName()};
        QVERIFY(m_fixture->curl(Elsewhere, port, arguments).out.endsWith("200"));
        QTRY_COMPARE(m_fixture->keeper().lastRow().row.requestBytes, std::int64_t{16} << 20);
        QVERIFY(file.open(QIODevice::Append));
        file.write(Value.c_str());
        file.close();
        m_fixture->keeper().forgetRows();
        QVERIFY(!m_fixture->curl(Elsewhere, port, arguments).out.endsWith("200"));
        expectDenied("the body");
    }
};

QTEST_GUILESS_MAIN(EgressCredentialTest)
#include "egress_credential_test.moc"

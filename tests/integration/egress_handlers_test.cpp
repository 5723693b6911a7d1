// The built-in handlers as real clients meet them, decided by a real ladder.

#include <QTest>

#include "egress_fixture.h"

#include "engine/policy/ladder.h"

using namespace sallyport;
using namespace sallyport::test;

namespace {

constexpr auto Host = "api.example.com";

api::Handler handlerAt(std::string host, std::string name, const std::string& params = "{}")
{
    api::Handler made;
    made.host = std::move(host);
    made.name = std::move(name);
    made.params = params;
    return made;
}

QString url(const char* scheme, int port, const QString& path)
{
    return QString("%1://%2:%3%4").arg(scheme, Host).arg(port).arg(path);
}

std::string valueOf(const std::vector<std::pair<std::string, std::string>>& headers,
                    const std::string& name)
{
    for (const auto& [key, value] : headers)
        if (QString::fromStdString(key).toLower() == QString::fromStdString(name).toLower())
            return value;
    return {};
}

} // namespace

class EgressHandlersTest : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<EgressFixture> m_fixture;

    // A sandbox that denies by default, with these handlers.
    void set(const std::vector<api::Handler>& handlers, const std::vector<api::Rule>& rules = {})
    {
        api::Sandbox sandbox;
        sandbox.id = EgressFixture::Sandbox;
        sandbox.defaultAction = api::DefaultAction::Deny;
        // Upstreams of the tests are on loopback; the fixture's gatekeeper lets their addresses
        // pass.
        m_fixture->keeper().setPolicy(
            policy::Snapshot::build(sandbox, rules, {}, nowUnixMillis(), handlers));
    }

private slots:
    void initTestCase()
    {
        m_fixture = std::make_unique<EgressFixture>();
        m_fixture->startNginx();
    }
    void cleanupTestCase() { m_fixture.reset(); }
    void init() { m_fixture->keeper().forgetRows(); }

    void readOnlyAnswers405_data()
    {
        QTest::addColumn<QString>("version");
        QTest::newRow("1.1") << "--http1.1";
        QTest::newRow("2") << "--http2";
    }
    void readOnlyAnswers405()
    {
        QFETCH(QString, version);
        const int port = m_fixture->h2Port();
        set({handlerAt("", "readOnly")});
        const CurlResult read = m_fixture->curl(
            Host, port, {url("https", port, "/hello"), version, "-w", "%{http_code}"});
        QCOMPARE(read.out, "hello from nginx\n200");
        const CurlResult write =
            m_fixture->curl(Host, port,
                            {url("https", port, "/upload"), version, "-d", "x=1", "-D", "-", "-o",
                             "/dev/null", "-w", "%{http_code}"});
        QVERIFY(write.out.endsWith("405"));
        QVERIFY(write.out.toLower().contains("allow: get, head, options"));
        const api::Row row = m_fixture->keeper().lastRow().row;
        QCOMPARE(row.state, api::RowState::Denied);
        QCOMPARE(row.step, api::Step::Handler);
        QCOMPARE(row.status, 405);
        QVERIFY(row.reason.find("readOnly") != std::string::npos);
    }

    void aChangeIsObeyedOnAnOpenConnection()
    {
        const int port = m_fixture->plainPort();
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, port));
        const std::string get =
            "GET /hello HTTP/1.1\r\nHost: api.example.com:" + std::to_string(port) + "\r\n\r\n";
        set({handlerAt(Host, "log")});
        sendAll(client.get(), get);
        QVERIFY(readUntil(client.get(), "hello from nginx\n").starts_with("HTTP/1.1 200"));
        set({handlerAt(Host, "log"), handlerAt("*.example.com", "noHttp")});
        sendAll(client.get(), get);
        QVERIFY(readUntil(client.get(), "hello from nginx\n").starts_with("HTTP/1.1 200"));
        set({handlerAt("*.example.com", "respond", R"({"status":418,"body":"short and stout"})")});
        sendAll(client.get(), get);
        QVERIFY(readUntil(client.get(), "stout").starts_with("HTTP/1.1 418"));
        set({handlerAt("", "noHttp")});
        sendAll(client.get(), get);
        QVERIFY(readUntil(client.get(), "}\n").starts_with("HTTP/1.1 403"));
        set({});
        sendAll(client.get(), get);
        QVERIFY(readUntil(client.get(), "}\n").find(R"("step":"default")") != std::string::npos);
    }

    void respondAnswersByItself_data()
    {
        QTest::addColumn<QStringList>("options");
        QTest::addColumn<QString>("params");
        QTest::addColumn<QByteArray>("expected");
        const QString page = R"({"status":200,"headers":{"Content-Type":"text/plain","X-By":"us"},)"
                             R"("body":"from the door"})";
        QTest::newRow("1.1") << QStringList{"--http1.1"} << page
                             << QByteArray("from the door|200|text/plain|us");
        QTest::newRow("2") << QStringList{"--http2"} << page
                           << QByteArray("from the door|200|text/plain|us");
        QTest::newRow("HEAD") << QStringList{"--http1.1", "--head", "-o", "/dev/null"} << page
                              << QByteArray("|200|text/plain|us");
        QTest::newRow("an upload is dropped") << QStringList{"--http2", "-d", "x=1"} << page
                                              << QByteArray("from the door|200|text/plain|us");
        QTest::newRow("204") << QStringList{"--http1.1"} << R"({"status":204})"
                             << QByteArray("|204||");
        QTest::newRow("empty") << QStringList{"--http2"} << "{}" << QByteArray("|200||");
    }
    void respondAnswersByItself()
    {
        QFETCH(QStringList, options);
        QFETCH(QString, params);
        QFETCH(QByteArray, expected);
        set({handlerAt(Host, "respond", params.toStdString())});
        // Nothing listens there.
        const CurlResult result = m_fixture->curl(
            Host, 1,
            options + QStringList{url("https", 1, "/x"), "-w",
                                  "|%{http_code}|%header{content-type}|%header{x-by}"});
        QCOMPARE(result.error, QByteArray());
        QCOMPARE(result.out, expected);
        const api::RowDetail row = m_fixture->keeper().lastRow();
        QCOMPARE(row.row.state, api::RowState::Done);
        QCOMPARE(row.row.verdict, std::optional(api::Action::Allow));
        QVERIFY(row.row.upstreamAddress.empty());
    }

    void aLongAnswerArrivesWhole()
    {
        const std::string body(48 * 1024, 'x');
        set({handlerAt(Host, "respond", R"({"body":")" + body + R"("})")});
        for (const QString version : {"--http1.1", "--http2"}) {
            const CurlResult result = m_fixture->curl(
                Host, 1,
                {url("https", 1, "/x"), version, "-o", "/dev/null", "-w", "%{size_download}"});
            QCOMPARE(result.out, QByteArray::number(qlonglong(body.size())));
        }
    }

    void setHeadersChangesBothWays_data()
    {
        QTest::addColumn<QString>("version");
        QTest::newRow("1.1") << "--http1.1";
        QTest::newRow("2") << "--http2";
    }
    void setHeadersChangesBothWays()
    {
        QFETCH(QString, version);
        const int port = m_fixture->h2Port();
        set({handlerAt(Host, "setHeaders",
                       R"({"request":{"X-Test":"from the door","Cookie":null},)"
                       R"("response":{"X-Added":"yes","Server":null}})")});
        const CurlResult result =
            m_fixture->curl(Host, port,
                            {url("https", port, "/echo-headers"), version, "-H", "X-Test: mine",
                             "-H", "Cookie: a=1", "-w", "%header{x-added}|%header{server}"});
        QCOMPARE(result.error, QByteArray());
        QVERIFY2(result.out.startsWith("from the door||"), result.out.constData());
        QVERIFY2(result.out.endsWith("yes|"), result.out.constData());
        // The log shows what the guest sent, and what it got.
        const api::RowDetail row = m_fixture->keeper().lastRow();
        QCOMPARE(valueOf(row.requestHeaders, "X-Test"), std::string("mine"));
        QCOMPARE(valueOf(row.responseHeaders, "X-Added"), std::string("yes"));
    }

    void redirectToLeadsToAPortOfThisMachine_data()
    {
        QTest::addColumn<QString>("scheme");
        QTest::addColumn<QString>("version");
        QTest::addColumn<bool>("keepHost");
        for (const char* scheme : {"http", "https"})
            for (const bool keep : {true, false})
                QTest::addRow("%s, host %s", scheme, keep ? "kept" : "replaced")
                    << scheme << "--http1.1" << keep;
        QTest::newRow("HTTP/2") << "https"
                                << "--http2" << false;
    }
    void redirectToLeadsToAPortOfThisMachine()
    {
        QFETCH(QString, scheme);
        QFETCH(QString, version);
        QFETCH(bool, keepHost);
        std::string seen;
        ScriptedServer server([&](int socket) {
            seen = readUntil(socket, "END");
            sendAll(socket, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nlocal");
        });
        set({handlerAt(Host, "redirectTo",
                       QString(R"({"port":%1,"name":"models","hostHeader":"%2"})")
                           .arg(server.port())
                           .arg(keepHost ? "keep" : "replace")
                           .toStdString())});
        // The floor refuses every address; the handler is the grant.
        m_fixture->keeper().refuseAddresses(true);
        const CurlResult result =
            m_fixture->curl(Host, 8443,
                            {url(scheme.toUtf8().constData(), 8443, "/v1?a=b"), version, "-d",
                             "some END", "-w", "|%{http_code}"});
        m_fixture->keeper().refuseAddresses(false);
        QCOMPARE(result.out, "local|200");
        QVERIFY2(seen.starts_with("POST /v1?a=b HTTP/1.1\r\n"), seen.c_str());
        const std::string host = keepHost ? std::string("api.example.com:8443")
                                          : "localhost:" + std::to_string(server.port());
        QVERIFY2(QString::fromStdString(seen).toLower().contains(
                     QString("\r\nhost: %1\r\n").arg(QString::fromStdString(host))),
                 seen.c_str());
        const api::Row row = m_fixture->keeper().lastRow().row;
        QCOMPARE(row.upstreamAddress, "127.0.0.1:" + std::to_string(server.port()));
        QVERIFY(row.reason.find("(models)") != std::string::npos);
    }

    void aRedirectedConnectionServesNobodyElse()
    {
        // A kept connection to the granted port must not serve a request that the floor refuses.
        const int port = m_fixture->plainPort();
        set({handlerAt(Host, "redirectTo", "{\"port\":" + std::to_string(port) + "}"),
             handlerAt("evil.example", "log")});
        m_fixture->resolveTo("evil.example", {"127.0.0.1"});
        m_fixture->keeper().refuseAddresses(true);
        const CurlResult led = m_fixture->curl(Host, port, {url("http", port, "/hello")});
        const CurlResult refused = m_fixture->curl(
            "evil.example", port,
            {QString("http://evil.example:%1/hello").arg(port), "-w", "%{http_code}"});
        m_fixture->keeper().refuseAddresses(false);
        QCOMPARE(led.out, "hello from nginx\n");
        QVERIFY(refused.out.endsWith("403"));
    }

    void nobodyListensAtTheRedirection()
    {
        set({handlerAt(Host, "redirectTo", R"({"port":1})")});
        const CurlResult result = m_fixture->curl(
            Host, 80, {QString("http://%1/").arg(Host), "-o", "/dev/null", "-w", "%{http_code}"});
        QCOMPARE(result.out, "502");
        QCOMPARE(m_fixture->keeper().lastRow().row.state, api::RowState::Failed);
    }

    void aTunnelIsNotOpened()
    {
        const int port = m_fixture->h2Port();
        set({handlerAt(Host, "tunnel")});
        // The upstream's own certificate, which the sandbox's authority has not signed.
        const CurlResult distrusted = m_fixture->curl(Host, port, {url("https", port, "/hello")});
        QCOMPARE(distrusted.exitCode, 60);
        const CurlResult result = m_fixture->curl(
            Host, port, {url("https", port, "/hello"), "-k", "-w", "%{http_version}"});
        QCOMPARE(result.out, "hello from nginx\n2");
        const api::Row row = m_fixture->keeper().lastRow().row;
        QCOMPARE(row.protocol, std::string("tls"));
        QCOMPARE(row.method, std::string("CONNECT"));
        QCOMPARE(row.state, api::RowState::Done);
        QVERIFY(row.responseBytes > 0);
        QVERIFY(row.reason.find("passed unread by the handler tunnel") != std::string::npos);
    }

    void aTunnelIsBoundToItsName()
    {
        const int port = m_fixture->h2Port();
        set({handlerAt(Host, "tunnel")});
        m_fixture->resolveTo("other.example", {"127.0.0.1"});
        // Dialled as api.example.com, but for another name.
        const CurlResult result = m_fixture->curl(
            Host, port,
            {QString("https://other.example:%1/hello").arg(port), "-k", "--connect-to",
             QString("other.example:%1:127.0.0.1:%2")
                 .arg(port)
                 .arg(m_fixture->frontFor(Host, port))});
        QVERIFY(result.exitCode != 0);
        QCOMPARE(m_fixture->keeper().lastRow().row.step, api::Step::Protocol);
    }

    void aDenyOfAPartKeepsTheTunnelOpenToUs()
    {
        const int port = m_fixture->h2Port();
        api::Rule deny;
        deny.id = 1;
        deny.action = api::Action::Deny;
        deny.match.host = Host;
        deny.match.method = "POST";
        set({handlerAt(Host, "tunnel")}, {deny});
        const CurlResult read = m_fixture->curl(Host, port, {url("https", port, "/hello")});
        QCOMPARE(read.out, "hello from nginx\n");
        const CurlResult write = m_fixture->curl(
            Host, port,
            {url("https", port, "/upload"), "-d", "x", "-o", "/dev/null", "-w", "%{http_code}"});
        QCOMPARE(write.out, "403");
    }

    void logWritesALine()
    {
        const int port = m_fixture->plainPort();
        set({handlerAt("", "log")});
        const CurlResult result = m_fixture->curl(Host, port, {url("http", port, "/hello?a=b")});
        QCOMPARE(result.out, "hello from nginx\n");
        const auto lines = m_fixture->keeper().handlerLines();
        QCOMPARE(lines.size(), 1U);
        QCOMPARE(lines[0].text, url("GET http", port, "/hello?a=b").toStdString());
        QCOMPARE(lines[0].row, std::optional(m_fixture->keeper().lastRow().row.id));
    }

    void hostListsDecide()
    {
        const int port = m_fixture->plainPort();
        const auto status = [&] {
            return m_fixture
                ->curl(Host, port,
                       {url("http", port, "/hello"), "-o", "/dev/null", "-w", "%{http_code}"})
                .out;
        };
        set({handlerAt("", "allowHosts", R"({"allowedHostnames":["*.example.com"]})")});
        QCOMPARE(status(), "200");
        set({handlerAt("", "allowHosts", R"({"hosts":["example.com"]})")});
        QCOMPARE(status(), "403");
        set({handlerAt("", "denyHosts", R"({"hosts":["*.example.com"]})")});
        QCOMPARE(status(), "403");
        set({handlerAt("", "denyHosts", R"({"hosts":["example.com"]})")});
        QCOMPARE(status(), "200");
    }

    void otherTcpIsDeniedByWhatKnowsHttpOnly()
    {
        ScriptedServer server([](int socket) { sendAll(socket, "220 hello\r\n"); });
        const auto read = [&] {
            const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, server.port()));
            return readUntil(client.get(), "\r\n");
        };
        set({handlerAt("", "readOnly")});
        QCOMPARE(read(), std::string());
        // The client may read the reset before the row is written.
        QTRY_VERIFY_WITH_TIMEOUT(
            m_fixture->keeper().lastRow().row.reason.find("lets only HTTP pass") !=
                std::string::npos,
            20000);
        set({handlerAt("", "readOnly"), handlerAt(Host, "log")});
        QCOMPARE(read(), std::string("220 hello\r\n"));
    }

    void askHoldsAndAChangeOfThePolicyLetsTheLadderDecideAgain()
    {
        const int port = m_fixture->plainPort();
        set({handlerAt("", "ask")});
        QProcess curl;
        m_fixture->startCurl(curl, Host, port, {url("http", port, "/hello"), "-w", "%{http_code}"});
        QTRY_COMPARE_WITH_TIMEOUT(m_fixture->keeper().openQuestions(), 1, 20000);
        QCOMPARE(m_fixture->keeper().rows().back().row.step, api::Step::Handler);
        set({handlerAt("", "respond", R"({"status":404,"body":"instead "})")});
        egress::AskOutcome outcome;
        outcome.kind = egress::AskOutcome::Kind::Allowed;
        outcome.decideAgain = true;
        m_fixture->keeper().answer(outcome);
        QVERIFY(curl.waitForFinished(30000));
        QCOMPARE(curl.readAllStandardOutput(), "instead 404");
    }

    void aMissingScriptDenies()
    {
        api::Handler script = handlerAt(Host, "mine");
        script.kind = api::HandlerKind::JavaScript;
        set({script});
        const CurlResult result =
            m_fixture->curl(Host, 80, {QString("http://%1/").arg(Host), "-w", "%{http_code}"});
        QVERIFY(result.out.contains("no handlers can run here"));
        QVERIFY(result.out.endsWith("403"));
    }
};

QTEST_GUILESS_MAIN(EgressHandlersTest)
#include "egress_handlers_test.moc"

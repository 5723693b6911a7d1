// HTTP through the door as real clients speak it.

#include <QTest>

#include <filesystem>
#include <fstream>

#include "egress_fixture.h"

using namespace sallyport;
using namespace sallyport::test;

namespace {

constexpr auto Host = "api.example.com";

// The address sanitizer keeps what is freed for a while.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool FreedMemoryIsKept = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool FreedMemoryIsKept = true;
#else
constexpr bool FreedMemoryIsKept = false;
#endif
#else
constexpr bool FreedMemoryIsKept = false;
#endif

QString url(const char* scheme, int port, const QString& path)
{
    return QString("%1://%2:%3%4").arg(scheme, Host).arg(port).arg(path);
}

long residentKib()
{
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word)
        if (word == "VmRSS:") {
            long kib = 0;
            status >> kib;
            return kib;
        }
    return 0;
}

} // namespace

class EgressHttpTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase()
    {
        m_fixture = std::make_unique<EgressFixture>();
        m_fixture->startNginx();
        std::ofstream(m_fixture->path("big").toStdString());
        std::filesystem::resize_file(m_fixture->path("big").toStdString(), BigBytes);
        QFile page(m_fixture->path("page.html"));
        QVERIFY(page.open(QIODevice::WriteOnly));
        page.write("<p>page</p>\n");
    }
    void cleanupTestCase() { m_fixture.reset(); }
    void init() { m_fixture->keeper().forgetRows(); }

    void plainHttpPasses()
    {
        const int port = m_fixture->plainPort();
        const CurlResult result =
            m_fixture->curl(Host, port, {url("http", port, "/hello"), "-w", "%{http_code}"});
        QCOMPARE(result.out, "hello from nginx\n200");
        const api::RowDetail row = m_fixture->keeper().lastRow();
        QCOMPARE(row.row.state, api::RowState::Done);
        QCOMPARE(row.row.protocol, std::string("http/1.1"));
        QCOMPARE(row.row.status, 200);
        QCOMPARE(row.row.responseBytes, 17);
        QCOMPARE(row.row.upstreamAddress, "127.0.0.1:" + std::to_string(port));
    }

    void tlsPassesInBothVersions_data()
    {
        QTest::addColumn<QString>("option");
        QTest::addColumn<bool>("upstreamHasHttp2");
        QTest::addColumn<QByteArray>("expected");
        QTest::newRow("1.1 to h2 server")
            << "--http1.1" << true << QByteArray("hello from nginx\n200 1.1");
        QTest::newRow("2 to h2 server")
            << "--http2" << true << QByteArray("hello from nginx\n200 2");
        QTest::newRow("2 to 1.1 server, translated")
            << "--http2" << false << QByteArray("hello from nginx\n200 2");
        QTest::newRow("2 to 1.1 server, mirrored once known")
            << "--http2" << false << QByteArray("hello from nginx\n200 1.1");
    }
    void tlsPassesInBothVersions()
    {
        QFETCH(QString, option);
        QFETCH(bool, upstreamHasHttp2);
        QFETCH(QByteArray, expected);
        const int port = upstreamHasHttp2 ? m_fixture->h2Port() : m_fixture->h1Port();
        const CurlResult result = m_fixture->curl(
            Host, port,
            {url("https", port, "/hello"), option, "-w", "%{http_code} %{http_version}"});
        QCOMPARE(result.error, QByteArray());
        QCOMPARE(result.out, expected);
        QTRY_COMPARE(m_fixture->keeper().lastRow().row.state, api::RowState::Done);
        QVERIFY(m_fixture->keeper().lastRow().upstreamTls.find("Example Test Root") !=
                std::string::npos);
    }

    void keepsConnections()
    {
        const int port = m_fixture->h1Port();
        const CurlResult result =
            m_fixture->curl(Host, port,
                            {url("https", port, "/hello"), url("https", port, "/hello"),
                             "--http1.1", "-w", "%{num_connects};"});
        QCOMPARE(result.out, "hello from nginx\n1;hello from nginx\n0;");
    }

    void headAnd204And304HaveNoBody_data()
    {
        QTest::addColumn<QString>("version");
        QTest::newRow("1.1") << "--http1.1";
        QTest::newRow("2") << "--http2";
    }
    void headAnd204And304HaveNoBody()
    {
        QFETCH(QString, version);
        const int port = m_fixture->h2Port();
        const CurlResult result = m_fixture->curl(
            Host, port,
            {version,
             "-w",
             "%{http_code} %{num_connects};",
             "--head",
             "-o",
             "/dev/null",
             url("https", port, "/page.html"),
             "--next",
             "-sS",
             "--cacert",
             m_fixture->caFile(),
             version,
             "--connect-to",
             QString("%1:%2:127.0.0.1:%3").arg(Host).arg(port).arg(m_fixture->frontFor(Host, port)),
             "-w",
             "%{http_code} %{num_connects};",
             url("https", port, "/204"),
             "-H",
             "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT",
             url("https", port, "/page.html")});
        QCOMPARE(result.out, "200 1;204 0;304 0;");
    }

    void keepsFieldsAndDropsAltSvc()
    {
        const int port = m_fixture->h2Port();
        for (const QString version : {"--http1.1", "--http2"}) {
            const CurlResult headers =
                m_fixture->curl(Host, port,
                                {url("https", port, "/echo-headers"), version, "-H", "X-Test: one",
                                 "-H", "Cookie: a=1; b=2", "-H", "TE: trailers"});
            QCOMPARE(headers.out, QString("one|a=1; b=2|%1|%2:%3\n")
                                      .arg(version == "--http2" ? "trailers" : "", Host)
                                      .arg(port)
                                      .toUtf8());
            const CurlResult alt =
                m_fixture->curl(Host, port, {url("https", port, "/alt"), version, "-D", "-"});
            QVERIFY(!alt.out.toLower().contains("alt-svc"));
            QVERIFY(alt.out.endsWith("alt"));
        }
        QTRY_COMPARE(m_fixture->keeper().rows().size(), 4U);
        for (const api::RowDetail& row : m_fixture->keeper().rows())
            for (const auto& [name, value] : row.requestHeaders)
                if (QString::fromStdString(name).toLower() == "cookie")
                    QVERIFY(value.starts_with("•••"));
    }

    void bigBodiesPassInBoundedMemory_data()
    {
        QTest::addColumn<QString>("version");
        QTest::addColumn<bool>("upload");
        QTest::newRow("1.1 down") << "--http1.1" << false;
        QTest::newRow("2 down") << "--http2" << false;
        QTest::newRow("1.1 up") << "--http1.1" << true;
        QTest::newRow("2 up") << "--http2" << true;
        QTest::newRow("1.1 up chunked") << "--http1.1 chunked" << true;
    }
    void bigBodiesPassInBoundedMemory()
    {
        QFETCH(QString, version);
        QFETCH(bool, upload);
        const int port = m_fixture->h2Port();
        const long before = residentKib();
        QStringList arguments{version.section(' ', 0, 0), "-w", "%{http_code} %{size_download}"};
        if (upload)
            arguments << "-T" << m_fixture->path("big") << "-X"
                      << "POST"
                      << "-o"
                      << "/dev/null" << url("https", port, "/upload");
        else
            arguments << "-o"
                      << "/dev/null" << url("https", port, "/big");
        if (version.endsWith("chunked"))
            arguments << "-H"
                      << "Transfer-Encoding: chunked";
        const CurlResult result = m_fixture->curl(Host, port, arguments, 120000);
        QCOMPARE(result.error, QByteArray());
        QCOMPARE(result.out,
                 upload ? QByteArray("200 7") : QString("200 %1").arg(BigBytes).toUtf8());
        const long grown = residentKib() - before;
        if (!FreedMemoryIsKept)
            QVERIFY2(grown < 16 * 1024, qPrintable(QString("grew by %1 KiB").arg(grown)));
        QTRY_COMPARE(m_fixture->keeper().lastRow().row.state, api::RowState::Done);
        const api::Row row = m_fixture->keeper().lastRow().row;
        QCOMPARE(upload ? row.requestBytes : row.responseBytes, std::int64_t(BigBytes));
    }

    void carriesContinue()
    {
        std::atomic<bool> asked{false};
        ScriptedServer server([&](int socket) {
            const std::string head = readUntil(socket, "\r\n\r\n");
            asked = head.find("Expect: 100-continue") != std::string::npos &&
                    head.ends_with("\r\n\r\n");
            sendAll(socket, "HTTP/1.1 100 Continue\r\n\r\n");
            readUntil(socket, "END");
            sendAll(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        const CurlResult result =
            m_fixture->curl(Host, server.port(),
                            {url("http", server.port(), "/"), "--expect100-timeout", "30", "-H",
                             "Expect: 100-continue", "-d", QString(2000, 'x') + "END"});
        QCOMPARE(result.out, "ok");
        QVERIFY(asked);
    }

    void chunksAndTrailersPass()
    {
        std::string seen;
        ScriptedServer server([&](int socket) {
            seen = readUntil(socket, "0\r\nx-sum: 7\r\n\r\n");
            sendAll(socket,
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n"
                    "3;note=1\r\nabc\r\n4\r\ndefg\r\n0\r\nX-End: yes\r\n\r\n");
        });
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, server.port()));
        sendAll(client.get(),
                "POST /c HTTP/1.1\r\nHost: api.example.com:" + std::to_string(server.port()) +
                    "\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx-sum: 7\r\n\r\n");
        const std::string answer = readUntil(client.get(), "X-End: yes\r\n\r\n");
        QVERIFY(answer.find("Trailer: X-End\r\n") != std::string::npos);
        QVERIFY(answer.ends_with("0\r\nX-End: yes\r\n\r\n"));
        QVERIFY(answer.find("abc") != std::string::npos &&
                answer.find("defg") != std::string::npos);
        QVERIFY(seen.find("5\r\nhello\r\n0\r\nx-sum: 7\r\n\r\n") != std::string::npos);
    }

    void orderAndCaseOfFieldsStay()
    {
        std::string seen;
        ScriptedServer server([&](int socket) {
            seen = readUntil(socket, "\r\n\r\n");
            sendAll(socket, "HTTP/1.1 200 Fine\r\nx-ODD: 1\r\ncontent-LENGTH: 0\r\nA: 2\r\n\r\n");
        });
        const std::string host = "api.example.com:" + std::to_string(server.port());
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, server.port()));
        sendAll(client.get(), "GET /x?y=1 HTTP/1.1\r\naccept: */*\r\nhOST: " + host +
                                  "\r\nX-b: 1\r\nConnection: X-hop\r\nX-Hop: 1\r\nX-A: 2\r\n\r\n");
        QCOMPARE(readUntil(client.get(), "\r\n\r\n"),
                 std::string("HTTP/1.1 200 Fine\r\nx-ODD: 1\r\ncontent-LENGTH: 0\r\nA: 2\r\n\r\n"));
        QCOMPARE(seen, "GET /x?y=1 HTTP/1.1\r\naccept: */*\r\nhOST: " + host +
                           "\r\nX-b: 1\r\nX-A: 2\r\n\r\n");
    }

    void pipelinedRequestsAreAnsweredInOrder()
    {
        const int port = m_fixture->plainPort();
        const std::string host = "Host: api.example.com:" + std::to_string(port) + "\r\n\r\n";
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, port));
        sendAll(client.get(), "GET /hello HTTP/1.1\r\n" + host + "GET /204 HTTP/1.1\r\n" + host +
                                  "GET /page.html HTTP/1.1\r\n" + host);
        const std::string all = readUntil(client.get(), "<p>page</p>\n");
        const auto first = all.find("hello from nginx");
        const auto second = all.find("204 No Content");
        const auto third = all.find("<p>page</p>");
        QVERIFY(first < second && second < third && third != std::string::npos);
    }

    void eventStreamsAreFlushedAtOnce()
    {
        ScriptedServer server([](int socket) {
            readUntil(socket, "\r\n\r\n");
            sendAll(socket,
                    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
            QTest::qSleep(1500);
            sendAll(socket, "data: 2\n\n");
        });
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, server.port()));
        QElapsedTimer timer;
        timer.start();
        sendAll(client.get(), "GET / HTTP/1.1\r\nHost: api.example.com:" +
                                  std::to_string(server.port()) + "\r\n\r\n");
        readUntil(client.get(), "data: 1\n\n");
        QVERIFY2(timer.elapsed() < 1000, "the first event was held back");
        // The end of the upstream's connection is the end of the body: chunked for the guest.
        const std::string rest = readUntil(client.get(), "\r\n0\r\n\r\n");
        QVERIFY(rest.find("data: 2\n\n") != std::string::npos && rest.ends_with("\r\n0\r\n\r\n"));
        QVERIFY(timer.elapsed() >= 1400);
    }

    void upgradesAreCarried()
    {
        ScriptedServer server([](int socket) {
            const std::string head = readUntil(socket, "\r\n\r\n");
            if (head.find("Connection: Upgrade\r\n") == std::string::npos ||
                head.find("Upgrade: echo\r\n") == std::string::npos)
                return;
            sendAll(socket, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
                            "echo\r\n\r\nearly");
            const std::string line = readUntil(socket, "\n");
            sendAll(socket, "echo " + line);
        });
        UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, server.port()));
        sendAll(client.get(),
                "GET /ws HTTP/1.1\r\nHost: api.example.com:" + std::to_string(server.port()) +
                    "\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo\r\n\r\n");
        const std::string head = readUntil(client.get(), "early");
        QVERIFY(head.starts_with("HTTP/1.1 101 "));
        sendAll(client.get(), "ping\n");
        QCOMPARE(readToEnd(client.get()), std::string("echo ping\n"));
        client.reset();
        QTRY_COMPARE(m_fixture->keeper().lastRow().row.state, api::RowState::Done);
        const api::Row row = m_fixture->keeper().lastRow().row;
        QCOMPARE(row.status, 101);
        QCOMPARE(row.requestBytes, 5);
        QCOMPARE(row.responseBytes, 15);
    }

    void aKeptUpstreamConnectionThatWasClosedIsReplaced()
    {
        ScriptedServer server([](int socket) {
            readUntil(socket, "\r\n\r\n");
            sendAll(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, server.port()));
        for (int count = 0; count < 3; ++count) {
            sendAll(client.get(), "GET / HTTP/1.1\r\nHost: api.example.com:" +
                                      std::to_string(server.port()) + "\r\n\r\n");
            QVERIFY(readUntil(client.get(), "ok").ends_with("\r\n\r\nok"));
        }
        QCOMPARE(server.connections(), 3);
    }

    void plainHttp2Passes()
    {
        const int port = m_fixture->plainH2Port();
        const CurlResult result =
            m_fixture->curl(Host, port,
                            {url("http", port, "/hello"), "--http2-prior-knowledge", "-w",
                             "%{http_code} %{http_version}"});
        QCOMPARE(result.out, "hello from nginx\n200 2");
    }

    void upstreamFailuresSayWhy_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("status");
        QTest::addColumn<QString>("reason");
        QTest::newRow("untrusted name") << "wrong.example.org"
                                        << "502"
                                        << "certificate";
        QTest::newRow("unknown name") << "gone.example.com"
                                      << "502"
                                      << "can't be resolved";
    }
    void upstreamFailuresSayWhy()
    {
        QFETCH(QString, name);
        QFETCH(QString, status);
        QFETCH(QString, reason);
        m_fixture->resolveTo("gone.example.com", {});
        const int port = m_fixture->h2Port();
        const CurlResult result = m_fixture->curl(
            name.toStdString(), port,
            {QString("https://%1:%2/hello").arg(name).arg(port), "-w", "%{http_code}"});
        QVERIFY2(result.out.endsWith(status.toUtf8()), result.out);
        QVERIFY2(result.out.contains("\"error\":\"upstream_failed\""), result.out);
        QVERIFY2(result.out.contains(reason.toUtf8()), result.out);
        QTRY_COMPARE(m_fixture->keeper().lastRow().row.state, api::RowState::Failed);
    }

    void refusedConnectionsAre502()
    {
        int port = 0;
        {
            ScriptedServer server([](int) {});
            port = server.port();
        }
        const CurlResult result =
            m_fixture->curl(Host, port, {url("http", port, "/"), "-w", "%{http_code}"});
        QVERIFY2(result.out.endsWith("502") && result.out.contains("Connection refused"),
                 result.out);
    }

    void answersThatAreCutOffAreSeenAsSuch()
    {
        ScriptedServer server([](int socket) {
            readUntil(socket, "\r\n\r\n");
            sendAll(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        });
        const CurlResult result =
            m_fixture->curl(Host, server.port(), {url("http", server.port(), "/")});
        QCOMPARE(result.exitCode, 18); // partial file
        QTRY_COMPARE(m_fixture->keeper().lastRow().row.state, api::RowState::Failed);
    }

    void otherTcpPasses()
    {
        ScriptedServer server(
            [](int socket) { sendAll(socket, "you said " + readUntil(socket, "\n")); });
        UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, server.port()));
        sendAll(client.get(), "HELO there\n");
        QCOMPARE(readToEnd(client.get()), std::string("you said HELO there\n"));
        client.reset();
        QTRY_COMPARE(m_fixture->keeper().lastRow().row.state, api::RowState::Done);
        QCOMPARE(m_fixture->keeper().lastRow().row.protocol, std::string("tcp"));
    }

    void serversThatSpeakFirstAreHeard()
    {
        ScriptedServer server([](int socket) {
            sendAll(socket, "220 ready\r\n");
            readUntil(socket, "QUIT");
        });
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, server.port()));
        QCOMPARE(readUntil(client.get(), "\r\n"), std::string("220 ready\r\n"));
        sendAll(client.get(), "QUIT");
        QCOMPARE(readToEnd(client.get()), std::string());
    }

private:
    static constexpr std::size_t BigBytes = 200'000'000;
    std::unique_ptr<EgressFixture> m_fixture;
};

QTEST_GUILESS_MAIN(EgressHttpTest)
#include "egress_http_test.moc"

// What a hostile guest or a broken upstream may send, and the limits.

#include <QTest>

#include <cerrno>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "egress_fixture.h"

using namespace sallyport;
using namespace sallyport::test;

namespace {

constexpr auto Host = "api.example.com";

egress::DoorLimits tightLimits()
{
    egress::DoorLimits limits;
    limits.head = std::chrono::seconds(1);
    limits.stalled = std::chrono::seconds(2);
    limits.connectionsPerSandbox = 40;
    limits.serverFirst = std::chrono::milliseconds(300);
    return limits;
}

} // namespace

class EgressHostileTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase()
    {
        m_fixture = std::make_unique<EgressFixture>(tightLimits());
        m_fixture->startNginx();
    }
    void cleanupTestCase() { m_fixture.reset(); }
    void init()
    {
        keeper().forgetRows();
        keeper().allowAll();
        keeper().refuseAddresses(false);
    }

    void malformedHeadsAreRefusedAndClosed_data()
    {
        QTest::addColumn<QByteArray>("head");
        QTest::addColumn<int>("status");
        const auto row = [](const char* name, QByteArray head, int status = 400) {
            QTest::newRow(name) << head << status;
        };
        row("bare LF", "GET / HTTP/1.1\nHost: HOST\n\n");
        row("folded line", "GET / HTTP/1.1\r\nHost: HOST\r\nX: a\r\n b\r\n\r\n");
        row("blank before colon", "GET / HTTP/1.1\r\nHost : HOST\r\n\r\n");
        row("two lengths",
            "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx");
        row("length and chunks", "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: "
                                 "1\r\nTransfer-Encoding: chunked\r\n\r\n");
        row("length list", "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1, 1\r\n\r\nx");
        row("signed length", "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: +1\r\n\r\nx");
        row("other encoding",
            "POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501);
        row("NUL in a value", QByteArray("GET / HTTP/1.1\r\nHost: HOST\r\nX: a\0b\r\n\r\n", 38));
        row("no Host", "GET / HTTP/1.1\r\nX: a\r\n\r\n");
        row("two Hosts", "GET / HTTP/1.1\r\nHost: HOST\r\nHost: HOST\r\n\r\n");
        row("blank in the target", "GET /a b HTTP/1.1\r\nHost: HOST\r\n\r\n");
        row("version", "GET / HTTP/3.0\r\nHost: HOST\r\n\r\n", 505);
        row("target and Host disagree",
            "GET http://other.example.com/ HTTP/1.1\r\nHost: HOST\r\n\r\n");
        row("large field",
            "GET / HTTP/1.1\r\nHost: HOST\r\nX: " + QByteArray(70000, 'a') + "\r\n\r\n", 431);
        row("many fields",
            "GET / HTTP/1.1\r\nHost: HOST\r\n" + QByteArray("X: a\r\n").repeated(300) + "\r\n",
            431);
        row("other Host", "GET / HTTP/1.1\r\nHost: other.example.com\r\nConnection: close\r\n\r\n",
            421);
        row("other port", "GET / HTTP/1.1\r\nHost: api.example.com:81\r\nConnection: close\r\n\r\n",
            421);
        row("CONNECT",
            "CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com:443\r\nConnection: "
            "close\r\n\r\n",
            405);
    }
    void malformedHeadsAreRefusedAndClosed()
    {
        QFETCH(QByteArray, head);
        QFETCH(int, status);
        const int port = m_fixture->plainPort();
        head.replace("HOST", QByteArray(Host) + ":" + QByteArray::number(port));
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, port));
        sendAll(client.get(), head.toStdString());
        const QByteArray answer = QByteArray::fromStdString(readToEnd(client.get()));
        QVERIFY2(answer.startsWith("HTTP/1.1 " + QByteArray::number(status) + " "), answer);
        QVERIFY2(answer.contains("\"step\":\"protocol\""), answer);
        QTRY_COMPARE(keeper().lastRow().row.state, api::RowState::Denied);
        QCOMPARE(keeper().lastRow().row.status, status);
        QCOMPARE(keeper().lastRow().row.step, api::Step::Protocol);
    }

    void aMalformedUploadNeverLooksComplete()
    {
        std::string seen;
        std::atomic<bool> over{false};
        ScriptedServer server([&](int socket) {
            seen = readToEnd(socket);
            over = true;
        });
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, server.port()));
        sendAll(client.get(),
                "POST / HTTP/1.1\r\nHost: api.example.com:" + std::to_string(server.port()) +
                    "\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n");
        QVERIFY(readToEnd(client.get()).starts_with("HTTP/1.1 400 "));
        QTRY_VERIFY(over);
        QVERIFY(seen.find("0\r\n\r\n") == std::string::npos);
    }

    void malformedAnswersAre502_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::newRow("bare LF") << QByteArray("HTTP/1.1 200 OK\nContent-Length: 0\n\n");
        QTest::newRow("two lengths")
            << QByteArray("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n");
        QTest::newRow("no HTTP") << QByteArray("SSH-2.0-OpenSSH\r\n\r\n");
        QTest::newRow("unasked switch") << QByteArray("HTTP/1.1 101 Hello\r\n\r\n");
        QTest::newRow("nothing") << QByteArray();
    }
    void malformedAnswersAre502()
    {
        QFETCH(QByteArray, answer);
        ScriptedServer server([&](int socket) {
            readUntil(socket, "\r\n\r\n");
            sendAll(socket, answer.toStdString());
        });
        const CurlResult result = m_fixture->curl(
            Host, server.port(),
            {QString("http://%1:%2/").arg(Host).arg(server.port()), "-w", "%{http_code}"});
        QVERIFY2(result.out.endsWith("502"), result.out);
    }

    void tlsForAnotherNameIsRefused()
    {
        const int port = m_fixture->h2Port();
        const int front = m_fixture->frontFor(Host, port);
        QProcess curl;
        useFork(curl);
        curl.start("curl", {"-sS", "--cacert", m_fixture->caFile(), "--connect-to",
                            QString("other.example.com:%1:127.0.0.1:%2").arg(port).arg(front),
                            QString("https://other.example.com:%1/").arg(port)});
        QVERIFY(curl.waitForFinished());
        QCOMPARE(curl.exitCode(), 35);
        QTRY_COMPARE(keeper().lastRow().row.protocol, std::string("tls"));
        QCOMPARE(keeper().lastRow().row.state, api::RowState::Denied);
        QCOMPARE(keeper().lastRow().row.step, api::Step::Protocol);
    }

    void aHostThatDiffersFromSniIsMisdirected()
    {
        const int port = m_fixture->h2Port();
        for (const QString version : {"--http1.1", "--http2"}) {
            const CurlResult result = m_fixture->curl(
                Host, port,
                {version, "-H", QString("Host: other.example.com:%1").arg(port), "-w",
                 "%{http_code}", QString("https://%1:%2/").arg(Host).arg(port)});
            QVERIFY2(result.out.endsWith("421"), result.out);
            QVERIFY(result.out.contains("misdirected_request"));
        }
    }

    void aClientThatDoesNotTrustUsIsLoggedAsSuch()
    {
        const int port = m_fixture->h2Port();
        QProcess curl;
        curl.start(
            "curl",
            {"-sS", "--connect-to",
             QString("%1:%2:127.0.0.1:%3").arg(Host).arg(port).arg(m_fixture->frontFor(Host, port)),
             QString("https://%1:%2/").arg(Host).arg(port)});
        QVERIFY(curl.waitForFinished());
        QCOMPARE(curl.exitCode(), 60);
        QTRY_COMPARE(keeper().lastRow().row.protocol, std::string("tls"));
        QVERIFY(keeper().lastRow().row.reason.find("does not trust") != std::string::npos);
    }

    void anAddressTheResolverNeverGaveIsReset()
    {
        const UniqueFd client =
            m_fixture->connectTo(m_fixture->frontForAddress("198.18.99.99", 80));
        char byte = 0;
        QCOMPARE(::recv(client.get(), &byte, 1, 0), ssize_t(-1));
        QCOMPARE(errno, ECONNRESET);
        QTRY_COMPARE(keeper().lastRow().row.state, api::RowState::Denied);
        QCOMPARE(keeper().lastRow().row.host, std::string("198.18.99.99"));
    }

    void aLiteralAddressIsItsOwnName()
    {
        const int port = m_fixture->plainPort();
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontForAddress("127.0.0.1", port));
        sendAll(client.get(),
                "GET /hello HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n\r\n");
        QVERIFY(readUntil(client.get(), "nginx\n").starts_with("HTTP/1.1 200 "));
        QTRY_COMPARE(keeper().lastRow().row.host, std::string("127.0.0.1"));
    }

    void aNameAtARefusedAddressMeetsTheFloor()
    {
        keeper().refuseAddresses(true);
        m_fixture->resolveTo("rebind.example.com", {"10.0.0.7"});
        const CurlResult result = m_fixture->curl(
            "rebind.example.com", 8123, {"http://rebind.example.com:8123/", "-w", "%{http_code}"});
        QVERIFY2(result.out.contains("\"step\":\"floor\"") && result.out.endsWith("403"),
                 result.out);
        QVERIFY(result.out.contains("10.0.0.7"));
        QCOMPARE(keeper().lastRow().row.step, api::Step::Floor);
        QCOMPARE(keeper().lastRow().row.state, api::RowState::Denied);
    }

    void slowHeadsAreCutOff()
    {
        const int port = m_fixture->plainPort();
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, port));
        QElapsedTimer timer;
        timer.start();
        sendAll(client.get(), "GET / HTTP/1.1\r\nHost:");
        QCOMPARE(readToEnd(client.get()), std::string());
        QVERIFY(timer.elapsed() < 4000);
    }

    void tooManyConnectionsAreReset()
    {
        const int front = m_fixture->frontFor(Host, m_fixture->plainPort());
        std::vector<UniqueFd> clients;
        for (int count = 0; count < 60; ++count) {
            clients.push_back(m_fixture->connectTo(front));
            sendAll(clients.back().get(), "G");
        }
        QTRY_VERIFY(keeper().lastRow().row.reason.find("too many connections") !=
                    std::string::npos);
        std::size_t open = 0;
        m_fixture->onNetwork(
            [&](egress::Door& door) { open = door.connectionCount(EgressFixture::Sandbox); });
        QVERIFY(open <= 40);
        clients.clear();
        QTRY_VERIFY([&] {
            m_fixture->onNetwork(
                [&](egress::Door& door) { open = door.connectionCount(EgressFixture::Sandbox); });
            return open == 0;
        }());
    }

    void rapidResetsEndTheConnection()
    {
        const int port = m_fixture->plainH2Port();
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, port));
        const std::string authority = std::string(Host) + ":" + std::to_string(port);
        sendAll(client.get(), h2::preface());
        for (int stream = 1; stream < 4000; stream += 2)
            sendAll(client.get(), h2::get(stream, authority, "/hello") + h2::reset(stream));
        readToEnd(client.get());
        std::size_t open = 1;
        QTRY_VERIFY([&] {
            m_fixture->onNetwork(
                [&](egress::Door& door) { open = door.connectionCount(EgressFixture::Sandbox); });
            return open == 0;
        }());
    }

    void aClientThatTakesNothingIsCutOff()
    {
        ScriptedServer server([](int socket) {
            readUntil(socket, "\r\n\r\n");
            sendAll(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
            sendAll(socket, std::string(100'000'000, 'x'));
        });
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, server.port()));
        sendAll(client.get(), "GET / HTTP/1.1\r\nHost: api.example.com:" +
                                  std::to_string(server.port()) + "\r\n\r\n");
        QTRY_COMPARE_WITH_TIMEOUT(keeper().lastRow().row.state, api::RowState::Failed, 8000);
        QVERIFY(keeper().lastRow().row.responseBytes < 20'000'000);
    }

    void dnsIsAnsweredOnBothTransports()
    {
        // example.com A
        const std::string query("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07"
                                "example\x03"
                                "com\x00\x00\x01\x00\x01",
                                29);
        const UniqueFd stream = m_fixture->connectTo(m_fixture->frontForAddress("192.0.2.53", 53));
        sendAll(stream.get(), std::string("\x00\x1d", 2) + query);
        std::string overTcp = readUntil(stream.get(), "\xc6\x12"); // 198.18.…
        QVERIFY(overTcp.size() > 31 && overTcp.substr(2, 2) == "\x12\x34");

        UniqueFd server(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        QCOMPARE(::bind(server.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
        const int on = 1;
        ::setsockopt(server.get(), IPPROTO_IP, IP_RECVORIGDSTADDR, &on, sizeof on);
        ::getsockname(server.get(), reinterpret_cast<sockaddr*>(&address), &size);
        m_fixture->onNetwork([&](egress::Door& door) {
            egress::DoorSockets sockets;
            sockets.dns4 = std::move(server);
            auto authority = tls::CertificateAuthority::create("agent-2", nowUnixMillis());
            const Status opened =
                door.open(8, "agent-2", std::move(sockets),
                          std::make_shared<const tls::CertificateAuthority>(std::move(*authority)),
                          std::make_shared<dns::AddressPool>());
            QVERIFY(opened.has_value());
        });
        const UniqueFd client(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        QCOMPARE(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
        const timeval limit{5, 0};
        ::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        sendAll(client.get(), query);
        char reply[512];
        const ssize_t got = ::recv(client.get(), reply, sizeof reply, 0);
        QVERIFY(got > 29);
        QVERIFY(std::string(reply, static_cast<std::size_t>(got)).find("\xc6\x12") !=
                std::string::npos);
        m_fixture->onNetwork([](egress::Door& door) { door.close(8); });
    }

private:
    [[nodiscard]] ScriptedGatekeeper& keeper() { return m_fixture->keeper(); }
    std::unique_ptr<EgressFixture> m_fixture;
};

QTEST_GUILESS_MAIN(EgressHostileTest)
#include "egress_hostile_test.moc"

// HTTP/2, WebSocket and gRPC through the door, between real clients and real servers: node, its ws library, grpcio.

#include <QTest>

#include "egress_fixture.h"
#include "engine/policy/snapshot.h"

using namespace sallyport;
using namespace sallyport::test;

namespace {

constexpr auto Host = "api.example.com";

QString script(const char* name)
{
    return QString(SALLYPORT_CLIENTS "/") + name;
}

// A server that prints its ports and ends with its standard input.
class Peer
{
public:
    Peer(const QString& program, const QStringList& arguments)
    {
        useFork(m_process);
        m_process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_process.start(program, arguments);
        while (m_process.waitForReadyRead(30000) && !m_process.canReadLine()) {
        }
        for (const QByteArray& port : m_process.readLine().split(' '))
            m_ports.push_back(port.trimmed().toInt());
    }
    ~Peer()
    {
        m_process.closeWriteChannel();
        if (!m_process.waitForFinished(5000))
            m_process.kill();
        m_process.waitForFinished(5000);
    }
    [[nodiscard]] int port(int index = 0) const { return m_ports.value(index); }

private:
    QProcess m_process;
    QList<int> m_ports;
};

} // namespace

class EgressClientsTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase()
    {
        m_fixture = std::make_unique<EgressFixture>();
        m_node = std::make_unique<Peer>("node", certificate({script("node_server.js")}));
        QVERIFY(m_node->port(0) > 0 && m_node->port(1) > 0);
    }
    void cleanupTestCase()
    {
        m_node.reset();
        m_fixture.reset();
    }
    void init() { keeper().forgetRows(); }

    void nodeSpeaksHttp2_data()
    {
        QTest::addColumn<QString>("deed");
        QTest::addColumn<QByteArray>("expected");
        const auto row = [](const char* deed, const char* expected) { QTest::newRow(deed) << deed << QByteArray(expected); };
        row("trailers", "200 body 42 yes");
        row("early", "103 </a.css> 200 early");
        row("reset", "200 half 2");
        row("refused", "502");
        row("goaway", "true 0 200 true");
        row("die", "502 200 modern");
        row("flush", "true 3");
        row("many", "80");
        row("unknown", "501");
    }
    void nodeSpeaksHttp2()
    {
        QFETCH(QString, deed);
        QFETCH(QByteArray, expected);
        QCOMPARE(node(deed, m_node->port(0)), expected);
    }

    // Both ways to ask for a WebSocket, to servers of either version of HTTP.
    void webSocketsPass_data()
    {
        QTest::addColumn<QString>("deed");
        QTest::addColumn<int>("server");
        QTest::addColumn<QByteArray>("expected");
        QTest::addColumn<QString>("protocol");
        QTest::newRow("a stream to a stream") << "stream" << 0 << QByteArray("200 echo false hello") << "h2";
        QTest::newRow("a stream to HTTP/1.1") << "stream" << 1 << QByteArray("200 echo false hello") << "h2";
        QTest::newRow("HTTP/1.1 to HTTP/1.1") << "ws" << 1 << QByteArray("echo hello 70000 1000") << "http/1.1";
    }
    void webSocketsPass()
    {
        QFETCH(QString, deed);
        QFETCH(int, server);
        QFETCH(QByteArray, expected);
        QFETCH(QString, protocol);
        QCOMPARE(node(deed, m_node->port(server)), expected);
        QTRY_COMPARE(keeper().lastRow().row.state, api::RowState::Done);
        const api::RowDetail detail = keeper().lastRow();
        QCOMPARE(detail.row.status, 101);
        QCOMPARE(detail.row.method, std::string("GET"));
        QCOMPARE(detail.row.protocol, protocol.toStdString());
        QVERIFY(detail.webSocket.has_value());
        QVERIFY(detail.webSocket->framesFromGuest >= 2 && detail.webSocket->framesFromUpstream >= 1);
        QCOMPARE(detail.webSocket->frames.front().opcode, 1);
        QVERIFY(detail.row.requestBytes > 0 && detail.row.responseBytes > 0);
    }

    // The frames of one that is still open can be looked at.
    void anOpenWebSocketIsShown()
    {
        ScriptedServer server([](int socket) {
            readUntil(socket, "\r\n\r\n");
            sendAll(socket, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x02hi");
            readToEnd(socket);
        });
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, server.port()));
        sendAll(client.get(), "GET / HTTP/1.1\r\nHost: api.example.com:" + std::to_string(server.port()) +
                                  "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n");
        readUntil(client.get(), "hi");
        const auto open = [&] {
            const auto rows = keeper().rows();
            return rows.back().row.state == api::RowState::Open && rows.back().webSocket && rows.back().webSocket->framesFromUpstream == 1;
        };
        QTRY_VERIFY_WITH_TIMEOUT(open(), 10000);
    }

    // Without a name in TLS the one asked of the resolver counts, and an address meets rules for addresses.
    void tlsWithoutANameGoesByItsDestination()
    {
        const int port = m_node->port(1);
        const auto ask = [&](int front, const QString& host) {
            QProcess process;
            useFork(process);
            process.start("openssl", {"s_client", "-quiet", "-noservername", "-verify_return_error", "-CAfile", m_fixture->caFile(), "-connect",
                                      QString("127.0.0.1:%1").arg(front)});
            process.write(QString("GET / HTTP/1.1\r\nHost: %1:%2\r\nConnection: close\r\n\r\n").arg(host).arg(port).toUtf8());
            process.waitForFinished(60000);
            return process.readAllStandardOutput();
        };
        const QByteArray named = ask(m_fixture->frontFor(Host, port), Host);
        QVERIFY2(named.startsWith("HTTP/1.1 200") && named.endsWith("classic"), named);
        QTRY_COMPARE(keeper().lastRow().row.host, std::string(Host));
        // Another name than the one that was resolved.
        QVERIFY(ask(m_fixture->frontFor(Host, port), "other.example.com").startsWith("HTTP/1.1 421"));

        api::Sandbox sandbox;
        sandbox.id = EgressFixture::Sandbox;
        sandbox.defaultAction = api::DefaultAction::Deny;
        sandbox.grants = {"127.0.0.1:" + std::to_string(port)};
        api::Rule rule;
        rule.action = api::Action::Allow;
        rule.match.host = Host;
        const int front = m_fixture->frontForAddress("127.0.0.1", port);
        keeper().setPolicy(policy::Snapshot::build(sandbox, {rule}, {}, nowUnixMillis()));
        QVERIFY(ask(front, "127.0.0.1").startsWith("HTTP/1.1 403"));
        rule.match.host = "127.0.0.0/8";
        keeper().setPolicy(policy::Snapshot::build(sandbox, {rule}, {}, nowUnixMillis()));
        // Let through, and then the server's certificate is not for an address.
        const QByteArray byAddress = ask(front, "127.0.0.1");
        QVERIFY2(byAddress.startsWith("HTTP/1.1 502"), byAddress);
        QTRY_COMPARE(keeper().lastRow().row.host, std::string("127.0.0.1"));
        keeper().allowAll();
    }

    // HTTP/2 frames its messages, HTTP/1.1 spells them: nothing in a field may become a second one.
    void nothingIsSmuggledIntoHttp1()
    {
        QProcess process;
        useFork(process);
        process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        process.start("/usr/bin/python3", certificate({script("h2_smuggling.py")}) << Host << m_fixture->caFile());
        const auto readLine = [&] {
            while (!process.canReadLine() && process.waitForReadyRead(120000)) {
            }
            return process.readLine().trimmed();
        };
        const int port = readLine().toInt();
        QVERIFY(port > 0);
        process.write(QByteArray::number(m_fixture->frontFor(Host, port)) + '\n');
        QCOMPARE(readLine(), QByteArray("all refused"));
        process.waitForFinished();
    }

    void grpcPasses()
    {
        const Peer server("/usr/bin/python3", certificate({script("grpc_server.py")}));
        QVERIFY(server.port() > 0);
        QCOMPARE(run("/usr/bin/python3", {script("grpc_client.py"), Host, QString::number(server.port()), front(server.port()),
                                 m_fixture->caFile()}),
                 QByteArray("all passed"));
        for (const api::RowDetail& row : keeper().rows())
            QCOMPARE(row.row.protocol, std::string("h2"));
    }

private:
    [[nodiscard]] ScriptedGatekeeper& keeper() { return m_fixture->keeper(); }
    [[nodiscard]] QString front(int port) { return QString::number(m_fixture->frontFor(Host, port)); }
    [[nodiscard]] QStringList certificate(const QStringList& before)
    {
        return before + QStringList{m_fixture->path("server.pem"), m_fixture->path("server.key")};
    }
    [[nodiscard]] QByteArray node(const QString& deed, int port)
    {
        return run("node", {script("node_client.js"), deed, Host, QString::number(port), front(port), m_fixture->caFile()});
    }
    [[nodiscard]] static QByteArray run(const QString& program, const QStringList& arguments)
    {
        QProcess process;
        useFork(process);
        process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        process.start(program, arguments);
        process.waitForFinished(60000);
        return process.readAllStandardOutput().trimmed();
    }

    std::unique_ptr<EgressFixture> m_fixture;
    std::unique_ptr<Peer> m_node;
};

QTEST_GUILESS_MAIN(EgressClientsTest)
#include "egress_clients_test.moc"

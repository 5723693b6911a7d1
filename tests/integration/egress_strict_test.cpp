// HTTP/1.1 by the letter, both ways: what may be carried is, and nothing that a guest or an upstream sends can be read as
// two messages by one side and one by the other.

#include <QTest>

#include <sys/socket.h>

#include "egress_fixture.h"

using namespace sallyport;
using namespace sallyport::test;

namespace {

constexpr auto Host = "api.example.com";

egress::DoorLimits tightLimits()
{
    egress::DoorLimits limits;
    limits.stalled = std::chrono::seconds(3);
    limits.upstreamIdle = std::chrono::seconds(1); // the scripted servers end with their connections
    return limits;
}

std::string get(const std::string& path, int port, const std::string& fields = {})
{
    return "GET " + path + " HTTP/1.1\r\nHost: api.example.com:" + std::to_string(port) + "\r\n" + fields + "\r\n";
}

} // namespace

class EgressStrictTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase() { m_fixture = std::make_unique<EgressFixture>(tightLimits()); }
    void cleanupTestCase() { m_fixture.reset(); }
    void init()
    {
        keeper().forgetRows();
        keeper().allowAll();
    }

    // An answer that is larger than it says must not become the answer to the next request.
    void noAnswerIsTakenForAnother_data()
    {
        QTest::addColumn<QByteArray>("method");
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<QByteArray>("end"); // of what the guest reads
        const QByteArray evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
        const auto row = [&](const char* name, const char* method, const QByteArray& answer, const char* end) {
            QTest::newRow(name) << QByteArray(method) << answer + evil << QByteArray(end);
        };
        row("longer than its length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "\r\n\r\nok");
        row("past the last chunk", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "0\r\n\r\n");
        row("HEAD with a body", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "\r\n\r\n");
        row("204 with a body", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok", "\r\n\r\n");
        row("204 with chunks", "GET", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "\r\n\r\n");
        row("304 with a body", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nok", "\r\n\r\n");
        row("two answers", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "\r\n\r\n");
    }
    void noAnswerIsTakenForAnother()
    {
        QFETCH(QByteArray, method);
        QFETCH(QByteArray, answer);
        QFETCH(QByteArray, end);
        ScriptedServer server([&](int socket) {
            const std::string head = readUntil(socket, "\r\n\r\n");
            sendAll(socket, head.find(" /next ") == std::string::npos ? answer.toStdString()
                                                                      : "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood");
            readToEnd(socket);
        });
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, server.port()));
        std::string first = get("/", server.port());
        first.replace(0, 3, method.toStdString());
        sendAll(client.get(), first);
        const std::string read = readUntil(client.get(), end.toStdString());
        QVERIFY2(read.ends_with(end.toStdString()), read.c_str());
        QVERIFY2(read.find("evil") == std::string::npos, read.c_str());
        QCOMPARE(read.find("204 No Content\r\nContent-Length"), std::string::npos);
        sendAll(client.get(), get("/next", server.port()));
        const std::string next = readUntil(client.get(), "\r\n\r\ngood");
        QVERIFY2(next.starts_with("HTTP/1.1 200 OK\r\n") && next.ends_with("good"), next.c_str());
    }

    void malformedAnswersAre502_data()
    {
        QTest::addColumn<QByteArray>("answer");
        const auto row = [](const char* name, QByteArray answer) { QTest::newRow(name) << std::move(answer); };
        row("length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
        row("lengths that differ", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 20\r\n\r\nok");
        row("list of lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok");
        row("negative length", "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok");
        row("other coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok");
        row("coding list", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n");
        row("chunks of HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        row("folded line", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n");
        row("blank before colon", "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n");
        row("bare CR in a value", "HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b=1\r\nContent-Length: 0\r\n\r\n");
        row("bare CR in the reason", "HTTP/1.1 200 OK\rX: y\r\nContent-Length: 0\r\n\r\n");
        row("NUL in a value", QByteArray("HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n", 46));
        row("bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n");
        row("status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n");
        row("status 000", "HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n");
        row("version 2", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n");
        row("a head without end", "HTTP/1.1 200 OK\r\nX: " + QByteArray(100'000, 'x'));
        row("too many fields", "HTTP/1.1 200 OK\r\n" + QByteArray("X: y\r\n").repeated(300) + "\r\n");
        row("interim answers without end", QByteArray("HTTP/1.1 103 Early Hints\r\n\r\n").repeated(500));
        row("closed after an interim answer", "HTTP/1.1 100 Continue\r\n\r\n");
    }
    void malformedAnswersAre502()
    {
        QFETCH(QByteArray, answer);
        ScriptedServer server([&](int socket) {
            readUntil(socket, "\r\n\r\n");
            sendAll(socket, answer.toStdString());
        });
        const CurlResult result = m_fixture->curl(
            Host, server.port(), {QString("http://%1:%2/").arg(Host).arg(server.port()), "-w", "%{http_code}"});
        QVERIFY2(result.out.endsWith("502"), result.out + result.error);
        QTRY_COMPARE(keeper().lastRow().row.state, api::RowState::Failed);
        QCOMPARE(keeper().lastRow().row.status, 502);
    }

    // The guest must see that what it got is not all: no last chunk, or fewer bytes than announced.
    void answersThatBreakOffNeverLookComplete_data()
    {
        QTest::addColumn<QByteArray>("answer");
        const QByteArray chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n";
        QTest::newRow("end among chunks") << chunked;
        QTest::newRow("bad chunk size") << chunked + "zz\r\n";
        QTest::newRow("chunk longer than its size") << chunked + "2\r\nlonger\r\n0\r\n\r\n";
        QTest::newRow("bad trailer") << chunked + "0\r\nA : b\r\n\r\n";
        QTest::newRow("trailers without end") << chunked + "0\r\nA: " + QByteArray(30'000, 'b');
        QTest::newRow("fewer than its length") << QByteArray("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok");
    }
    void answersThatBreakOffNeverLookComplete()
    {
        QFETCH(QByteArray, answer);
        ScriptedServer server([&](int socket) {
            readUntil(socket, "\r\n\r\n");
            sendAll(socket, answer.toStdString());
        });
        const CurlResult result =
            m_fixture->curl(Host, server.port(), {QString("http://%1:%2/").arg(Host).arg(server.port())});
        QVERIFY2(result.exitCode == 18 || result.exitCode == 56, qPrintable(QString::number(result.exitCode)));
        QTRY_COMPARE(keeper().lastRow().row.state, api::RowState::Failed);
        QVERIFY(!keeper().lastRow().row.error.empty());
    }

    void earlyHintsAreCarried()
    {
        ScriptedServer server([](int socket) {
            readUntil(socket, "\r\n\r\n");
            sendAll(socket, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            readToEnd(socket);
        });
        const CurlResult result =
            m_fixture->curl(Host, server.port(), {QString("http://%1:%2/").arg(Host).arg(server.port()), "-D", "-"});
        QVERIFY2(result.out.contains("103 Early Hints\r\nLink: </a.css>\r\n\r\n"), result.out);
        QVERIFY(result.out.endsWith("ok"));
    }

    void aHalfClosedClientReadsItsAnswer()
    {
        ScriptedServer server([](int socket) {
            readUntil(socket, "\r\n\r\n");
            QTest::qSleep(700); // longer than a sweep for clients that have gone
            sendAll(socket, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
        });
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, server.port()));
        sendAll(client.get(), get("/", server.port()));
        ::shutdown(client.get(), SHUT_WR);
        const std::string answer = readToEnd(client.get());
        QVERIFY2(answer.ends_with("\r\n\r\nlate"), answer.c_str());
    }

    // The first is answered, the second refused, and what follows is not looked at.
    void aMalformedRequestEndsAPipeline_data()
    {
        QTest::addColumn<QByteArray>("second");
        QTest::newRow("blank before colon") << QByteArray("GET /b HTTP/1.1\r\nHost: HOST\r\nX : y\r\n\r\n");
        QTest::newRow("length and chunks")
            << QByteArray("POST /b HTTP/1.1\r\nHost: HOST\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        QTest::newRow("bare LF") << QByteArray("GET /b HTTP/1.1\r\nHost: HOST\n\r\n");
        QTest::newRow("no request") << QByteArray("\r\n\r\nxyz\r\n\r\n");
    }
    void aMalformedRequestEndsAPipeline()
    {
        QFETCH(QByteArray, second);
        std::atomic<int> smuggled{0};
        ScriptedServer server([&](int socket) {
            for (;;) {
                const std::string head = readUntil(socket, "\r\n\r\n");
                if (head.empty())
                    return;
                smuggled += head.find("/a ") == std::string::npos ? 1 : 0;
                sendAll(socket, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst");
            }
        });
        const QByteArray host = QByteArray(Host) + ":" + QByteArray::number(server.port());
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, server.port()));
        sendAll(client.get(), get("/a", server.port()) + second.replace("HOST", host).toStdString() + get("/c", server.port()));
        const std::string all = readToEnd(client.get());
        QVERIFY2(all.find("first") < all.find("HTTP/1.1 400 "), all.c_str());
        QCOMPARE(all.find("/c"), std::string::npos);
        QTRY_COMPARE(keeper().rows().size(), 2U);
        QCOMPARE(smuggled.load(), 0);
    }

    // Bodies that the upstream must see exactly as long as the door does.
    void bodiesOfAPipelineAreKeptApart()
    {
        std::string seen;
        std::atomic<int> heads{0};
        ScriptedServer server([&](int socket) {
            seen = readUntil(socket, "0\r\n\r\n");
            ++heads;
            sendAll(socket, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none");
            seen += readUntil(socket, "GET /looks-like-a-request");
            ++heads;
            sendAll(socket, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo");
            readToEnd(socket);
        });
        const std::string host = "Host: api.example.com:" + std::to_string(server.port()) + "\r\n";
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, server.port()));
        sendAll(client.get(), "POST /1 HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n2\r\nbc\r\n0\r\n\r\n" +
                                  "POST /2 HTTP/1.1\r\n" + host + "Content-Length: 25\r\n\r\nGET /looks-like-a-request");
        const std::string all = readUntil(client.get(), "two");
        QVERIFY2(all.find("one") < all.find("two"), all.c_str());
        QVERIFY2(seen.find("GET /looks") > seen.find("POST /2"), seen.c_str());
        QTRY_COMPARE(keeper().rows().size(), 2U);
        QCOMPARE(heads.load(), 2);
    }

    void http10IsAnsweredAndClosed()
    {
        ScriptedServer server([](int socket) {
            readUntil(socket, "\r\n\r\n");
            sendAll(socket, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
            readToEnd(socket);
        });
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, server.port()));
        sendAll(client.get(), "GET / HTTP/1.0\r\n\r\n");
        const std::string answer = readToEnd(client.get());
        QVERIFY2(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nok"), answer.c_str());
        QCOMPARE(answer.find("hunked"), std::string::npos);
    }

    // An answer that came before it was asked for belongs to nobody.
    void anUnaskedAnswerIsNotUsed()
    {
        ScriptedServer server([](int socket) {
            readUntil(socket, "\r\n\r\n");
            sendAll(socket, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nasked");
            QTest::qSleep(100);
            sendAll(socket, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nunasked");
            readToEnd(socket);
        });
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, server.port()));
        for (int count = 0; count < 2; ++count) {
            sendAll(client.get(), get("/", server.port()));
            const std::string answer = readUntil(client.get(), "aske");
            QVERIFY2(answer.ends_with("\r\n\r\naske"), answer.c_str());
            QTest::qWait(300);
        }
        QCOMPARE(server.connections(), 2);
    }

private:
    [[nodiscard]] ScriptedGatekeeper& keeper() { return m_fixture->keeper(); }
    std::unique_ptr<EgressFixture> m_fixture;
};

QTEST_GUILESS_MAIN(EgressStrictTest)
#include "egress_strict_test.moc"

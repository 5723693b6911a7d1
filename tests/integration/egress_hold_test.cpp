// Requests that wait for a person, and policy that changes under open connections.

#include <QTest>

#include <cerrno>
#include <fstream>

#include <sys/socket.h>

#include "egress_fixture.h"

using namespace sallyport;
using namespace sallyport::test;

namespace {

constexpr auto Host = "api.example.com";

egress::AskOutcome outcome(egress::AskOutcome::Kind kind, std::string reason = {})
{
    egress::AskOutcome result;
    result.kind = kind;
    result.reason = std::move(reason);
    result.heldMs = 5;
    return result;
}

std::string authority(int port)
{
    return std::string(Host) + ":" + std::to_string(port);
}

std::string plainGet(int port, const std::string& path)
{
    return "GET " + path + " HTTP/1.1\r\nHost: " + authority(port) + "\r\n\r\n";
}

} // namespace

class EgressHoldTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase()
    {
        m_fixture = std::make_unique<EgressFixture>();
        m_fixture->startNginx();
    }
    void cleanupTestCase() { m_fixture.reset(); }
    void init()
    {
        keeper().forgetRows();
        keeper().setBudget(std::chrono::milliseconds(25000));
        keeper().setDecide([](const policy::Request&) {
            return verdict(policy::Verdict::Ask, api::Step::Default);
        });
    }

    void passesOnceAllowed_data()
    {
        QTest::addColumn<QString>("version");
        QTest::newRow("1.1") << "--http1.1";
        QTest::newRow("2") << "--http2";
    }
    void passesOnceAllowed()
    {
        QFETCH(QString, version);
        QProcess curl;
        start(curl, {version, "-w", "%{http_code}"});
        QTRY_COMPARE(keeper().openQuestions(), 1);
        const api::RowDetail held = keeper().lastRow();
        QCOMPARE(held.row.state, api::RowState::Held);
        QVERIFY(!held.row.verdict);
        QTRY_VERIFY(!keeper().lastRow().requestHeaders.empty());
        keeper().answer(outcome(egress::AskOutcome::Kind::Allowed));
        QVERIFY(curl.waitForFinished(10000));
        QCOMPARE(curl.readAllStandardOutput(), QByteArray("hello from nginx\n200"));
        QTRY_COMPARE(keeper().lastRow().row.state, api::RowState::Done);
        QCOMPARE(keeper().lastRow().row.step, api::Step::Answer);
        QCOMPARE(keeper().lastRow().row.heldMs, 5);
    }

    void tellsTheReasonOfADenial()
    {
        QProcess curl;
        start(curl, {"-w", "%{http_code} %{content_type}", "-D", "-"});
        QTRY_COMPARE(keeper().openQuestions(), 1);
        keeper().answer(outcome(egress::AskOutcome::Kind::Denied, "not \"today\""));
        QVERIFY(curl.waitForFinished(10000));
        const QByteArray out = curl.readAllStandardOutput();
        QVERIFY2(out.contains("{\"error\":\"egress_denied\",\"step\":\"answer\",\"rule\":null,"
                              "\"reason\":\"not \\\"today\\\"\"}"),
                 out);
        QVERIFY(out.toLower().contains("sallyport-decision: deny; step=answer"));
        QVERIFY(out.endsWith("403 application/json"));
        QCOMPARE(keeper().lastRow().row.state, api::RowState::Denied);
    }

    void endsWithPendingWhenNobodyAnswers()
    {
        keeper().setBudget(std::chrono::milliseconds(300));
        const CurlResult result =
            m_fixture->curl(Host, port(), {url("/hello"), "-w", "%{http_code}", "-D", "-"});
        QVERIFY(result.out.contains("\"error\":\"approval_pending\""));
        QVERIFY(result.out.toLower().contains("retry-after: 5"));
        QVERIFY(result.out.endsWith("403"));
    }

    void hangingUpWithdrawsTheQuestion_data()
    {
        QTest::addColumn<QString>("scheme");
        QTest::addColumn<QString>("version");
        QTest::newRow("plain") << "http"
                               << "--http1.1";
        QTest::newRow("TLS") << "https"
                             << "--http1.1";
        QTest::newRow("HTTP/2") << "https"
                                << "--http2";
    }
    void hangingUpWithdrawsTheQuestion()
    {
        QFETCH(QString, scheme);
        QFETCH(QString, version);
        const int before = keeper().withdrawn();
        const int to = scheme == "http" ? m_fixture->plainPort() : port();
        QProcess curl;
        m_fixture->startCurl(curl, Host, to,
                             {version, QString("%1://%2:%3/").arg(scheme, Host).arg(to)});
        QTRY_COMPARE(keeper().openQuestions(), 1);
        curl.kill();
        QVERIFY(curl.waitForFinished());
        QTRY_COMPARE(keeper().withdrawn(), before + 1);
        QTRY_COMPARE(keeper().lastRow().row.state, api::RowState::Withdrawn);
        QVERIFY(!keeper().lastRow().row.verdict);
    }

    void aResetStreamWithdrawsAndAHeldOneStopsNoOther()
    {
        const int to = m_fixture->plainH2Port();
        keeper().setDecide([](const policy::Request& request) {
            return verdict(request.path == "/held" ? policy::Verdict::Ask : policy::Verdict::Allow);
        });
        const int before = keeper().withdrawn();
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, to));
        sendAll(client.get(), h2::preface() + h2::get(1, authority(to), "/held") +
                                  h2::get(3, authority(to), "/hello"));
        const std::string answer = readUntil(client.get(), "hello from nginx\n");
        QVERIFY(h2::holds(answer, 1, 3));
        QVERIFY(!h2::holds(answer, 1, 1));
        QCOMPARE(keeper().openQuestions(), 1);
        sendAll(client.get(), h2::reset(1));
        QTRY_COMPARE(keeper().withdrawn(), before + 1);
        sendAll(client.get(), h2::get(5, authority(to), "/hello"));
        QVERIFY(h2::holds(readUntil(client.get(), "hello from nginx\n"), 1, 5));
    }

    void theNextRequestOnAnOpenConnectionObeys()
    {
        keeper().allowAll();
        const int to = m_fixture->plainPort();
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, to));
        sendAll(client.get(), plainGet(to, "/hello"));
        QVERIFY(readUntil(client.get(), "nginx\n").starts_with("HTTP/1.1 200 "));
        denyAll();
        sendAll(client.get(), plainGet(to, "/hello"));
        QVERIFY(readUntil(client.get(), "}\n").starts_with("HTTP/1.1 403 "));
        keeper().allowAll();
        sendAll(client.get(), plainGet(to, "/hello"));
        QVERIFY(readUntil(client.get(), "nginx\n").starts_with("HTTP/1.1 200 "));
    }

    void aRefusedUploadIsReadAs403_data()
    {
        QTest::addColumn<QString>("version");
        QTest::addColumn<int>("mebibytes");
        QTest::newRow("1.1 small") << "--http1.1" << 1;
        QTest::newRow("2 small") << "--http2" << 1;
        QTest::newRow("1.1 large") << "--http1.1" << 64;
        QTest::newRow("2 large") << "--http2" << 64;
    }
    void aRefusedUploadIsReadAs403()
    {
        QFETCH(QString, version);
        QFETCH(int, mebibytes);
        denyAll();
        const QString file = m_fixture->path("upload");
        std::ofstream(file.toStdString()) << std::string(std::size_t(mebibytes) << 20U, 'x');
        const CurlResult result = m_fixture->curl(Host, port(),
                                                  {version, "-T", file, "-H", "Expect:", "-m", "20",
                                                   "-w", "%{http_code}", url("/upload")});
        QVERIFY2(result.out.contains("\"error\":\"egress_denied\""), result.error);
        QVERIFY2(result.out.endsWith("403"), result.out);
    }

    void aDeniedTcpConnectionIsReset()
    {
        denyAll();
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, 5432));
        sendAll(client.get(), "hello\n");
        char byte = 0;
        QCOMPARE(::recv(client.get(), &byte, 1, 0), ssize_t(-1));
        QCOMPARE(errno, ECONNRESET);
        QTRY_COMPARE(keeper().lastRow().row.state, api::RowState::Denied);
        QCOMPARE(keeper().lastRow().row.method, std::string("TCP"));
    }

    void aHeldTcpConnectionIsWithdrawn()
    {
        const int before = keeper().withdrawn();
        UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, 5432));
        sendAll(client.get(), "hello\n");
        QTRY_COMPARE(keeper().openQuestions(), 1);
        client.reset();
        QTRY_COMPARE(keeper().withdrawn(), before + 1);
    }

    void cuttingEndsOnlyWhatIsDenied()
    {
        keeper().allowAll();
        ScriptedServer server([](int socket) {
            const std::string head = readUntil(socket, "\r\n\r\n");
            sendAll(socket,
                    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
            readUntil(socket, {});
        });
        const int front = m_fixture->frontFor(Host, server.port());
        const UniqueFd cut = m_fixture->connectTo(front);
        UniqueFd kept = m_fixture->connectTo(front);
        sendAll(cut.get(), plainGet(server.port(), "/cut"));
        sendAll(kept.get(), plainGet(server.port(), "/kept"));
        readUntil(cut.get(), "data: 1\n\n");
        readUntil(kept.get(), "data: 1\n\n");
        keeper().setDecide([](const policy::Request& request) {
            return verdict(request.path == "/cut" ? policy::Verdict::Deny : policy::Verdict::Allow);
        });
        m_fixture->onNetwork([](egress::Door& door) { door.cutDenied(EgressFixture::Sandbox); });
        QVERIFY(!readToEnd(cut.get()).ends_with("0\r\n\r\n"));
        char byte = 0;
        QCOMPARE(::recv(kept.get(), &byte, 1, MSG_DONTWAIT), ssize_t(-1));
        QCOMPARE(errno, EAGAIN);
        const linger abort{1, 0};
        ::setsockopt(kept.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
        kept.reset();
    }

    // Last: the door of the sandbox is closed afterwards.
    void closingTheDoorWithdrawsAndEndsAll()
    {
        const int before = keeper().withdrawn();
        const UniqueFd client =
            m_fixture->connectTo(m_fixture->frontFor(Host, m_fixture->plainPort()));
        sendAll(client.get(), plainGet(m_fixture->plainPort(), "/"));
        QTRY_COMPARE(keeper().openQuestions(), 1);
        m_fixture->onNetwork([](egress::Door& door) { door.close(EgressFixture::Sandbox); });
        QTRY_COMPARE(keeper().withdrawn(), before + 1);
        QCOMPARE(readToEnd(client.get()), std::string());
    }

private:
    [[nodiscard]] ScriptedGatekeeper& keeper() { return m_fixture->keeper(); }
    [[nodiscard]] int port() const { return m_fixture->h2Port(); }
    [[nodiscard]] QString url(const QString& path) const
    {
        return QString("https://%1:%2%3").arg(Host).arg(port()).arg(path);
    }
    void start(QProcess& curl, QStringList arguments)
    {
        m_fixture->startCurl(curl, Host, port(), arguments << url("/hello"));
    }
    void denyAll()
    {
        keeper().setDecide([](const policy::Request&) {
            return verdict(policy::Verdict::Deny, api::Step::Denied);
        });
    }

    std::unique_ptr<EgressFixture> m_fixture;
};

QTEST_GUILESS_MAIN(EgressHoldTest)
#include "egress_hold_test.moc"

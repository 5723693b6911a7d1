// TLS towards upstreams that are not what they should be: each fails with a reason of its own, and none is passed.

#include <QTest>

#include "egress_fixture.h"
#include "engine/api/row_kind.h"

using namespace sallyport;
using namespace sallyport::test;

namespace {

constexpr auto Host = "api.example.com";

void shell(const QString& script)
{
    QProcess process;
    useFork(process);
    process.start("/bin/sh", {"-ec", script});
    if (!process.waitForFinished() || process.exitCode() != 0)
        qFatal("%s", process.readAllStandardError().constData());
}

// openssl's own server with a certificate of the test's, on a port of its choice.
class TlsServer
{
public:
    TlsServer(const QString& certificate, const QString& key, const QStringList& options)
    {
        useFork(m_process);
        m_process.start("openssl", QStringList{"s_server", "-www", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key} + options);
        QByteArray said;
        while (!said.contains("ACCEPT 127.0.0.1:") && m_process.waitForReadyRead(10000))
            said += m_process.readAllStandardOutput();
        m_port = said.mid(said.indexOf("127.0.0.1:") + 10).trimmed().split('\n').front().toInt();
    }
    ~TlsServer()
    {
        m_process.kill();
        m_process.waitForFinished(5000);
    }
    [[nodiscard]] int port() const { return m_port; }

private:
    QProcess m_process;
    int m_port = 0;
};

} // namespace

class EgressTlsTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase()
    {
        m_fixture = std::make_unique<EgressFixture>();
        const QString make = R"(cd '%1'
            leaf() { # name, issuer, alternative name, days
                openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=leaf -keyout $1.key -out $1.csr
                echo "subjectAltName=$3" > $1.ext
                openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -CAcreateserial -days $4 -extfile $1.ext -out $1.pem
            }
            own() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" -addext subjectAltName=DNS:api.example.com -keyout $1.key -out $1.pem; }
            own self; own stranger
            leaf good root DNS:api.example.com 2
            leaf expired root DNS:api.example.com -1
            leaf wrong root DNS:other.example.com 2
            leaf untrusted stranger DNS:api.example.com 2
        )";
        shell(make.arg(m_fixture->path("")));
    }
    void cleanupTestCase() { m_fixture.reset(); }
    void init() { m_fixture->keeper().forgetRows(); }

    void eachFailureHasItsReason_data()
    {
        QTest::addColumn<QString>("certificate");
        QTest::addColumn<QStringList>("options");
        QTest::addColumn<QByteArray>("reason");
        const auto row = [](const char* name, const char* certificate, QStringList options, const char* reason) {
            QTest::newRow(name) << certificate << std::move(options) << QByteArray(reason);
        };
        row("expired", "expired", {}, "has expired");
        row("wrong name", "wrong", {}, "is for another host");
        row("signed by itself", "self", {}, "is signed by itself");
        row("untrusted", "untrusted", {}, "does not trust");
        row("wants a certificate, TLS 1.3", "good", {"-Verify", "1", "-verify_return_error", "-tls1_3"}, "asks for a certificate of the client");
        row("wants a certificate, TLS 1.2", "good", {"-Verify", "1", "-verify_return_error", "-tls1_2"}, "asks for a certificate of the client");
        row("TLS 1.1 alone", "good", {"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"}, "TLS handshake");
    }
    void eachFailureHasItsReason()
    {
        QFETCH(QString, certificate);
        QFETCH(QStringList, options);
        QFETCH(QByteArray, reason);
        for (const QString version : {"--http1.1", "--http2"}) {
            const TlsServer server(m_fixture->path(certificate + ".pem"), m_fixture->path(certificate + ".key"), options);
            QVERIFY(server.port() > 0);
            const CurlResult result = get(server.port(), version);
            QVERIFY2(result.out.endsWith("502"), result.out + result.error);
            QVERIFY2(result.out.contains(reason), result.out);
            QTRY_COMPARE(m_fixture->keeper().lastRow().row.state, api::RowState::Failed);
        }
    }

    // A second connection takes the first one's session up again, on the upstream's side and on the guest's.
    void sessionsAreResumed_data()
    {
        QTest::addColumn<QString>("version");
        QTest::newRow("TLS 1.2") << "-tls1_2";
        QTest::newRow("TLS 1.3") << "-tls1_3";
    }
    void sessionsAreResumed()
    {
        QFETCH(QString, version);
        const TlsServer server(m_fixture->path("good.pem"), m_fixture->path("good.key"), {version});
        // s_server -www tells of its connection and closes it after the answer.
        const CurlResult first = get(server.port(), "--http1.1");
        QVERIFY2(first.out.contains("New, TLSv1"), first.out + first.error);
        const CurlResult second = get(server.port(), "--http1.1");
        QVERIFY2(second.out.contains("Reused, TLSv1"), second.out);

        const QString session = m_fixture->path("session");
        const QString client = QString("openssl s_client -connect 127.0.0.1:%1 -servername %2 -CAfile '%3' %4 ")
                                   .arg(m_fixture->frontFor(Host, server.port())).arg(Host, m_fixture->caFile(), version);
        const QString request = QString("(printf 'GET / HTTP/1.1\\r\\nHost: %1:%2\\r\\nConnection: close\\r\\n\\r\\n'; sleep 1) | ").arg(Host).arg(server.port());
        shell(request + client + "-sess_out '" + session + "' > '" + session + ".1' 2>&1 || true");
        shell(request + client + "-sess_in '" + session + "' > '" + session + ".2' 2>&1 || true");
        QFile resumed(session + ".2");
        QVERIFY(resumed.open(QIODevice::ReadOnly));
        const QByteArray said = resumed.readAll();
        QVERIFY2(said.contains("Reused, TLSv1"), said);
    }

    // It has a trust store of its own, or pins: nothing is passed, and the row says which kind it
    // is.
    void aClientThatDistrustsIsARowOfItsOwn()
    {
        const TlsServer server(m_fixture->path("good.pem"), m_fixture->path("good.key"), {});
        const CurlResult result =
            m_fixture->curl(Host, server.port(),
                            {QString("https://%1:%2/").arg(Host).arg(server.port()), "--cacert",
                             m_fixture->path("stranger.pem")});
        QCOMPARE(result.exitCode, 60);
        QTRY_VERIFY(api::isDistrusted(m_fixture->keeper().lastRow().row));
        const api::Row row = m_fixture->keeper().lastRow().row;
        QCOMPARE(row.host, std::string("api.example.com"));
        QVERIFY2(row.error.find("alert unknown CA") != std::string::npos, row.error.c_str());
    }

private:
    [[nodiscard]] CurlResult get(int port, const QString& version)
    {
        return m_fixture->curl(Host, port, {version, QString("https://%1:%2/").arg(Host).arg(port), "-w", "%{http_code}"});
    }
    std::unique_ptr<EgressFixture> m_fixture;
};

QTEST_GUILESS_MAIN(EgressTlsTest)
#include "egress_tls_test.moc"

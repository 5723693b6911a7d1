// Upstream proxies (real ones and ones that misbehave), authorities of single hosts, budgets.

#include <thread>

#include <QTcpServer>
#include <QTcpSocket>
#include <QTest>

#include <sys/socket.h>

#include "egress_fixture.h"

using namespace sallyport;
using namespace sallyport::test;

namespace {

constexpr auto Host = "api.example.com";

int freeTcpPort()
{
    QTcpServer server;
    server.listen(QHostAddress::LocalHost);
    return server.serverPort();
}

void shell(const QString& script)
{
    QProcess process;
    useFork(process);
    process.start("/bin/sh", {"-ec", script});
    if (!process.waitForFinished() || process.exitCode() != 0)
        qFatal("%s", process.readAllStandardError().constData());
}

// A proxy of the distribution's, in a mount namespace where the test's names have an address.
class RealProxy
{
public:
    RealProxy(const EgressFixture& fixture, const QString& command)
    {
        QFile hosts(fixture.path("hosts"));
        if (!hosts.open(QIODevice::WriteOnly))
            qFatal("no hosts file");
        hosts.write("127.0.0.1 localhost api.example.com\n");
        hosts.close();
        useFork(m_process);
        const QString script = QString("mount --bind '%1' /etc/hosts && exec %2").arg(hosts.fileName(), command);
        m_process.start("unshare", {"-rm", "--kill-child", "sh", "-c", script});
        m_process.waitForStarted();
    }
    ~RealProxy()
    {
        m_process.kill(); // and with it the proxy
        m_process.waitForFinished(5000);
    }

private:
    QProcess m_process;
};

bool answers(int port)
{
    for (int i = 0; i < 100; ++i) {
        QTcpSocket socket;
        socket.connectToHost("127.0.0.1", static_cast<quint16>(port));
        if (socket.waitForConnected(200))
            return true;
        QTest::qWait(50);
    }
    return false;
}

} // namespace

class EgressBreadthTest : public QObject
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
        keeper().allowAll();
        keeper().setMostUploadBytes(0);
        keeper().setMostBytes(0);
        setProxy({});
    }

    // ---- Upstream proxies

    void httpAndSocksProxiesLeadOn_data()
    {
        QTest::addColumn<QString>("command"); // %1: port, %2: folder
        QTest::addColumn<QString>("url");
        const QString tinyproxy = "tinyproxy -d -c '%2/tinyproxy.conf'";
        QTest::newRow("tinyproxy") << tinyproxy << "http://someone:secret1@localhost:%1";
        QTest::newRow("microsocks") << "microsocks -i 127.0.0.1 -p %1 -u someone -P 'p:ss%'" << "socks5h://someone:p%3ass%25@127.0.0.1:%1";
        QTest::newRow("microsocks, open") << "microsocks -i 127.0.0.1 -p %1" << "socks5://127.0.0.1:%1";
    }
    void httpAndSocksProxiesLeadOn()
    {
        QFETCH(QString, command);
        QFETCH(QString, url);
        const int port = freeTcpPort();
        QFile conf(m_fixture->path("tinyproxy.conf"));
        QVERIFY(conf.open(QIODevice::WriteOnly | QIODevice::Truncate));
        conf.write(QString("Port %1\nListen 127.0.0.1\nTimeout 60\nMaxClients 50\nBasicAuth someone secret1\nConnectPort %2\n").arg(port).arg(m_fixture->h2Port()).toUtf8());
        conf.close();
        const RealProxy proxy(*m_fixture, QString(command).replace("%1", QString::number(port)).replace("%2", m_fixture->path("")));
        QVERIFY(answers(port));
        setProxy(QString(url).replace("%1", QString::number(port)));
        // What the name is here does not matter: the proxy resolves it.
        m_fixture->resolveTo(Host, {});
        for (const QString version : {"--http1.1", "--http2"}) {
            const CurlResult secure = get("https", m_fixture->h2Port(), {version});
            QVERIFY2(secure.out.endsWith("hello from nginx\n200"), secure.out + secure.error);
        }
        const CurlResult plain = get("http", m_fixture->plainPort(), {});
        QVERIFY2(plain.out.endsWith("hello from nginx\n200"), plain.out + plain.error);
        QTRY_COMPARE(keeper().lastRow().row.state, api::RowState::Done);
        const QString address = QString::fromStdString(keeper().lastRow().row.upstreamAddress);
        QVERIFY2(address.startsWith(QString("api.example.com:%1 by 127.0.0.1:%2").arg(m_fixture->plainPort()).arg(port)), qPrintable(address));
        m_fixture->resolveTo(Host, {"127.0.0.1"});
    }

    void withAProxyThatFailsNothingPasses_data()
    {
        QTest::addColumn<QString>("scheme");
        QTest::addColumn<QByteArray>("answer"); // of the proxy, after each thing that it reads
        QTest::addColumn<QByteArray>("reason");
        const auto row = [](const char* name, const char* scheme, const QByteArray& answer, const char* reason) {
            QTest::newRow(name) << QString(scheme) << answer << QByteArray(reason);
        };
        row("403", "http", "HTTP/1.1 403 Filtered\r\nContent-Length: 0\r\n\r\n", "it answers 403 to CONNECT");
        row("407", "http", "HTTP/1.1 407 Auth\r\n\r\n", "wants a user and a password (407)");
        row("no HTTP", "http", "220 mail.example ESMTP\r\n\r\n", "does not speak HTTP");
        row("no end", "http", "HTTP/1.1 200 OK\r\nX: " + QByteArray(40'000, 'x'), "answers without an end");
        row("closes", "http", "", "closed the connection");
        row("SOCKS refuses", "socks5h", QByteArray("\x05\x00\x05\x02\x00\x01\0\0\0\0\0\0", 12), "its rules forbid it");
        row("SOCKS wants a login", "socks5h", QByteArray("\x05\xff", 2), "wants a user and a password");
        row("SOCKS4", "socks5h", QByteArray("\x00\x5b", 2), "does not speak SOCKS5");
    }
    void withAProxyThatFailsNothingPasses()
    {
        QFETCH(QString, scheme);
        QFETCH(QByteArray, answer);
        QFETCH(QByteArray, reason);
        ScriptedServer server([&](int socket) {
            char byte[512];
            if (::recv(socket, byte, sizeof byte, 0) > 0 && !answer.isEmpty()) {
                ::send(socket, answer.constData(), static_cast<std::size_t>(answer.size()), MSG_NOSIGNAL);
                while (::recv(socket, byte, sizeof byte, 0) > 0) {
                }
            }
        });
        setProxy(QString("%1://127.0.0.1:%2").arg(scheme).arg(server.port()));
        const CurlResult result = get("https", m_fixture->h2Port(), {});
        QVERIFY2(result.out.endsWith("502"), result.out + result.error);
        QVERIFY2(result.out.contains("the upstream proxy: " + scheme.toUtf8() + "://127.0.0.1") && result.out.contains(reason), result.out);
        QTRY_COMPARE(keeper().lastRow().row.state, api::RowState::Failed);
    }

    void aProxyIsAskedForPlainHttpByTheWholeUri()
    {
        QByteArray asked;
        ScriptedServer server([&](int socket) {
            char byte[2048];
            const auto count = ::recv(socket, byte, sizeof byte, 0);
            asked = QByteArray(byte, std::max<qsizetype>(count, 0));
            constexpr std::string_view Answer = "HTTP/1.1 407 Auth\r\nContent-Length: 0\r\n\r\n";
            ::send(socket, Answer.data(), Answer.size(), MSG_NOSIGNAL);
        });
        setProxy(QString("http://someone:secret1@127.0.0.1:%1").arg(server.port()));
        const CurlResult result = get("http", m_fixture->plainPort(), {});
        QVERIFY2(result.out.endsWith("502") && result.out.contains("does not take this user"), result.out + result.error);
        QVERIFY2(asked.startsWith(QString("GET http://api.example.com:%1/").arg(m_fixture->plainPort()).toUtf8()), asked);
        QVERIFY2(asked.contains("\r\nProxy-Authorization: Basic c29tZW9uZTpzZWNyZXQx\r\n"), asked);
    }

    void aProxyThatIsNotThereOrNotUsableLetsNothingPass()
    {
        setProxy(QString("http://127.0.0.1:%1").arg(freeTcpPort()));
        const CurlResult gone = get("http", m_fixture->plainPort(), {});
        QVERIFY2(gone.out.endsWith("502") && gone.out.contains("the upstream proxy: connect to 127.0.0.1"), gone.out);
        auto plan = std::make_shared<egress::ProxyPlan>();
        plan->problem = "the vault is locked";
        m_fixture->onNetwork([&](egress::Door& door) { door.setProxy(plan); });
        const CurlResult locked = get("http", m_fixture->plainPort(), {});
        QVERIFY2(locked.out.endsWith("502") && locked.out.contains("can't be used: the vault is locked"), locked.out);
    }

    void theFloorHoldsBehindAProxyToo()
    {
        setProxy("http://127.0.0.1:9");
        const CurlResult named = m_fixture->curl("nas.local", 80, {"http://nas.local/", "-w", "%{http_code}"});
        QVERIFY2(named.out.endsWith("403") && named.out.contains("name of a private network"), named.out);
        QTRY_COMPARE(keeper().lastRow().row.step, api::Step::Floor);
        keeper().refuseAddresses(true);
        const int front = m_fixture->frontForAddress("10.1.2.3", 80);
        const CurlResult literal = curlTo(front, "10.1.2.3", 80);
        keeper().refuseAddresses(false);
        QVERIFY2(literal.out.endsWith("403"), literal.out + literal.error);
    }

    void hostsThatAreDirectDoNotMeetTheProxy()
    {
        setProxy("http://127.0.0.1:9", {"example.com"});
        const CurlResult result = get("http", m_fixture->plainPort(), {});
        QVERIFY2(result.out.endsWith("hello from nginx\n200"), result.out + result.error);
    }

    // ---- Authorities of single hosts

    void anAuthorityIsTrustedForItsHostsOnly()
    {
        shell(QString(R"(cd '%1'
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=Company CA" -keyout company.key -out company.pem
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=leaf -keyout corp.key -out corp.csr
            echo "subjectAltName=DNS:git.corp.example,DNS:api.example.com" > corp.ext
            openssl x509 -req -in corp.csr -CA company.pem -CAkey company.key -CAcreateserial -days 2 -extfile corp.ext -out corp.pem
        )").arg(m_fixture->path("")));
        QProcess server;
        useFork(server);
        const int port = freeTcpPort();
        server.start("openssl", {"s_server", "-www", "-accept", QString("127.0.0.1:%1").arg(port), "-cert", m_fixture->path("corp.pem"),
                                 "-key", m_fixture->path("corp.key")});
        QVERIFY(answers(port));
        const auto fetch = [&](const char* host) {
            return m_fixture->curl(host, port, {"--http1.1", QString("https://%1:%2/").arg(host).arg(port), "-w", "%{http_code}"});
        };
        const CurlResult before = fetch("git.corp.example");
        QVERIFY2(before.out.endsWith("502"), before.out);
        setAuthorities("# the company's\n*.corp.example\n" + read("company.pem"));
        const CurlResult trusted = fetch("git.corp.example");
        QVERIFY2(trusted.out.endsWith("200"), trusted.out + trusted.error);
        const CurlResult other = fetch(Host);
        QVERIFY2(other.out.endsWith("502"), other.out);
        // The server's own certificate is enough.
        setAuthorities("git.corp.example\n" + read("corp.pem"));
        QVERIFY(fetch("git.corp.example").out.endsWith("200"));
        // Those of the system hold there as well; and what was taken away is not resumed.
        const CurlResult system = get("https", m_fixture->h2Port(), {});
        QVERIFY2(system.out.endsWith("200"), system.out);
        setAuthorities({});
        QVERIFY(fetch("git.corp.example").out.endsWith("502"));
        server.kill();
        server.waitForFinished();
    }

    void authoritiesThatAreWrongNameTheLine()
    {
        const auto problem = [](const QByteArray& text) {
            const auto parsed = tls::parseHostAuthorities(std::string_view(text.constData(), static_cast<std::size_t>(text.size())));
            return parsed ? QString() : QString::fromStdString(parsed.error().text);
        };
        QVERIFY(problem(read("root.pem")).startsWith("line 1: name the hosts"));
        QVERIFY(problem("a.example\n").contains("a certificate is missing"));
        QVERIFY(problem("a.example\n-----BEGIN CERTIFICATE-----\nAAAA\n").contains("has no end"));
        QVERIFY(problem("a.example\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").startsWith("line 4: not a certificate"));
        QVERIFY(problem("*a.example\n" + read("root.pem")).startsWith("line 1: "));
        QCOMPARE(problem("a.example, *.b.example\n" + read("root.pem") + read("server.pem") + "\nc.example\n" + read("root.pem")), QString());
    }

    // ---- Budgets

    void uploadsHaveALimit_data()
    {
        QTest::addColumn<QStringList>("arguments");
        QTest::newRow("by length") << QStringList{"--http1.1"};
        QTest::newRow("by length, HTTP/2") << QStringList{"--http2"};
        QTest::newRow("chunks") << QStringList{"--http1.1", "-H", "Transfer-Encoding: chunked"};
        QTest::newRow("expect") << QStringList{"--http1.1", "-H", "Expect: 100-continue"};
    }
    void uploadsHaveALimit()
    {
        QFETCH(QStringList, arguments);
        QFile file(m_fixture->path("upload"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QByteArray(200'000, 'x'));
        file.close();
        const auto send = [&] {
            return m_fixture->curl(Host, m_fixture->h2Port(),
                                   arguments + QStringList{"-T", file.fileName(), QString("https://%1:%2/upload").arg(Host).arg(m_fixture->h2Port()),
                                                           "-w", "%{http_code}"});
        };
        keeper().setMostUploadBytes(100'000);
        const CurlResult large = send();
        QVERIFY2(large.out.endsWith("413") && large.out.contains("budget.uploadBytes"), large.out + large.error);
        QTRY_COMPARE(keeper().lastRow().row.status, 413);
        keeper().setMostUploadBytes(200'000);
        const CurlResult fits = send();
        QVERIFY2(fits.out.endsWith("200"), fits.out + fits.error);
    }

    void aTransferThatUsesUpItsBudgetIsCut()
    {
        std::atomic<bool> stop{false};
        ScriptedServer endless([&](int socket) {
            char request[4096];
            static_cast<void>(::recv(socket, request, sizeof request, 0));
            const std::string piece = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + std::string(8192, 'x');
            while (!stop && ::send(socket, piece.data(), piece.size(), MSG_NOSIGNAL) > 0)
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
        });
        keeper().setMostBytes(1'000'000);
        const CurlResult result = m_fixture->curl(Host, endless.port(), {"-o", "/dev/null", QString("http://%1:%2/").arg(Host).arg(endless.port())});
        stop = true;
        QVERIFY(result.exitCode != 0);
        QTRY_COMPARE(keeper().lastRow().row.state, api::RowState::Failed);
        const api::Row row = keeper().lastRow().row;
        QCOMPARE(QString::fromStdString(row.error), "cut: the test's budget is used up");
        QVERIFY(row.responseBytes >= 1'000'000);
    }

    void aTunnelThatUsesUpItsBudgetIsCut()
    {
        ScriptedServer talker([](int socket) {
            const std::string piece(8192, 'x');
            while (::send(socket, piece.data(), piece.size(), MSG_NOSIGNAL) > 0)
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
        });
        keeper().setMostBytes(500'000);
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, talker.port()));
        ::send(client.get(), "x\n", 2, MSG_NOSIGNAL);
        char buffer[65536];
        std::int64_t got = 0;
        for (ssize_t size = 1; (size = ::recv(client.get(), buffer, sizeof buffer, 0)) > 0;)
            got += size;
        QVERIFY(got > 100'000);
        QTRY_COMPARE(keeper().lastRow().row.state, api::RowState::Failed);
        QVERIFY(keeper().lastRow().row.error.find("budget") != std::string::npos);
    }

private:
    ScriptedGatekeeper& keeper() { return m_fixture->keeper(); }

    CurlResult get(const QString& scheme, int port, const QStringList& options)
    {
        return m_fixture->curl(Host, port, options + QStringList{QString("%1://%2:%3/hello").arg(scheme, Host).arg(port), "-w", "%{http_code}"});
    }
    CurlResult curlTo(int front, const QString& host, int port)
    {
        QProcess curl;
        useFork(curl);
        curl.start("curl", {"-sS", "--connect-to", QString("::127.0.0.1:%1").arg(front), QString("http://%1:%2/").arg(host).arg(port), "-w", "%{http_code}"});
        curl.waitForFinished(30000);
        return {curl.exitCode(), curl.readAllStandardOutput(), curl.readAllStandardError()};
    }
    void setProxy(const QString& url, const QStringList& direct = {})
    {
        std::shared_ptr<egress::ProxyPlan> plan;
        if (!url.isEmpty()) {
            plan = std::make_shared<egress::ProxyPlan>();
            plan->server = *egress::parseProxy(url.toStdString());
            for (const QString& entry : direct)
                plan->direct.push_back(*egress::DirectHost::parse(entry.toStdString()));
        }
        m_fixture->onNetwork([&](egress::Door& door) { door.setProxy(plan); });
    }
    void setAuthorities(const QByteArray& text)
    {
        const auto parsed = tls::parseHostAuthorities(text.toStdString());
        if (!parsed)
            qFatal("%s", parsed.error().text.c_str());
        m_fixture->onNetwork([&](egress::Door& door) {
            if (const Status set = door.setAuthorities(*parsed); !set)
                qFatal("%s", set.error().text.c_str());
        });
    }
    QByteArray read(const QString& name) const
    {
        QFile file(m_fixture->path(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }

    std::unique_ptr<EgressFixture> m_fixture;
};

QTEST_GUILESS_MAIN(EgressBreadthTest)
#include "egress_breadth_test.moc"

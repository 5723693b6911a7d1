// Handlers of a module, in a real process, as real clients meet them.

#include <atomic>
#include <future>

#include <QTest>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "egress_fixture.h"

#include "engine/handler/runtime.h"
#include "engine/policy/ladder.h"

using namespace sallyport;
using namespace sallyport::test;

namespace {

constexpr auto Host = "api.example.com";

// Answers with the head it was sent, and the body behind it.
void echo(int socket)
{
    for (;;) {
        std::string text = readUntil(socket, "\r\n\r\n");
        const std::size_t end = text.find("\r\n\r\n");
        if (end == std::string::npos)
            return;
        const std::size_t length = text.find("Content-Length: ");
        if (length != std::string::npos && length < end) {
            const std::size_t wanted = end + 4 + std::stoul(text.substr(length + 16));
            while (text.size() < wanted) {
                const std::string more = readUntil(socket, text.substr(text.size()));
                if (more.empty())
                    break;
                text += more;
            }
        } else if (text.find("ransfer-Encoding: chunked") != std::string::npos) {
            while (!text.ends_with("0\r\n\r\n")) {
                const std::string more = readUntil(socket, "\r\n\r\n");
                if (more.empty())
                    break;
                text += more;
            }
        }
        sendAll(socket, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Upstream: yes\r\nContent-Length: " +
                            std::to_string(text.size()) + "\r\n\r\n" + text);
    }
}

} // namespace

class EgressScriptsTest : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<handler::Runtime> m_runtime;
    std::unique_ptr<EgressFixture> m_fixture;
    std::unique_ptr<ScriptedServer> m_echo;

    void startRuntime(const handler::HandlerLimits& limits = {})
    {
        m_fixture->onNetwork([&](egress::Door& door) {
            handler::RuntimeOptions options;
            options.program = SALLYPORT_HANDLERD;
            options.limits = limits;
            m_runtime = std::make_unique<handler::Runtime>(m_fixture->context().get_executor(),
                                                           options);
            door.setHandlers(*m_runtime, {});
        });
    }

    handler::Checked check(const std::string& source)
    {
        std::promise<handler::Checked> done;
        m_fixture->onNetwork([&](egress::Door&) {
            boost::asio::co_spawn(m_fixture->context(), m_runtime->check(source),
                                  [&](const std::exception_ptr&, handler::Checked checked) {
                                      done.set_value(std::move(checked));
                                  });
        });
        return done.get_future().get();
    }

    // The module decides for every host that it declares; params are for a named handler.
    bool load(const std::string& source,
              const std::string& environment = "{}",
              std::vector<api::Handler> extra = {})
    {
        const handler::Checked checked = check(source);
        if (!checked) {
            qWarning("%s", handler::problemText(checked.error()).c_str());
            return false;
        }
        const auto add = [&](std::string host, std::string name) {
            api::Handler slot;
            slot.host = std::move(host);
            slot.name = std::move(name);
            slot.kind = api::HandlerKind::JavaScript;
            slot.origin = api::HandlerOrigin::Declared;
            extra.push_back(slot);
        };
        for (const std::string& host : (*checked)->description.outboundByHost)
            add(host, host);
        if ((*checked)->description.hasOutbound)
            add("", "outbound");
        m_fixture->onNetwork([&](egress::Door&) {
            m_runtime->setEnvironment(EgressFixture::Sandbox, "agent-1", environment);
            m_runtime->setModule(EgressFixture::Sandbox, source);
        });
        api::Sandbox sandbox;
        sandbox.id = EgressFixture::Sandbox;
        sandbox.defaultAction = api::DefaultAction::Deny;
        m_fixture->keeper().setPolicy(
            policy::Snapshot::build(sandbox, {}, {}, nowUnixMillis(), extra));
        return true;
    }

    CurlResult get(const QString& path, QStringList more = {}, const char* host = Host)
    {
        const int port = m_echo->port();
        const QString url = QString("http://%1:%2%3").arg(host).arg(port).arg(path);
        return m_fixture->curl(host, port, QStringList{url} + more);
    }

private slots:
    void initTestCase()
    {
        m_fixture = std::make_unique<EgressFixture>();
        m_fixture->startNginx();
        m_echo = std::make_unique<ScriptedServer>(echo);
        startRuntime();
    }
    void cleanupTestCase()
    {
        m_fixture->onNetwork([&](egress::Door&) { m_runtime.reset(); });
        m_fixture.reset();
    }
    void init() { m_fixture->keeper().forgetRows(); }

    void aHandlerChangesTheRequest()
    {
        QVERIFY(load(R"(
            class OpenCodeInABox extends Sandbox {
              static outboundByHost = {
                "api.example.com": (request, env, ctx) => {
                  const headersWithAuth = new Headers(request.headers);
                  headersWithAuth.set("x-auth-token", env.SECRET);
                  return fetch(request, { headers: headersWithAuth });
                }
              }
            })",
                     R"({"SECRET":"s3cret"})"));
        const CurlResult result = get("/x?y=1", {"-D", "-"});
        QVERIFY2(result.out.contains("x-auth-token: s3cret\r\n"), result.out);
        QVERIFY(result.out.contains("GET /x?y=1 HTTP/1.1\r\n"));
        QVERIFY(result.out.contains("X-Upstream: yes"));
        const api::RowDetail row = m_fixture->keeper().lastRow();
        QCOMPARE(row.row.state, api::RowState::Done);
        QCOMPARE(row.row.step, api::Step::Handler);
        QCOMPARE(row.row.status, 200);
        QVERIFY(!row.row.upstreamAddress.empty());
    }

    void bodiesStreamBothWays()
    {
        QVERIFY(load(R"(
            export default {
              async outbound(request) {
                if (new URL(request.url).pathname === "/text") {
                  const text = await request.text();
                  return new Response(text.toUpperCase(), { status: 201, headers: { "x-a": "b" } });
                }
                const upper = new TransformStream({
                  transform(piece, controller) {
                    controller.enqueue(new TextEncoder().encode(new TextDecoder().decode(piece).toUpperCase()));
                  }
                });
                return new Response(request.body.pipeThrough(upper));
              }
            })"));
        QCOMPARE(get("/text", {"-d", "hello", "-w", "%{http_code}"}).out, "HELLO201");
        const QByteArray big(300000, 'a');
        QFile file(m_fixture->path("big"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(big);
        file.close();
        QCOMPARE(get("/stream", {"--data-binary", "@" + file.fileName()}).out, big.toUpper());
        QCOMPARE(get("/stream", {"--data-binary", "@" + file.fileName(), "-H", "Transfer-Encoding: chunked"}).out, big.toUpper());
    }

    void untouchedBodiesGoOn()
    {
        QVERIFY(load(R"(
            export default {
              outbound: (request, env, ctx) => fetch(request)
            })"));
        const CurlResult result = get("/up", {"-d", "field=value", "-X", "PUT"});
        QVERIFY2(result.out.startsWith("PUT /up HTTP/1.1\r\n"), result.out);
        QVERIFY(result.out.endsWith("\r\n\r\nfield=value"));
        QCOMPARE(m_fixture->keeper().lastRow().row.requestBytes, 11);
    }

    void whatFailsIsDenied_data()
    {
        QTest::addColumn<QByteArray>("handler");
        QTest::addColumn<QByteArray>("reason");
        QTest::newRow("throws") << QByteArray("() => { throw new Error('no way') }") << QByteArray("no way (line 1");
        QTest::newRow("rejects") << QByteArray("async () => missing.thing") << QByteArray("ReferenceError");
        QTest::newRow("returns nothing") << QByteArray("() => {}") << QByteArray("no Response");
        QTest::newRow("never settles") << QByteArray("() => new Promise(() => {})") << QByteArray("never settles");
        QTest::newRow("spins") << QByteArray("() => { for (;;); }") << QByteArray("processor time");
        QTest::newRow("spins later") << QByteArray("async () => { await null; for (;;); }") << QByteArray("processor time");
        QTest::newRow("swallows") << QByteArray("() => { try { for (;;); } catch {} return new Response() }") << QByteArray("processor time");
        QTest::newRow("backtracks") << QByteArray("() => new Response(String(/^(a+)+$/.test('a'.repeat(40) + 'b')))") << QByteArray("processor time");
        QTest::newRow("hoards") << QByteArray("() => { const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1)); }") << QByteArray("of ");
    }
    void whatFailsIsDenied()
    {
        QFETCH(QByteArray, handler);
        QFETCH(QByteArray, reason);
        QVERIFY(load("export default { outbound: " + handler.toStdString() + " }"));
        const CurlResult result = get("/", {"-w", "%{http_code}"});
        QVERIFY2(result.out.endsWith("403"), result.out);
        QVERIFY2(result.out.contains(reason), result.out);
        QVERIFY(result.out.contains(R"("step":"handler")"));
        QCOMPARE(m_fixture->keeper().lastRow().row.state, api::RowState::Denied);
        // The next request is served as if nothing had been.
        QVERIFY(load("export default { outbound: () => new Response('well') }"));
        QCOMPARE(get("/").out, "well");
    }
};

QTEST_GUILESS_MAIN(EgressScriptsTest)
#include "egress_scripts_test.moc"

// Handlers of a module, in a real process, as real clients meet them.

#include <atomic>
#include <csignal>
#include <future>
#include <mutex>
#include <thread>

#include <QTest>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "egress_fixture.h"

#include "engine/base/text.h"
#include "engine/handler/runtime.h"
#include "engine/policy/ladder.h"

using namespace sallyport;
using namespace sallyport::test;

namespace {

constexpr auto Host = "api.example.com";
constexpr auto Elsewhere = "other.example.com";
const std::string Value = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
const std::string Placeholder = "sp_A0B1C2D3E4F5G6H7I8J9K0L1M2N3O4P5Q6R7S";

// One credential, for Host alone.
std::shared_ptr<const secret::Kit> kit(api::CredentialUse use = api::CredentialUse::Placeholder)
{
    secret::KitEntry entry;
    entry.credential.id = 1;
    entry.credential.name = "github";
    entry.credential.hosts = {Host};
    entry.credential.use = use;
    entry.credential.header = "Authorization: token {}";
    entry.credential.plainHttp = true;
    entry.credential.inBodies = true;
    entry.placeholder = Placeholder;
    entry.value = std::make_shared<const secret::SecretText>(Value);
    std::vector<secret::KitEntry> entries;
    entries.push_back(std::move(entry));
    return std::make_shared<const secret::Kit>(std::move(entries));
}

QString js(const std::string& text)
{
    return '"' + QString::fromStdString(text) + '"';
}

// A key made for this test alone.
constexpr auto RsaKey =
    "MIIEvwIBADANBgkqhkiG9w0BAQEFAASCBKkwggSlAgEAAoIBAQDWA1Ddev1uQoRwIF5iXCs15wGptY0H49snnEhoXCkxQGLEd8N7"
    "DrWIkBe/gTT3hgtIUwUqW3btwIYkJPFQUog4VRvCikwJL1SvFJ3GHgoPUfl0lz9abPVWZa+zm2G79VCHS0Qo4j8BkPJf4jdOQoIc"
    "p0kQQ1FvhWYz6wBFSXQdPjEaj1QDox8r92qxGG/wKEZINgUMd5TVFtCcdD/YMScz/aDAvOUMM2K/Ep2Bmgb5Us62bGBIdxdHBf4c"
    "jI1ibXAfPSIkgJaF/JB91kelUtNaSHK28wdRnqzD3bqsor9acy0XcsjXAlCxh+G5wG+nkHBpFqLIb8htkGddkPtxwS+fAgMBAAEC"
    "ggEAZeugWEoZZahCAFA6AufYIEyKizMOHiLSnROdnC2/5FfAccaDjxhbNdVBqg8zlWn994yqGhkDE4krmQ0K63DStNk7ZjOMsJcc"
    "4mCUHuTxb4hfn7nkDwFy+ZllysiGDAhxOG2M4VeWH/3Sn/1Qz3F3G4RDlH4qy0yhdrpFH7oylTXIpi+zhW2SBWFD50w1Q/KDVk7R"
    "CEiffVEeQrtFD3QCYQzGKYq3kEz04vePRBZyxzAAgrvY6i33aqZEJewCqBOLp2XMV7a/n4ovCXeNM3qZmWfXsNV+es0hID2DcF0V"
    "MON1PsBgk0tikALwSaFKlxwKhkvA8M2Ka6dpGLXQIEt90QKBgQD6Maac8VFrGN2ERkrumaIcgcAkySH6fM6oyzoCsJ9i/7hqotQ+"
    "XCTjAR8g5rBrleuNE+gAQF6eUiTNtzBzyArGCrERAKX3B5gCxxzOOaKRSGrl/3kl6fI7szTkdZwxcQZIq8G4rEzFUKzEbyW+6axX"
    "/J9aihn5YrmbaunIwQHJ6QKBgQDa+rivavXAro5JmBHqW69ionWm2tDs5p5U6heiprx+RXxP8W3Wkn3Tj6/VMTI9J+GrRgrJvehH"
    "io6BA6D6RywMQvGH3xXwVz6+prNh/JMOty2JfvHcN/9I65i41eYNctk31fA1oQ8+ynKIkFW9l2SJh58LcacTHorOFFcnWqKwRwKB"
    "gQC87tWU2p7TMznEc5iOSbIjuM+yd7iTAcDFsoIiGeKizd0jmcaROOAaFHS/UbWT6Oix5oBiADnzcLCeMGIEbOHF37kKz+SEgVWH"
    "c3kLOnbLI1amTJ/dw6bK8m9UvoOuyl0mb52gqWxn7J4q0Iw+eRNOdlSX+IXYz3a+KKRWl3mUUQKBgQCcViXmryFW+AiDyDr6K40S"
    "iVQf1NcWWyutChfnusyWBfvTg1VcvOdyVII/Xck1WjTGN9JZ5+heszA8MaALLybmdiDEVWPvXApiyNcG3PEMr4CmSmhYRe5PXEyD"
    "ocqFzXoBYA8H6r3coWKV1x4vpldTzOyimfijMMn+iQ0T/qRp3wKBgQClqIIE1uFCM9EVevUAbnEY1jo/EbYARIPSSFFMBDSgzDII"
    "6uv11R3Ct4D94SiMuNIcGSY/Yo5sp+jGmo5pEOHMDLsd80RaBptafHW9FV+Q49h12L0PZX/8KA+bMr7j1B8fc2DVk/BcaXRg/dRU"
    "BWwXntChiFxm1wZWEwmGBGkYcQ==";

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
    void init()
    {
        m_fixture->keeper().forgetRows();
        m_fixture->keeper().setKit(nullptr);
    }

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

    void anUpgradePassesThroughAHandler()
    {
        ScriptedServer server([](int socket) {
            static_cast<void>(readUntil(socket, "\r\n\r\n"));
            sendAll(socket, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
                            "websocket\r\n\r\nhello");
            const std::string text = readUntil(socket, "ping");
            sendAll(socket, text + "pong");
        });
        QVERIFY(load("export default { outbound: (request) => fetch(request) }"));
        const UniqueFd socket = m_fixture->connectTo(m_fixture->frontFor(Host, server.port()));
        sendAll(socket.get(), "GET /chat HTTP/1.1\r\nHost: api.example.com:" +
                                  std::to_string(server.port()) +
                                  "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: "
                                  "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
        const std::string head = readUntil(socket.get(), "hello");
        QVERIFY2(head.starts_with("HTTP/1.1 101"), head.c_str());
        sendAll(socket.get(), "ping");
        QCOMPARE(readUntil(socket.get(), "pong"), "pingpong");
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

    // The web platform, checked from inside: each expression is true.
    void theWebPlatformIsThere_data()
    {
        QTest::addColumn<QByteArray>("check");
        const char* const checks[] = {
            "new URL('../b?c=1#d', 'https://EXAMPLE.com/a/x').href === 'https://example.com/b?c=1#d'",
            "new URL('http://b\\u00fccher.example/').host === 'xn--bcher-kva.example'",
            "(() => { const u = new URL('http://a/?x=1'); u.searchParams.append('y', '2 3'); return u.href === 'http://a/?x=1&y=2+3' })()",
            "new URLSearchParams({ a: '1', b: '&' }).toString() === 'a=1&b=%26'",
            "new URLPattern({ pathname: '/users/:id' }).exec('https://x/users/42').pathname.groups.id === '42'",
            "[...new Headers([['B', '2'], ['a', '1'], ['b', '3']])].join(';') === 'a,1;b,2, 3'",
            "new Headers({ 'set-cookie': 'a' }).getSetCookie().length === 1",
            "await new Response('x').text() === 'x' && new Response(null, { status: 204 }).body === null",
            "(await Response.json({ a: [1] }).json()).a[0] === 1",
            "await new Request('http://a/', { method: 'POST', body: new Uint8Array([104, 105]) }).text() === 'hi'",
            "(await new Response(new URLSearchParams('a=b')).formData()).get('a') === 'b'",
            "await (async () => { const f = new FormData(); f.append('t', 'v'); f.append('f', new File(['abc'], 'n.txt', { type: 'text/plain' })); const g = await new Response(f).formData(); return g.get('t') === 'v' && g.get('f').name === 'n.txt' && await g.get('f').text() === 'abc' })()",
            "await (async () => { const r = new Response('twice'); const c = r.clone(); return await r.text() + await c.text() === 'twicetwice' })()",
            "new TextDecoder().decode(new TextEncoder().encode('\\u20ac\\ud83d\\ude00')) === '\\u20ac\\ud83d\\ude00'",
            "(() => { const d = new TextDecoder(); return d.decode(new Uint8Array([0xe2, 0x82]), { stream: true }) + d.decode(new Uint8Array([0xac])) === '\\u20ac' })()",
            "new TextDecoder('shift_jis').decode(new Uint8Array([0x82, 0xa0])) === '\\u3042'",
            "new TextDecoder('utf-16le').decode(new Uint8Array([0x41, 0, 0x42, 0])) === 'AB'",
            "atob(btoa('a\\u00ff')) === 'a\\u00ff'",
            "structuredClone(new Map([[1, { d: new Date(0) }]])).get(1).d.getTime() === 0",
            "(() => { const a = { b: 1 }; a.self = a; const c = structuredClone(a); return c.self === c && c !== a })()",
            "/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID())",
            "[...new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode('abc')))].slice(0, 4).join() === '186,120,22,191'",
            "await (async () => { const k = await crypto.subtle.importKey('raw', new TextEncoder().encode('k'), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']); const d = new TextEncoder().encode('d'); const s = await crypto.subtle.sign('HMAC', k, d); return await crypto.subtle.verify('HMAC', k, s, d) && !await crypto.subtle.verify('HMAC', k, s, new Uint8Array(1)) })()",
            "await (async () => { const k = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt', 'decrypt']); const iv = crypto.getRandomValues(new Uint8Array(12)); const c = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, k, new Uint8Array([1, 2, 3])); const p = new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, k, c)); return c.byteLength === 19 && p.join() === '1,2,3' })()",
            "(() => { const c = new AbortController(); let n = 0; c.signal.addEventListener('abort', () => ++n); c.abort(); c.abort(); return n === 1 && c.signal.reason.name === 'AbortError' })()",
            "AbortSignal.any([AbortSignal.abort('x')]).reason === 'x'",
            "await new Promise((resolve) => setTimeout(() => resolve(true), 5))",
            "await (async () => { let t = ''; for await (const p of new Response('abc').body) t += new TextDecoder().decode(p); return t === 'abc' })()",
            "await new Response(new Response('up').body.pipeThrough(new TextDecoderStream()).pipeThrough(new TextEncoderStream())).text() === 'up'",
            "new Request('http://a/', { method: 'post' }).method === 'POST'",
            "(() => { try { new Request('http://a/', { body: 'x' }) } catch (e) { return e instanceof TypeError } })()",
            "typeof WebAssembly === 'undefined' && typeof require === 'function' && typeof process === 'undefined'",
            "(() => { try { new Function('return this.n') ; return new Function('return typeof n')() === 'undefined' } catch { return true } })()",
            "Intl.NumberFormat('de').format(1.5) === '1,5' && new Date(0).getTimezoneOffset() === 0",
        };
        int number = 0;
        for (const char* check : checks)
            QTest::addRow("%d", ++number) << QByteArray(check);
    }
    void theWebPlatformIsThere()
    {
        QFETCH(QByteArray, check);
        QVERIFY(load("export default { async outbound(request) { return new Response(String(" +
                     check.toStdString() + ")) } }"));
        QCOMPARE(get("/").out, "true");
    }

    // Keys in pairs and derived keys, by the vectors of their RFCs where there are any.
    void signaturesAndDerivedKeys_data()
    {
        QTest::addColumn<QByteArray>("body");
        QTest::newRow("HKDF (RFC 5869, 1)") << QByteArray(R"(
            const key = await crypto.subtle.importKey("raw", hex("0b".repeat(22)), "HKDF", false, ["deriveBits"]);
            const bits = await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: hex("000102030405060708090a0b0c"), info: hex("f0f1f2f3f4f5f6f7f8f9") }, key, 336);
            return toHex(bits) === "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";)");
        QTest::newRow("PBKDF2 (RFC 6070, 2)") << QByteArray(R"(
            const key = await crypto.subtle.importKey("raw", text("password"), "PBKDF2", false, ["deriveBits", "deriveKey"]);
            const bits = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-1", salt: text("salt"), iterations: 2 }, key, 160);
            const aes = await crypto.subtle.deriveKey({ name: "PBKDF2", hash: "SHA-256", salt: text("salt"), iterations: 10 }, key, { name: "AES-GCM", length: 256 }, true, ["encrypt"]);
            return toHex(bits) === "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957" && aes.algorithm.length === 256;)");
        QTest::newRow("Ed25519 (RFC 8032, 1)") << QByteArray(R"(
            const point = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
            const signature = hex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
            const open = await crypto.subtle.importKey("raw", point, "Ed25519", true, ["verify"]);
            const secret = await crypto.subtle.importKey("jwk", { kty: "OKP", crv: "Ed25519", x: base64(point), d: base64(hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")) }, "Ed25519", true, ["sign"]);
            const made = await crypto.subtle.sign("Ed25519", secret, new Uint8Array(0));
            const jwk = await crypto.subtle.exportKey("jwk", secret);
            return toHex(made) === toHex(signature) && await crypto.subtle.verify("Ed25519", open, signature, new Uint8Array(0)) &&
              !await crypto.subtle.verify("Ed25519", open, signature, text("x")) && jwk.d === "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";)");
        QTest::newRow("ECDSA") << QByteArray(R"(
            const done = [];
            for (const namedCurve of ["P-256", "P-384", "P-521"]) {
              const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve }, true, ["sign", "verify"]);
              const how = { name: "ECDSA", hash: "SHA-256" };
              const signature = await crypto.subtle.sign(how, privateKey, text("a message"));
              const again = await crypto.subtle.importKey("jwk", await crypto.subtle.exportKey("jwk", publicKey), { name: "ECDSA", namedCurve }, true, ["verify"]);
              const raw = await crypto.subtle.importKey("raw", await crypto.subtle.exportKey("raw", publicKey), { name: "ECDSA", namedCurve }, true, ["verify"]);
              const secret = await crypto.subtle.importKey("pkcs8", await crypto.subtle.exportKey("pkcs8", privateKey), { name: "ECDSA", namedCurve }, false, ["sign"]);
              const other = await crypto.subtle.sign(how, secret, text("a message"));
              done.push(await crypto.subtle.verify(how, again, signature, text("a message")), await crypto.subtle.verify(how, raw, other, text("a message")), !await crypto.subtle.verify(how, raw, signature, text("another")));
            }
            return done.length === 9 && done.every((each) => each);)");
        QTest::newRow("RSA") << QByteArray(R"(
            const done = [];
            for (const [name, how] of [["RSASSA-PKCS1-v1_5", "RSASSA-PKCS1-v1_5"], ["RSA-PSS", { name: "RSA-PSS", saltLength: 32 }]]) {
              const algorithm = { name, hash: "SHA-256" };
              const secret = await crypto.subtle.importKey("pkcs8", Uint8Array.from(atob(rsaKey), (c) => c.charCodeAt(0)), algorithm, true, ["sign"]);
              const jwk = await crypto.subtle.exportKey("jwk", secret);
              const open = await crypto.subtle.importKey("jwk", { kty: "RSA", n: jwk.n, e: jwk.e }, algorithm, true, ["verify"]);
              const signature = await crypto.subtle.sign(how, secret, text("a token"));
              done.push(signature.byteLength === 256, secret.algorithm.modulusLength === 2048, await crypto.subtle.verify(how, open, signature, text("a token")), !await crypto.subtle.verify(how, open, signature, text("another")));
              const round = await crypto.subtle.importKey("jwk", jwk, algorithm, true, ["sign"]);
              done.push(await crypto.subtle.verify(how, open, await crypto.subtle.sign(how, round, text("b")), text("b")));
            }
            return done.length === 10 && done.every((each) => each);)");
        QTest::newRow("what is no key") << QByteArray(R"(
            const failures = [];
            for (const bad of [() => crypto.subtle.importKey("pkcs8", text("nonsense"), { name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]),
                () => crypto.subtle.importKey("raw", new Uint8Array(65).fill(4), { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]),
                () => crypto.subtle.importKey("jwk", { kty: "RSA", n: "AQ" }, { name: "RSA-PSS", hash: "SHA-256" }, true, ["verify"]),
                () => crypto.subtle.importKey("raw", new Uint8Array(31), "Ed25519", true, ["verify"]),
                () => crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-999" }, true, ["sign"])])
              failures.push(await bad().then(() => "none", (error) => error.name));
            return failures.join() === "DataError,DataError,DataError,DataError,NotSupportedError";)");
    }
    void signaturesAndDerivedKeys()
    {
        QFETCH(QByteArray, body);
        QVERIFY(load("const rsaKey = \"" + std::string(RsaKey) + "\";" + R"(
            const hex = (digits) => Uint8Array.from(digits.match(/../g), (two) => parseInt(two, 16));
            const toHex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
            const text = (plain) => new TextEncoder().encode(plain);
            const base64 = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
            const check = async () => {)" + body.toStdString() +
                     "};\nexport default { async outbound() { return new Response(String(await check())) } }"));
        QCOMPARE(get("/").out, "true");
    }

    void streamsAreCompressed()
    {
        QVERIFY(load(R"(
            export default { async outbound() {
              const plain = "many words ".repeat(20000), done = [];
              for (const format of ["gzip", "deflate", "deflate-raw"]) {
                const packed = new Response(new Response(plain).body.pipeThrough(new CompressionStream(format)));
                const bytes = new Uint8Array(await packed.arrayBuffer());
                done.push(bytes.length < 10000);
                done.push(await new Response(new Response(bytes).body.pipeThrough(new DecompressionStream(format))).text() === plain);
                const cut = new Response(bytes.slice(0, bytes.length - 9)).body.pipeThrough(new DecompressionStream(format));
                done.push(await new Response(cut).text().then(() => "whole", (error) => error.name) === "TypeError");
                const more = new Uint8Array(bytes.length + 1);
                more.set(bytes);
                const junk = new Response(more).body.pipeThrough(new DecompressionStream(format));
                done.push(await new Response(junk).text().then(() => "whole", (error) => error.name) === "TypeError");
              }
              try { new CompressionStream("zip"); done.push(false); } catch (error) { done.push(error instanceof TypeError); }
              return new Response(done.join());
            } })"));
        QCOMPARE(get("/").out, QByteArray("true,").repeated(12) + "true");
    }

    void typesAreTakenOffAndErrorsHaveTheirPlace()
    {
        QVERIFY(load(R"(
            import { Container } from "@cloudflare/containers";
            interface Parameters { greeting: string }
            export class Mine extends Container<unknown> {
              sleepAfter = "10m";
              static outbound = async (request: Request, env: unknown, ctx: { params?: Parameters }): Promise<Response> =>
                new Response(`${(ctx.params as Parameters | undefined)?.greeting ?? "hello"}`);
            })"));
        QCOMPARE(get("/").out, "hello");
        const handler::Checked typed = check("export default {\n  outbound: () => {\n    const = 3;\n  }\n}");
        QVERIFY(!typed);
        QCOMPARE(typed.error().line, 3);
        QVERIFY(typed.error().column > 0);
        const handler::Checked thrown = check("const a = 1;\nmissing();\nexport default { outbound() {} }");
        QVERIFY(!thrown);
        QCOMPARE(thrown.error().line, 2);
        const handler::Checked imported = check("import x from 'node:fs';\nexport default { outbound() {} }");
        QVERIFY(!imported && imported.error().text.find("node:fs") != std::string::npos);
    }

    // The article's code, as printed where it can run.
    void whatTheArticleShowsRuns()
    {
        QVERIFY(load(R"(
            class MySandboxedApp extends Sandbox {
              static outbound = (req, env, ctx) => {
                // Deny any non-GET action and log
                if (req.method !== 'GET') {
                  console.log(`Container making ${req.method} request to: ${req.url}`);
                  return new Response('Not Allowed', { status: 405, statusText: 'Method Not Allowed'});
                }
                // Proceed if it is a GET request
                return fetch(req);
              };
            })"));
        QVERIFY(get("/").out.startsWith("GET / HTTP/1.1"));
        QCOMPARE(get("/x", {"-d", "a", "-w", "%{http_code}"}).out, "Not Allowed405");
        const auto lines = m_fixture->keeper().handlerLines();
        QVERIFY(!lines.empty());
        QVERIFY(lines.back().text.starts_with("Container making POST request to: http://api.example.com"));
        QVERIFY(lines.back().row.has_value());

        QVERIFY(load(R"(
            export class MyContainer extends Container {
              interceptHttps = true;
            }

            MyContainer.outbound = (req, env, ctx) => {
              // All HTTP(S) requests will trigger this hook.
              return fetch(req);
            };
            )"));
        QVERIFY(get("/").out.startsWith("GET / HTTP/1.1"));

        api::Handler named;
        named.name = "allowHosts";
        named.kind = api::HandlerKind::JavaScript;
        named.params = R"({"allowedHostnames":["api.example.com"]})";
        QVERIFY(load(R"(
            class MySandboxedApp extends Sandbox {
              static outboundHandlers = {
                async allowHosts(req, env, { params }) {
                  const url = new URL(req.url);
                  const allowedHostname = params.allowedHostnames.includes(url.hostname);
                  if (allowedHostname) {
                    return await fetch(req);
                  } else {
                    return new Response(null, { status: 403, statusText: "Forbidden" });
                  }
                },
                async noHttp(req) {
                  return new Response(null, { status: 403, statusText: "Forbidden" });
                }
              }
            })",
                     "{}", {named}));
        QVERIFY(get("/").out.startsWith("GET / HTTP/1.1"));
        QCOMPARE(get("/", {"-w", "%{http_code}"}, "other.example.com").out, "403");
    }

    void aHandlerAsksThePersonWhoAllows()
    {
        QVERIFY(load("export default { async outbound(request, env, ctx) { const answer = await ctx.ask({ reason: 'it writes' }); "
                     "return new Response(answer.body, { status: answer.status, headers: { 'x-asked': 'yes' } }) } }"));
        QProcess curl;
        m_fixture->startCurl(curl, Host, m_echo->port(),
                             {QString("http://%1:%2/held").arg(Host).arg(m_echo->port()), "-d", "a=b", "-D", "-"});
        QTRY_COMPARE_WITH_TIMEOUT(m_fixture->keeper().openQuestions(), 1, 20000);
        const api::RowDetail held = m_fixture->keeper().lastRow();
        QCOMPARE(held.row.state, api::RowState::Held);
        egress::AskOutcome outcome;
        outcome.kind = egress::AskOutcome::Kind::Allowed;
        m_fixture->keeper().answer(outcome);
        QVERIFY(curl.waitForFinished(30000));
        const QByteArray out = curl.readAllStandardOutput();
        QVERIFY2(out.contains("x-asked: yes") && out.contains("POST /held HTTP/1.1") && out.endsWith("a=b"), out);
        const api::RowDetail row = m_fixture->keeper().lastRow();
        QCOMPARE(row.row.state, api::RowState::Done);
        QCOMPARE(row.row.step, api::Step::Answer);
        QCOMPARE(row.row.verdict, api::Action::Allow);
    }

    void aHandlerAsksThePersonWhoDenies()
    {
        QVERIFY(load("export default { outbound: (request, env, ctx) => ctx.ask({ reason: 'it deletes' }) }"));
        QProcess curl;
        m_fixture->startCurl(curl, Host, m_echo->port(),
                             {QString("http://%1:%2/held").arg(Host).arg(m_echo->port()), "-X", "DELETE", "-w", "%{http_code}"});
        QTRY_COMPARE_WITH_TIMEOUT(m_fixture->keeper().openQuestions(), 1, 20000);
        egress::AskOutcome outcome;
        outcome.kind = egress::AskOutcome::Kind::Denied;
        outcome.reason = "not today";
        m_fixture->keeper().answer(outcome);
        QVERIFY(curl.waitForFinished(30000));
        const QByteArray out = curl.readAllStandardOutput();
        QVERIFY2(out.endsWith("403") && out.contains("not today"), out);
        const api::RowDetail row = m_fixture->keeper().lastRow();
        QCOMPARE(row.row.step, api::Step::Answer);
        QCOMPARE(row.row.verdict, api::Action::Deny);
    }

    void aClientThatHangsUpWithdrawsTheHandlersQuestion()
    {
        QVERIFY(load("export default { outbound: (request, env, ctx) => ctx.ask() }"));
        const int before = m_fixture->keeper().withdrawn();
        QProcess curl;
        m_fixture->startCurl(curl, Host, m_echo->port(), {QString("http://%1:%2/").arg(Host).arg(m_echo->port())});
        QTRY_COMPARE_WITH_TIMEOUT(m_fixture->keeper().openQuestions(), 1, 20000);
        curl.kill();
        QVERIFY(curl.waitForFinished(30000));
        QTRY_COMPARE_WITH_TIMEOUT(m_fixture->keeper().openQuestions(), 0, 20000);
        QCOMPARE(m_fixture->keeper().withdrawn(), before + 1);
    }

    void workGoesOnAfterTheAnswer()
    {
        std::atomic<int> reports{0};
        ScriptedServer server([&](int socket) {
            const std::string text = readUntil(socket, "done=1");
            reports += text.starts_with("POST /report HTTP/1.1") ? 1 : 100;
            sendAll(socket, "HTTP/1.1 204 No Content\r\n\r\n");
        });
        QVERIFY(load("const port = " + std::to_string(server.port()) + ";" + R"(
            export default {
              outbound(request, env, ctx) {
                ctx.waitUntil((async () => {
                  await new Promise((go) => setTimeout(go, 100));
                  const answer = await fetch(`http://reports.example:${port}/report`, { method: "POST", body: "done=1" });
                  console.log("reported", answer.status);
                })());
                return new Response("at once");
              }
            })"));
        const std::size_t lines = m_fixture->keeper().handlerLines().size();
        QCOMPARE(get("/").out, "at once");
        QCOMPARE(reports.load(), 0);
        QTRY_COMPARE_WITH_TIMEOUT(m_fixture->keeper().handlerLines().size(), lines + 1, 20000);
        QCOMPARE(m_fixture->keeper().handlerLines().back().text, std::string("reported 204"));
        QCOMPARE(reports.load(), 1);
        // Another host: a row of its own, that says whose it is.
        QCOMPARE(m_fixture->keeper().lastRow().row.host, std::string("reports.example"));
        QCOMPARE(m_fixture->keeper().lastRow().row.reason, std::string("fetched by the handler outbound"));
    }

    void codedBodiesAreDecodedWhereTheyAreRead_data()
    {
        QTest::addColumn<QByteArray>("coding");
        QTest::addColumn<QByteArray>("bytes"); // the same text in each
        QTest::newRow("gzip") << QByteArray("gzip") << QByteArray::fromHex("1f8b0800000000000203cb48cdc9c957c8402701e3513d8d17000000");
        QTest::newRow("deflate") << QByteArray("deflate") << QByteArray::fromHex("789ccb48cdc9c957c8402701680308b1");
        QTest::newRow("br") << QByteArray("br") << QByteArray::fromHex("1b1600f88d946ede445586966c206f214f1ce038");
    }
    void codedBodiesAreDecodedWhereTheyAreRead()
    {
        QFETCH(QByteArray, coding);
        QFETCH(QByteArray, bytes);
        const QByteArray plain = "hello hello hello hello";
        const std::string packed = bytes.toStdString();
        ScriptedServer server([&](int socket) {
            while (!readUntil(socket, "\r\n\r\n").empty())
                sendAll(socket, "HTTP/1.1 200 OK\r\nContent-Encoding: " + coding.toStdString() +
                                    "\r\nContent-Length: " + std::to_string(packed.size()) + "\r\n\r\n" + packed);
        });
        QVERIFY(load(R"(
            export default {
              async outbound(request) {
                const answer = await fetch(request);
                if (request.url.endsWith("/as-it-is"))
                  return answer;
                return new Response((await answer.text()).toUpperCase(), answer);
              }
            })"));
        const QString url = QString("http://%1:%2").arg(Host).arg(server.port());
        const CurlResult read = m_fixture->curl(Host, server.port(), {url + "/read", "-D", "-"});
        QVERIFY2(read.out.endsWith("\r\n\r\n" + plain.toUpper()), read.out);
        QVERIFY(!read.out.toLower().contains("content-encoding"));
        // What nobody looks at stays as it was.
        const CurlResult passed = m_fixture->curl(Host, server.port(), {url + "/as-it-is", "-D", "-"});
        QVERIFY2(passed.out.endsWith("\r\n\r\n" + QByteArray::fromStdString(packed)), passed.out);
        QVERIFY(passed.out.toLower().contains("content-encoding: " + coding));
    }

    void guestsOfHttp2HaveHandlersToo()
    {
        QVERIFY(load(R"(
            export default {
              async outbound(request) {
                if (request.url.endsWith("/own"))
                  return new Response((await request.text()).toUpperCase(), { headers: { "x-by": "handler" } });
                const headers = new Headers(request.headers);
                headers.set("user-agent", "the handler");
                const answer = await fetch(request, { headers });
                const changed = new Response(answer.body, answer);
                changed.headers.set("x-by", "handler");
                return changed;
              }
            })"));
        const int port = m_fixture->h2Port();
        const QString url = QString("https://%1:%2").arg(Host).arg(port);
        const CurlResult own = m_fixture->curl(Host, port, {"--http2", url + "/own", "-d", "hello", "-D", "-", "-w", "%{http_version}"});
        QVERIFY2(own.out.endsWith("HELLO2") && own.out.contains("x-by: handler"), own.out + own.error);
        const CurlResult passed = m_fixture->curl(Host, port, {"--http2", url + "/", "-D", "-", "-w", "%{http_version}", "-o", "/dev/null"});
        QVERIFY2(passed.out.startsWith("HTTP/2 ") && passed.out.contains("x-by: handler") && passed.out.endsWith("2"), passed.out);
        // Two streams of one connection, and a body that is longer than any window.
        const QByteArray big(3000000, 'b');
        QFile file(m_fixture->path("big2"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(big);
        file.close();
        const CurlResult both = m_fixture->curl(Host, port, {"--http2", "--parallel", "--data-binary", "@" + file.fileName(), url + "/own", url + "/own"});
        QCOMPARE(both.out.size(), 2 * big.size());
        QCOMPARE(both.out.count('B'), both.out.size());
    }

    void exceptionsHaveTheirPlaceBesideTheRequest()
    {
        QVERIFY(load("export default {\n  async outbound(request) {\n    await null;\n    return missing.thing;\n  }\n}"));
        QVERIFY(get("/boom").out.contains("line 4, column"));
        const api::HandlerLine line = m_fixture->keeper().handlerLines().back();
        QCOMPARE(line.level, api::LineLevel::Error);
        QCOMPARE(line.line, 4);
        QVERIFY(line.column > 0);
        QCOMPARE(line.row, std::optional(m_fixture->keeper().lastRow().row.id));
        QVERIFY(line.text.find("missing") != std::string::npos);
        // What is caught and written has its place too.
        QVERIFY(load("export default {\n  outbound() {\n    try { throw new TypeError('odd') } catch (error) {\n      console.error(error) }\n    return new Response()\n  }\n}"));
        static_cast<void>(get("/"));
        QVERIFY(m_fixture->keeper().handlerLines().back().text.find("TypeError: odd") != std::string::npos);
    }

    void manyLinesAreBounded()
    {
        QVERIFY(load("export default { outbound() { for (let i = 0; i < 3000; ++i) console.log(i); return new Response('done') } }"));
        const std::size_t before = m_fixture->keeper().handlerLines().size();
        QCOMPARE(get("/").out, "done");
        QCOMPARE(m_fixture->keeper().handlerLines().size() - before, std::size_t(1001));
        QVERIFY(load("export default { outbound() { for (let i = 0; i < 1e6; ++i) console.log(i); return new Response('done') } }"));
        QVERIFY(get("/").out.contains("processor time"));
    }

    void aKilledProcessDeniesItsCallAndIsReplaced()
    {
        QVERIFY(load("export default { async outbound(r) { await new Promise((go) => setTimeout(go, r.url.endsWith('/slow') ? 10000 : 0)); return new Response('here') } }"));
        QCOMPARE(get("/").out, "here");
        QProcess curl;
        m_fixture->startCurl(curl, Host, m_echo->port(),
                             {QString("http://%1:%2/slow").arg(Host).arg(m_echo->port())});
        QTRY_VERIFY_WITH_TIMEOUT(!m_fixture->keeper().rows().empty() &&
                                     m_fixture->keeper().rows().back().row.state == api::RowState::Open,
                                 20000);
        QTest::qWait(200);
        m_fixture->onNetwork([&](egress::Door&) {
            for (const handler::Process* process : m_runtime->processes())
                ::kill(process->id(), SIGKILL);
        });
        QVERIFY(curl.waitForFinished(30000));
        QVERIFY(curl.readAllStandardOutput().contains("crashed"));
        QCOMPARE(get("/").out, "here");
    }

    void swappingBreaksNoRequest()
    {
        QVERIFY(load("export default { outbound: () => new Response('v0') }"));
        const int front = m_fixture->frontFor(Host, m_echo->port());
        std::atomic<int> version{0};
        std::atomic<bool> isSwapping{true};
        std::atomic<int> served{0};
        std::atomic<int> wrong{0};
        std::vector<std::thread> clients;
        for (int i = 0; i < 4; ++i)
            clients.emplace_back([&] {
                const UniqueFd socket = m_fixture->connectTo(front);
                const std::string request = "GET / HTTP/1.1\r\nHost: api.example.com:" +
                                            std::to_string(m_echo->port()) + "\r\n\r\n";
                for (int count = 0; count < 2500 || isSwapping; ++count) {
                    const int before = version;
                    sendAll(socket.get(), request);
                    const std::string head = readUntil(socket.get(), "\r\n\r\nv");
                    const std::size_t at = head.find("\r\n\r\nv");
                    const int answered = at == std::string::npos ? -1 : std::atoi(head.c_str() + at + 5);
                    if (!head.starts_with("HTTP/1.1 200") || answered < before || answered > version + 1) {
                        ++wrong;
                        break;
                    }
                    ++served;
                }
            });
        for (int i = 1; i <= 100; ++i) {
            QVERIFY(load("export default { outbound: () => new Response('v" + std::to_string(i) + "') }"));
            version = i;
        }
        isSwapping = false;
        for (std::thread& client : clients)
            client.join();
        QCOMPARE(wrong.load(), 0);
        QVERIFY(served >= 10000);
    }

    // What a handler fetches from somebody else may hold neither the value nor its placeholder,
    // whatever part of the request it is in.
    void aHandlersFetchGivesNothingAway_data()
    {
        QTest::addColumn<QString>("init");
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("where");
        const QString value = js(Value);
        const auto row = [](const char* name, const QString& init, const QString& path,
                            const char* where) { QTest::newRow(name) << init << path << where; };
        row("value, header", "{headers: {'X-A': " + value + "}}", "'/'", "a header");
        row("placeholder, header", "{headers: {'X-A': " + js(Placeholder) + "}}", "'/'", "a header");
        row("Basic", "{headers: {Authorization: 'Basic ' + btoa('me:' + " + value + ")}}", "'/'",
            "a header");
        row("query", "{}", "'/?a=' + " + value, "the address");
        row("percent", "{}", "'/?a=%' + " + value + ".charCodeAt(0).toString(16) + " + value + ".slice(1)",
            "the address");
        row("base64", "{}", "'/' + btoa('x' + " + value + ").replaceAll('=', '')", "the address");
        row("hex", "{}",
            "'/' + [...new TextEncoder().encode(" + value +
                ")].map(b => b.toString(16).padStart(2, '0')).join('')",
            "the address");
        row("body", "{method: 'POST', body: 'a=' + " + value + "}", "'/'", "the body");
        row("body in base64", "{method: 'POST', body: btoa('abc' + " + value + ")}", "'/'", "the body");
        row("stream",
            "{method: 'POST', body: new ReadableStream({start(c) { const b = new "
            "TextEncoder().encode(" +
                value + "); c.enqueue(b.slice(0, 9)); c.enqueue(b.slice(9)); c.close(); }})}",
            "'/'", "the body");
        row("the guest's body", "{method: 'POST', body: request.body}", "'/'", "the body");
    }
    void aHandlersFetchGivesNothingAway()
    {
        QFETCH(QString, init);
        QFETCH(QString, path);
        QFETCH(QString, where);
        std::atomic<int> heads{0};
        std::mutex mutex;
        std::string seen;
        ScriptedServer server([&](int socket) {
            const std::string came = readToEnd(socket);
            heads += came.empty() ? 0 : 1;
            const std::lock_guard lock(mutex);
            seen += came;
        });
        m_fixture->keeper().setKit(kit());
        const QString source = QString(R"(
            export default {
              async outbound(request) {
                try {
                  return await fetch('http://other.example.com:%1' + %2, %3);
                } catch (error) {
                  return new Response('caught: ' + error.message);
                }
              }
            })")
                                   .arg(server.port())
                                   .arg(path, init);
        QVERIFY(load(source.toStdString()));
        const CurlResult result = get("/", {"-d", "x=" + QString::fromStdString(Value)});
        QVERIFY2(result.out.startsWith("caught: the credential github"), result.out);
        QTRY_COMPARE(m_fixture->keeper().alarms().size(), std::size_t{1});
        const api::CredentialAlarm alarm = m_fixture->keeper().alarms().front();
        QCOMPARE(alarm.host, std::string(Elsewhere));
        bool hasRow = false;
        for (const api::RowDetail& row : m_fixture->keeper().rows()) {
            QVERIFY(row.row.path.find(Value) == std::string::npos);
            for (const auto& [name, text] : row.requestHeaders)
                QVERIFY(text.find(Value) == std::string::npos);
            if (row.row.id != alarm.row)
                continue;
            hasRow = true;
            QCOMPARE(row.row.state, api::RowState::Denied);
            QCOMPARE(row.row.step, api::Step::Credential);
            QCOMPARE(row.row.host, std::string(Elsewhere));
            QVERIFY2(row.row.reason.find(where.toStdString()) != std::string::npos,
                     row.row.reason.c_str());
            QVERIFY(row.row.reason.ends_with("by the handler outbound"));
        }
        QVERIFY(hasRow);
        const std::lock_guard lock(mutex);
        if (where != "the body")
            QCOMPARE(heads.load(), 0);
        QVERIFY2(seen.find(Value.substr(0, 8)) == std::string::npos, seen.c_str());
        QVERIFY2(seen.find(Placeholder.substr(0, 8)) == std::string::npos, seen.c_str());
    }

    void aHandlersFetchIsGivenTheCredential()
    {
        std::mutex mutex;
        std::string seen;
        ScriptedServer server([&](int socket) {
            std::string came = readUntil(socket, "END");
            sendAll(socket, "HTTP/1.1 200 OK\r\nX-Echo: " + Value +
                                "\r\nConnection: close\r\nContent-Length: " +
                                std::to_string(Value.size()) + "\r\n\r\n" + Value);
            const std::lock_guard lock(mutex);
            seen = std::move(came);
        });
        for (const auto use : {api::CredentialUse::Header, api::CredentialUse::Placeholder}) {
            m_fixture->keeper().setKit(kit(use));
            const QString source = QString(R"(
                export default {
                  async outbound(request) {
                    const answer = await fetch('http://api.example.com:%1/p?k=' + %2,
                      {method: 'POST', headers: {'X-Key': %2}, body: 'k=' + %2 + 'END'});
                    const text = await answer.text();
                    return new Response([text === %2, answer.headers.get('x-echo') === %2].join());
                  }
                })")
                                       .arg(server.port())
                                       .arg(js(Placeholder));
            QVERIFY(load(source.toStdString()));
            QCOMPARE(get("/").out, "true,true");
            const std::lock_guard lock(mutex);
            QVERIFY2(seen.find("/p?k=" + Value) != std::string::npos, seen.c_str());
            QVERIFY(seen.find("X-Key: " + Value) != std::string::npos || seen.find("x-key: " + Value) != std::string::npos);
            QVERIFY(seen.find("\r\n\r\nk=" + Value + "END") != std::string::npos);
            QCOMPARE(seen.find("uthorization: token " + Value) != std::string::npos,
                     use == api::CredentialUse::Header);
            QVERIFY(seen.find(Placeholder) == std::string::npos);
        }
        bool isNamed = false;
        for (const api::RowDetail& row : m_fixture->keeper().rows()) {
            QVERIFY(row.row.path.find(Value) == std::string::npos);
            isNamed = isNamed || row.row.credentials == "github";
        }
        QVERIFY(isNamed);
        QVERIFY(m_fixture->keeper().alarms().empty());
    }

    // A handler that was given a value may use it; the guest and the logs have its placeholder.
    void whatAHandlerKnowsTheGuestIsNotTold_data()
    {
        QTest::addColumn<QString>("answer");
        QTest::newRow("body") << "return new Response('it is ' + env.TOKEN)";
        QTest::newRow("base64") << "return new Response(btoa(env.TOKEN))";
        QTest::newRow("header") << "return new Response('x', {headers: {'X-A': env.TOKEN}})";
        QTest::newRow("status text") << "return new Response('x', {statusText: env.TOKEN})";
        QTest::newRow("error") << "throw new Error('no ' + env.TOKEN)";
        QTest::newRow("stream")
            << "return new Response(new ReadableStream({start(c) { const b = new "
               "TextEncoder().encode(env.TOKEN); c.enqueue(b.slice(0, 7)); c.enqueue(b.slice(7)); c.close(); }}))";
    }
    void whatAHandlerKnowsTheGuestIsNotTold()
    {
        QFETCH(QString, answer);
        m_fixture->keeper().setKit(kit());
        QVERIFY(load(("export default { outbound(request, env) { console.log('token', env.TOKEN, "
                      "btoa(env.TOKEN)); " +
                      answer + " } }")
                         .toStdString(),
                     R"({"TOKEN":")" + Value + R"("})"));
        const CurlResult result = get("/", {"-i"});
        QVERIFY2(!result.out.contains(Value.substr(0, 12).c_str()), result.out);
        QVERIFY(!result.out.contains(text::toBase64(Value).substr(0, 16).c_str()));
        QVERIFY2(result.out.contains(Placeholder.c_str()) ||
                     result.out.contains(text::toBase64(Placeholder).substr(0, 48).c_str()),
                 result.out);
        for (const api::HandlerLine& line : m_fixture->keeper().handlerLines()) {
            QVERIFY2(line.text.find(Value) == std::string::npos, line.text.c_str());
            QVERIFY(line.text.find(text::toBase64(Value).substr(0, 16)) == std::string::npos);
        }
        for (const api::RowDetail& row : m_fixture->keeper().rows()) {
            QVERIFY(row.row.reason.find(Value) == std::string::npos);
            for (const auto& [name, text] : row.responseHeaders)
                QVERIFY(text.find(Value) == std::string::npos);
        }
    }
};

QTEST_GUILESS_MAIN(EgressScriptsTest)
#include "egress_scripts_test.moc"

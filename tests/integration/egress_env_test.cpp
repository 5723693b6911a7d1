// env.NAME in handlers: namespaces, buckets, services and other sandboxes, as Cloudflare's API has
// them, in the real process.
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <future>

#include <boost/asio/co_spawn.hpp>

#include "egress_fixture.h"

#include "engine/binding/bindings.h"
#include "engine/handler/runtime.h"

using namespace sallyport;
using namespace sallyport::test;
using api::BindingAccess;
using api::BindingKind;
using api::BindingReach;

namespace {

constexpr auto Host = "api.example.com";
constexpr int Port = 80;
constexpr api::SandboxId Other = 99; // "web"

} // namespace

class EgressEnvTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<EgressFixture> m_fixture;
    std::unique_ptr<handler::Runtime> m_runtime;
    std::shared_ptr<binding::Bindings> m_bindings;
    std::unique_ptr<ScriptedServer> m_server;

    binding::Depot& depot() { return *m_bindings->depot(); }

    void make(BindingKind kind,
              const std::string& name,
              const std::string& variable,
              BindingAccess access = BindingAccess::ReadWrite,
              std::optional<api::SandboxId> owner = {})
    {
        api::Binding made;
        made.kind = kind;
        made.name = name;
        made.port = kind == BindingKind::Service ? m_server->port() : 0;
        made.owner = owner;
        QVERIFY(depot().create(made, nowUnixMillis()));
        if (!variable.empty())
            QVERIFY(depot().bind(kind, name,
                                 {EgressFixture::Sandbox, access, variable, BindingReach::Handlers}));
    }

    bool load(const std::string& source)
    {
        std::promise<handler::Checked> done;
        m_fixture->onNetwork([&](egress::Door&) {
            boost::asio::co_spawn(m_fixture->context(), m_runtime->check(source),
                                  [&](const std::exception_ptr&, handler::Checked checked) {
                                      done.set_value(std::move(checked));
                                  });
        });
        const handler::Checked checked = done.get_future().get();
        if (!checked) {
            qWarning("%s", handler::problemText(checked.error()).c_str());
            return false;
        }
        m_fixture->onNetwork([&](egress::Door&) {
            m_runtime->setEnvironment(EgressFixture::Sandbox, "agent-1",
                                      m_bindings->environmentOf(EgressFixture::Sandbox).dump());
            m_runtime->setModule(EgressFixture::Sandbox, source);
        });
        std::vector<api::Handler> handlers = m_bindings->rungsOf(EgressFixture::Sandbox);
        api::Handler all;
        all.name = "outbound";
        all.kind = api::HandlerKind::JavaScript;
        all.origin = api::HandlerOrigin::Declared;
        handlers.push_back(all);
        api::Sandbox sandbox;
        sandbox.id = EgressFixture::Sandbox;
        sandbox.defaultAction = api::DefaultAction::Deny;
        m_fixture->keeper().setPolicy(
            policy::Snapshot::build(sandbox, {}, {}, nowUnixMillis(), handlers));
        return true;
    }

    QByteArray ask(const QStringList& more = {}, const char* host = Host)
    {
        const QString url = QString("http://%1/").arg(host);
        const CurlResult result = m_fixture->curl(host, Port, QStringList{url} + more);
        return result.exitCode == 0 ? result.out : "curl: " + result.error;
    }

    // The expression's value, in a handler. A fault is its text.
    QByteArray valueOf(const QByteArray& expression)
    {
        const std::string source = R"(
            const fault = async (run) => { try { await run(); return ""; } catch (e) { return e.name + ": " + e.message; } };
            const text = async (stream) => new Response(stream).text();
            const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, "0")).join("");
            export default { async outbound(request, env, ctx) {
              const { KV, BUCKET, READ, FILES, SERVICE, SANDBOXES } = env;
              try { return new Response(String()" +
                                   expression.toStdString() + R"()); }
              catch (e) { return new Response(e.name + ": " + e.message); }
            } })";
        return load(source) ? ask({"-d", "body of the guest"}) : "no module";
    }

private slots:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_fixture = std::make_unique<EgressFixture>();
        m_server = std::make_unique<ScriptedServer>(answerWithHead);
        auto opened = binding::Depot::open(m_folder->path().toStdString());
        QVERIFY(opened);
        m_bindings = std::make_shared<binding::Bindings>(*opened);
        m_bindings->setSandboxes(
            [](api::SandboxId id) { return id == Other ? std::string("web") : std::string(); },
            [this](api::SandboxId, int) -> boost::asio::awaitable<Result<UniqueFd>> {
                co_return connectToLoopback(m_server->port());
            });
        m_fixture->onNetwork([&](egress::Door& door) {
            handler::RuntimeOptions options;
            options.program = SALLYPORT_HANDLERD;
            m_runtime = std::make_unique<handler::Runtime>(m_fixture->context().get_executor(),
                                                           options);
            door.setHandlers(*m_runtime, {});
            door.setBindings(m_bindings);
        });
        make(BindingKind::Kv, "cache", "KV");
        make(BindingKind::Kv, "config", "READ", BindingAccess::ReadOnly);
        make(BindingKind::Kv, "secret", "");
        make(BindingKind::Objects, "data", "BUCKET");
        make(BindingKind::Objects, "files", "FILES", BindingAccess::ReadOnly);
        make(BindingKind::Service, "model", "SERVICE", BindingAccess::ReadOnly);
    }
    void cleanup()
    {
        m_fixture->onNetwork([&](egress::Door&) { m_runtime.reset(); });
        m_fixture.reset();
        m_bindings.reset();
        m_server.reset();
        m_folder.reset();
    }

    void namespacesAreAsTheirApiSays_data()
    {
        QTest::addColumn<QByteArray>("expression");
        QTest::addColumn<QByteArray>("value");
        const auto row = [](const char* name, const char* expression, const char* value) {
            QTest::newRow(name) << QByteArray(expression) << QByteArray(value);
        };
        row("a value comes back", "(await KV.put('k', 'v\\u00e4'), await KV.get('k'))", "v\xc3\xa4");
        row("none is null", "await KV.get('none')", "null");
        row("json", "(await KV.put('k', JSON.stringify({ a: [1] })), (await KV.get('k', 'json')).a[0])", "1");
        row("type in options", "(await KV.put('k', '{\"a\":2}'), (await KV.get('k', { type: 'json', cacheTtl: 60 })).a)", "2");
        row("bytes", "(await KV.put('k', new Uint8Array([1, 2, 255])), hex(await KV.get('k', 'arrayBuffer')))", "0102ff");
        row("a buffer", "(await KV.put('k', new Uint8Array([7]).buffer), (await KV.get('k', { type: 'arrayBuffer' })).byteLength)", "1");
        row("a stream", "(await KV.put('k', 'streamed'), await text(await KV.get('k', 'stream')))", "streamed");
        row("the guest's body", "(await KV.put('k', request.body), await KV.get('k'))", "body of the guest");
        row("a stream of one's own", "(await KV.put('k', new Response('abc').body.pipeThrough(new TransformStream())), await KV.get('k'))", "abc");
        row("a large value", "(await KV.put('k', 'x'.repeat(300000)), (await KV.get('k')).length)", "300000");
        row("a large value streamed", "(await KV.put('k', 'x'.repeat(300000)), (await text(await KV.get('k', 'stream'))).length)", "300000");
        row("an empty value", "(await KV.put('k', ''), JSON.stringify(await KV.get('k')))", "\"\"");
        row("metadata", "(await KV.put('k', 'v', { metadata: { a: '\\u20ac' } }), JSON.stringify(await KV.getWithMetadata('k')))",
            "{\"value\":\"v\",\"metadata\":{\"a\":\"\xe2\x82\xac\"},\"cacheStatus\":null}");
        row("no metadata", "JSON.stringify(await KV.getWithMetadata('none'))", "{\"value\":null,\"metadata\":null,\"cacheStatus\":null}");
        row("several keys", "(await KV.put('a', '1'), await KV.put('b', '2'), JSON.stringify([...await KV.get(['a', 'none', 'b'])]))",
            "[[\"a\",\"1\"],[\"none\",null],[\"b\",\"2\"]]");
        row("several with metadata", "(await KV.put('a', '1', { metadata: 3 }), (await KV.getWithMetadata(['a'])).get('a').metadata)", "3");
        row("several as stream", "await fault(() => KV.get(['a'], 'stream'))", "TypeError: KV get failed: several keys at once give text or json, not \"stream\"");
        row("deleted", "(await KV.put('k', 'v'), await KV.delete('k'), await KV.delete('never'), await KV.get('k'))", "null");
        row("odd keys", "(await KV.put('a/b?c#%41\\u00e4 +', 'v'), (await KV.list()).keys[0].name + await KV.get('a/b?c#%41\\u00e4 +'))",
            "a/b?c#%41\xc3\xa4 +v");
        row("a listing", "(await KV.put('a1', '', { metadata: 1 }), await KV.put('a2', ''), await KV.put('b', ''), JSON.stringify(await KV.list({ prefix: 'a' })))",
            "{\"keys\":[{\"name\":\"a1\",\"metadata\":1},{\"name\":\"a2\"}],\"list_complete\":true,\"cacheStatus\":null}");
        row("pages", "await (async () => { for (const k of 'edcba') await KV.put(k, ''); const all = []; let cursor; for (;;) { const page = await KV.list({ limit: 2, cursor }); all.push(page.keys.map((k) => k.name).join('')); if (page.list_complete) return all.join(); cursor = page.cursor; } })()",
            "ab,cd,e");
        row("expiration", "(await KV.put('k', 'v', { expirationTtl: 60 }), Math.round((await KV.list()).keys[0].expiration - Date.now() / 1000) > 50)", "true");
        row("at a time", "(await KV.put('k', 'v', { expiration: 4102444800 }), (await KV.list()).keys[0].expiration)", "4102444800");
        row("too soon", "(await fault(() => KV.put('k', 'v', { expirationTtl: 59 }))).includes('at least 60 seconds')", "true");
        row("no key", "await fault(() => KV.put('', 'v'))", "Error: KV put failed: the key is empty");
        row("a long key", "(await fault(() => KV.get('x'.repeat(513)))).includes('at most 512')", "true");
        row("no value", "await fault(() => KV.put('k', 5))", "TypeError: KV put() takes a string, an ArrayBuffer, a view of one, or a ReadableStream");
        row("no such type", "(await fault(() => KV.get('k', 'blob'))).includes('no type \"blob\"')", "true");
        row("too large a value", "(await fault(async () => { const piece = new Uint8Array(1 << 20); let n = 0; await KV.put('k', new ReadableStream({ pull(c) { ++n > 26 ? c.close() : c.enqueue(piece); } })); })).includes('more than 26214400 bytes') + ' ' + await KV.get('k')", "true null");
        row("a body that fails", "(await fault(() => KV.put('k', new ReadableStream({ pull(c) { c.error(new Error('broken')); } })))).includes('broken') + ' ' + await KV.get('k')", "true null");
        row("read only", "await fault(() => READ.put('k', 'v'))", "Error: KV put failed: the namespace config is bound to this sandbox for reading only");
        row("read only is read", "await READ.get('k')", "null");
        row("what it is", "Object.prototype.toString.call(KV) + Object.isFrozen(env)", "[object KvNamespace]true");
        row("not to be made", "(await fault(() => new KV.constructor('secret', 'secret'))).includes('comes from env')", "true");
        row("too many uses", "(await fault(() => Promise.all(Array.from({ length: 1001 }, () => KV.delete('k'))))).includes('more than 1000 uses')", "true");
    }
    void namespacesAreAsTheirApiSays()
    {
        QFETCH(QByteArray, expression);
        QFETCH(QByteArray, value);
        QCOMPARE(valueOf(expression), value);
    }

    void bucketsAreAsTheirApiSays_data()
    {
        QTest::addColumn<QByteArray>("expression");
        QTest::addColumn<QByteArray>("value");
        const auto row = [](const char* name, const char* expression, const char* value) {
            QTest::newRow(name) << QByteArray(expression) << QByteArray(value);
        };
        row("an object comes back", "(await BUCKET.put('k', 'text'), await (await BUCKET.get('k')).text())", "text");
        row("none is null", "await BUCKET.get('none') === null && await BUCKET.head('none') === null", "true");
        row("json", "(await BUCKET.put('k', '{\"a\":1}'), (await (await BUCKET.get('k')).json()).a)", "1");
        row("a body", "(await BUCKET.put('k', 'abc'), await text((await BUCKET.get('k')).body))", "abc");
        row("a body is used once", "await (async () => { await BUCKET.put('k', 'abc'); const o = await BUCKET.get('k'); await o.text(); return o.bodyUsed + await fault(() => o.text()); })()", "trueTypeError: the body has been read already");
        row("the guest's body", "(await BUCKET.put('k', request.body)).size", "17");
        row("a blob, a buffer, nothing", "[(await BUCKET.put('k', new Blob(['ab']))).size, (await BUCKET.put('k', new ArrayBuffer(3))).size, (await BUCKET.put('k', null)).size].join()", "2,3,0");
        row("megabytes", "await (async () => { const piece = new Uint8Array(1 << 20).fill(7); let n = 0; await BUCKET.put('k', new ReadableStream({ pull(c) { ++n > 5 ? c.close() : c.enqueue(piece); } })); let sum = 0; for await (const p of (await BUCKET.get('k')).body) sum += p.length; return sum; })()", "5242880");
        row("what it says of itself", "await (async () => { const o = await BUCKET.put('dir/k', 'hello', { customMetadata: { Owner: 'm\\u00e9' }, httpMetadata: { contentType: 'text/x', cacheExpiry: new Date(0) } }); return [o.key, o.size, o.etag, o.httpEtag, o.customMetadata.Owner, o.httpMetadata.contentType, o.httpMetadata.cacheExpiry.getTime(), o.uploaded instanceof Date, o.storageClass, o.version.length > 0].join(); })()",
            "dir/k,5,5d41402abc4b2a76b9719d911017c592,\"5d41402abc4b2a76b9719d911017c592\",m\xc3\xa9,text/x,0,true,Standard,true");
        row("head", "(await BUCKET.put('k', 'hello', { httpMetadata: new Headers({ 'content-type': 'a/b', 'x-other': '1' }) }), JSON.stringify((await BUCKET.head('k')).httpMetadata) + ('body' in await BUCKET.head('k')))", "{\"contentType\":\"a/b\"}false");
        row("fields of HTTP", "await (async () => { await BUCKET.put('k', 'x', { httpMetadata: { contentType: 'a/b', contentLanguage: 'de' } }); const h = new Headers(); (await BUCKET.get('k')).writeHttpMetadata(h); return [...h].join(';'); })()", "content-language,de;content-type,a/b");
        row("a range", "await (async () => { await BUCKET.put('k', 'abcdef'); const o = await BUCKET.get('k', { range: { offset: 1, length: 3 } }); return await o.text() + JSON.stringify(o.range) + o.size; })()", "bcd{\"offset\":1,\"length\":3}6");
        row("from an offset", "(await BUCKET.put('k', 'abcdef'), await (await BUCKET.get('k', { range: { offset: 4 } })).text())", "ef");
        row("the last", "(await BUCKET.put('k', 'abcdef'), await (await BUCKET.get('k', { range: { suffix: 2 } })).text())", "ef");
        row("a range by header", "(await BUCKET.put('k', 'abcdef'), await (await BUCKET.get('k', { range: new Headers({ range: 'bytes=2-3' }) })).text())", "cd");
        row("a large range", "(await BUCKET.put('k', 'x'.repeat(400000)), (await (await BUCKET.get('k', { range: { offset: 10, length: 300000 } })).text()).length)", "300000");
        row("past the end", "(await BUCKET.put('k', 'abc'), (await fault(() => BUCKET.get('k', { range: { offset: 3 } }))).startsWith('Error: R2 get failed: range'))", "true");
        row("only if it matches", "await (async () => { const { etag } = await BUCKET.put('k', 'abc'); const yes = await BUCKET.get('k', { onlyIf: { etagMatches: etag } }); const no = await BUCKET.get('k', { onlyIf: { etagMatches: 'other' } }); return await yes.text() + no.key + ('body' in no); })()", "abckfalse");
        row("only if it differs", "await (async () => { const { httpEtag } = await BUCKET.put('k', 'abc'); return 'body' in await BUCKET.get('k', { onlyIf: new Headers({ 'if-none-match': httpEtag }) }); })()", "false");
        row("only if newer", "await (async () => { await BUCKET.put('k', 'abc'); const later = new Date(Date.now() + 1e6); return ('body' in await BUCKET.get('k', { onlyIf: { uploadedAfter: later } })) + ' ' + ('body' in await BUCKET.get('k', { onlyIf: { uploadedBefore: later } })); })()", "false true");
        row("put only if there is none", "await (async () => { const once = { onlyIf: { etagDoesNotMatch: '*' } }; const first = await BUCKET.put('k', 'a', once); const second = await BUCKET.put('k', 'b', once); return first.key + second + await (await BUCKET.get('k')).text(); })()", "knulla");
        row("a checksum that holds", "hex((await BUCKET.put('k', 'abc', { sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' })).checksums.sha256).slice(0, 8)", "ba7816bf");
        row("it is kept", "(await BUCKET.put('k', 'abc', { sha1: 'a9993e364706816aba3e25717850c26c9cd0d89d' }), JSON.stringify((await BUCKET.head('k')).checksums))", "{\"sha1\":\"a9993e364706816aba3e25717850c26c9cd0d89d\",\"md5\":\"900150983cd24fb0d6963f7d28e17f72\"}");
        row("as bytes", "(await BUCKET.put('k', 'abc', { sha512: await crypto.subtle.digest('SHA-512', new TextEncoder().encode('abc')) })).size", "3");
        row("a checksum that fails", "(await fault(() => BUCKET.put('k', 'abd', { md5: '900150983cd24fb0d6963f7d28e17f72' }))).includes('does not match') + ' ' + await BUCKET.head('k')", "true null");
        row("two checksums", "await fault(() => BUCKET.put('k', '', { md5: '', sha1: '' }))", "TypeError: only one checksum can be given");
        row("a listing", "await (async () => { for (const k of ['a/1', 'a/2', 'b', 'c/d/e']) await BUCKET.put(k, ''); const l = await BUCKET.list({ delimiter: '/' }); return l.objects.map((o) => o.key).join() + l.delimitedPrefixes.join() + l.truncated; })()", "ba/,c/false");
        row("pages", "await (async () => { for (const k of 'abcde') await BUCKET.put(k, ''); const all = []; for (let cursor; ;) { const l = await BUCKET.list({ limit: 2, cursor }); all.push(l.objects.map((o) => o.key).join('')); if (!l.truncated) return all.join(); cursor = l.cursor; } })()", "ab,cd,e");
        row("after one", "await (async () => { for (const k of 'abc') await BUCKET.put(k, ''); return (await BUCKET.list({ startAfter: 'a', prefix: '' })).objects.map((o) => o.key).join(''); })()", "bc");
        row("deletions", "await (async () => { for (const k of 'abc') await BUCKET.put(k, ''); await BUCKET.delete('a'); await BUCKET.delete(['b', 'none']); return (await BUCKET.list()).objects.map((o) => o.key).join(''); })()", "c");
        row("parts", "await (async () => { const u = await BUCKET.createMultipartUpload('k', { customMetadata: { a: 'b' }, httpMetadata: { contentType: 'x/y' } }); const big = new Uint8Array(5 << 20); const one = await u.uploadPart(1, new ReadableStream({ n: 0, pull(c) { this.n++ < 5 ? c.enqueue(new Uint8Array(1 << 20)) : c.close(); } })); const two = await BUCKET.resumeMultipartUpload('k', u.uploadId).uploadPart(2, 'end'); const o = await u.complete([two, one]); return [o.size, o.etag.endsWith('-2'), o.customMetadata.a, o.httpMetadata.contentType, await (await BUCKET.get('k', { range: { suffix: 3 } })).text(), Object.keys(o.checksums).length].join(); })()", "5242883,true,b,x/y,end,0");
        row("parts given up", "await (async () => { const u = await BUCKET.createMultipartUpload('k'); await u.uploadPart(1, 'x'); await u.abort(); return (await fault(() => u.complete([]))).startsWith('Error: R2 complete failed') + ' ' + await BUCKET.head('k'); })()", "true null");
        row("read only", "await fault(() => FILES.put('k', ''))", "Error: R2 put failed: the bucket files is bound to this sandbox for reading only");
        row("an answer", "await (async () => { await BUCKET.put('k', 'x'.repeat(100000)); const o = await BUCKET.get('k'); const r = new Response(o.body, { headers: { etag: o.httpEtag } }); return (await r.text()).length; })()", "100000");
    }
    void bucketsAreAsTheirApiSays()
    {
        QFETCH(QByteArray, expression);
        QFETCH(QByteArray, value);
        QCOMPARE(valueOf(expression), value);
    }

    void aLargeObjectPassesWithoutTheScript()
    {
        QVERIFY(load(R"(export default { async outbound(request, { BUCKET }) {
            if (request.method === "PUT")
              return Response.json({ size: (await BUCKET.put("large", request.body)).size });
            return new Response((await BUCKET.get("large")).body);
          } })"));
        const QString file = m_folder->filePath("large");
        QFile large(file);
        QVERIFY(large.open(QIODevice::WriteOnly));
        for (int i = 0; i < 80; ++i)
            large.write(QByteArray(1024 * 1024, static_cast<char>('a' + i % 26)));
        large.close();
        // More than the process may hold.
        QCOMPARE(ask({"-T", file}), "{\"size\":83886080}");
        const QByteArray back = ask();
        QCOMPARE(back.size(), 80 * 1024 * 1024);
        QVERIFY(back.endsWith("bbb"));
        QTRY_COMPARE(m_fixture->keeper().lastRow().row.state, api::RowState::Done);
    }

    void servicesAreFetched()
    {
        const QByteArray answer = valueOf("await (await SERVICE.fetch('https://any.example.org/v1/models?x=1', { headers: { 'x-a': 'b' } })).text()");
        QVERIFY2(answer.startsWith("GET /v1/models?x=1 HTTP/1.1\r\n"), answer);
        QVERIFY2(answer.contains("x-a: b") && answer.contains("Host: localhost:" + QByteArray::number(m_server->port())), answer);
        const QByteArray passed = valueOf("await (await SERVICE.fetch(request)).text()");
        QVERIFY2(passed.startsWith("POST / HTTP/1.1\r\n"), passed);
        QVERIFY(depot().unbind(BindingKind::Service, "model", EgressFixture::Sandbox));
        QVERIFY(valueOf("typeof SERVICE").endsWith("undefined"));
    }

    void otherSandboxesAreFetched()
    {
        const QByteArray none = valueOf("await fault(() => SANDBOXES.get('web').fetch('http://web/'))");
        QCOMPARE(none, "Error: no port of the sandbox web is bound to this one");
        make(BindingKind::Service, "web-dev", "WEB", BindingAccess::ReadOnly, Other);
        const QByteArray answer = valueOf("await (await SANDBOXES.get('web').fetch('http://web/x')).text()");
        QVERIFY2(answer.startsWith("GET /x HTTP/1.1\r\n"), answer);
        const QByteArray port = QByteArray::number(m_server->port());
        QVERIFY(valueOf("await (await SANDBOXES.getByName('web').containerFetch('http://web/', " + port + ")).text()").startsWith("GET / "));
        QVERIFY(valueOf("await fault(() => SANDBOXES.get('web').fetch('http://web:1/'))").contains("name one as the port of the URL"));
        const QByteArray byName = valueOf("await (await env.WEB.fetch('http://x/y')).text()");
        QVERIFY2(byName.startsWith("GET /y HTTP/1.1\r\n"), byName);
        const api::Row row = m_fixture->keeper().lastRow().row;
        QCOMPARE(row.step, api::Step::Handler);
    }

    // A guest can't reach what only handlers may, and no handler what is another sandbox's.
    void scopesHold()
    {
        QVERIFY(load("export default { outbound: () => new Response('handled') }"));
        const QByteArray denied = ask({"-w", "%{http_code}"}, "kv.sallyport.internal");
        QVERIFY2(denied.endsWith("403") && denied.contains("nothing that is bound"), denied);
        QVERIFY(ask({"-w", "%{http_code}"}, "model.service.sallyport.internal").endsWith("403"));
        // As a process would that was taken over: by the name of one that is not its own.
        m_fixture->onNetwork([&](egress::Door&) {
            m_runtime->setEnvironment(EgressFixture::Sandbox, "agent-1",
                                      R"({"KV":{"kind":"kv","name":"secret"},"BUCKET":{"kind":"objects","name":"none"}})");
            m_runtime->setModule(EgressFixture::Sandbox, R"(
                module.exports = { async outbound(request, { KV, BUCKET }) {
                  const all = [];
                  for (const run of [() => KV.get("k"), () => BUCKET.list()])
                    try { await run(); } catch (e) { all.push(e.message); }
                  return new Response(all.join("\n"));
                } })");
        });
        QCOMPARE(ask(), "KV get failed: no namespace 'secret' is bound to this sandbox\n"
                        "R2 list failed: no bucket 'none' is bound to this sandbox");
    }
};

QTEST_GUILESS_MAIN(EgressEnvTest)
#include "egress_env_test.moc"

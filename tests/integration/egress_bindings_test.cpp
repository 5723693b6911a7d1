// Bindings as real clients meet them: curl, boto3, s3cmd and rclone through the door.
#include <QTemporaryDir>
#include <QTest>

#include "egress_fixture.h"

#include "engine/binding/bindings.h"

using namespace sallyport;
using namespace sallyport::test;
using api::BindingAccess;
using api::BindingKind;

namespace {

constexpr auto KvHost = "kv.sallyport.internal";
constexpr auto S3Host = "s3.sallyport.internal";
constexpr int Http = 80;

} // namespace

class EgressBindingsTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<EgressFixture> m_fixture;
    std::shared_ptr<binding::Bindings> m_bindings;

    binding::Depot& depot() { return *m_bindings->depot(); }

    void make(BindingKind kind,
              const std::string& name,
              std::optional<BindingAccess> access,
              int port = 0,
              std::optional<api::SandboxId> owner = {})
    {
        api::Binding made;
        made.kind = kind;
        made.name = name;
        made.port = port;
        made.owner = owner;
        QVERIFY(depot().create(made, nowUnixMillis()));
        if (access)
            QVERIFY(depot().bind(kind, name, {EgressFixture::Sandbox, *access, ""}));
    }

    // A gate that lets nothing out: bindings do not go there.
    void obey(std::vector<api::Handler> handlers = {})
    {
        api::Sandbox sandbox;
        sandbox.id = EgressFixture::Sandbox;
        sandbox.defaultAction = api::DefaultAction::Allow;
        sandbox.allowedHosts.emplace();
        for (const api::Handler& each : m_bindings->rungsOf(EgressFixture::Sandbox))
            handlers.push_back(each);
        m_fixture->keeper().setPolicy(
            policy::Snapshot::build(sandbox, {}, {}, nowUnixMillis(), handlers));
    }

    QByteArray curl(const char* host, const QString& url, QStringList more = {}, int port = Http)
    {
        more.prepend(url);
        const CurlResult result = m_fixture->curl(host, port, more);
        return result.exitCode == 0 ? result.out : "curl: " + result.error;
    }
    QByteArray kv(const QString& path, const QStringList& more = {})
    {
        return curl(KvHost, QString("http://%1%2").arg(KvHost, path), more);
    }

    // A program whose http_proxy is the door's front: it names its hosts itself.
    QByteArray run(const QString& program, const QStringList& arguments)
    {
        QProcess process;
        useFork(process);
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        const QString proxy = QString("http://127.0.0.1:%1").arg(m_fixture->frontFor(S3Host, Http));
        environment.insert("http_proxy", proxy);
        environment.insert("HTTP_PROXY", proxy);
        environment.insert("HOME", m_folder->path());
        environment.remove("AWS_CA_BUNDLE");
        environment.insert("AWS_EC2_METADATA_DISABLED", "true");
        process.setProcessEnvironment(environment);
        process.setProcessChannelMode(QProcess::MergedChannels);
        process.start(program, arguments);
        process.waitForFinished(120000);
        return process.exitCode() == 0 ? process.readAll() : "failed: " + process.readAll();
    }

private slots:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_fixture = std::make_unique<EgressFixture>();
        auto opened = binding::Depot::open(m_folder->path().toStdString());
        QVERIFY(opened);
        m_bindings = std::make_shared<binding::Bindings>(*opened);
        m_fixture->onNetwork([this](egress::Door& door) { door.setBindings(m_bindings); });
    }
    void cleanup()
    {
        m_fixture.reset();
        m_bindings.reset();
        m_folder.reset();
    }

    void keysAndValuesOverHttp()
    {
        make(BindingKind::Kv, "cache", BindingAccess::ReadWrite);
        make(BindingKind::Kv, "config", BindingAccess::ReadOnly);
        make(BindingKind::Kv, "secret", {});
        obey();
        const QStringList status{"-w", "%{http_code}"};
        QCOMPARE(kv("/cache/a%20b",
                    {"-T", "/etc/hostname", "-H", "KV-Metadata: {\"a\": 1}", "-w", "%{http_code}"}),
                 "204");
        QFile hostname("/etc/hostname");
        QVERIFY(hostname.open(QIODevice::ReadOnly));
        QCOMPARE(kv("/cache/a%20b"), hostname.readAll());
        QVERIFY(
            kv("/cache/a%20b", {"-D", "-", "-o", "/dev/null"}).contains("KV-Metadata: {\"a\":1}"));
        QCOMPARE(kv("/cache/gone?expiration_ttl=60", status + QStringList{"-X", "PUT", "-d", "x"}),
                 "204");
        QVERIFY(
            kv("/cache/gone?expiration_ttl=59", {"-X", "PUT", "-d", "x"}).contains("60 seconds"));
        const QByteArray listed = kv("/cache/?prefix=a");
        QVERIFY2(listed.contains(R"({"name":"a b","metadata":{"a":1}})"), listed);
        QVERIFY(kv("/").contains(R"("name":"config")"));
        QVERIFY(!kv("/").contains("secret"));
        QVERIFY(kv("/config/x", QStringList{"-X", "PUT", "-d", "x"} + status).endsWith("403"));
        QCOMPARE(m_fixture->keeper().lastRow().row.state, api::RowState::Denied);
        QVERIFY(kv("/secret/x", status).endsWith("404"));
        QVERIFY(kv("/cache/none", status).endsWith("404"));
        QCOMPARE(kv("/cache/a%20b", status + QStringList{"-X", "DELETE"}), "204");
        QVERIFY(kv("/cache/a%20b", status).endsWith("404"));
        QTRY_COMPARE(m_fixture->keeper().lastRow().row.state, api::RowState::Done);
        const api::Row row = m_fixture->keeper().lastRow().row;
        QCOMPARE(row.step, api::Step::Handler);
        QCOMPARE(row.host, std::string(KvHost));
        QCOMPARE(row.status, 404);
    }

    void largeValuesStreamBothWays()
    {
        make(BindingKind::Kv, "cache", BindingAccess::ReadWrite);
        obey();
        const QString file = m_folder->filePath("large");
        QFile large(file);
        QVERIFY(large.open(QIODevice::WriteOnly));
        for (int i = 0; i < 20; ++i)
            large.write(QByteArray(1024 * 1024, static_cast<char>('a' + i)));
        large.close();
        QCOMPARE(kv("/cache/large", {"-T", file, "-w", "%{http_code}"}), "204");
        QCOMPARE(kv("/cache/large").size(), 20 * 1024 * 1024);
        QVERIFY(large.open(QIODevice::Append));
        large.write(QByteArray(6 * 1024 * 1024, 'z'));
        large.close();
        QVERIFY(kv("/cache/larger", {"-T", file, "-w", "%{http_code}"}).endsWith("413"));
        QVERIFY(kv("/cache/larger", {"-w", "%{http_code}"}).endsWith("404"));
    }

    void whatIsNotBoundIsDeniedWhateverIsAllowed()
    {
        obey();
        const QByteArray answer = kv("/cache/x", {"-w", "%{http_code}"});
        QVERIFY2(answer.endsWith("403") && answer.contains("nothing that is bound"), answer);
        QCOMPARE(m_fixture->keeper().lastRow().row.step, api::Step::Handler);
    }

    void aHandlerShowsAPartOfANamespaceByAnotherName()
    {
        make(BindingKind::Kv, "cache", BindingAccess::ReadWrite);
        api::Handler mine;
        mine.host = "my.kv";
        mine.name = "kv";
        mine.params = R"({"namespace":"cache","prefix":"{sandbox}/"})";
        obey({mine});
        // The gate holds for names that are not ours, so this one has to be on it.
        api::Sandbox sandbox;
        sandbox.id = EgressFixture::Sandbox;
        m_fixture->keeper().setPolicy(
            policy::Snapshot::build(sandbox, {}, {}, nowUnixMillis(), {mine}));
        QCOMPARE(curl("my.kv", "http://my.kv/key", {"-X", "PUT", "-d", "x", "-w", "%{http_code}"}),
                 "204");
        QVERIFY(curl("my.kv", "http://my.kv/").contains(R"("name":"key")"));
        const auto* const entry = m_bindings->catalogue()->find(BindingKind::Kv, "cache");
        QVERIFY(depot().head(entry->id, "agent-1/key", nowUnixMillis()).value());
    }

    void boto3()
    {
        make(BindingKind::Objects, "data", BindingAccess::ReadWrite);
        make(BindingKind::Objects, "public", BindingAccess::ReadOnly);
        make(BindingKind::Objects, "secret", {});
        obey();
        QCOMPARE(run("/usr/bin/python3", {SALLYPORT_CLIENTS "/s3_client.py"}), "ok\n");
        // By the bucket's own host name.
        const char* const host = "data.s3.sallyport.internal";
        QCOMPARE(curl(host, "https://data.s3.sallyport.internal/k",
                      {"-T", "/etc/hostname", "-w", "%{http_code}"}, 443),
                 "200");
        QVERIFY(curl(host, "https://data.s3.sallyport.internal/?list-type=2", {}, 443)
                    .contains("<Key>k</Key>"));
        const QByteArray none =
            curl("secret.s3.sallyport.internal", "https://secret.s3.sallyport.internal/k", {}, 443);
        QVERIFY2(none.contains("NoSuchBucket"), none);
    }

    void s3cmd()
    {
        make(BindingKind::Objects, "data", BindingAccess::ReadWrite);
        obey();
        const QStringList common{"--access_key=none", "--secret_key=none", "--no-ssl",
                                 "--host=s3.sallyport.internal",
                                 "--host-bucket=s3.sallyport.internal"};
        const QStringList quiet = common + QStringList{"--quiet"};
        QFile config(m_folder->filePath(".s3cfg"));
        QVERIFY(config.open(QIODevice::WriteOnly));
        config.write(QString("[default]\nproxy_host = 127.0.0.1\nproxy_port = %1\n"
                             "multipart_chunk_size_mb = 5\n")
                         .arg(m_fixture->frontFor(S3Host, Http))
                         .toUtf8());
        config.close();
        QFile large(m_folder->filePath("large"));
        QVERIFY(large.open(QIODevice::WriteOnly));
        large.write(QByteArray(11 * 1024 * 1024, 'x'));
        large.close();
        QCOMPARE(run("s3cmd", quiet + QStringList{"put", large.fileName(), "s3://data/dir/large"}),
                 "");
        const QByteArray listed = run("s3cmd", common + QStringList{"ls", "s3://data/dir/"});
        QVERIFY2(listed.contains("11534336"), listed);
        QCOMPARE(run("s3cmd",
                     quiet + QStringList{"get", "s3://data/dir/large", m_folder->filePath("back")}),
                 "");
        QCOMPARE(QFileInfo(m_folder->filePath("back")).size(), 11 * 1024 * 1024);
        QCOMPARE(run("s3cmd", quiet + QStringList{"cp", "s3://data/dir/large", "s3://data/copy"}),
                 "");
        QCOMPARE(run("s3cmd", quiet + QStringList{"rm", "--recursive", "--force", "s3://data"}),
                 "");
        QCOMPARE(depot().list().front().entries, std::int64_t{0});
    }

    void rclone()
    {
        make(BindingKind::Objects, "data", BindingAccess::ReadWrite);
        obey();
        const QString remote = ":s3,provider=Other,access_key_id=none,secret_access_key=none,"
                               "endpoint='http://s3.sallyport.internal':data";
        QDir(m_folder->path()).mkpath("tree/below");
        for (const char* name : {"tree/a", "tree/below/b", "tree/below/c d"}) {
            QFile file(m_folder->filePath(name));
            QVERIFY(file.open(QIODevice::WriteOnly));
            file.write(QByteArray(100000, 'q') + name);
        }
        const QString tree = m_folder->filePath("tree");
        QCOMPARE(run("rclone", {"sync", "-q", tree, remote}), "");
        QCOMPARE(run("rclone", {"check", "-q", tree, remote}), "");
        QCOMPARE(run("rclone", {"sync", "-q", remote, m_folder->filePath("back")}), "");
        QVERIFY(QFile::exists(m_folder->filePath("back/below/c d")));
        QCOMPARE(run("rclone", {"purge", "-q", remote + "/below"}), "");
        QCOMPARE(depot().list().front().entries, std::int64_t{1});
    }

    void chunksOfAwsAreTakenApart()
    {
        make(BindingKind::Objects, "data", BindingAccess::ReadWrite);
        obey();
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(S3Host, Http));
        const std::string body = "5;chunk-signature=0\r\nhello\r\n6;chunk-signature=1\r\n world\r\n"
                                 "0;chunk-signature=2\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n";
        sendAll(client.get(), "PUT /data/k HTTP/1.1\r\nHost: s3.sallyport.internal\r\n"
                              "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"
                              "Content-Encoding: aws-chunked,gzip\r\nContent-Length: " +
                                  std::to_string(body.size()) + "\r\n\r\n" + body);
        const std::string answer = readUntil(client.get(), "\r\n\r\n");
        QVERIFY2(answer.starts_with("HTTP/1.1 200"), answer.c_str());
        const auto* const entry = m_bindings->catalogue()->find(BindingKind::Objects, "data");
        const auto item = depot().head(entry->id, "k", nowUnixMillis());
        QCOMPARE((*item)->bytes, std::int64_t{11});
        QVERIFY((*item)->http.find(R"("content-encoding":"gzip")") != std::string::npos);
    }

    void aServiceLeadsToAPortAndObeysAtOnce()
    {
        const ScriptedServer server(answerWithHead);
        make(BindingKind::Service, "ollama", BindingAccess::ReadOnly, server.port());
        obey();
        const char* const host = "ollama.service.sallyport.internal";
        const QByteArray answer = curl(host, QString("http://%1/api?x=1").arg(host));
        QVERIFY2(answer.contains("GET /api?x=1"), answer);
        QVERIFY2(answer.contains("Host: localhost:" + QByteArray::number(server.port())), answer);
        // Also by TLS, which ends at the door.
        QVERIFY(curl(host, QString("https://%1/").arg(host), {}, 443).contains("GET / "));
        // Also by another name.
        api::Handler redirect;
        redirect.host = "api.openai.example";
        redirect.name = "redirectTo";
        redirect.params = R"({"service":"ollama"})";
        api::Sandbox sandbox;
        sandbox.id = EgressFixture::Sandbox;
        m_fixture->keeper().setPolicy(
            policy::Snapshot::build(sandbox, {}, {}, nowUnixMillis(), {redirect}));
        QVERIFY(curl("api.openai.example", "https://api.openai.example/v1", {}, 443)
                    .contains("GET /v1"));
        QVERIFY(depot().unbind(BindingKind::Service, "ollama", EgressFixture::Sandbox));
        QVERIFY(
            curl("api.openai.example", "https://api.openai.example/v1", {"-w", "%{http_code}"}, 443)
                .endsWith("403"));
        QCOMPARE(m_fixture->keeper().lastRow().row.state, api::RowState::Denied);
    }

    void anotherSandboxIsReachedAtThePortThatItOffers()
    {
        const ScriptedServer server(answerWithHead);
        m_fixture->onNetwork([&](egress::Door&) {
            m_bindings->setSandboxes(
                [](api::SandboxId id) { return id == 9 ? "worker" : ""; },
                [&](api::SandboxId id, int port) -> boost::asio::awaitable<Result<UniqueFd>> {
                    if (id != 9 || port != 8080)
                        co_return fail(Error::Code::Unavailable, "it is not running");
                    co_return connectToLoopback(server.port());
                });
        });
        make(BindingKind::Service, "web", BindingAccess::ReadOnly, 8080, 9);
        make(BindingKind::Service, "down", BindingAccess::ReadOnly, 8081, 9);
        obey();
        const char* const host = "worker.sandbox.sallyport.internal";
        const QString url = QString("http://%1:%2/").arg(host);
        QVERIFY(curl(host, url.arg(8080), {}, 8080).contains("Host: localhost:8080"));
        QVERIFY(curl(host, url.arg(9090), {"-w", "%{http_code}"}, 9090).endsWith("403"));
        const QByteArray down =
            curl("down.service.sallyport.internal", "http://down.service.sallyport.internal/",
                 {"-w", "%{http_code}"});
        QVERIFY2(down.endsWith("502") && down.contains("not running"), down);
    }
};

QTEST_GUILESS_MAIN(EgressBindingsTest)
#include "egress_bindings_test.moc"

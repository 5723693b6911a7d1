#include <QTest>

#include "engine/egress/head_parser.h"

using namespace sallyport::egress;

namespace {

constexpr std::size_t MaxFields = 256;

// The status that refuses the request head, 0 when it is taken.
int refusal(const std::string& head)
{
    RequestHead out;
    const auto parsed = parseRequestHead(head, MaxFields, out);
    return parsed ? 0 : parsed.error().status;
}

QByteArray bytes(const char* text)
{
    return QByteArray(text);
}

} // namespace

class HttpHeadTest : public QObject
{
    Q_OBJECT

private slots:
    void readsARequest()
    {
        RequestHead head;
        QVERIFY(
            parseRequestHead("POST /a?b=c HTTP/1.1\r\nhOST: Example.com:8080\r\nX-A:  one \t\r\n"
                             "Content-Length: 12\r\nX-Empty:\r\n\r\n",
                             MaxFields, head));
        QCOMPARE(head.method, std::string("POST"));
        QCOMPARE(head.path, std::string("/a?b=c"));
        QCOMPARE(head.authority, std::string("Example.com:8080"));
        QCOMPARE(head.fields.size(), 4U);
        QVERIFY(head.fields[0].name == "hOST");
        QVERIFY(head.fields[1].value == "one");
        QVERIFY(head.fields[3].value.empty());
        QCOMPARE(head.framing.kind, BodyKind::Length);
        QCOMPARE(head.framing.length, 12U);
    }

    void readsTargetForms_data()
    {
        QTest::addColumn<QByteArray>("line");
        QTest::addColumn<QByteArray>("scheme");
        QTest::addColumn<QByteArray>("authority");
        QTest::addColumn<QByteArray>("path");
        QTest::newRow("origin") << bytes("GET /x") << bytes("") << bytes("h") << bytes("/x");
        QTest::newRow("absolute") << bytes("GET HTTP://H/x?y") << bytes("http") << bytes("H")
                                  << bytes("/x?y");
        QTest::newRow("absolute without path")
            << bytes("GET https://h") << bytes("https") << bytes("h") << bytes("/");
        QTest::newRow("absolute with query alone")
            << bytes("GET http://h?a/b") << bytes("http") << bytes("h") << bytes("/?a/b");
        QTest::newRow("asterisk") << bytes("OPTIONS *") << bytes("") << bytes("h") << bytes("*");
    }
    void readsTargetForms()
    {
        QFETCH(QByteArray, line);
        QFETCH(QByteArray, scheme);
        QFETCH(QByteArray, authority);
        QFETCH(QByteArray, path);
        RequestHead head;
        QVERIFY(
            parseRequestHead(line.toStdString() + " HTTP/1.1\r\nHost: h\r\n\r\n", MaxFields, head));
        QCOMPARE(head.scheme, scheme.toStdString());
        QCOMPARE(head.authority, authority.toStdString());
        QCOMPARE(head.path, path.toStdString());
    }

    void refusesWhatCanBeReadTwoWays_data()
    {
        QTest::addColumn<QByteArray>("lines");
        QTest::addColumn<int>("status");
        const auto row = [](const char* name, QByteArray lines, int status = 400) {
            QTest::newRow(name) << std::move(lines) << status;
        };
        row("no version", "GET /\r\n");
        row("HTTP/0.9", "GET / HTTP/0.9\r\nHost: h\r\n", 505);
        row("HTTP/1.10", "GET / HTTP/1.10\r\nHost: h\r\n", 505);
        row("lower-case version", "GET / http/1.1\r\nHost: h\r\n");
        row("leading blank", " GET / HTTP/1.1\r\nHost: h\r\n");
        row("two blanks", "GET  / HTTP/1.1\r\nHost: h\r\n");
        row("tab", "GET\t/ HTTP/1.1\r\nHost: h\r\n");
        row("method with colon", "GE:T / HTTP/1.1\r\nHost: h\r\n");
        row("fragment", "GET /#a HTTP/1.1\r\nHost: h\r\n");
        row("relative target", "GET a HTTP/1.1\r\nHost: h\r\n");
        row("user in target", "GET http://u@h/ HTTP/1.1\r\nHost: h\r\n");
        row("other scheme", "GET ftp://h/ HTTP/1.1\r\nHost: h\r\n");
        row("asterisk of GET", "GET * HTTP/1.1\r\nHost: h\r\n");
        row("target against Host", "GET http://a/ HTTP/1.1\r\nHost: b\r\n");
        row("no Host", "GET / HTTP/1.1\r\n");
        row("two Hosts", "GET / HTTP/1.1\r\nHost: h\r\nhost: h\r\n");
        row("fold", "GET / HTTP/1.1\r\nHost: h\r\n\tx: y\r\n");
        row("blank before colon", "GET / HTTP/1.1\r\nHost: h\r\nX : y\r\n");
        row("no colon", "GET / HTTP/1.1\r\nHost: h\r\nX\r\n");
        row("empty name", "GET / HTTP/1.1\r\nHost: h\r\n: y\r\n");
        row("bare CR in value", "GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n");
        row("DEL in value", "GET / HTTP/1.1\r\nHost: h\r\nX: a\x7f\r\n");
        row("two lengths",
            "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\ncontent-length: 1\r\n");
        row("empty length", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n");
        row("hexadecimal length", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x1\r\n");
        row("huge length", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999999999999999\r\n");
        row("length and chunked",
            "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n");
        row("two encodings",
            "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
            "chunked\r\n",
            501);
        row("encoding list",
            "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n", 501);
        row("chunked in 1.0", "GET / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n");
    }
    void refusesWhatCanBeReadTwoWays()
    {
        QFETCH(QByteArray, lines);
        QFETCH(int, status);
        QCOMPARE(refusal(lines.toStdString() + "\r\n"), status);
    }

    void carriesNoUpgradeThatHidesRequests_data()
    {
        QTest::addColumn<QByteArray>("protocol");
        QTest::addColumn<QByteArray>("carried");
        QTest::newRow("WebSocket") << bytes("websocket") << bytes("websocket");
        QTest::newRow("HTTP/2") << bytes("h2c") << bytes("");
        QTest::newRow("in a list") << bytes("websocket, H2C") << bytes("");
        QTest::newRow("HTTP") << bytes("HTTP/2.0") << bytes("");
        QTest::newRow("TLS") << bytes("TLS/1.2") << bytes("");
    }
    void carriesNoUpgradeThatHidesRequests()
    {
        QFETCH(QByteArray, protocol);
        QFETCH(QByteArray, carried);
        RequestHead head;
        QVERIFY(parseRequestHead("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: " +
                                     protocol.toStdString() + "\r\n\r\n",
                                 MaxFields, head));
        QCOMPARE(head.upgrade, carried.toStdString());
    }

    void boundsTheFields()
    {
        std::string head = "GET / HTTP/1.1\r\nHost: h\r\n";
        for (std::size_t count = 1; count < MaxFields; ++count)
            head += "X: y\r\n";
        QCOMPARE(refusal(head + "\r\n"), 0);
        QCOMPARE(refusal(head + "X: y\r\n\r\n"), 431);
    }

    void scansByteByByte()
    {
        const std::string head = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
        HeadScanner scanner;
        for (std::size_t size = 0; size < head.size(); ++size) {
            const auto found = scanner.scan(std::string_view(head).substr(0, size));
            QVERIFY(found && *found == 0);
        }
        QCOMPARE(*scanner.scan(head + "rest"), head.size());
    }

    void seesABareLineFeedAtOnce()
    {
        HeadScanner scanner;
        QVERIFY(!scanner.scan("GET / HTTP/1.1\n"));
    }

    void framesAnswers_data()
    {
        QTest::addColumn<QByteArray>("head");
        QTest::addColumn<QByteArray>("method");
        QTest::addColumn<int>("kind"); // -1: refused
        const auto row = [](const char* name, QByteArray head, const char* method, int kind) {
            QTest::newRow(name) << std::move(head) << QByteArray(method) << kind;
        };
        row("length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", "GET", int(BodyKind::Length));
        row("chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n", "GET",
            int(BodyKind::Chunked));
        row("neither", "HTTP/1.1 200\r\n", "GET", int(BodyKind::UntilClose));
        row("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", "HEAD", int(BodyKind::None));
        row("204", "HTTP/1.1 204 No Content\r\n", "GET", int(BodyKind::None));
        row("304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n", "GET",
            int(BodyKind::None));
        row("100", "HTTP/1.1 100 Continue\r\n", "POST", int(BodyKind::None));
        row("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n", "GET",
            -1);
        row("both", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n", "GET",
            -1);
        row("two-digit status", "HTTP/1.1 20 OK\r\n", "GET", -1);
        row("no blank", "HTTP/1.1 200OK\r\n", "GET", -1);
    }
    void framesAnswers()
    {
        QFETCH(QByteArray, head);
        QFETCH(QByteArray, method);
        QFETCH(int, kind);
        ResponseHead out;
        const auto parsed = parseResponseHead(head.toStdString() + "\r\n", MaxFields, out);
        const auto framing = responseFraming(out, method.toStdString());
        QCOMPARE(parsed && framing ? int(framing->kind) : -1, kind);
    }
};

QTEST_APPLESS_MAIN(HttpHeadTest)
#include "http_head_test.moc"

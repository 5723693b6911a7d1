#include <QTest>

#include "engine/egress/forwarding.h"
#include "engine/egress/head_parser.h"

using namespace sallyport::egress;

namespace {

std::string forwarded(const std::string& request)
{
    RequestHead head;
    if (!parseRequestHead(request, 100, head))
        return "refused";
    std::string out;
    appendRequestHead(out, head, "fallback");
    return out;
}

std::string answered(const std::string& answer, BodyKind kind, bool close)
{
    ResponseHead head;
    if (!parseResponseHead(answer, 100, head))
        return "refused";
    std::string out;
    appendResponseHead(out, head, kind, close);
    return out;
}

} // namespace

class ForwardingTest : public QObject
{
    Q_OBJECT

private slots:
    void keepsOrderAndCase()
    {
        const std::string request =
            "GET /x HTTP/1.1\r\nuser-AGENT: t\r\nHost: h\r\nCookie: a\r\nAccept: b\r\n\r\n";
        QCOMPARE(forwarded(request), request);
    }

    void dropsWhatIsAboutOneConnection()
    {
        QCOMPARE(forwarded("GET / HTTP/1.1\r\nHost: h\r\nConnection: close, X-Mine\r\nX-Mine: 1\r\n"
                           "Keep-Alive: 5\r\nTE: gzip\r\nProxy-Authorization: x\r\nUpgrade: "
                           "h2c\r\nA: 1\r\n\r\n"),
                 std::string("GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\n\r\n"));
    }

    void connectionCantTakeAwayHostOrLength()
    {
        const std::string out = forwarded("POST / HTTP/1.1\r\nHost: h\r\nConnection: host, "
                                          "content-length\r\nContent-Length: 3\r\n\r\n");
        QVERIFY(out.find("Host: h\r\n") != std::string::npos);
        QVERIFY(out.find("Content-Length: 3\r\n") != std::string::npos);
    }

    void absoluteTargetsBecomeOriginForm()
    {
        QCOMPARE(forwarded("GET http://h/x HTTP/1.1\r\nHost: h\r\n\r\n"),
                 std::string("GET /x HTTP/1.1\r\nHost: h\r\n\r\n"));
    }

    void addsAHostForHttp10()
    {
        QCOMPARE(forwarded("GET / HTTP/1.0\r\n\r\n"),
                 std::string("GET / HTTP/1.1\r\nHost: fallback\r\n\r\n"));
    }

    void carriesAnUpgrade()
    {
        QCOMPARE(forwarded("GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\n"
                           "Upgrade: websocket\r\n\r\n"),
                 std::string("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n"
                             "Upgrade: websocket\r\n\r\n"));
    }

    void translatesFromHttp2()
    {
        RequestHead head;
        head.version = HttpVersion::Http2;
        head.method = "POST";
        head.path = "/";
        head.framing.kind = BodyKind::Chunked;
        head.fields.add("cookie", "a=1");
        head.fields.add("accept", "x");
        head.fields.add("cookie", "b=2");
        std::string out;
        appendRequestHead(out, head, "h");
        QCOMPARE(out, std::string("POST / HTTP/1.1\r\nhost: h\r\ncookie: a=1; b=2\r\naccept: x\r\n"
                                  "transfer-encoding: chunked\r\n\r\n"));
    }

    void framesAnswersForTheGuest()
    {
        QCOMPARE(answered("HTTP/1.1 200 OK\r\nAlt-Svc: h3\r\nConnection: close\r\nA: 1\r\n\r\n",
                          BodyKind::Chunked, false),
                 std::string("HTTP/1.1 200 OK\r\nA: 1\r\nTransfer-Encoding: chunked\r\n\r\n"));
        QCOMPARE(answered("HTTP/1.1 200 OK\r\nA: 1\r\n\r\n", BodyKind::UntilClose, true),
                 std::string("HTTP/1.1 200 OK\r\nA: 1\r\nConnection: close\r\n\r\n"));
        QCOMPARE(answered("HTTP/1.1 304\r\nContent-Length: 7\r\n\r\n", BodyKind::None, false),
                 std::string("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"));
    }

    void http2GetsNoConnectionFields()
    {
        RequestHead head;
        QVERIFY(parseRequestHead("GET / HTTP/1.1\r\nHost: h\r\nConnection: X\r\nX: 1\r\nTE: "
                                 "trailers, gzip\r\nA: 1\r\n\r\n",
                                 100, head));
        std::string out;
        forEachRequestFieldOfH2(head, [&](std::string_view name, std::string_view value) {
            out.append(name).append("=").append(value).append(";");
        });
        QCOMPARE(out, std::string("te=trailers;A=1;"));
    }
};

QTEST_APPLESS_MAIN(ForwardingTest)
#include "forwarding_test.moc"

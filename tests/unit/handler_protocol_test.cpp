// What comes from a handler's process: frames, heads, descriptions. Nothing is taken on trust.

#include <QTest>

#include "engine/egress/handler_message.h"
#include "engine/handler/module.h"
#include "engine/handler/protocol.h"

using namespace sallyport;
using namespace sallyport::handler;

class HandlerProtocolTest : public QObject
{
    Q_OBJECT

private slots:
    void framesComeThroughHoweverTheyAreCut()
    {
        std::string wire;
        appendFrame(wire, FrameType::Piece, 7, 9, {}, std::string("\0\xff", 2));
        appendFrame(wire, FrameType::Respond, 0, 9, "200\nOK\n\n", "tail");
        for (std::size_t piece = 1; piece <= wire.size(); ++piece) {
            FrameParser parser(MaxHostPayload);
            std::vector<std::string> seen;
            for (std::size_t at = 0; at < wire.size(); at += piece) {
                std::string_view input = std::string_view(wire).substr(at, piece);
                Frame frame;
                while (parser.next(input, frame) == FrameParser::Event::Frame)
                    seen.push_back(std::to_string(frame.id) + "|" + std::string(frame.head) + "|" +
                                   std::string(frame.tail));
            }
            QCOMPARE(seen, (std::vector<std::string>{std::string("7||\0\xff", 5),
                                                     "0|200\nOK\n\n|tail"}));
        }
    }

    void brokenFramesAreSeen()
    {
        const auto event = [](std::string bytes) {
            FrameParser parser(1000);
            std::string_view input = bytes;
            Frame frame;
            return parser.next(input, frame);
        };
        std::string tooLong;
        appendFrame(tooLong, FrameType::Piece, 1, 1, {}, std::string(1000, 'x'));
        QCOMPARE(event(tooLong), FrameParser::Event::Broken);
        std::string badType;
        appendFrame(badType, static_cast<FrameType>(99), 1, 1, {});
        QCOMPARE(event(badType), FrameParser::Event::Broken);
        std::string badHead;
        appendFrame(badHead, FrameType::Fetch, 1, 1, "abc");
        badHead[HeaderSize] = 50; // a head longer than the payload
        QCOMPARE(event(badHead), FrameParser::Event::Broken);
        QCOMPARE(event(std::string(HeaderSize, '\0')), FrameParser::Event::Broken);
        QCOMPARE(event("abc"), FrameParser::Event::NeedMore);
    }

    void fetchesAreRead()
    {
        const auto fetch = egress::readHandlerFetch(
            "POST\nhttps://api.example.com:8443?q=1#f\nref 2147483649\nX-A\nb\nC\n\xc3\xa9");
        QVERIFY(fetch.has_value());
        QCOMPARE(fetch->host.name, "api.example.com");
        QCOMPARE(fetch->port, 8443);
        QVERIFY(fetch->tls);
        QCOMPARE(fetch->path, "/?q=1");
        QCOMPARE(fetch->body.number, 2147483649U);
        QCOMPARE(std::string(*fetch->fields.find("c")), "\xe9");
    }

    void senselessHeadsAreRefused_data()
    {
        QTest::addColumn<QByteArray>("head");
        QTest::newRow("empty") << QByteArray();
        QTest::newRow("method") << QByteArray("GET X\nhttp://a/\n");
        QTest::newRow("connect") << QByteArray("CONNECT\nhttp://a/\n");
        QTest::newRow("scheme") << QByteArray("GET\nfile:///etc/passwd\n");
        QTest::newRow("user") << QByteArray("GET\nhttp://u:p@a.example/\n");
        QTest::newRow("blank in path") << QByteArray("GET\nhttp://a.example/ HTTP/1.1\n");
        QTest::newRow("host") << QByteArray("GET\nhttp://2130706433/\n");
        QTest::newRow("body") << QByteArray("GET\nhttp://a.example/\nref x");
        QTest::newRow("field name") << QByteArray("GET\nhttp://a.example/\n\nX: y\nz");
        QTest::newRow("field value") << QByteArray("GET\nhttp://a.example/\n\nX\ny\rz");
        QTest::newRow("half a field") << QByteArray("GET\nhttp://a.example/\n\nX");
        QTest::newRow("wide value") << QByteArray("GET\nhttp://a.example/\n\nX\n\xe2\x82\xac");
    }
    void senselessHeadsAreRefused()
    {
        QFETCH(QByteArray, head);
        QVERIFY(!egress::readHandlerFetch(head.toStdString()));
    }

    void answersAreRead()
    {
        const auto answer = egress::readHandlerAnswer("201\nMade\nstream 5\nmore\nA\nb");
        QVERIFY(answer.has_value());
        QCOMPARE(answer->status, 201);
        QCOMPARE(answer->statusText, "Made");
        QCOMPARE(answer->body.number, 5U);
        QVERIFY(answer->isMoreToCome);
        for (const char* head : {"99\n\n\n", "600\n\n\n", "x\n\n\n", "200\na\rb\n\n", "200\n\nbogus\n"})
            QVERIFY(!egress::readHandlerAnswer(head));
    }

    void lengthsAreThoseOfTheBody()
    {
        egress::Fields fields;
        fields.add("content-length", "5");
        fields.add("Content-Length", "7");
        fields.add("Transfer-Encoding", "chunked");
        egress::setLength(fields, egress::BodyKind::Length, 5);
        QCOMPARE(fields.size(), std::size_t(1));
        QCOMPARE(std::string(*fields.find("content-length")), "5");
        egress::setLength(fields, egress::BodyKind::Chunked, 0);
        QVERIFY(fields.isEmpty());
    }

    void descriptionsAreRead()
    {
        const auto good = readDescription(
            R"({"className":"A","outbound":true,"outboundByHost":["a"],"allowedHosts":[1,"b"],"enableInternet":false})");
        QVERIFY(good.has_value());
        QCOMPARE(good->className, "A");
        QVERIFY(good->hasOutbound);
        QCOMPARE(*good->allowedHosts, std::vector<std::string>{"b"});
        QCOMPARE(good->enableInternet, std::optional(false));
        QVERIFY(!readDescription("[]"));
        QVERIFY(!readDescription("{"));
        QCOMPARE(readProblem(R"({"text":"T","line":3,"column":-1})").line, 3);
        QVERIFY(!readProblem("nonsense").text.empty());
        QCOMPARE(readLine("warning\n2\n3\na\nb").text, "a\nb");
    }
};

QTEST_GUILESS_MAIN(HandlerProtocolTest)
#include "handler_protocol_test.moc"

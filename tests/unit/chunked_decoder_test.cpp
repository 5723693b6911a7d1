#include <QTest>

#include "engine/egress/body_codec.h"

using namespace sallyport::egress;

namespace {

struct Decoded
{
    std::string body;
    std::string rest;
    bool done = false;
    bool failed = false;
    std::size_t trailers = 0;
};

// Feeds the input in pieces of that size.
Decoded decode(const std::string& input, std::size_t step, std::size_t trailerBytes = 1024)
{
    ChunkedDecoder decoder(trailerBytes);
    Decoded result;
    for (std::size_t at = 0; at < input.size() && !decoder.isDone(); at += step) {
        std::string_view piece = std::string_view(input).substr(at, step);
        while (!piece.empty() && !decoder.isDone()) {
            const auto decoded = decoder.next(piece);
            if (!decoded) {
                result.failed = true;
                return result;
            }
            result.body += *decoded;
        }
        result.rest = piece;
    }
    result.done = decoder.isDone();
    result.trailers = decoder.trailers().size();
    return result;
}

} // namespace

class ChunkedDecoderTest : public QObject
{
    Q_OBJECT

private slots:
    void decodesInPiecesOfAnySize()
    {
        const std::string input =
            "3\r\nabc\r\n0A;x=\"y\"\r\n0123456789\r\n0\r\nA: 1\r\nB: 2\r\n\r\n";
        for (std::size_t step = 1; step <= input.size(); ++step) {
            const Decoded result = decode(input, step);
            QVERIFY(result.done);
            QCOMPARE(result.body, std::string("abc0123456789"));
            QCOMPARE(result.trailers, 2U);
        }
    }

    void leavesWhatFollows()
    {
        const Decoded result = decode("0\r\n\r\nGET /", 100);
        QVERIFY(result.done);
        QCOMPARE(result.rest, std::string("GET /"));
    }

    void refuses_data()
    {
        QTest::addColumn<QByteArray>("input");
        QTest::newRow("no size") << QByteArray("\r\nabc");
        QTest::newRow("sign") << QByteArray("+3\r\nabc\r\n");
        QTest::newRow("prefix") << QByteArray("0x3\r\nabc\r\n");
        QTest::newRow("blank") << QByteArray("3 \r\nabc\r\n");
        QTest::newRow("bare LF after size") << QByteArray("3\nabc\r\n");
        QTest::newRow("CR alone") << QByteArray("3\rxabc\r\n");
        QTest::newRow("too long") << QByteArray("3\r\nabcd\r\n");
        QTest::newRow("bare LF after data") << QByteArray("3\r\nabc\n0\r\n\r\n");
        QTest::newRow("huge size") << QByteArray("1000000000000000\r\n");
        QTest::newRow("LF in extension") << QByteArray("3;a\nb\r\nabc\r\n");
        QTest::newRow("bare LF in trailers") << QByteArray("0\r\nA: 1\n\r\n");
        QTest::newRow("bad trailer") << QByteArray("0\r\nA : 1\r\n\r\n");
    }
    void refuses()
    {
        QFETCH(QByteArray, input);
        QVERIFY(decode(input.toStdString(), 1).failed);
        QVERIFY(decode(input.toStdString(), 1000).failed);
    }

    void boundsTrailersAndExtensions()
    {
        QVERIFY(decode("0\r\nA: " + std::string(2000, 'x') + "\r\n\r\n", 7).failed);
        QVERIFY(decode("1;" + std::string(2000, 'x') + "\r\n", 7).failed);
        std::string many;
        for (int count = 0; count < 600; ++count)
            many += "1;x\r\na\r\n";
        QVERIFY(decode(many, 7).failed);
    }

    void writesChunkHeads()
    {
        std::string out;
        appendChunkHead(out, 0x1a2b);
        QCOMPARE(out, std::string("1a2b\r\n"));
    }
};

QTEST_APPLESS_MAIN(ChunkedDecoderTest)
#include "chunked_decoder_test.moc"

#include <QTest>

#include "engine/egress/websocket.h"

using namespace sallyport;
using namespace sallyport::egress;

namespace {

std::string frame(unsigned first, bool masked, const std::string& payload)
{
    std::string bytes(1, static_cast<char>(first));
    const auto mask = static_cast<char>(masked ? 0x80 : 0);
    if (payload.size() < 126)
        bytes += static_cast<char>(mask | static_cast<char>(payload.size()));
    else if (payload.size() < 65536)
        bytes += {static_cast<char>(mask | 126), static_cast<char>(payload.size() >> 8U), static_cast<char>(payload.size())};
    else
        bytes += {static_cast<char>(mask | 127), 0, 0, 0, 0, static_cast<char>(payload.size() >> 24U),
                  static_cast<char>(payload.size() >> 16U), static_cast<char>(payload.size() >> 8U), static_cast<char>(payload.size())};
    return bytes + (masked ? "mask" : "") + payload;
}

} // namespace

class WebSocketTest : public QObject
{
    Q_OBJECT

private slots:
    // RFC 6455, 1.3
    void knowsTheAcceptOfAKey()
    {
        QCOMPARE(webSocketAccept("dGhlIHNhbXBsZSBub25jZQ=="), std::string("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        QCOMPARE(newWebSocketKey().size(), 24U);
        QVERIFY(newWebSocketKey() != newWebSocketKey());
    }

    void countsFramesHoweverTheyAreCut_data()
    {
        QTest::addColumn<int>("piece");
        for (const int piece : {1, 2, 7, 1000, 1'000'000})
            QTest::addRow("%d", piece) << piece;
    }
    void countsFramesHoweverTheyAreCut()
    {
        QFETCH(int, piece);
        const std::string bytes = frame(0x81, true, "hello") + frame(0x02, true, std::string(300, 'x')) + frame(0x80, true, "") +
                                  frame(0x8a, true, "") + frame(0x82, true, std::string(70'000, 'y')) + frame(0x88, true, "ab");
        WebSocketMeter meter;
        for (std::size_t at = 0; at < bytes.size(); at += static_cast<std::size_t>(piece))
            meter.feed(true, std::string_view(bytes).substr(at, static_cast<std::size_t>(piece)), 3);
        const api::WebSocketLog& log = meter.log();
        QCOMPARE(log.framesFromGuest, 6);
        QCOMPARE(log.framesFromUpstream, 0);
        const std::vector<std::pair<int, std::int64_t>> expected{{1, 5}, {2, 300}, {0, 0}, {10, 0}, {2, 70'000}, {8, 2}};
        for (std::size_t at = 0; at < expected.size(); ++at) {
            QCOMPARE(log.frames[at].opcode, expected[at].first);
            QCOMPARE(log.frames[at].bytes, expected[at].second);
        }
        QVERIFY(!log.frames[1].isFinal && log.frames[2].isFinal);
    }

    void showsTheLastFramesOnly()
    {
        WebSocketMeter meter;
        for (int count = 0; count < 1000; ++count)
            meter.feed(false, frame(0x81, false, std::string(static_cast<std::size_t>(count % 100), 'x')), count);
        QCOMPARE(meter.log().framesFromUpstream, 1000);
        QCOMPARE(meter.log().frames.size(), WebSocketMeter::MostShown);
        QCOMPARE(meter.log().frames.back().atMs, 999);
    }

    void givesUpOnWhatIsNoFrame()
    {
        WebSocketMeter meter;
        meter.feed(true, std::string("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10) + std::string(1000, 'x'), 0);
        meter.feed(true, std::string(1000, '\0'), 0);
        QVERIFY(meter.log().framesFromGuest <= 1);
    }
};

QTEST_APPLESS_MAIN(WebSocketTest)
#include "websocket_test.moc"

#include <QtTest/QtTest>

#include "engine/guest/messages.h"
#include "engine/guest/protocol.h"

using namespace sallyport::guest;

namespace {

constexpr Nonce OurNonce = {0, 2, 0xff, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
constexpr Nonce NextNonce = {9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9};

struct Seen
{
    std::string what; // "S" sync, "B" broken, "F<type>:<id>:<payload>"
};

std::string sync(const Nonce& nonce)
{
    std::string out;
    appendSync(out, nonce);
    return out;
}

std::string frame(std::string_view payload, FrameType type = FrameType::Input, std::uint32_t id = 7)
{
    std::string out;
    appendFrame(out, frameTag(OurNonce), type, id, payload);
    return out;
}

// What the parser makes of the stream when it comes in pieces of this size, as one line.
std::string parsed(const std::string& stream, std::size_t piece)
{
    FrameParser parser;
    std::string result;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
        std::string_view input = std::string_view(stream).substr(at, piece);
        for (bool more = true; more;) {
            switch (parser.next(input)) {
            case FrameParser::Event::NeedMore:
                more = false;
                break;
            case FrameParser::Event::Sync:
                result += "S ";
                break;
            case FrameParser::Event::Broken:
                result += "B ";
                break;
            case FrameParser::Event::Frame:
                result += "F" + std::to_string(static_cast<int>(parser.type())) + ":" +
                          std::to_string(parser.id()) + ":" +
                          (parser.payload().size() > 32
                               ? std::to_string(parser.payload().size()) + " bytes"
                               : std::string(parser.payload())) +
                          " ";
                break;
            }
        }
    }
    return result;
}

ConfigureMessage configuration()
{
    ConfigureMessage m;
    m.hostname = "agent-1";
    m.ipv4 = {"10.0.0.2", 32, "10.0.0.1"};
    m.ipv6 = {"fd00::2", 128, "fd00::1"};
    m.nameServers = {"10.0.0.1", "fd00::1"};
    m.mtu = 1500;
    m.unixNanoseconds = 1'700'000'000'000'000'001;
    m.entropy = std::string("\0\1\2", 3);
    m.certificate = "-----BEGIN";
    return m;
}

ExecMessage execution()
{
    ExecMessage m;
    m.arguments = {"ls", "", "-l"};
    m.environment = {{"A", "1"}, {"B", ""}};
    m.directory = "/tmp";
    m.user = "games";
    m.terminal = true;
    m.columns = 100;
    m.rows = 30;
    return m;
}

// Neither a shorter nor a longer payload may pass for the message.
template <typename Message> bool isExact(const Message& message)
{
    const std::string payload = encode(message);
    Message read;
    if (!decode(payload, read) || decode(payload + '\0', read))
        return false;
    for (std::size_t size = 0; size < payload.size(); ++size)
        if (decode(std::string_view(payload).substr(0, size), read))
            return false;
    return true;
}

} // namespace

class GuestProtocolTest : public QObject
{
    Q_OBJECT

private slots:
    void readsFramesInPiecesOfAnySize()
    {
        const std::string stream = sync(OurNonce) + frame("hello") + std::string(5, '\0') +
                                   frame("") + frame(std::string(MaxPayload, 'x'));
        const std::string expected = "S F7:7:hello F7:7: F7:7:65536 bytes ";
        for (const std::size_t piece : {1, 2, 3, 7, 10, 11, 100, 4096, 1 << 20})
            QCOMPARE(parsed(stream, piece), expected);
    }

    void seesNothingBeforeASync()
    {
        QCOMPARE(parsed(frame("x") + "noise\xa5sally" + sync(OurNonce) + frame("y"), 3),
                 std::string("S F7:7:y "));
    }

    void neverDeliversAFrameThatWasCutByTheNextEngine()
    {
        // However much of the frame the first engine got rid of.
        const std::string whole = frame("rm -rf /tmp/some/where");
        for (std::size_t cut = 1; cut < whole.size(); ++cut) {
            const std::string stream = sync(OurNonce) + whole.substr(0, cut) +
                                       std::string(SyncPadding, '\0') + sync(NextNonce);
            const std::string seen = parsed(stream, 4096);
            QVERIFY2(seen == "S B S ", (std::to_string(cut) + ": " + seen).c_str());
        }
        QCOMPARE(
            parsed(sync(OurNonce) + whole + std::string(SyncPadding, '\0') + sync(NextNonce), 9),
            std::string("S F7:7:rm -rf /tmp/some/where S "));
    }

    void takesNoFrameOfAnotherSession()
    {
        QCOMPARE(parsed(sync(NextNonce) + frame("x"), 64), std::string("S B "));
    }

    void refusesALengthPastTheLimit()
    {
        std::string bad = frame("x");
        bad[8] = 2; // 0x20001
        QCOMPARE(parsed(sync(OurNonce) + bad + frame("y") + sync(OurNonce) + frame("z"), 5),
                 std::string("S B S F7:7:z "));
    }

    void aSyncInAPayloadIsData()
    {
        const std::string payload = sync(NextNonce).substr(0, 32);
        QCOMPARE(parsed(sync(OurNonce) + frame(payload), 6), "S F7:7:" + payload + " ");
    }

    void tagsHaveNoZeroByte()
    {
        const std::uint32_t tag = frameTag(Nonce{});
        for (unsigned shift = 0; shift < 32; shift += 8)
            QVERIFY((tag >> shift & 0xffU) != 0);
    }

    void messagesSurviveTheWire()
    {
        ConfigureMessage configure;
        QVERIFY(decode(encode(configuration()), configure));
        QCOMPARE(configure, configuration());
        ExecMessage exec;
        QVERIFY(decode(encode(execution()), exec));
        QCOMPARE(exec, execution());
        std::uint16_t columns = 0;
        std::uint16_t rows = 0;
        QVERIFY(decodeSize(encodeSize(80, 24), columns, rows));
        QCOMPARE(columns, std::uint16_t{80});
        QCOMPARE(rows, std::uint16_t{24});
    }

    void messagesAreExact()
    {
        QVERIFY(isExact(configuration()));
        QVERIFY(isExact(execution()));
        QVERIFY(isExact(HelloMessage{1, "0.1", "id", "6.1", true, "none"}));
        QVERIFY(isExact(OutcomeMessage{2, "no such file"}));
        QVERIFY(isExact(ExitMessage{true, 9}));
        QVERIFY(isExact(StatsMessage{1, 2, 3, 4, 5, 6, 7}));
    }

    void messagesHaveBounds()
    {
        ExecMessage exec = execution();
        exec.arguments.assign(MaxArguments + 1, "x");
        QVERIFY(!decode(encode(exec), exec));
        exec = execution();
        exec.environment.assign(MaxEnvironment + 1, {"x", "y"});
        QVERIFY(!decode(encode(exec), exec));
        exec = execution();
        exec.arguments.clear();
        QVERIFY(!decode(encode(exec), exec));
        ConfigureMessage configure = configuration();
        configure.nameServers.assign(MaxNameServers + 1, "x");
        QVERIFY(!decode(encode(configure), configure));
        // A count and a length that promise more than any memory holds.
        QVERIFY(!decode(std::string("\xff\xff\xff\xff", 4), exec));
        QVERIFY(!decode(std::string("\1\0\0\0\xff\xff\xff\xff", 8), exec));
        ExitMessage exit;
        QVERIFY(!decode(std::string("\2\0", 2), exit)); // neither true nor false
    }
};

QTEST_APPLESS_MAIN(GuestProtocolTest)
#include "guest_protocol_test.moc"

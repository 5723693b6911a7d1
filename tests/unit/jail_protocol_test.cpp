#include <QtTest>

#include "engine/jail/protocol.h"

using namespace sallyport;
using namespace sallyport::jail;

class JailProtocolTest : public QObject
{
    Q_OBJECT

private slots:
    void requestsSurviveTheWire();
    void secretsAreRawBytes();
    void repliesSurviveTheWire();
    void failuresKeepTheirCode();
    void refusesMalformedRequests_data();
    void refusesMalformedRequests();
    void refusesMalformedReplies();
    void refusesOversizedPackets();
};

void JailProtocolTest::requestsSurviveTheWire()
{
    Request request;
    request.verb = Verb::Connect;
    request.number = 7;
    request.port = 8080;
    const std::string packet = encodeRequest(request);
    const auto decoded = decodeRequest(packet);
    QVERIFY(decoded);
    QCOMPARE(decoded->verb, Verb::Connect);
    QCOMPARE(decoded->number, 7U);
    QCOMPARE(decoded->port, std::uint16_t{8080});
    QVERIFY(decoded->bytes.empty());
}

void JailProtocolTest::secretsAreRawBytes()
{
    const std::string secret("\n\0{\"\xff key", 9);
    Request request;
    request.verb = Verb::KeepSecret;
    request.bytes = secret;
    const std::string packet = encodeRequest(request);
    const auto decoded = decodeRequest(packet);
    QVERIFY(decoded);
    QCOMPARE(std::string(decoded->bytes), secret);
    const std::string answer = encodeReply({}, secret);
    const auto reply = decodeReply(answer);
    QVERIFY(reply);
    QCOMPARE(std::string(reply->bytes), secret);
}

void JailProtocolTest::repliesSurviveTheWire()
{
    const std::string packet = encodeReply({{"taps", {1, 2}}});
    const auto reply = decodeReply(packet);
    QVERIFY(reply);
    QCOMPARE(reply->body["taps"].size(), 2U);
}

void JailProtocolTest::failuresKeepTheirCode()
{
    const auto reply =
        decodeReply(encodeFailure({Error::Code::NotFound, "no tap 7, and \xff is no UTF-8"}));
    QVERIFY(!reply);
    QCOMPARE(reply.error().code, Error::Code::NotFound);
    QVERIFY(reply.error().text.starts_with("no tap 7"));
}

void JailProtocolTest::refusesMalformedRequests_data()
{
    QTest::addColumn<QByteArray>("packet");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("no line end") << QByteArray(R"({"verb":"hello"})");
    QTest::newRow("no object") << QByteArray("[1]\n");
    QTest::newRow("cut") << QByteArray("{\"verb\":\n");
    QTest::newRow("no verb") << QByteArray("{}\n");
    QTest::newRow("unknown verb") << QByteArray("{\"verb\":\"exec\"}\n");
    QTest::newRow("verb is a number") << QByteArray("{\"verb\":1}\n");
    QTest::newRow("negative") << QByteArray("{\"verb\":\"addTap\",\"number\":-1}\n");
    QTest::newRow("fraction") << QByteArray("{\"verb\":\"addTap\",\"number\":1.5}\n");
    QTest::newRow("too large") << QByteArray("{\"verb\":\"addTap\",\"number\":4294967296}\n");
    QTest::newRow("port too large") << QByteArray("{\"verb\":\"connect\",\"port\":65536}\n");
    QTest::newRow("domain is a list") << QByteArray("{\"verb\":\"hello\",\"domain\":[]}\n");
}

void JailProtocolTest::refusesMalformedRequests()
{
    QFETCH(QByteArray, packet);
    const auto decoded = decodeRequest({packet.data(), static_cast<std::size_t>(packet.size())});
    QVERIFY(!decoded);
    QCOMPARE(decoded.error().code, Error::Code::Invalid);
}

void JailProtocolTest::refusesMalformedReplies()
{
    QVERIFY(!decodeReply("{}\n"));
    QVERIFY(!decodeReply("{\"ok\":1}\n"));
    QVERIFY(!decodeReply("{\"ok\":false}\n"));
    QCOMPARE(decodeReply("{\"error\":\"strange\",\"text\":\"x\"}\n").error().code,
             Error::Code::Internal);
    QCOMPARE(decodeReply("{\"error\":5}\n").error().code, Error::Code::Internal);
}

void JailProtocolTest::refusesOversizedPackets()
{
    const std::string packet = "{\"verb\":\"hello\"}\n" + std::string(MaxPacketBytes, 'x');
    QVERIFY(!decodeRequest(packet));
}

QTEST_APPLESS_MAIN(JailProtocolTest)
#include "jail_protocol_test.moc"

#include <QTest>

#include "engine/egress/first_bytes.h"
#include "engine/egress/flood_meter.h"

using namespace sallyport::egress;

class FirstBytesTest : public QObject
{
    Q_OBJECT

private slots:
    void tellsProtocolsApart_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<int>("port");
        QTest::addColumn<int>("speaks");
        const auto row = [](const char* name, QByteArray bytes, int port, Speaks speaks) {
            QTest::newRow(name) << std::move(bytes) << port << int(speaks);
        };
        row("nothing", "", 80, Speaks::NeedMore);
        row("TLS", "\x16", 443, Speaks::Tls);
        row("GET", "GET / HTTP/1.1\r\n", 8080, Speaks::Http1);
        row("a beginning", "PROPF", 8080, Speaks::NeedMore);
        row("forgiven line", "\r\nGET /", 8080, Speaks::Http1);
        row("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 8080, Speaks::Http2);
        row("part of HTTP/2", "PRI * HT", 8080, Speaks::NeedMore);
        row("own method on 80", "BREW / HTTP/1.1\r\n", 80, Speaks::Http1);
        row("own method elsewhere", "BREW / HTTP/1.1\r\n", 6667, Speaks::Other);
        row("IRC", "NICK me\r\n", 6667, Speaks::Other);
        row("SSH", "SSH-2.0-OpenSSH_9\r\n", 22, Speaks::Other);
        row("PostgreSQL", QByteArray("\0\0\0\x08\x04\xd2\x16\x2f", 8), 5432, Speaks::Other);
        row("no blank on 80", QByteArray(40, 'A'), 80, Speaks::Other);
    }
    void tellsProtocolsApart()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(int, port);
        QFETCH(int, speaks);
        QCOMPARE(int(classify(bytes.toStdString(), port)), speaks);
    }

    void metersAllowABurstAndARate()
    {
        FloodMeter meter(3, 2);
        const auto start = FloodMeter::Clock::time_point(std::chrono::hours(1));
        for (int count = 0; count < 3; ++count)
            QVERIFY(meter.allows(start));
        QVERIFY(!meter.allows(start));
        QVERIFY(meter.allows(start + std::chrono::milliseconds(500)));
        QVERIFY(!meter.allows(start + std::chrono::milliseconds(500)));
        for (int count = 0; count < 3; ++count)
            QVERIFY(meter.allows(start + std::chrono::hours(1)));
        QVERIFY(!meter.allows(start + std::chrono::hours(1)));
    }
};

QTEST_APPLESS_MAIN(FirstBytesTest)
#include "first_bytes_test.moc"

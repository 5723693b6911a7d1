#include <QTest>

#include "engine/policy/address.h"

using namespace sallyport::policy;

class AddressTest : public QObject
{
    Q_OBJECT

private slots:
    void readsAndWritesCanonicalText_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("canonical");
        for (const char* same :
             {"0.0.0.0", "203.0.113.7", "255.255.255.255", "::", "::1", "2001:db8::1",
              "fe80::1:2:3:4", "1:2:3:4:5:6:7:8", "::ffff:10.0.0.1"})
            QTest::newRow(same) << same << same;
        QTest::newRow("upper case") << "2001:DB8::A"
                                    << "2001:db8::a";
        QTest::newRow("zeros") << "2001:0db8:0:0:0:0:0:0001"
                               << "2001:db8::1";
        QTest::newRow("first run") << "1:0:0:2:0:0:3:4"
                                   << "1::2:0:0:3:4";
        QTest::newRow("longest run") << "1:0:0:2:0:0:0:4"
                                     << "1:0:0:2::4";
        QTest::newRow("single zero") << "1:0:2:3:4:5:6:7"
                                     << "1:0:2:3:4:5:6:7";
        QTest::newRow("v4 tail") << "64:ff9b::192.0.2.1"
                                 << "64:ff9b::c000:201";
        QTest::newRow("gap at the end") << "1:2:3:4:5:6:7::"
                                        << "1:2:3:4:5:6:7:0";
    }
    void readsAndWritesCanonicalText()
    {
        QFETCH(QString, text);
        QFETCH(QString, canonical);
        const auto address = Address::parse(text.toStdString());
        QVERIFY(address);
        QCOMPARE(QString::fromStdString(address->text()), canonical);
        QCOMPARE(Address::parse(address->text()), address);
        QCOMPARE(Address::fromBytes(address->bytes()), address);
    }

    void refusesOtherSpellings_data()
    {
        QTest::addColumn<QString>("text");
        for (const char* text : {"",
                                 "1.2.3",
                                 "1.2.3.4.5",
                                 "01.2.3.4",
                                 "1.2.3.256",
                                 "1.2.3.-1",
                                 "1.2.3.4 ",
                                 "0x7f.0.0.1",
                                 "2130706433",
                                 "1..2.3",
                                 ":",
                                 ":::",
                                 "1:2:3:4:5:6:7",
                                 "1:2:3:4:5:6:7:8:9",
                                 "1::2::3",
                                 "12345::",
                                 "g::1",
                                 "1:2:3:4:5:6:7:8::",
                                 "::1:2:3:4:5:6:7:8",
                                 "1:",
                                 ":1",
                                 "::1:",
                                 "fe80::1%eth0",
                                 "[::1]",
                                 "1.2.3.4::",
                                 "::1.2.3",
                                 "::1.2.3.4:5",
                                 "1:2:3:4:5:6:7:1.2.3.4"})
            QTest::newRow(text) << text;
    }
    void refusesOtherSpellings()
    {
        QFETCH(QString, text);
        QVERIFY(!Address::parse(text.toStdString()));
    }

    void takesMappedAddressesApart()
    {
        QCOMPARE(Address::parse("::ffff:10.0.0.1")->unmapped(), Address::v4(10, 0, 0, 1));
        QCOMPARE(Address::parse("::fffe:10.0.0.1")->unmapped(), *Address::parse("::fffe:10.0.0.1"));
        QCOMPARE(Address::v4(0x7f000001U), Address::v4(127, 0, 0, 1));
    }

    void rangesContainWhatTheyShould_data()
    {
        QTest::addColumn<QString>("range");
        QTest::addColumn<QString>("address");
        QTest::addColumn<bool>("contains");
        QTest::newRow("first") << "10.0.0.0/8"
                               << "10.0.0.0" << true;
        QTest::newRow("last") << "10.0.0.0/8"
                              << "10.255.255.255" << true;
        QTest::newRow("after") << "10.0.0.0/8"
                               << "11.0.0.0" << false;
        QTest::newRow("odd bits") << "172.16.0.0/12"
                                  << "172.31.255.255" << true;
        QTest::newRow("odd bits after") << "172.16.0.0/12"
                                        << "172.32.0.0" << false;
        QTest::newRow("single") << "203.0.113.7"
                                << "203.0.113.7" << true;
        QTest::newRow("all") << "0.0.0.0/0"
                             << "255.255.255.255" << true;
        QTest::newRow("other family") << "0.0.0.0/0"
                                      << "::" << false;
        QTest::newRow("v6") << "2001:db8::/33"
                            << "2001:db8:7fff::1" << true;
        QTest::newRow("v6 after") << "2001:db8::/33"
                                  << "2001:db8:8000::" << false;
    }
    void rangesContainWhatTheyShould()
    {
        QFETCH(QString, range);
        QFETCH(QString, address);
        QFETCH(bool, contains);
        const auto parsed = AddressRange::parse(range.toStdString());
        QVERIFY(parsed);
        QCOMPARE(QString::fromStdString(parsed->text()), range);
        QCOMPARE(parsed->contains(*Address::parse(address.toStdString())), contains);
    }

    void refusesBadRanges()
    {
        for (const char* text : {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/08", "10.0.0.0/-1",
                                 "10.0.0/8", "/8", "10.0.0.0/8/8"})
            QVERIFY2(!AddressRange::parse(text), text);
        const auto range = AddressRange::parse("10.1.2.3/8");
        QVERIFY(!range);
        QVERIFY(range.error().text.find("10.0.0.0/8") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(AddressTest)
#include "address_test.moc"

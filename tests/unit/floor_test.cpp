#include <QTest>

#include "engine/policy/floor.h"

using namespace sallyport;
using namespace sallyport::policy;

namespace {

Decision check(const char* address,
               int port = 443,
               const std::vector<const char*>& grants = {},
               const std::vector<const char*>& own = {})
{
    std::vector<Grant> parsed;
    for (const char* grant : grants)
        parsed.push_back(Grant::parse(grant).value());
    std::vector<Address> addresses;
    for (const char* each : own)
        addresses.push_back(Address::parse(each).value());
    return checkFloor(Address::parse(address).value(), port, parsed, addresses);
}

} // namespace

class FloorTest : public QObject
{
    Q_OBJECT

private slots:
    void refusesByAddress_data()
    {
        QTest::addColumn<QString>("address");
        QTest::addColumn<QString>("names");
        const auto row = [](const char* address, const char* names) {
            QTest::newRow(address) << address << names;
        };
        row("0.0.0.0", "this machine 0.0.0.0/8");
        row("0.1.2.3", "this machine");
        row("127.0.0.1", "this machine 127.0.0.0/8");
        row("127.255.255.254", "this machine");
        row("10.0.0.1", "private network 10.0.0.0/8");
        row("172.16.0.1", "private network 172.16.0.0/12");
        row("172.31.255.255", "private network");
        row("192.168.1.1", "private network 192.168.0.0/16");
        row("100.64.0.1", "carrier network 100.64.0.0/10");
        row("169.254.1.1", "link-local network");
        row("169.254.169.254", "cloud metadata (169.254.169.254)");
        row("169.254.170.2", "cloud metadata");
        row("100.100.100.200", "cloud metadata");
        row("192.0.0.1", "protocol assignments");
        row("198.18.0.1", "sandbox addresses");
        row("198.19.255.255", "sandbox addresses");
        row("224.0.0.251", "multicast");
        row("240.0.0.1", "reserved");
        row("255.255.255.255", "broadcast");
        row("::", "this machine");
        row("::1", "this machine");
        row("::7f00:1", "IPv4-compatible");
        row("::ffff:127.0.0.1", "this machine 127.0.0.0/8 inside ::ffff:127.0.0.1");
        row("::ffff:169.254.169.254", "cloud metadata");
        row("64:ff9b::10.0.0.1", "private network 10.0.0.0/8");
        row("64:ff9b::a9fe:a9fe", "cloud metadata");
        row("64:ff9b:1::1", "local IPv4 translation");
        row("2002:0a00:0001::1", "private network 10.0.0.0/8");
        row("2002:7f00:0001::", "this machine");
        row("2001::1", "Teredo");
        row("2001:0:53aa:64c:0:fbff:f5ff:fffe", "Teredo");
        row("fc00::1", "private network fc00::/7");
        row("fd53:5350:1::1", "private network");
        row("fd00:ec2::254", "cloud metadata");
        row("fe80::1", "link-local network");
        row("febf::1", "link-local network");
        row("fec0::1", "site-local network");
        row("ff02::1", "multicast");
    }
    void refusesByAddress()
    {
        QFETCH(QString, address);
        QFETCH(QString, names);
        const Decision decision = check(qPrintable(address));
        QCOMPARE(decision.verdict, Verdict::Deny);
        QCOMPARE(decision.step, api::Step::Floor);
        const QString reason = QString::fromStdString(decision.reason);
        QVERIFY2(reason.contains(names), qPrintable(reason));
    }

    void letsTheInternetThrough()
    {
        for (const char* address :
             {"1.1.1.1",         "9.255.255.255",    "11.0.0.0",          "100.63.255.255",
              "100.128.0.0",     "126.255.255.255",  "128.0.0.1",         "169.253.255.255",
              "172.15.255.255",  "172.32.0.0",       "192.0.1.0",         "192.167.255.255",
              "192.169.0.0",     "198.17.255.255",   "198.20.0.0",        "223.255.255.255",
              "192.0.2.1",       "198.51.100.1",     "203.0.113.1",       "2001:db8::1",
              "2606:4700::1111", "64:ff9b::1.1.1.1", "2002:0101:0101::1", "::ffff:1.1.1.1",
              "2001:1::1",       "2003::1"})
            QVERIFY2(check(address).verdict == Verdict::Allow, address);
    }

    void refusesTheHostsOwnAddresses()
    {
        QCOMPARE(check("203.0.113.9", 22, {}, {"203.0.113.9"}).verdict, Verdict::Deny);
        QCOMPARE(check("::ffff:203.0.113.9", 22, {}, {"203.0.113.9"}).verdict, Verdict::Deny);
        QCOMPARE(check("64:ff9b::203.0.113.9", 22, {}, {"203.0.113.9"}).verdict, Verdict::Deny);
        QCOMPARE(check("2001:db8::9", 22, {}, {"203.0.113.9", "2001:db8::9"}).verdict,
                 Verdict::Deny);
        QCOMPARE(check("203.0.113.8", 22, {}, {"203.0.113.9"}).verdict, Verdict::Allow);
        QCOMPARE(check("203.0.113.9", 22, {"203.0.113.9:22"}, {"203.0.113.9"}).verdict,
                 Verdict::Allow);
    }

    void opensByGrantsOnly()
    {
        QCOMPARE(check("192.168.1.10", 8080, {"192.168.1.10:8080"}).verdict, Verdict::Allow);
        QCOMPARE(check("192.168.1.10", 8081, {"192.168.1.10:8080"}).verdict, Verdict::Deny);
        QCOMPARE(check("192.168.1.11", 8080, {"192.168.1.10:8080"}).verdict, Verdict::Deny);
        QCOMPARE(check("10.1.2.3", 443, {"10.1.0.0/16:443"}).verdict, Verdict::Allow);
        QCOMPARE(check("::ffff:10.1.2.3", 443, {"10.1.0.0/16:443"}).verdict, Verdict::Allow);
        QCOMPARE(check("fd00::7", 443, {"[fd00::/64]:443"}).verdict, Verdict::Allow);
        const Decision open = check("127.0.0.1", 5432, {"127.0.0.1:5432"});
        QCOMPARE(open.verdict, Verdict::Allow);
        QVERIFY(open.reason.find("127.0.0.1:5432") != std::string::npos);
        // A wide grant is not meant for credentials of the machine.
        QCOMPARE(check("169.254.169.254", 80, {"0.0.0.0/0:80"}).verdict, Verdict::Deny);
        QCOMPARE(check("169.254.169.254", 80, {"169.254.169.254:80"}).verdict, Verdict::Allow);
    }

    void refusesBadGrants()
    {
        for (const char* text : {"", "192.168.1.1", "*:80", "example.com:80", "192.168.1.1/8:80",
                                 "192.168.1.1:0", "fd00::7:443x", "fd00::1"})
            QVERIFY2(!Grant::parse(text), text);
        QCOMPARE(Grant::parse("[fd00::7]:443")->text(), std::string("[fd00::7]:443"));
        QCOMPARE(Grant::parse("10.0.0.0/8:22")->text(), std::string("10.0.0.0/8:22"));
    }

    void knowsNamesByThemselves()
    {
        for (const char* name : {"localhost", "a.localhost", "printer.local", "a.b.local", "local",
                                 "metadata.google.internal", "metadata", "ip6-localhost",
                                 "instance-data.ec2.internal", "localhost.localdomain"})
            QVERIFY2(floorName(name), name);
        for (const char* name : {"example.com", "notlocalhost", "localhost.example.com",
                                 "local.example", "metadata.example.com", "thelocal"})
            QVERIFY2(!floorName(name), name);
    }
};

QTEST_APPLESS_MAIN(FloorTest)
#include "floor_test.moc"

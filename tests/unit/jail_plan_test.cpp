#include <set>

#include <QtTest>

#include "engine/jail/address_plan.h"
#include "engine/jail/supervisor/namespaces.h"
#include "engine/jail/supervisor/packets.h"
#include "engine/jail/supervisor/ruleset.h"
#include "engine/jail/supervisor/secret_box.h"

using namespace sallyport;
using namespace sallyport::jail;

class JailPlanTest : public QObject
{
    Q_OBJECT

private slots:
    void planIsStable();
    void everySandboxHasAddressesOfItsOwn();
    void refusesOtherNumbers();
    void rootBecomesAnOrdinaryUserInside();
    void rulesNameTheTapAndItsAddressesOnly();
    void framesAreReadBackAsWritten();
    void refusesCutFrames();
    void refusalsAreTold();
    void secretsMoveAndStayWhole();
};

void JailPlanTest::planIsStable()
{
    const auto tap = addressPlan(7);
    QVERIFY(tap);
    QCOMPARE(tap->name, std::string("sp7"));
    QCOMPARE(tap->gateway4, std::string("100.64.0.14"));
    QCOMPARE(tap->guest4, std::string("100.64.0.15"));
    QCOMPARE(tap->guest6, std::string("fd53:616c:6c79:7::2"));
    QCOMPARE(tap->guestMac, std::string("52:54:00:53:00:07"));
    QCOMPARE(addressPlan(1000)->guest4, std::string("100.64.7.209"));
    QCOMPARE(addressPlan(1000)->gateway6, std::string("fd53:616c:6c79:3e8::1"));
    QCOMPARE(addressPlan(1000)->guestMac, std::string("52:54:00:53:03:e8"));
}

void JailPlanTest::everySandboxHasAddressesOfItsOwn()
{
    std::set<std::string> seen;
    for (unsigned number = 0; number <= MaxNumber; ++number) {
        const auto tap = addressPlan(number);
        for (const auto& text : {tap->name, tap->guest4, tap->gateway4, tap->guest6, tap->gateway6,
                                 tap->guestMac, tap->gatewayMac})
            QVERIFY2(seen.insert(text).second, text.c_str());
    }
}

void JailPlanTest::refusesOtherNumbers()
{
    QVERIFY(!addressPlan(MaxNumber + 1));
    QVERIFY(!addressPlan(~0U));
    QVERIFY(addressPlan(SecondProbeNumber));
}

void JailPlanTest::rootBecomesAnOrdinaryUserInside()
{
    QCOMPARE(innerIds(0, 0).user, uid_t{1000});
    QCOMPARE(innerIds(1001, 1002).user, uid_t{1001});
    QCOMPARE(innerIds(1001, 1002).group, gid_t{1002});
}

void JailPlanTest::rulesNameTheTapAndItsAddressesOnly()
{
    const Tap tap = *addressPlan(7);
    const std::string rules = addTapRules(tap);
    QVERIFY(rules.find("guest4 { \"sp7\" . 100.64.0.15 }") != std::string::npos);
    QVERIFY(rules.find("guest6 { \"sp7\" . fd53:616c:6c79:7::2 }") != std::string::npos);
    QVERIFY(rules.find(tap.gateway4) == std::string::npos);
    // What is added is deleted again.
    const auto lines = [](const std::string& text) {
        return std::count(text.begin(), text.end(), '\n');
    };
    QCOMPARE(lines(removeTapRules(tap)), lines(rules));
}

void JailPlanTest::framesAreReadBackAsWritten()
{
    Flow flow{"52:54:00:53:00:07", "02:53:50:53:00:07", "100.64.0.15", "203.0.113.7", 1234, 443};
    const auto tcp = parseFrame(tcpFrame(flow, TcpSyn | TcpAck, 5, 6, "data"));
    QVERIFY(tcp);
    QCOMPARE(tcp->source, std::string("100.64.0.15"));
    QCOMPARE(tcp->destination, std::string("203.0.113.7"));
    QCOMPARE(tcp->sourcePort, std::uint16_t{1234});
    QCOMPARE(tcp->destinationPort, std::uint16_t{443});
    QCOMPARE(tcp->tcpFlags, std::uint8_t{TcpSyn | TcpAck});
    QCOMPARE(tcp->sequence, 5U);
    QCOMPARE(tcp->acknowledged, 6U);
    QCOMPARE(tcp->data, std::string("data"));
    flow.source = "fd53:616c:6c79:7::2";
    flow.destination = "2001:db8::7";
    const auto udp = parseFrame(udpFrame(flow, "odd"));
    QVERIFY(udp && udp->isIp6);
    QCOMPARE(udp->protocol, ProtocolUdp);
    QCOMPARE(udp->data, std::string("odd"));
    QCOMPARE(parseFrame(echoFrame(flow, "e"))->icmpType, std::uint8_t{128});
}

void JailPlanTest::refusesCutFrames()
{
    const Flow flow{"52:54:00:53:00:07", "02:53:50:53:00:07", "100.64.0.15", "203.0.113.7", 1, 2};
    const std::string whole = tcpFrame(flow, TcpSyn, 1, 0, "data");
    for (std::size_t size = 0; size < whole.size(); ++size)
        QVERIFY(!parseFrame(std::string_view(whole).substr(0, size)));
}

void JailPlanTest::refusalsAreTold()
{
    SeenFrame seen;
    seen.protocol = ProtocolIcmp4;
    seen.icmpType = 3;
    seen.icmpCode = 13;
    QVERIFY(seen.isRefusal());
    seen.icmpCode = 4; // fragmentation needed
    QVERIFY(!seen.isRefusal());
    seen.protocol = ProtocolIcmp6;
    seen.icmpType = 1;
    seen.icmpCode = 1;
    QVERIFY(seen.isRefusal());
    seen.icmpType = 135; // neighbour solicitation
    QVERIFY(!seen.isRefusal());
}

void JailPlanTest::secretsMoveAndStayWhole()
{
    auto box = SecretBox::create(5);
    QVERIFY(box);
    std::string_view("inner").copy(box->room().data(), 5);
    SecretBox moved = std::move(*box);
    QCOMPARE(std::string(moved.view()), std::string("inner"));
    moved.wipe();
    QCOMPARE(std::string(moved.view()), std::string(5, '\0'));
}

QTEST_APPLESS_MAIN(JailPlanTest)
#include "jail_plan_test.moc"

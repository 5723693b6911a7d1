// Nothing that a guest sends leaves the jail, and what is to be caught arrives at the sockets with
// the destination that the guest meant. The guest is played frame by frame, so it can send
// anything.

#include <array>
#include <cstring>
#include <set>
#include <thread>

#include <QtTest>
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>

#include "engine/jail/control_channel.h"
#include "engine/jail/dns_socket.h"
#include "tests/integration/jail_fixture.h"

using namespace sallyport;
using namespace sallyport::jail;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds Soon{1000};
constexpr milliseconds Silence{80};
constexpr std::string_view Marker = "sallyport-leak-marker";
constexpr unsigned GuestNumber = 5;
constexpr unsigned NeighbourNumber = 6;

std::string textOf(const sockaddr_storage& address)
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    sockaddr_in four{};
    sockaddr_in6 six{};
    std::memcpy(&four, &address, sizeof four);
    std::memcpy(&six, &address, sizeof six);
    const bool isSix = address.ss_family == AF_INET6;
    ::inet_ntop(address.ss_family,
                isSix ? static_cast<const void*>(&six.sin6_addr) : &four.sin_addr, text.data(),
                text.size());
    return fmt::format("{} {}", text.data(), ntohs(isSix ? six.sin6_port : four.sin_port));
}

bool isSix(const std::string& address)
{
    return address.find(':') != std::string::npos;
}

std::set<std::string> hostInterfaces()
{
    std::set<std::string> names;
    struct if_nameindex* list = ::if_nameindex();
    for (auto* entry = list; entry != nullptr && entry->if_index != 0; ++entry)
        names.insert(entry->if_name);
    ::if_freenameindex(list);
    return names;
}

} // namespace

class JailLeakTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void init() { m_nextPort = static_cast<std::uint16_t>(m_nextPort + 100); }
    void cleanup();
    void cleanupTestCase();

    void selfTestHolds();
    void tcpIsCaughtWithItsDestination_data();
    void tcpIsCaughtWithItsDestination();
    void connectionsOfOneGuestReachItsListenerOnly();
    void tcpDataGoesBothWays();
    void tcpToLoopbackIsReset();
    void dnsIsCaughtAndAnsweredFromTheAddressAsked_data();
    void dnsIsCaughtAndAnsweredFromTheAddressAsked();
    void datagramsToAnOpenPortAreCaught_data();
    void datagramsToAnOpenPortAreCaught();
    void otherTrafficIsRefused_data();
    void otherTrafficIsRefused();
    void oddProtocolsGoNowhere();
    void extensionHeadersAndFragmentsGoNowhere();
    void falseSourcesAreDropped();
    void multicastIsDropped();
    void floodsAreBounded();
    void portsOfTheGuestCanBeReached();
    void connectionsWaitWhileNoEngineRuns();

private:
    std::uint16_t port() { return ++m_nextPort; }
    [[nodiscard]] const TapSockets& sockets() const { return *m_sockets; }

    JailFixture m_fixture;
    std::unique_ptr<Jail> m_jail;
    std::optional<FakeGuest> m_guest;
    std::optional<FakeGuest> m_neighbour;
    std::optional<TapSockets> m_sockets;
    std::optional<Tap> m_tap;
    std::optional<Tap> m_neighbourTap;
    UniqueFd m_hostTraffic; // all frames of the host's interfaces; only root may look
    std::set<std::string> m_interfaces;
    std::uint16_t m_nextPort = 20000;
};

void JailLeakTest::initTestCase()
{
    m_interfaces = hostInterfaces();
    m_hostTraffic.reset(
        ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL)));
    if (!m_hostTraffic.isOpen())
        qInfo("not root: the host's own interfaces are compared by name only");
    m_jail = m_fixture.start();
    m_guest.emplace(fakeGuest(*m_jail, GuestNumber));
    m_neighbour.emplace(fakeGuest(*m_jail, NeighbourNumber));
    m_tap = *addressPlan(GuestNumber);
    m_neighbourTap = *addressPlan(NeighbourNumber);
    auto sockets = m_jail->sockets(GuestNumber);
    QVERIFY2(sockets, sockets ? "" : sockets.error().text.c_str());
    m_sockets = std::move(*sockets);
}

// After each test: nothing has come out at the neighbour or on the host.
void JailLeakTest::cleanup()
{
    const auto leaked = m_neighbour->waitFor(
        [&](const SeenFrame& seen) {
            return seen.source == m_tap->guest4 || seen.source == m_tap->guest6 ||
                   seen.data.find(Marker) != std::string::npos;
        },
        Silence);
    QVERIFY2(!leaked, "a frame came out at another sandbox");
    QCOMPARE(hostInterfaces(), m_interfaces);
    std::array<char, 65536> frame{};
    ssize_t size = 0;
    while (m_hostTraffic.isOpen() &&
           (size = ::recv(m_hostTraffic.get(), frame.data(), frame.size(), 0)) > 0)
        QVERIFY2(std::string_view(frame.data(), static_cast<std::size_t>(size)).find(Marker) ==
                     std::string_view::npos,
                 "a frame came out on the host");
}

void JailLeakTest::cleanupTestCase()
{
    m_guest.reset();
    m_neighbour.reset();
    m_sockets.reset();
    m_jail.reset();
}

void JailLeakTest::selfTestHolds()
{
    std::vector<Proof> proofs;
    const auto done = m_jail->selfTest(&proofs);
    QVERIFY2(done, done ? "" : done.error().text.c_str());
    QVERIFY(proofs.size() >= 15);
    QVERIFY(m_jail->selfTest()); // and again: it leaves nothing behind
    QCOMPARE(m_jail->taps()->size(), 2U);
}

void JailLeakTest::tcpIsCaughtWithItsDestination_data()
{
    QTest::addColumn<QString>("address");
    QTest::addColumn<int>("port");
    const auto neighbour = *addressPlan(NeighbourNumber);
    const auto own = *addressPlan(GuestNumber);
    QTest::newRow("public 4") << "203.0.113.7" << 443;
    QTest::newRow("public 6") << "2001:db8::7" << 443;
    QTest::newRow("private 4") << "192.168.1.1" << 80;
    QTest::newRow("unique local 6") << "fd00::1" << 80;
    QTest::newRow("metadata") << "169.254.169.254" << 80;
    QTest::newRow("DNS over TCP") << "8.8.8.8" << 53;
    QTest::newRow("DNS over TCP 6") << "2001:4860:4860::8888" << 53;
    QTest::newRow("our own port") << "203.0.113.7" << 15001;
    QTest::newRow("gateway 4") << QString::fromStdString(own.gateway4) << 22;
    QTest::newRow("gateway 6") << QString::fromStdString(own.gateway6) << 22;
    QTest::newRow("neighbour 4") << QString::fromStdString(neighbour.guest4) << 22;
    QTest::newRow("neighbour 6") << QString::fromStdString(neighbour.guest6) << 22;
    QTest::newRow("neighbour's gateway") << QString::fromStdString(neighbour.gateway4) << 22;
}

void JailLeakTest::tcpIsCaughtWithItsDestination()
{
    QFETCH(QString, address);
    QFETCH(int, port);
    const std::string destination = address.toStdString();
    const Flow flow = m_guest->flowTo(destination, static_cast<std::uint16_t>(port), this->port());
    QVERIFY2(m_guest->open(flow, Soon), "no SYN-ACK");
    const int listener = isSix(destination) ? sockets().tcp6.get() : sockets().tcp4.get();
    QVERIFY(waitFor(listener, POLLIN, Soon));
    sockaddr_storage peer{};
    socklen_t length = sizeof peer;
    const UniqueFd accepted(::accept4(listener, reinterpret_cast<sockaddr*>(&peer), &length, 0));
    sockaddr_storage dialled{};
    length = sizeof dialled;
    QCOMPARE(::getsockname(accepted.get(), reinterpret_cast<sockaddr*>(&dialled), &length), 0);
    QCOMPARE(textOf(dialled), fmt::format("{} {}", destination, port));
    QCOMPARE(textOf(peer), fmt::format("{} {}", flow.source, flow.sourcePort));
}

void JailLeakTest::connectionsOfOneGuestReachItsListenerOnly()
{
    const auto other = m_jail->sockets(NeighbourNumber);
    QVERIFY(other);
    QVERIFY(m_guest->open(m_guest->flowTo("203.0.113.9", 80, port()), Soon));
    QVERIFY(!waitFor(other->tcp4.get(), POLLIN, Silence));
    QVERIFY(waitFor(sockets().tcp4.get(), POLLIN, Soon));
    const UniqueFd accepted(::accept4(sockets().tcp4.get(), nullptr, nullptr, 0));
    QVERIFY(accepted.isOpen());
}

void JailLeakTest::tcpDataGoesBothWays()
{
    for (const char* destination : {"203.0.113.10", "2001:db8::10"}) {
        const auto opened = m_guest->open(m_guest->flowTo(destination, 80, port()), Soon);
        QVERIFY(opened);
        const int listener = isSix(destination) ? sockets().tcp6.get() : sockets().tcp4.get();
        QVERIFY(waitFor(listener, POLLIN, Soon));
        const UniqueFd accepted(::accept4(listener, nullptr, nullptr, 0));
        m_guest->send(
            tcpFrame(opened->flow, TcpAck, opened->sequence, opened->acknowledged, Marker));
        std::array<char, 64> buffer{};
        QVERIFY(waitFor(accepted.get(), POLLIN, Soon));
        const ssize_t size = ::recv(accepted.get(), buffer.data(), buffer.size(), 0);
        QCOMPARE(std::string(buffer.data(), static_cast<std::size_t>(size)), std::string(Marker));
        QCOMPARE(::send(accepted.get(), "answer", 6, 0), 6);
        QVERIFY(m_guest->waitFor(
            [&](const SeenFrame& seen) {
                return seen.source == destination && seen.data == "answer";
            },
            Soon));
    }
}

void JailLeakTest::tcpToLoopbackIsReset()
{
    for (const char* destination : {"127.0.0.1", "::1", "::ffff:127.0.0.1"}) {
        const Flow flow = m_guest->flowTo(destination, 80, port());
        m_guest->send(tcpFrame(flow, TcpSyn, 1, 0));
        const auto answer = m_guest->waitFor(
            [&](const SeenFrame& seen) {
                return seen.protocol == ProtocolTcp && seen.destinationPort == flow.sourcePort;
            },
            Silence);
        QVERIFY(!answer || (answer->tcpFlags & TcpReset) != 0);
        QVERIFY(!waitFor(sockets().tcp4.get(), POLLIN, milliseconds(1)));
        QVERIFY(!waitFor(sockets().tcp6.get(), POLLIN, milliseconds(1)));
    }
}

void JailLeakTest::dnsIsCaughtAndAnsweredFromTheAddressAsked_data()
{
    QTest::addColumn<QString>("server");
    QTest::newRow("gateway") << QString::fromStdString(addressPlan(GuestNumber)->gateway4);
    QTest::newRow("gateway 6") << QString::fromStdString(addressPlan(GuestNumber)->gateway6);
    QTest::newRow("public 4") << "8.8.8.8";
    QTest::newRow("public 6") << "2001:4860:4860::8888";
    QTest::newRow("private") << "192.168.1.1";
}

void JailLeakTest::dnsIsCaughtAndAnsweredFromTheAddressAsked()
{
    QFETCH(QString, server);
    const std::string asked = server.toStdString();
    const Flow flow = m_guest->flowTo(asked, 53, port());
    m_guest->send(udpFrame(flow, Marker));
    const int socket = isSix(asked) ? sockets().dns6.get() : sockets().dns4.get();
    QVERIFY(waitFor(socket, POLLIN, Soon));
    std::array<char, 512> buffer{};
    const auto query = receiveQuery(socket, buffer);
    QVERIFY2(query && *query, query ? "no query" : query.error().text.c_str());
    QCOMPARE(std::string(buffer.data(), (*query)->size), std::string(Marker));
    QCOMPARE(textOf((*query)->asked), asked + " 53");
    QCOMPARE(textOf((*query)->client), fmt::format("{} {}", flow.source, flow.sourcePort));
    QVERIFY(sendAnswer(socket, **query, "the answer"));
    const auto answer =
        m_guest->waitFor([&](const SeenFrame& seen) { return seen.data == "the answer"; }, Soon);
    QVERIFY(answer);
    QCOMPARE(answer->source, asked);
    QCOMPARE(answer->sourcePort, std::uint16_t{53});
    QCOMPARE(answer->destinationPort, flow.sourcePort);
    const auto none = receiveQuery(socket, buffer);
    QVERIFY(none && !*none);
}

void JailLeakTest::datagramsToAnOpenPortAreCaught_data()
{
    QTest::addColumn<QString>("asked");
    QTest::newRow("IPv4") << "198.18.0.9";
    QTest::newRow("IPv6") << "2001:db8::9";
}

void JailLeakTest::datagramsToAnOpenPortAreCaught()
{
    QFETCH(const QString, asked);
    const std::string server = asked.toStdString();
    const std::uint16_t from = port();
    const auto isRefusal = [](const SeenFrame& seen) { return seen.isRefusal(); };
    const auto send = [&](FakeGuest& guest, std::uint16_t to) {
        guest.send(udpFrame(guest.flowTo(server, to, from), Marker));
    };
    {
        auto opened = m_jail->openUdp(GuestNumber, 123);
        QVERIFY2(opened, opened ? "" : opened.error().text.c_str());
        opened = m_jail->openUdp(GuestNumber, 123); // again is fine, in place of the former
        QVERIFY(opened);
        const int socket = isSix(server) ? opened->udp6.get() : opened->udp4.get();
        // Another port, and another guest, as ever.
        send(*m_guest, 124);
        QVERIFY(m_guest->waitFor(isRefusal, Soon));
        send(*m_neighbour, 123);
        QVERIFY(m_neighbour->waitFor(isRefusal, Soon));

        send(*m_guest, 123);
        QVERIFY(waitFor(socket, POLLIN, Soon));
        std::array<char, 512> buffer{};
        const auto caught = receiveQuery(socket, buffer);
        QVERIFY(caught && *caught);
        QCOMPARE(textOf((*caught)->asked), server + " 123");
        QVERIFY(sendAnswer(socket, **caught, "an answer"));
        QVERIFY(m_guest->waitFor(
            [&](const SeenFrame& seen) {
                return seen.source == server && seen.sourcePort == 123 &&
                       seen.destinationPort == from && seen.data == "an answer";
            },
            Soon));
        // One that was caught and may not pass.
        QVERIFY(m_jail->refuseUdp(GuestNumber, from, server, 123));
        QVERIFY(m_guest->waitFor(isRefusal, Soon));
        QVERIFY(!m_jail->refuseUdp(GuestNumber, from, "not an address", 123));
    }
    // Open, and nobody hears: the engine is gone.
    send(*m_guest, 123);
    QVERIFY(m_guest->waitFor(isRefusal, Soon));
    QVERIFY(m_jail->openUdp(GuestNumber, 123));
    QVERIFY(m_jail->closeUdp(GuestNumber, 123));
    QVERIFY(m_jail->closeUdp(GuestNumber, 123));
    send(*m_guest, 123);
    QVERIFY(m_guest->waitFor(isRefusal, Soon));
    QVERIFY(!m_jail->openUdp(GuestNumber, 53));
    QVERIFY(!m_jail->openUdp(GuestNumber, 0));
}

void JailLeakTest::otherTrafficIsRefused_data()
{
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QString>("address");
    QTest::addColumn<int>("port");
    const Tap own = *addressPlan(GuestNumber);
    const Tap neighbour = *addressPlan(NeighbourNumber);
    QTest::newRow("QUIC 4") << "udp"
                            << "203.0.113.7" << 443;
    QTest::newRow("QUIC 6") << "udp"
                            << "2001:db8::7" << 443;
    QTest::newRow("NTP") << "udp"
                         << "192.0.2.1" << 123;
    QTest::newRow("UDP to the gateway") << "udp" << QString::fromStdString(own.gateway4) << 500;
    QTest::newRow("UDP to the gateway 6") << "udp" << QString::fromStdString(own.gateway6) << 500;
    QTest::newRow("UDP to a neighbour") << "udp" << QString::fromStdString(neighbour.guest4) << 7;
    QTest::newRow("UDP to a neighbour 6") << "udp" << QString::fromStdString(neighbour.guest6) << 7;
    QTest::newRow("ping 4") << "icmp"
                            << "203.0.113.7" << 0;
    QTest::newRow("ping 6") << "icmp"
                            << "2001:db8::7" << 0;
    QTest::newRow("ping gateway") << "icmp" << QString::fromStdString(own.gateway4) << 0;
    QTest::newRow("ping gateway 6") << "icmp" << QString::fromStdString(own.gateway6) << 0;
    QTest::newRow("ping neighbour") << "icmp" << QString::fromStdString(neighbour.guest4) << 0;
    QTest::newRow("SCTP 4") << "sctp"
                            << "203.0.113.7" << 0;
    QTest::newRow("SCTP 6") << "sctp"
                            << "2001:db8::7" << 0;
}

void JailLeakTest::otherTrafficIsRefused()
{
    QFETCH(QString, kind);
    QFETCH(QString, address);
    QFETCH(int, port);
    const Flow flow =
        m_guest->flowTo(address.toStdString(), static_cast<std::uint16_t>(port), this->port());
    const auto before = m_jail->counters(GuestNumber);
    if (kind == QLatin1String("udp"))
        m_guest->send(udpFrame(flow, Marker));
    else if (kind == QLatin1String("icmp"))
        m_guest->send(echoFrame(flow, Marker));
    else
        m_guest->send(rawFrame(flow, 132, Marker));
    QVERIFY(m_guest->waitFor([](const SeenFrame& seen) { return seen.isRefusal(); }, Soon));
    const auto after = m_jail->counters(GuestNumber);
    QCOMPARE(after->refused, before->refused + 1);
}

void JailLeakTest::oddProtocolsGoNowhere()
{
    const auto before = m_jail->counters(GuestNumber);
    for (const char* destination : {"203.0.113.7", "2001:db8::7"})
        for (const int protocol : {2, 4, 41, 47, 50, 51, 88, 89, 103, 112, 253})
            m_guest->send(rawFrame(m_guest->flowTo(destination, 0, 0),
                                   static_cast<std::uint8_t>(protocol), Marker));
    const auto after = m_jail->counters(GuestNumber);
    // An authentication header (51) whose next header says nothing can end as either.
    QVERIFY(after->refused + after->dropped >= before->refused + before->dropped + 20);
    QCOMPARE(after->caughtTcp, before->caughtTcp);
}

void JailLeakTest::extensionHeadersAndFragmentsGoNowhere()
{
    const Flow flow = m_guest->flowTo(m_neighbourTap->guest6, 7, port());
    const std::string udp = udpFrame(flow, Marker).substr(14 + 40);
    const std::string padding("\x00\x01\x04\x00\x00\x00\x00\x00", 8);
    std::string hopByHop = padding;
    hopByHop[0] = 17;
    m_guest->send(rawFrame(flow, 0, hopByHop + udp));
    std::string routing("\x11\x02\x00\x01\x00\x00\x00\x00", 8); // type 0, RFC 5095
    routing += std::string(16, '\x11');
    m_guest->send(rawFrame(flow, 43, routing + udp));
    const std::string fragment("\x11\x00\x00\x01\x00\x00\x00\x07", 8); // the first, of more
    m_guest->send(rawFrame(flow, 44, fragment + udp));
    std::string later("\x06\x00\x00\x50\x00\x00\x00\x08", 8); // one that has no first
    m_guest->send(rawFrame(flow, 44, later + udp));
    QVERIFY(!waitFor(sockets().tcp6.get(), POLLIN, Silence)); // the rest: cleanup()
}

void JailLeakTest::falseSourcesAreDropped()
{
    const auto before = m_jail->counters(GuestNumber);
    std::uint64_t sent = 0;
    for (const std::string& source :
         {std::string("198.51.100.77"), m_neighbourTap->guest4, m_tap->gateway4,
          std::string("127.0.0.1"), std::string("0.0.0.0"), std::string("2001:db8::77"),
          m_neighbourTap->guest6, m_tap->gateway6, std::string("::1"), std::string("fe80::1")}) {
        Flow flow = m_guest->flowTo(isSix(source) ? "2001:db8::7" : "203.0.113.7", 80, port());
        flow.source = source;
        m_guest->send(tcpFrame(flow, TcpSyn, 1, 0));
        m_guest->send(udpFrame(flow, Marker));
        flow.destinationPort = 53;
        m_guest->send(udpFrame(flow, Marker));
        sent += 3;
    }
    const auto after = m_jail->counters(GuestNumber);
    QCOMPARE(after->caughtTcp, before->caughtTcp);
    QCOMPARE(after->caughtDns, before->caughtDns);
    QCOMPARE(after->refused, before->refused);
    // The kernel itself throws some away before the filter sees them.
    QVERIFY(after->spoofed > before->spoofed && after->spoofed <= before->spoofed + sent);
}

void JailLeakTest::multicastIsDropped()
{
    const auto before = m_jail->counters(GuestNumber);
    m_guest->send(udpFrame(m_guest->flowTo("224.0.0.251", 5353, port()), Marker));
    m_guest->send(udpFrame(m_guest->flowTo("255.255.255.255", 67, port()), Marker));
    m_guest->send(udpFrame(m_guest->flowTo("ff02::fb", 5353, port()), Marker));
    m_guest->send(udpFrame(m_guest->flowTo("224.0.0.1", 53, port()), Marker));
    const auto after = m_jail->counters(GuestNumber);
    QCOMPARE(after->dropped, before->dropped + 4);
    QCOMPARE(after->caughtDns, before->caughtDns);
}

void JailLeakTest::floodsAreBounded()
{
    constexpr std::uint64_t Count = 3000;
    const auto before = m_jail->counters(GuestNumber);
    const std::string frame = udpFrame(m_guest->flowTo("203.0.113.7", 443, port()), Marker);
    for (std::uint64_t i = 0; i < Count; ++i)
        m_guest->send(frame);
    const auto after = m_jail->counters(GuestNumber);
    QCOMPARE(after->refused + after->dropped, before->refused + before->dropped + Count);
    QVERIFY(after->dropped - before->dropped > Count / 2);
    // One guest's flood does not silence another guest's refusals.
    m_neighbour->send(udpFrame(m_neighbour->flowTo("203.0.113.7", 443, port()), "x"));
    QVERIFY(m_neighbour->waitFor([](const SeenFrame& seen) { return seen.isRefusal(); }, Soon));
}

void JailLeakTest::portsOfTheGuestCanBeReached()
{
    Result<UniqueFd> connected;
    std::thread engine([&] { connected = m_jail->connectToGuest(GuestNumber, 8080, Soon); });
    const auto syn = m_guest->waitFor(
        [](const SeenFrame& seen) {
            return seen.protocol == ProtocolTcp && seen.destinationPort == 8080 &&
                   (seen.tcpFlags & TcpSyn) != 0;
        },
        Soon);
    if (syn) {
        const Flow back = m_guest->flowTo(syn->source, syn->sourcePort, 8080);
        m_guest->send(tcpFrame(back, TcpSyn | TcpAck, 7000, syn->sequence + 1));
    }
    engine.join();
    QVERIFY(syn);
    QCOMPARE(syn->source, m_tap->gateway4);
    QVERIFY2(connected, connected ? "" : connected.error().text.c_str());
    const auto refused = m_jail->connectToGuest(NeighbourNumber, 8081, milliseconds(50));
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, Error::Code::TimedOut);
}

void JailLeakTest::connectionsWaitWhileNoEngineRuns()
{
    m_sockets.reset();
    m_jail.reset();
    const auto opened = m_guest->open(m_guest->flowTo("203.0.113.11", 80, port()), Soon);
    QVERIFY(opened); // the supervisor's socket took it
    m_guest->send(tcpFrame(opened->flow, TcpAck, opened->sequence, opened->acknowledged, Marker));
    m_jail = m_fixture.start();
    QVERIFY(m_jail->wasAdopted());
    m_sockets = std::move(*m_jail->sockets(GuestNumber));
    QVERIFY(waitFor(sockets().tcp4.get(), POLLIN, Soon));
    const UniqueFd accepted(::accept4(sockets().tcp4.get(), nullptr, nullptr, 0));
    std::array<char, 64> buffer{};
    QVERIFY(waitFor(accepted.get(), POLLIN, Soon));
    QCOMPARE(::recv(accepted.get(), buffer.data(), buffer.size(), 0),
             static_cast<ssize_t>(Marker.size()));
}

QTEST_GUILESS_MAIN(JailLeakTest)
#include "jail_leak_test.moc"

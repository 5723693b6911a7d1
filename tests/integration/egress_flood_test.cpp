// One guest floods the door: what it costs is bounded, and another sandbox's requests go on.

#include <QTest>

#include <fstream>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "egress_fixture.h"

using namespace sallyport;
using namespace sallyport::test;

namespace {

constexpr auto Host = "api.example.com";
constexpr api::SandboxId Other = 8;
constexpr std::size_t MostConnections = 400;

egress::DoorLimits limits()
{
    egress::DoorLimits bounds;
    bounds.head = std::chrono::seconds(3);
    bounds.connectionsPerSandbox = MostConnections;
    return bounds;
}

// Memory of this process: the door, and the test itself.
std::int64_t residentBytes()
{
    std::int64_t total = 0;
    std::int64_t resident = 0;
    std::ifstream("/proc/self/statm") >> total >> resident;
    return resident * ::sysconf(_SC_PAGESIZE);
}

constexpr std::int64_t operator""_MiB(unsigned long long count)
{
    return static_cast<std::int64_t>(count) << 20U;
}

// Sends until the other side takes no more for a second, or has ended.
std::int64_t sendWhileTaken(int socket, std::string_view bytes, int times)
{
    const timeval patience{1, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    std::int64_t sent = 0;
    for (int i = 0; i < times; ++i)
        for (std::string_view left = bytes; !left.empty();) {
            const ssize_t count = ::send(socket, left.data(), left.size(), MSG_NOSIGNAL);
            if (count <= 0)
                return sent;
            sent += count;
            left.remove_prefix(static_cast<std::size_t>(count));
        }
    return sent;
}

std::string repeat(std::string_view text, int times)
{
    std::string out;
    for (int i = 0; i < times; ++i)
        out += text;
    return out;
}

} // namespace

class EgressFloodTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase()
    {
        rlimit files{};
        ::getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
        m_fixture = std::make_unique<EgressFixture>(limits());
        m_fixture->startNginx();
        m_fixture->keeper().allowAll();
        auto authority = tls::CertificateAuthority::create("agent-2", nowUnixMillis());
        QVERIFY(authority);
        m_pool = std::make_shared<dns::AddressPool>();
        m_fixture->onNetwork([&](egress::Door& door) {
            m_address = m_pool->assign(Host)->v4;
            m_isOpen =
                door.open(Other, "agent-2", {},
                          std::make_shared<const tls::CertificateAuthority>(std::move(*authority)),
                          m_pool)
                    .has_value();
        });
        QVERIFY(m_isOpen);
    }
    void cleanupTestCase()
    {
        m_pool.reset();
        m_fixture.reset();
    }
    void init() { m_fixture->keeper().forgetRows(); }
    // Nothing of a flood stays, and the sandbox that flooded is served again as well.
    void cleanup()
    {
        QTRY_COMPARE_WITH_TIMEOUT(open(), std::size_t{0}, 30000);
        const UniqueFd client = m_fixture->connectTo(plainFront());
        QVERIFY(ask(client.get()).starts_with("HTTP/1.1 200 "));
    }

    void idleConnectionsAreCappedAndStopNobodyElse()
    {
        const int front = plainFront();
        const std::int64_t before = residentBytes();
        std::vector<UniqueFd> clients;
        for (int count = 0; count < 5000; ++count) {
            clients.push_back(m_fixture->connectTo(front));
            // One by one: the flood must not be an overflow of the test's own backlog.
            if (count % 100 == 99)
                QVERIFY(otherIsServed());
        }
        QVERIFY(open() <= MostConnections);
        QVERIFY2(residentBytes() - before < 32_MiB, "memory grew with the connections");
        QVERIFY(otherIsServed());
        QVERIFY(m_fixture->keeper().rows().size() < 200); // refusals are told now and then
    }

    void slowHeadsEndAndStopNobodyElse()
    {
        const int front = plainFront();
        std::vector<UniqueFd> clients;
        for (int count = 0; count < 300; ++count) {
            clients.push_back(m_fixture->connectTo(front));
            sendAll(clients.back().get(), "GET / HTTP/1.1\r\nHost:");
        }
        QVERIFY(otherIsServed());
        // A byte now and then does not make the time longer.
        QTRY_VERIFY_WITH_TIMEOUT(
            [&] {
                for (const UniqueFd& client : clients)
                    static_cast<void>(::send(client.get(), "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT));
                return open() == 0;
            }(),
            30000);
    }

    void anEndlessBodyWaitsForASlowUpstream()
    {
        std::atomic<bool> over{false};
        ScriptedServer server([&](int socket) {
            readUntil(socket, "\r\n\r\n");
            while (!over)
                ::usleep(10'000);
        });
        const UniqueFd client = m_fixture->connectTo(m_fixture->frontFor(Host, server.port()));
        const std::int64_t before = residentBytes();
        sendAll(client.get(),
                "POST / HTTP/1.1\r\nHost: api.example.com:" + std::to_string(server.port()) +
                    "\r\nTransfer-Encoding: chunked\r\n\r\n");
        const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
        // What the kernel's buffers hold, and no more.
        const std::int64_t sent = sendWhileTaken(client.get(), chunk, 4000);
        QVERIFY2(sent < 64_MiB, qPrintable(QString::number(sent)));
        QVERIFY2(residentBytes() - before < 8_MiB, "the body was gathered");
        QVERIFY(otherIsServed());
        over = true;
    }

    void aMillionHeadersAreRefused()
    {
        const UniqueFd client = m_fixture->connectTo(plainFront());
        const std::int64_t before = residentBytes();
        sendAll(client.get(), "GET / HTTP/1.1\r\n");
        sendWhileTaken(client.get(), repeat("a: b\r\n", 1000), 1000);
        QVERIFY2(residentBytes() - before < 8_MiB, "the head was gathered");
        QVERIFY(otherIsServed());
    }

    void floodsOfFramesEndTheConnection_data()
    {
        QTest::addColumn<QByteArray>("first");
        QTest::addColumn<QByteArray>("again");
        QTest::addColumn<int>("times");
        const auto row = [](const char* name, const std::string& first, const std::string& again,
                            int times) {
            QTest::newRow(name) << QByteArray::fromStdString(first)
                                << QByteArray::fromStdString(again) << times;
        };
        const std::string target = authority();
        row("ping", {}, repeat(h2::frame(6, 0, 0, "12345678"), 100), 1000);
        row("settings", {}, repeat(h2::frame(4, 0, 0, {}), 100), 1000);
        // A request without an end, then data frames that carry nothing.
        std::string unfinished = h2::get(1, target, "/hello");
        unfinished[4] = 0x4; // END_HEADERS alone
        row("empty data", unfinished, repeat(h2::frame(0, 0, 1, {}), 100), 1000);
        std::string cut = h2::get(1, target, "/hello");
        cut[4] = 0x1; // END_STREAM alone: the head goes on
        const std::string field = std::string("\0\1a\x7f\x81\7", 6) + std::string(1024, 'x');
        row("continuation", cut, h2::frame(9, 0, 1, field), 10000);
        row("window updates of nothing", {}, h2::frame(8, 0, 0, std::string_view("\0\0\0\0", 4)),
            1000);
    }
    void floodsOfFramesEndTheConnection()
    {
        QFETCH(QByteArray, first);
        QFETCH(QByteArray, again);
        QFETCH(int, times);
        const UniqueFd client = m_fixture->connectTo(h2Front());
        const std::int64_t before = residentBytes();
        sendAll(client.get(), h2::preface() + first.toStdString());
        sendWhileTaken(client.get(), again.toStdString(), times);
        readToEnd(client.get());
        QTRY_COMPARE(open(), std::size_t{0});
        QVERIFY2(residentBytes() - before < 8_MiB, "memory grew with the frames");
        QVERIFY(otherIsServed());
    }

    // A field of 4 KB in the table of HPACK, then one byte for each time that it is meant.
    void aBombOfHpackIsRefused()
    {
        const UniqueFd client = m_fixture->connectTo(h2Front());
        const std::int64_t before = residentBytes();
        std::string bytes = h2::preface();
        for (int stream = 1; stream < 100; stream += 2) {
            std::string request = h2::get(stream, authority(), "/hello");
            std::string block = request.substr(9);
            if (stream == 1) // with incremental indexing, "x": 4000 bytes
                block += std::string("\x40\1x\x7f\xa1\x1e", 6) + std::string(4000, 'x');
            block += std::string(8000, '\xbe'); // the newest of the dynamic table
            bytes += h2::frame(1, 0x5, stream, block);
        }
        sendWhileTaken(client.get(), bytes, 1);
        readUntil(client.get(), "\x7f never");
        QVERIFY2(residentBytes() - before < 16_MiB, "fields were gathered past the limit");
        QVERIFY(otherIsServed());
        for (const api::RowDetail& row : m_fixture->keeper().rows())
            QVERIFY(row.row.sandbox == Other || row.row.status != 200);
    }

    // A hundred answers that the client takes no byte of.
    void closedWindowsHoldNoAnswers()
    {
        ScriptedServer server([](int socket) {
            readUntil(socket, "\r\n\r\n");
            sendAll(socket, "HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n");
            sendWhileTaken(socket, std::string(1 << 20, 'x'), 50);
        });
        const int front = m_fixture->frontFor(Host, server.port());
        const std::int64_t before = residentBytes();
        UniqueFd client = m_fixture->connectTo(front);
        const std::string target = std::string(Host) + ":" + std::to_string(server.port());
        std::string requests;
        for (int i = 0; i < 1; ++i)
            requests += "GET / HTTP/1.1\r\nHost: " + target + "\r\n\r\n";
        std::vector<UniqueFd> clients;
        for (int i = 0; i < 50; ++i) {
            clients.push_back(m_fixture->connectTo(front));
            sendAll(clients.back().get(), requests);
        }
        QTRY_COMPARE_WITH_TIMEOUT(server.connections(), 50, 30000);
        QVERIFY(otherIsServed());
        // Each upstream's thread has a text of one MiB; the door has a buffer for each.
        QVERIFY2(residentBytes() - before < 50_MiB + 50_MiB + 16_MiB, "answers were gathered");
    }

private:
    [[nodiscard]] std::string authority() const
    {
        return std::string(Host) + ":" + std::to_string(m_fixture->plainH2Port());
    }
    [[nodiscard]] int plainFront() { return m_fixture->frontFor(Host, m_fixture->plainPort()); }
    [[nodiscard]] int h2Front() { return m_fixture->frontFor(Host, m_fixture->plainH2Port()); }

    [[nodiscard]] std::size_t open()
    {
        std::size_t count = 0;
        m_fixture->onNetwork(
            [&](egress::Door& door) { count = door.connectionCount(EgressFixture::Sandbox); });
        return count;
    }

    [[nodiscard]] std::string ask(int socket)
    {
        sendAll(socket, "GET /hello HTTP/1.1\r\nHost: api.example.com:" +
                            std::to_string(m_fixture->plainPort()) +
                            "\r\nConnection: close\r\n\r\n");
        return readToEnd(socket);
    }

    // One request of the sandbox beside.
    [[nodiscard]] bool otherIsServed()
    {
        int pair[2] = {-1, -1};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
            return false;
        UniqueFd theirs(pair[0]);
        const UniqueFd ours(pair[1]);
        const timeval patience{30, 0};
        ::setsockopt(ours.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        m_fixture->onNetwork([&](egress::Door& door) {
            static_cast<void>(
                door.serve(Other, std::move(theirs), m_address, m_fixture->plainPort()));
        });
        return ask(ours.get()).starts_with("HTTP/1.1 200 ");
    }

    std::unique_ptr<EgressFixture> m_fixture;
    std::shared_ptr<dns::AddressPool> m_pool;
    policy::Address m_address;
    bool m_isOpen = false;
};

QTEST_GUILESS_MAIN(EgressFloodTest)
#include "egress_flood_test.moc"

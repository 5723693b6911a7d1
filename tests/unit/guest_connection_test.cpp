// The engine's agent against guests that lie: a script plays guestd at the other end of the socket.
#include <QtTest/QtTest>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include "engine/guest/agent.h"

namespace asio = boost::asio;
using namespace sallyport;
using namespace sallyport::guest;
using namespace std::chrono_literals;
using Local = asio::local::stream_protocol;

namespace {

HelloMessage goodHello()
{
    return {ProtocolVersion, "0.1", "boot-id", "6.1", false, {}};
}

// guestd as the test wants it.
class FakeGuest
{
public:
    FakeGuest(asio::io_context& io, const std::string& path)
        : m_acceptor(io, Local::endpoint(path))
        , m_socket(io)
    {
    }

    asio::awaitable<void> accept()
    {
        m_socket = co_await m_acceptor.async_accept(asio::use_awaitable);
        co_await next(FrameParser::Event::Sync);
    }
    asio::awaitable<void> greet(HelloMessage hello = goodHello())
    {
        std::string out = "noise from a session before";
        appendSync(out, {1, 2, 3});
        appendSync(out, m_parser.nonce());
        appendFrame(out, tag(), FrameType::Hello, 0, encode(hello));
        co_await write(std::move(out));
    }
    asio::awaitable<void> send(FrameType type, std::uint32_t id, std::string payload)
    {
        std::string out;
        appendFrame(out, tag(), type, id, payload);
        co_await write(std::move(out));
    }
    asio::awaitable<void> write(std::string bytes)
    {
        co_await asio::async_write(m_socket, asio::buffer(bytes),
                                   asio::as_tuple(asio::use_awaitable));
    }
    // Skips to the next frame of the type; its payload is valid until the next call.
    asio::awaitable<std::uint32_t> expect(FrameType type)
    {
        do
            co_await next(FrameParser::Event::Frame);
        while (m_parser.type() != type);
        co_return m_parser.id();
    }
    std::string_view payload() const { return m_parser.payload(); }
    std::uint32_t tag() const { return frameTag(m_parser.nonce()); }
    void hangUp() { m_socket.close(); }

private:
    asio::awaitable<void> next(FrameParser::Event event)
    {
        while (m_parser.next(m_view) != event) {
            if (!m_view.empty())
                continue;
            const std::size_t n =
                co_await m_socket.async_read_some(asio::buffer(m_buffer), asio::use_awaitable);
            m_view = std::string_view(m_buffer.data(), n);
        }
    }

    Local::acceptor m_acceptor;
    Local::socket m_socket;
    FrameParser m_parser;
    std::array<char, 8192> m_buffer{};
    std::string_view m_view;
};

} // namespace

class GuestConnectionTest : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_directory;
    int m_sockets = 0;
    asio::io_context m_io;
    std::string m_path;
    std::unique_ptr<FakeGuest> m_guest;
    std::unique_ptr<Agent> m_agent;
    std::optional<ClosedReason> m_closed;

    void spawn(asio::awaitable<void> work)
    {
        asio::co_spawn(m_io, std::move(work), [](std::exception_ptr) {});
    }

    template <typename T> T await(asio::awaitable<T> work)
    {
        std::optional<T> result;
        asio::co_spawn(m_io, std::move(work),
                       [&](std::exception_ptr, T value) { result = std::move(value); });
        const auto until = std::chrono::steady_clock::now() + 10s;
        m_io.restart();
        while (!result && std::chrono::steady_clock::now() < until &&
               m_io.run_one_until(until) > 0) {
        }
        if (!result)
            qFatal("the coroutine did not end");
        return std::move(*result);
    }

    Result<std::unique_ptr<Agent>> connect(HelloMessage hello = goodHello())
    {
        spawn([](FakeGuest& guest, HelloMessage message) -> asio::awaitable<void> {
            co_await guest.accept();
            co_await guest.greet(std::move(message));
        }(*m_guest, std::move(hello)));
        return await(Agent::connect(m_path, 2000ms));
    }

    void connectWell()
    {
        auto agent = connect();
        QVERIFY2(agent, agent ? "" : agent.error().text.c_str());
        m_agent = std::move(*agent);
        m_agent->setClosedHandler([this](ClosedReason reason) { m_closed = reason; });
    }

    // A running process, as far as the guest says.
    std::shared_ptr<Process> started()
    {
        spawn([](FakeGuest& guest) -> asio::awaitable<void> {
            const std::uint32_t id = co_await guest.expect(FrameType::Exec);
            co_await guest.send(FrameType::Started, id, encodeU32(42));
        }(*m_guest));
        ExecSpec spec;
        spec.arguments = {"cat"};
        auto process = await(m_agent->exec(spec));
        return process ? *process : nullptr;
    }

    // Sends the frame on the first process's channel, and tells how the agent took it.
    std::optional<ClosedReason>
    afterFrame(FrameType type, std::string payload, std::uint32_t id = 1)
    {
        spawn(m_guest->send(type, id, std::move(payload)));
        m_io.restart();
        m_io.run_for(50ms);
        return m_closed;
    }

private slots:
    void init()
    {
        m_closed.reset();
        m_path = m_directory.filePath(QString::number(++m_sockets)).toStdString();
        m_guest = std::make_unique<FakeGuest>(m_io, m_path);
    }

    void cleanup()
    {
        m_agent.reset();
        m_guest.reset();
        m_io.restart();
        m_io.poll();
    }

    void skipsWhatAnEarlierSessionLeft()
    {
        connectWell();
        QCOMPARE(m_agent->hello().bootId, std::string("boot-id"));
        QVERIFY(m_agent->isOpen());
    }

    void waitsForASocketAndGivesUp()
    {
        const auto none = await(Agent::connect(m_path + ".none", 100ms));
        QCOMPARE(none.error().code, Error::Code::TimedOut);
        const auto silent = await(Agent::connect(m_path, 100ms)); // accepted by nobody
        QCOMPARE(silent.error().code, Error::Code::TimedOut);
    }

    void reachesASocketWithALongName()
    {
        const std::filesystem::path deep =
            std::filesystem::path(m_directory.path().toStdString()) / std::string(100, 'd');
        std::filesystem::create_directory(deep);
        std::filesystem::rename(m_path, deep / "agent");
        m_path = (deep / "agent").string();
        connectWell();
    }

    void refusesAnotherVersionAndABadBoot()
    {
        HelloMessage other = goodHello();
        other.version = 99;
        QCOMPARE(connect(other).error().code, Error::Code::Invalid);
        init();
        HelloMessage broken = goodHello();
        broken.problem = "no disk \x1b[31m";
        const auto agent = connect(broken);
        QCOMPARE(agent.error().text, std::string("the guest did not boot well: no disk \\x1b[31m"));
    }

    void asksAndIsAnswered()
    {
        connectWell();
        // Payloads are made outside of co_await: g++ 12 destroys aggregate temporaries in it twice.
        spawn([](FakeGuest& guest) -> asio::awaitable<void> {
            std::uint32_t id = co_await guest.expect(FrameType::Configure);
            ConfigureMessage got;
            OutcomeMessage outcome;
            if (!decode(guest.payload(), got) || got.hostname != "agent-1"
                || got.entropy.size() != 64 || got.unixNanoseconds == 0)
                outcome = {1, "wrong"};
            std::string answer = encode(outcome);
            co_await guest.send(FrameType::Done, id, std::move(answer));
            id = co_await guest.expect(FrameType::SetTime);
            outcome = {1, "no\x01way"};
            answer = encode(outcome);
            co_await guest.send(FrameType::Done, id, std::move(answer));
            id = co_await guest.expect(FrameType::StatsRequest);
            StatsMessage stats;
            stats.memoryTotal = 5;
            answer = encode(stats);
            co_await guest.send(FrameType::Stats, id, std::move(answer));
        }(*m_guest));
        GuestConfig config;
        config.hostname = "agent-1";
        QVERIFY(await(m_agent->configure(config)));
        QCOMPARE(await(m_agent->setTime()).error().text,
                 std::string("set the guest's clock: no\\x01way"));
        QCOMPARE(await(m_agent->stats())->memoryTotal, std::uint64_t{5});
    }

    void deliversOutputInOrderAndThenTheExit()
    {
        connectWell();
        const auto process = started();
        QVERIFY(process);
        QCOMPARE(process->guestPid(), 42U);
        spawn([](FakeGuest& guest) -> asio::awaitable<void> {
            co_await guest.send(FrameType::ErrorOutput, 1, "err");
            co_await guest.send(FrameType::Output, 1, "out");
            std::string exit = encode(ExitMessage{false, 3});
            co_await guest.send(FrameType::Exited, 1, std::move(exit));
        }(*m_guest));
        m_io.restart();
        m_io.run_for(50ms);
        QCOMPARE(await(process->read())->data, std::string("err"));
        QCOMPARE(await(process->read())->data, std::string("out"));
        for (int i = 0; i < 2; ++i)
            QCOMPARE(await(process->read())->kind, Chunk::Kind::Exited);
        QCOMPARE(process->exit->value, 3);
        QVERIFY(!await(process->write("x")));
    }

    void grantsMoreOnlyAsOutputIsRead()
    {
        connectWell();
        const auto process = started();
        QVERIFY(process);
        for (std::uint32_t sent = 0; sent < StreamWindow; sent += MaxPayload)
            QVERIFY(!afterFrame(FrameType::Output, std::string(MaxPayload, 'x')));
        QCOMPARE(await(process->read())->data.size(), std::size_t{StreamWindow});
        QVERIFY(!afterFrame(FrameType::Output, std::string(MaxPayload, 'x')));
        QVERIFY(m_agent->isOpen());
    }

    void closesOnMoreOutputThanGranted()
    {
        connectWell();
        const auto process = started();
        for (std::uint32_t sent = 0; sent < StreamWindow; sent += MaxPayload)
            QVERIFY(!afterFrame(FrameType::Output, std::string(MaxPayload, 'x')));
        QCOMPARE(afterFrame(FrameType::Output, "x"), std::optional(ClosedReason::Protocol));
        QCOMPARE(await(process->read())->data.size(), std::size_t{StreamWindow}); // what was good
        const auto after = await(process->read());
        QVERIFY(after.error().text.find("broke the protocol") != std::string::npos);
    }

    void closesOnWhatIsOutOfPlace_data()
    {
        QTest::addColumn<int>("type");
        QTest::addColumn<QByteArray>("payload");
        QTest::addColumn<unsigned>("id");
        const auto row = [](const char* name, FrameType type, const std::string& payload,
                            unsigned id) {
            QTest::newRow(name) << static_cast<int>(type) << QByteArray::fromStdString(payload)
                                << id;
        };
        row("started twice", FrameType::Started, encodeU32(1), 1);
        row("refused while running", FrameType::Refused, encode(OutcomeMessage{1, "x"}), 1);
        row("empty output", FrameType::Output, "", 1);
        row("credit past the window", FrameType::Credit, encodeU32(1), 1);
        row("no credit", FrameType::Credit, encodeU32(0), 1);
        row("a credit of no number", FrameType::Credit, "x", 1);
        row("an exit of nonsense", FrameType::Exited, "xyz", 1);
        row("a channel never opened", FrameType::Output, "x", 2);
        row("no channel", FrameType::Output, "x", 0);
        row("an answer to nothing", FrameType::Done, encode(OutcomeMessage{}), 9);
        row("an answer on a channel", FrameType::Done, encode(OutcomeMessage{}), 1);
        row("a second greeting", FrameType::Hello, encode(goodHello()), 0);
        row("the engine's own frame", FrameType::Exec, "x", 1);
        row("an unknown type", FrameType{200}, "", 1);
        row("a power-off of no kind", FrameType::PoweringOff, encodeU8(9), 0);
    }

    void closesOnWhatIsOutOfPlace()
    {
        QFETCH(int, type);
        QFETCH(QByteArray, payload);
        QFETCH(unsigned, id);
        connectWell();
        const auto process = started();
        QVERIFY(process);
        QCOMPARE(afterFrame(static_cast<FrameType>(type), payload.toStdString(), id),
                 std::optional(ClosedReason::Protocol));
        QVERIFY(!m_agent->isOpen());
        QVERIFY(!await(process->read()));
        QVERIFY(!await(m_agent->stats()));
    }

    void closesOnBrokenFramesAndASecondSync()
    {
        connectWell();
        spawn(m_guest->write("F garbage that is no frame at all"));
        m_io.restart();
        m_io.run_for(50ms);
        QCOMPARE(m_closed, std::optional(ClosedReason::Protocol));
        cleanup();
        init();
        connectWell();
        std::string again;
        appendSync(again, {5});
        spawn(m_guest->write(again));
        m_io.restart();
        m_io.run_for(50ms);
        QCOMPARE(m_closed, std::optional(ClosedReason::Protocol));
    }

    void bearsAFewFramesForAChannelItHasClosed()
    {
        connectWell();
        auto process = started();
        process.reset();
        for (std::uint32_t sent = 0; sent < StreamWindow; sent += MaxPayload)
            QVERIFY(!afterFrame(FrameType::Output, std::string(MaxPayload, 'x')));
        QVERIFY(!afterFrame(FrameType::Exited, encode(ExitMessage{true, 1})));
        QCOMPARE(afterFrame(FrameType::Output, std::string(MaxPayload, 'x')),
                 std::optional(ClosedReason::Protocol)); // but no flood
    }

    void tellsTheGuestThatAProcessWasLetGo()
    {
        connectWell();
        auto process = started();
        process.reset();
        QCOMPARE(await(m_guest->expect(FrameType::Close)), 1U);
    }

    void writesNoMoreThanTheGuestGrants()
    {
        connectWell();
        const auto process = started();
        bool done = false;
        spawn([](Process& to, bool& flag) -> asio::awaitable<void> {
            const std::string much(2 * StreamWindow, 'x');
            flag = (co_await to.write(much)).has_value();
        }(*process, done));
        m_io.restart();
        m_io.run_for(100ms);
        QVERIFY(!done);
        spawn([](FakeGuest& guest) -> asio::awaitable<void> {
            std::size_t got = 0;
            while (got < StreamWindow) {
                co_await guest.expect(FrameType::Input);
                got += guest.payload().size();
            }
            co_await guest.send(FrameType::Credit, 1, encodeU32(StreamWindow));
        }(*m_guest));
        m_io.restart();
        m_io.run_for(200ms);
        QVERIFY(done);
    }

    void refusesACommandThatIsTooLong()
    {
        connectWell();
        ExecSpec spec;
        spec.arguments = {"echo", std::string(MaxPayload, 'x')};
        QCOMPARE(await(m_agent->exec(spec)).error().code, Error::Code::TooLarge);
        spec.arguments.clear();
        QCOMPARE(await(m_agent->exec(spec)).error().code, Error::Code::TooLarge);
    }

    void passesTheGuestsRefusalOn()
    {
        connectWell();
        spawn([](FakeGuest& guest) -> asio::awaitable<void> {
            const std::uint32_t id = co_await guest.expect(FrameType::Exec);
            std::string refusal = encode(OutcomeMessage{ENOENT, "cannot run \u202ex"});
            co_await guest.send(FrameType::Refused, id, std::move(refusal));
        }(*m_guest));
        ExecSpec spec;
        spec.arguments = {"x"};
        const auto process = await(m_agent->exec(spec));
        QCOMPARE(process.error().code, Error::Code::NotFound);
        QCOMPARE(process.error().text, std::string("cannot run \\u202ex"));
    }

    void tellsAnAnnouncedPowerOffFromALoss()
    {
        connectWell();
        spawn([](FakeGuest& guest) -> asio::awaitable<void> {
            co_await guest.expect(FrameType::Shutdown);
            co_await guest.send(FrameType::PoweringOff, 0, encodeU8(0));
        }(*m_guest));
        QVERIFY(await(m_agent->shutdown(2000ms)));
        QCOMPARE(await(m_guest->expect(FrameType::PowerOffSeen)), 0U);
        m_io.restart();
        m_io.run_for(20ms);
        QCOMPARE(m_closed, std::optional(ClosedReason::PoweredOff));
        cleanup();
        init();
        connectWell();
        const auto process = started();
        m_guest->hangUp();
        QVERIFY(!await(process->read()));
        m_io.restart();
        m_io.run_for(20ms);
        QCOMPARE(m_closed, std::optional(ClosedReason::Lost));
        QVERIFY(!await(m_agent->shutdown(2000ms)));
    }

    void aProcessOutlivesItsAgent()
    {
        connectWell();
        const auto process = started();
        m_agent.reset();
        QVERIFY(!await(process->read()));
        QVERIFY(!await(process->write("x")));
        process->resize(1, 1);
        process->signal(9);
        QVERIFY(!m_closed); // our own doing is no news
    }

    void theClosedHandlerMayDestroyTheAgent()
    {
        connectWell();
        m_agent->setClosedHandler([this](ClosedReason reason) {
            m_closed = reason;
            m_agent.reset();
        });
        m_guest->hangUp();
        m_io.restart();
        m_io.run_for(50ms);
        QVERIFY(!m_agent);
        QCOMPARE(m_closed, std::optional(ClosedReason::Lost));
    }
};

QTEST_APPLESS_MAIN(GuestConnectionTest)
#include "guest_connection_test.moc"

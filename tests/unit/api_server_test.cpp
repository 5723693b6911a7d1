#include <atomic>
#include <cstring>
#include <future>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <QTemporaryDir>
#include <QtTest>

#include "engine/api/await.h"
#include "engine/api/client.h"
#include "engine/api/methods.h"
#include "engine/api/rpc.h"
#include "engine/api/server.h"

using namespace sallyport;
using namespace std::chrono_literals;
using api::Json;
namespace asio = boost::asio;

namespace {

using Answer = asio::awaitable<Result<Json>>;

// A server on a thread of its own, as the engine has it.
class Engine
{
public:
    explicit Engine(const std::filesystem::path& folder)
        : socket(folder / "api.sock")
    {
        auto lock = api::EngineLock::take(folder);
        auto listening = api::Server::listen(loop, socket, std::move(*lock));
        server = std::move(*listening);
    }

    ~Engine()
    {
        onLoop([this] { server.reset(); });
        work.reset();
        loop.stop();
        if (thread.joinable())
            thread.join();
    }

    void start()
    {
        thread = std::thread([this] { loop.run(); });
    }

    // Runs it on the loop and waits.
    void onLoop(std::function<void()> action)
    {
        if (!thread.joinable()) {
            action();
            return;
        }
        std::promise<void> done;
        asio::post(loop, [&] {
            action();
            done.set_value();
        });
        done.get_future().wait();
    }

    std::filesystem::path socket;
    asio::io_context loop;
    asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(loop);
    std::unique_ptr<api::Server> server;
    std::thread thread;
};

// A client that knows no rules.
class RawClient
{
public:
    explicit RawClient(const std::filesystem::path& path)
        : fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
        connected =
            ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
        const timeval patience{5, 0};
        ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    }

    // False: the other end has closed, or takes no more.
    bool send(std::string_view text)
    {
        while (!text.empty()) {
            const auto count = ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
            if (count <= 0)
                return false;
            text.remove_prefix(static_cast<std::size_t>(count));
        }
        return true;
    }

    // Empty: closed, or nothing within the patience.
    std::string line()
    {
        for (;;) {
            if (const auto end = buffer.find('\n'); end != std::string::npos) {
                std::string first = buffer.substr(0, end);
                buffer.erase(0, end + 1);
                return first;
            }
            std::array<char, 65536> chunk{};
            const auto count = ::recv(fd.get(), chunk.data(), chunk.size(), 0);
            if (count <= 0)
                return {};
            buffer.append(chunk.data(), static_cast<std::size_t>(count));
        }
    }

    UniqueFd fd;
    bool connected = false;
    std::string buffer;
};

int errorCode(const std::string& line)
{
    return Json::parse(line)["error"]["code"].get<int>();
}

} // namespace

class ApiServerTest : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Engine> m_engine;

    api::Server& server() { return *m_engine->server; }

    std::unique_ptr<api::Client> connect(api::Client::EventHandler onEvent = {},
                                         api::Client::ClosedHandler onClosed = {})
    {
        auto client =
            api::Client::connect(m_engine->socket, std::move(onEvent), std::move(onClosed));
        return client ? std::move(*client) : nullptr;
    }

    std::size_t answerers()
    {
        std::size_t count = 0;
        m_engine->onLoop([&] { count = server().answererCount(); });
        return count;
    }

private slots:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_engine = std::make_unique<Engine>(m_folder->path().toStdString());
    }
    void cleanup()
    {
        m_engine.reset();
        m_folder.reset();
    }

    void aCallIsAnswered()
    {
        server().registerMethod("sandbox.get", [](api::Connection&, Json parameters) -> Answer {
            co_return Json{{"got", parameters["sandbox"]}};
        });
        m_engine->start();
        const auto client = connect();
        const auto result = client->call("sandbox.get", {{"sandbox", "agent-1"}});
        QCOMPARE((*result)["got"], Json("agent-1"));
        QCOMPARE(client->enginePid(), static_cast<int>(::getpid()));
    }

    void errorsKeepTheirCodeAndText()
    {
        server().registerMethod("sandbox.get", [](api::Connection&, Json) -> Answer {
            co_return fail(Error::Code::NotFound, "no sandbox agent-9");
        });
        server().registerMethod("sandbox.start", [](api::Connection&, Json) -> Answer {
            throw std::runtime_error("a bug");
            co_return Json();
        });
        server().registerMethod("log.get", [](api::Connection&, Json) -> Answer {
            co_return Json(std::string(api::MostMessageBytes, 'x'));
        });
        m_engine->start();
        const auto client = connect();
        auto result = client->call("sandbox.get");
        QCOMPARE(result.error().code, Error::Code::NotFound);
        QCOMPARE(result.error().text, std::string("no sandbox agent-9"));
        QCOMPARE(client->call("sandbox.start").error().code, Error::Code::Internal);
        QCOMPARE(client->call("log.get").error().code, Error::Code::TooLarge);
        QCOMPARE(client->call("no.such").error().code, Error::Code::Invalid);
        QVERIFY(client->isOpen());
    }

    void requestsOfOneConnectionRunSideBySide()
    {
        server().registerMethod("sandbox.start", [this](api::Connection&, Json) -> Answer {
            asio::steady_timer timer(m_engine->loop, 10s);
            co_await timer.async_wait(asio::use_awaitable);
            co_return Json();
        });
        server().registerMethod("engine.info",
                                [](api::Connection&, Json) -> Answer { co_return Json("quick"); });
        m_engine->start();
        std::atomic<int> refused = 0; // outlives the client, which fails what is pending at its end
        const auto client = connect();
        for (std::size_t i = 0; i < api::Server::MostRunning; ++i)
            client->callAsync("sandbox.start", Json::object(), [&](Result<Json> result) {
                refused += !result && result.error().text == "too many requests at once" ? 1 : 0;
            });
        // All places are taken: refused, not hung.
        QCOMPARE(client->call("engine.info").error().code, Error::Code::Unavailable);
        const auto other = connect();
        QCOMPARE(*other->call("engine.info"), Json("quick"));
        QCOMPARE(refused.load(), 0);
        QCOMPARE(other->call("sandbox.start", Json::object(), 50ms).error().code,
                 Error::Code::TimedOut);
    }

    void aCallbackOnAnotherThreadResumesTheRequest()
    {
        std::thread worker;
        std::thread::id ranOn;
        server().registerMethod("log.list", [&](api::Connection&, Json) -> Answer {
            Result<int> number = co_await api::awaitCallback<Result<int>>(
                [&](auto done) { worker = std::thread([done] { done(Result<int>(42)); }); });
            ranOn = std::this_thread::get_id();
            co_return Json(*number);
        });
        m_engine->start();
        const auto client = connect();
        QCOMPARE(*client->call("log.list"), Json(42));
        QCOMPARE(ranOn, m_engine->thread.get_id());
        worker.join();
    }

    void eventsReachSubscribersOnly()
    {
        m_engine->start();
        std::atomic<int> first = 0;
        std::atomic<int> second = 0;
        const auto subscriber = connect([&](const std::string& event, const Json& parameters) {
            first += event == "rule.removed" && parameters["rule"] == Json(3) ? 1 : 100;
        });
        const auto other = connect([&](const std::string&, const Json&) { ++second; });
        QVERIFY(subscriber->call("engine.subscribe"));
        server().broadcast("rule.removed", {{"rule", 3}});
        QTRY_COMPARE(first.load(), 1);
        (void)other->call("engine.info");
        QCOMPARE(second.load(), 0);
    }

    void itKnowsWhetherSomebodyCanBeAsked()
    {
        std::vector<std::size_t> changes; // the loop's
        server().onAnswerersChanged([&](std::size_t count) { changes.push_back(count); });
        m_engine->start();
        auto window = connect();
        const auto follower = connect();
        QVERIFY(follower->call("engine.subscribe", {{"canAnswer", false}}));
        QCOMPARE(answerers(), std::size_t{0});
        QVERIFY(window->call("engine.subscribe"));
        QCOMPARE(answerers(), std::size_t{1});
        window.reset();
        QTRY_COMPARE(answerers(), std::size_t{0});
        m_engine->onLoop([&] {
            QCOMPARE(changes, (std::vector<std::size_t>{1, 0}));
            QCOMPARE(server().subscriberCount(), std::size_t{1});
        });
    }

    void hooksRunWhenTheConnectionCloses()
    {
        std::atomic<int> closed = 0;
        server().registerMethod("exec.start", [&](api::Connection& connection, Json) -> Answer {
            connection.onClosed([&] { closed += 1; });
            connection.forget(connection.onClosed([&] { closed += 100; }));
            co_return Json();
        });
        m_engine->start();
        auto client = connect();
        QVERIFY(client->call("exec.start"));
        client.reset();
        QTRY_COMPARE(closed.load(), 1);
    }

    void aStreamWaitsForASlowReader()
    {
        std::atomic<int> sent = 0;
        std::atomic<bool> ended = false;
        const std::string piece(16384, 'x');
        server().registerMethod("exec.start", [&](api::Connection& connection, Json) -> Answer {
            for (int i = 0; i < 1000 && co_await connection.drained(); ++i) {
                connection.send("exec.output", {{"bytes", piece}});
                ++sent;
            }
            ended = true;
            co_return Json();
        });
        m_engine->start();
        auto slow = std::make_unique<RawClient>(m_engine->socket);
        QVERIFY(slow->send(api::formatRequest(1, "exec.start", Json::object())));
        QTRY_VERIFY(sent > 10);
        QTest::qWait(200);
        const int before = sent;
        QVERIFY(before < 100);
        QVERIFY(!ended);
        QVERIFY(!slow->line().empty());
        for (int i = 0; i < 60; ++i)
            QVERIFY(!slow->line().empty());
        QTRY_VERIFY(sent > before);
        slow.reset(); // and a client that goes away releases it
        QTRY_VERIFY(ended);
    }

    void rowsAreDroppedForASlowReaderAndTheGapIsTold()
    {
        m_engine->start();
        RawClient slow(m_engine->socket);
        QVERIFY(slow.send(api::formatRequest(1, "engine.subscribe", Json::object())));
        QVERIFY(!slow.line().empty());
        const Json row = {{"path", std::string(2000, 'x')}};
        constexpr int Rows = 2000;
        for (int i = 0; i < Rows; ++i)
            server().broadcast("log.row", row);
        m_engine->onLoop([] {});
        // Every row is either here or counted, perhaps by more than one gap.
        std::int64_t got = 0;
        std::int64_t dropped = 0;
        while (got + dropped < Rows) {
            const std::string line = slow.line();
            QVERIFY(!line.empty());
            const Json event = Json::parse(line);
            if (event["method"] == "log.row")
                ++got;
            else if (event["method"] == "log.gap")
                dropped += event["params"]["dropped"].get<std::int64_t>();
        }
        QVERIFY(dropped > 0);
        QCOMPARE(got + dropped, std::int64_t{Rows});
    }

    void aClientThatNeverReadsIsClosed()
    {
        m_engine->start();
        RawClient slow(m_engine->socket);
        QVERIFY(slow.send(api::formatRequest(1, "engine.subscribe", Json::object())));
        QVERIFY(!slow.line().empty());
        const Json big = {{"text", std::string(100000, 'x')}};
        for (int i = 0; i < 200; ++i)
            server().broadcast("rule.changed", big);
        std::size_t subscribers = 1;
        m_engine->onLoop([&] { subscribers = server().subscriberCount(); });
        QCOMPARE(subscribers, std::size_t{0});
    }

    void aFloodOfRequestsIsNotReadPastWhatIsUnread()
    {
        m_engine->start();
        RawClient flooder(m_engine->socket);
        const timeval brief{0, 300000};
        ::setsockopt(flooder.fd.get(), SOL_SOCKET, SO_SNDTIMEO, &brief, sizeof(brief));
        const std::string request = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"no.such\"}\n";
        int taken = 0;
        while (taken < 200000 && flooder.send(request))
            ++taken;
        QVERIFY(taken < 200000);
        const auto other = connect();
        QVERIFY(!other->call("no.such"));
        QVERIFY(other->isOpen());
    }

    void tooLongALineIsAnsweredAndCutOff()
    {
        m_engine->start();
        RawClient hostile(m_engine->socket);
        hostile.send(std::string(api::MostMessageBytes + 100, 'x'));
        QCOMPARE(errorCode(hostile.line()), -32700);
        QVERIFY(hostile.line().empty());
        QVERIFY(connect()->isOpen());
    }

    void hostileLinesAreAnsweredAndTheConnectionGoesOn()
    {
        m_engine->start();
        RawClient hostile(m_engine->socket);
        QVERIFY(hostile.send(std::string(400000, '[') + "\n"));
        QCOMPARE(errorCode(hostile.line()), -32700);
        QVERIFY(hostile.send(std::string("\xff\x00\n", 3)));
        QCOMPARE(errorCode(hostile.line()), -32700);
        QVERIFY(hostile.send("[]\n"));
        QCOMPARE(errorCode(hostile.line()), -32600);
        QVERIFY(hostile.send(R"({"jsonrpc":"2.0","id":1,"method":"x","params":[]})"
                             "\n"));
        QCOMPARE(errorCode(hostile.line()), -32602);
        QVERIFY(hostile.send(R"({"jsonrpc":"2.0","id":1,"method":"x"})"
                             "\n"));
        QCOMPARE(errorCode(hostile.line()), -32601);
    }

    void pendingCallsFailWhenTheEngineDies()
    {
        server().registerMethod("sandbox.start", [this](api::Connection&, Json) -> Answer {
            asio::steady_timer timer(m_engine->loop, 10s);
            co_await timer.async_wait(asio::use_awaitable);
            co_return Json();
        });
        m_engine->start();
        std::atomic<bool> told = false;
        const auto client = connect({}, [&](const Error&) { told = true; });
        std::promise<Result<Json>> pending;
        client->callAsync("sandbox.start", Json::object(),
                          [&](Result<Json> result) { pending.set_value(std::move(result)); });
        QVERIFY(!client->call("engine.info")); // the request has arrived
        m_engine->onLoop([this] { m_engine->server.reset(); });
        QCOMPARE(pending.get_future().get().error().code, Error::Code::Unavailable);
        QTRY_VERIFY(told);
        QVERIFY(!client->isOpen());
        QCOMPARE(client->call("engine.info").error().code, Error::Code::Unavailable);
    }

    void shutdownLetsTheLastAnswerLeave()
    {
        std::atomic<bool> down = false;
        server().registerMethod("engine.shutdown", [&](api::Connection&, Json) -> Answer {
            asio::co_spawn(
                m_engine->loop,
                [&]() -> asio::awaitable<void> {
                    co_await server().shutdown();
                    down = true;
                },
                asio::detached);
            co_return Json("bye");
        });
        m_engine->start();
        const auto client = connect();
        QCOMPARE(*client->call("engine.shutdown"), Json("bye"));
        QTRY_VERIFY(down);
        QVERIFY(!std::filesystem::exists(m_engine->socket));
        QTRY_VERIFY(!client->isOpen());
    }

    void twoEnginesNeverRun()
    {
        const std::filesystem::path folder = m_folder->path().toStdString();
        const auto second = api::EngineLock::take(folder);
        QCOMPARE(second.error().code, Error::Code::Conflict);
        QCOMPARE(second.error().text,
                 "an engine runs already (process " + std::to_string(::getpid()) + ")");
        m_engine.reset();
        QVERIFY(api::EngineLock::take(folder));
    }

    void theSocketOfADeadEngineIsReplaced()
    {
        const std::filesystem::path folder = m_folder->path().toStdString();
        m_engine.reset();
        // What a kill -9 leaves behind: a bound socket that nobody listens on.
        {
            const UniqueFd stale(::socket(AF_UNIX, SOCK_STREAM, 0));
            sockaddr_un address{};
            address.sun_family = AF_UNIX;
            std::strncpy(address.sun_path, (folder / "api.sock").c_str(),
                         sizeof(address.sun_path) - 1);
            QCOMPARE(
                ::bind(stale.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
                0);
        }
        QCOMPARE(api::Client::connect(folder / "api.sock").error().code, Error::Code::Unavailable);
        m_engine = std::make_unique<Engine>(folder);
        m_engine->start();
        QVERIFY(connect());
        struct stat info
        {
        };
        QCOMPARE(::stat(m_engine->socket.c_str(), &info), 0);
        QCOMPARE(static_cast<int>(info.st_mode & 0777U), 0600);
    }

    void onlyListedMethodsCanBeRegistered()
    {
        QVERIFY_THROWS_EXCEPTION(std::logic_error, server().registerMethod("no.such", {}));
    }
};

QTEST_GUILESS_MAIN(ApiServerTest)
#include "api_server_test.moc"

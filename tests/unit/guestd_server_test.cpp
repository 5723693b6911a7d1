// guestd's server, with processes of this machine, talked to by the engine's agent over a socket.
// What would change this machine (network, clock, power) is a fake.
#include <csignal>

#include "guestd/machine.h"
#include "guestd/server.h" // before Qt, which makes a keyword of "signals"

#include <QtTest/QtTest>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/guest/agent.h"

namespace asio = boost::asio;
using namespace sallyport;
using namespace std::chrono_literals;

namespace {

class FakeMachine final : public guestd::Machine
{
public:
    [[nodiscard]] guest::HelloMessage hello() const override
    {
        return {guest::ProtocolVersion, "test", "boot", "kernel", m_configured, {}};
    }
    [[nodiscard]] bool trustsCa() const override { return m_configured; }
    [[nodiscard]] guest::StatsMessage stats() const override { return {8, 7, 6, 5, 4, 3, 2}; }
    guest::OutcomeMessage configure(const guest::ConfigureMessage& settings) override
    {
        if (settings.hostname != "agent-1")
            return {EINVAL, "not a host name: " + settings.hostname};
        m_configured = true;
        return {};
    }
    guest::OutcomeMessage setTime(std::uint64_t) override { return {}; }
    void stop() override {}

private:
    bool m_configured = false;
};

// In a child process, since it reaps all children: serves one connection after the other.
[[noreturn]] void serve(int listener)
{
    const UniqueFd signalFile = guestd::openSignals();
    FakeMachine machine;
    for (;;) {
        guestd::Port port(UniqueFd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)),
                          guestd::Port::Kind::Socket);
        guestd::Server server(machine, port, signalFile.get());
        if (server.run())
            ::_exit(0);
    }
}

} // namespace

class GuestdServerTest : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_directory;
    std::string m_path;
    pid_t m_server = -1;
    asio::io_context m_io;
    std::unique_ptr<guest::Agent> m_agent;

    template <typename T> T await(asio::awaitable<T> work)
    {
        std::optional<T> result;
        asio::co_spawn(m_io, std::move(work),
                       [&](std::exception_ptr, T value) { result = std::move(value); });
        const auto until = std::chrono::steady_clock::now() + 20s;
        m_io.restart();
        while (!result && std::chrono::steady_clock::now() < until &&
               m_io.run_one_until(until) > 0) {
        }
        if (!result)
            qFatal("the coroutine did not end");
        return std::move(*result);
    }

    struct Finished
    {
        std::string output;
        std::string errors;
        guest::ExitStatus exit;
    };
    static asio::awaitable<Finished> finish(std::shared_ptr<guest::Process> process)
    {
        Finished result;
        for (;;) {
            const auto chunk = co_await process->read();
            if (!chunk)
                co_return Finished{"lost", {}, {}};
            if (chunk->kind == guest::Chunk::Kind::Exited) {
                result.exit = *process->exit;
                co_return result;
            }
            (chunk->kind == guest::Chunk::Kind::Output ? result.output : result.errors) +=
                chunk->data;
        }
    }
    static guest::ExecSpec shell(std::string script)
    {
        guest::ExecSpec spec;
        spec.arguments = {"/bin/sh", "-c", std::move(script)};
        spec.user = std::to_string(::getuid());
        spec.directory = "/";
        return spec;
    }
    std::shared_ptr<guest::Process> start(guest::ExecSpec spec)
    {
        auto process = await(m_agent->exec(std::move(spec)));
        return process ? *process : nullptr;
    }
    Finished run(guest::ExecSpec spec)
    {
        const auto process = start(std::move(spec));
        return process ? await(finish(process)) : Finished{"not started", {}, {}};
    }

private slots:
    void init()
    {
        m_path = m_directory.filePath("port").toStdString();
        ::unlink(m_path.c_str());
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        m_path.copy(address.sun_path, sizeof address.sun_path - 1);
        const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        QCOMPARE(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        QCOMPARE(::listen(listener.get(), 4), 0);
        m_server = ::fork();
        if (m_server == 0)
            serve(listener.get());
        auto agent = await(guest::Agent::connect(m_path, 5000ms));
        QVERIFY2(agent, agent ? "" : agent.error().text.c_str());
        m_agent = std::move(*agent);
    }

    void cleanup()
    {
        m_agent.reset();
        m_io.restart();
        m_io.poll();
        ::kill(m_server, SIGKILL);
        ::waitpid(m_server, nullptr, 0);
    }

    void runsAndTellsTheExit()
    {
        const Finished result = run(shell("echo out; echo err >&2; exit 9"));
        QCOMPARE(result.output, std::string("out\n"));
        QCOMPARE(result.errors, std::string("err\n"));
        QCOMPARE(result.exit, (guest::ExitStatus{false, 9}));
        QCOMPARE(run(shell("kill -KILL $$")).exit, (guest::ExitStatus{true, SIGKILL}));
    }

    void saysWhyAProgramDidNotStart()
    {
        guest::ExecSpec spec = shell("true");
        spec.arguments = {"/no/such/program"};
        const auto process = await(m_agent->exec(spec));
        QCOMPARE(process.error().code, Error::Code::NotFound);
        QCOMPARE(process.error().text,
                 std::string("cannot run /no/such/program: No such file or directory"));
        spec = shell("true");
        spec.user = "no user of this name";
        QCOMPARE(await(m_agent->exec(spec)).error().code, Error::Code::NotFound);
    }

    void configuresOnceAndSaysSoToTheNext()
    {
        guest::GuestConfig config;
        config.hostname = "wrong";
        QCOMPARE(await(m_agent->configure(config)).error().text,
                 std::string("set up the guest: not a host name: wrong"));
        config.hostname = "agent-1";
        QVERIFY(await(m_agent->configure(config)));
        QCOMPARE(run(shell("echo $SSL_CERT_FILE")).output,
                 std::string("/etc/ssl/certs/ca-certificates.crt\n"));
        QCOMPARE(await(m_agent->stats())->diskUsed, std::uint64_t{5});
        m_agent.reset();
        auto next = await(guest::Agent::connect(m_path, 5000ms));
        QVERIFY(next);
        QVERIFY((*next)->hello().configured);
    }

    void givesATerminal()
    {
        guest::ExecSpec spec = shell("stty size; read line; stty size; echo \"got $line\"");
        spec.terminal = true;
        spec.columns = 90;
        spec.rows = 20;
        const auto process = start(spec);
        QVERIFY(process);
        QCOMPARE(await(process->read())->data.substr(0, 7), std::string("20 90\r\n"));
        process->resize(100, 40);
        QVERIFY(await(process->write("hello\n")));
        const Finished result = await(finish(process));
        QVERIFY2(result.output.find("40 100\r\ngot hello\r\n") != std::string::npos,
                 result.output.c_str());
    }

    void carriesManyBytesBothWays()
    {
        const auto process = start(shell("cat"));
        QVERIFY(process);
        std::string block(1024 * 1024, '\0');
        for (std::size_t i = 0; i < block.size(); ++i)
            block[i] = static_cast<char>(i * 7 >> 3);
        asio::co_spawn(
            m_io,
            [process, &block]() -> asio::awaitable<void> {
                for (int i = 0; i < 16; ++i)
                    if (const Status sent = co_await process->write(block); !sent)
                        co_return;
                process->closeInput();
            },
            [](std::exception_ptr) {});
        const Finished result = await(finish(process));
        QCOMPARE(result.output.size(), 16 * block.size());
        for (std::size_t i = 0; i < 16; ++i)
            QVERIFY(result.output.compare(i * block.size(), block.size(), block) == 0);
    }

    void keepsOtherStreamsGoingBesideAStuckOne()
    {
        const auto stuck = start(shell("cat /dev/zero"));
        QVERIFY(stuck);
        QTest::qWait(50);
        QCOMPARE(run(shell("echo quick")).output, std::string("quick\n"));
        stuck->signal(SIGTERM);
        QCOMPARE(await(finish(stuck)).exit, (guest::ExitStatus{true, SIGTERM}));
    }

    // Whatever guestd itself was started with (nohup ignores SIGHUP) and blocks for itself.
    void programsBeginWithDefaultSignals()
    {
        cleanup();
        ::signal(SIGHUP, SIG_IGN);
        ::signal(SIGUSR1, SIG_IGN);
        sigset_t one;
        sigemptyset(&one);
        sigaddset(&one, SIGALRM);
        ::sigprocmask(SIG_BLOCK, &one, nullptr);
        init();
        ::signal(SIGHUP, SIG_DFL);
        ::signal(SIGUSR1, SIG_DFL);
        ::sigprocmask(SIG_UNBLOCK, &one, nullptr);
        guest::ExecSpec spec = shell({});
        spec.arguments = {"/bin/cat", "/proc/self/status"};
        const std::string status = run(spec).output;
        for (const char* const line : {"\nSigBlk:\t0000000000000000\n", "\nSigIgn:\t0000000000000000\n"})
            QVERIFY2(status.find(line) != std::string::npos, status.c_str());
    }

    void hangsUpWithTheHandleAndWithTheSession()
    {
        const std::string file = m_directory.filePath("hup").toStdString();
        // The shell reports its child's end to a pipe that nobody reads any more.
        const std::string script = "exec 2>/dev/null; trap 'echo hup >> " + file +
                                   "; exit' HUP; echo ready; "
                                   "while :; do sleep 0.05; done";
        auto process = start(shell(script));
        QVERIFY(process);
        QCOMPARE(await(process->read())->data, std::string("ready\n"));
        process.reset();
        const auto lines = [&] {
            QFile log(QString::fromStdString(file));
            return log.open(QIODevice::ReadOnly) ? log.readAll().count('\n') : 0;
        };
        m_io.restart();
        m_io.run_for(200ms);
        QTRY_COMPARE(lines(), 1);
    }

    void endsWithAnAnnouncement()
    {
        QVERIFY(await(m_agent->shutdown(5000ms)));
        int status = -1;
        QCOMPARE(::waitpid(m_server, &status, 0), m_server);
        QCOMPARE(status, 0);
    }

    // An engine that breaks the protocol gets no answer until it syncs again; guestd goes on.
    void outlivesAnEngineThatTalksNonsense()
    {
        m_agent.reset();
        m_io.restart();
        m_io.poll();
        for (const std::string& nonsense :
             {std::string(100'000, 'F'), std::string("\xa5sallyport-sync\n"),
              std::string(1000, '\0')}) {
            sockaddr_un address{};
            address.sun_family = AF_UNIX;
            m_path.copy(address.sun_path, sizeof address.sun_path - 1);
            const UniqueFd raw(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
            QCOMPARE(::connect(raw.get(), reinterpret_cast<sockaddr*>(&address), sizeof address),
                     0);
            QVERIFY(::send(raw.get(), nonsense.data(), nonsense.size(), MSG_NOSIGNAL) > 0);
        }
        auto agent = await(guest::Agent::connect(m_path, 5000ms));
        QVERIFY2(agent, agent ? "" : agent.error().text.c_str());
    }
};

QTEST_GUILESS_MAIN(GuestdServerTest)
#include "guestd_server_test.moc"

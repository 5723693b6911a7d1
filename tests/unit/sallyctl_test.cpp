// The real program against an engine that is played here.
#include <csignal>
#include <future>
#include <mutex>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <utmp.h>

#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

#include "engine/api/server.h"
#include "engine/base/text.h"

using namespace sallyport;
using api::Json;
namespace asio = boost::asio;

namespace {

using Answer = asio::awaitable<Result<Json>>;

api::Sandbox agent()
{
    api::Sandbox sandbox;
    sandbox.id = 3;
    sandbox.name = "agent-1";
    sandbox.state = api::SandboxState::Crashed;
    sandbox.stateReason = "ended: \x1b[31mred\x1b[0m \xe2\x80\xae";
    return sandbox;
}

api::Rule ruleSeven()
{
    api::Rule rule;
    rule.id = 7;
    rule.sandbox = 3;
    rule.action = api::Action::Deny;
    rule.match.host = "*.example.com";
    rule.match.method = "POST";
    rule.hits = 12;
    return rule;
}

api::Row row(api::RowId id, api::RowState state)
{
    api::Row made;
    made.id = id;
    made.time = nowUnixMillis();
    made.sandbox = 3;
    made.sandboxName = "agent-1";
    made.method = "GET";
    made.scheme = "https";
    made.host = "api.example.com";
    made.port = 443;
    made.path = "/\x1b]0;title\x07";
    made.state = state;
    if (state != api::RowState::Held)
        made.verdict = api::Action::Deny;
    made.step = api::Step::Denied;
    made.rule = 7;
    made.reason = "rule 7 denies it";
    made.status = 403;
    return made;
}

// Programs in a sandbox that does not exist: `cat` copies, `count N` prints N bytes, `fail`
// exits with 7, no program is a shell that says what it gets.
class PlayedEngine
{
public:
    explicit PlayedEngine(const std::filesystem::path& folder)
        : socket(folder / "api.sock")
    {
        server = std::move(
            *api::Server::listen(loop, socket, std::move(*api::EngineLock::take(folder))));
        on("sandbox.list", [](const Json&) -> Result<Json> {
            return Json{{"sandboxes", Json::array({api::toJson(agent())})}};
        });
        on("sandbox.get", [](const Json& parameters) -> Result<Json> {
            if (parameters["sandbox"] == Json("agent-1") || parameters["sandbox"] == Json(3))
                return api::toJson(agent());
            return fail(Error::Code::NotFound,
                        "no sandbox " + parameters["sandbox"].get<std::string>());
        });
        on("sandbox.create", [](const Json& parameters) -> Result<Json> {
            api::Sandbox made = agent();
            made.name = parameters["name"];
            return api::toJson(made);
        });
        on("sandbox.start", [](const Json&) -> Result<Json> {
            return fail(Error::Code::Unavailable, "the guest image is missing: build it");
        });
        on("rules.list", [](const Json&) -> Result<Json> {
            return Json{{"rules", Json::array({api::toJson(ruleSeven())})}};
        });
        on("rules.update",
           [](const Json& parameters) -> Result<Json> { return parameters["rule"]; });
        on("rules.add", [](const Json& parameters) -> Result<Json> { return parameters["rule"]; });
        on("policy.set", [](const Json&) -> Result<Json> { return api::toJson(agent()); });
        const auto handlers = [](const Json&) -> Result<Json> {
            return Json{{"handlers", Json::array()}};
        };
        for (const char* method : {"handlers.list", "sandbox.setOutboundHandler",
                                   "sandbox.setOutboundByHost", "sandbox.removeOutboundByHost"})
            on(method, handlers);
        on("handlers.builtIns", [](const Json&) -> Result<Json> {
            return Json{{"builtIns", api::toJson(std::vector<api::BuiltIn>{
                                         {"setHeaders",
                                          "Changes.",
                                          {{"request", "R", api::ParameterType::Headers, false, "", {}},
                                           {"hosts", "H", api::ParameterType::Hosts, false, "", {}},
                                           {"port", "P", api::ParameterType::Number, false, "", {}},
                                           {"body", "B", api::ParameterType::LongText, false, "", {}}}}})}};
        });
        on("sandbox.allowHost", [](const Json&) -> Result<Json> { return api::toJson(agent()); });
        on("module.set", [](const Json& parameters) -> Result<Json> {
            return api::toJson(api::Module{
                3, parameters["source"], false, {{"unexpected token", 2, 7}}, {}, 5});
        });
        on("approvals.list", [](const Json&) -> Result<Json> {
            return Json{{"questions", Json::array()}};
        });
        on("approvals.answer", [](const Json&) -> Result<Json> {
            return Json{{"rule", api::toJson(ruleSeven())}};
        });
        on("log.list", [](const Json& parameters) -> Result<Json> {
            if (parameters.contains("after"))
                return api::toJson(api::RowPage{});
            return api::toJson(api::RowPage{{row(2, api::RowState::Denied)}, std::nullopt});
        });
        on("log.get", [](const Json& parameters) -> Result<Json> {
            if (parameters["row"] != Json(2))
                return fail(Error::Code::NotFound, "no such row");
            return api::toJson(
                api::RowDetail{row(2, api::RowState::Denied), {{"accept", "*/*"}}, {}, "", {}});
        });
        on("engine.doctor", [](const Json&) -> Result<Json> {
            return Json{{"checks", api::toJson(std::vector<api::Check>{
                                       {"kvm", "KVM", api::CheckState::Failed, "no access",
                                        "sudo usermod -aG kvm you"}})}};
        });
        server->registerMethod("exec.start", [this](api::Connection& connection, Json parameters) {
            return start(connection, std::move(parameters));
        });
        server->registerMethod(
            "exec.input", [this](api::Connection& connection, Json parameters) -> Answer {
                std::string bytes;
                if (!text::fromBase64(parameters["bytes"].get<std::string>(), bytes))
                    co_return fail(Error::Code::Invalid, "bytes");
                note("input " + std::to_string(bytes.size()));
                output(connection, bytes, api::OutputStream::Out);
                co_await connection.drained();
                co_return Json::object();
            });
        server->registerMethod("exec.closeInput",
                               [this](api::Connection& connection, Json) -> Answer {
                                   note("closed");
                                   exit(connection, 0);
                                   co_return Json::object();
                               });
        on("exec.resize", [](const Json&) -> Result<Json> { return Json::object(); });
        server->registerMethod("exec.signal",
                               [this](api::Connection& connection, Json parameters) -> Answer {
                                   note("signal " + parameters["signal"].dump());
                                   exit(connection, 128 + parameters["signal"].get<int>());
                                   co_return Json::object();
                               });
        thread = std::thread([this] { loop.run(); });
    }

    ~PlayedEngine()
    {
        asio::post(loop, [this] {
            server.reset();
            work.reset();
            loop.stop();
        });
        thread.join();
    }

    void on(std::string method, std::function<Result<Json>(const Json&)> answer)
    {
        server->registerMethod(method,
                               [this, method, answer](api::Connection&, Json parameters) -> Answer {
                                   note(method + " " + parameters.dump());
                                   co_return answer(parameters);
                               });
    }

    Answer start(api::Connection& connection, Json parameters)
    {
        note("exec.start " + parameters.dump());
        const auto argv = parameters.value("argv", std::vector<std::string>{});
        connection.onClosed([this] { note("hung up"); });
        if (!argv.empty() && argv[0] == "fail") {
            output(connection, "out", api::OutputStream::Out);
            output(connection, "err", api::OutputStream::Err);
            exit(connection, 7);
        } else if (!argv.empty() && argv[0] == "missing") {
            connection.send("exec.exit",
                            api::toJson(api::ExecExit{1, 127, 0, "missing: not found"}));
        } else if (argv.size() == 2 && argv[0] == "count") {
            for (std::size_t left = std::stoul(argv[1]); left > 0;) {
                const std::size_t piece = std::min<std::size_t>(left, 60000);
                output(connection, std::string(piece, '\0'), api::OutputStream::Out);
                left -= piece;
                co_await connection.drained();
            }
            exit(connection, 0);
        } else if (argv.empty()) {
            output(connection, "ready\r\n", api::OutputStream::Out);
        }
        co_return Json{{"stream", 1}};
    }

    static void output(api::Connection& connection, std::string bytes, api::OutputStream channel)
    {
        connection.send("exec.output", api::toJson(api::ExecOutput{1, channel, std::move(bytes)}));
    }
    static void exit(api::Connection& connection, int status)
    {
        connection.send("exec.exit", api::toJson(api::ExecExit{1, status, 0, ""}));
    }

    void note(std::string what)
    {
        const std::lock_guard lock(mutex);
        notes.push_back(std::move(what));
    }
    bool wasNoted(std::string_view what)
    {
        const std::lock_guard lock(mutex);
        for (const std::string& each : notes)
            if (each.find(what) != std::string::npos)
                return true;
        return false;
    }

    std::filesystem::path socket;
    asio::io_context loop;
    asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(loop);
    std::unique_ptr<api::Server> server;
    std::thread thread;
    std::mutex mutex; // guards notes
    std::vector<std::string> notes;
};

struct Outcome
{
    int code = -1;
    QByteArray out;
    QByteArray err;
};

} // namespace

class SallyctlTest : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<PlayedEngine> m_engine;

    void prepare(QProcess& process)
    {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert("SALLYPORT_SOCKET", QString::fromStdString(m_engine->socket.string()));
        environment.insert("TZ", "UTC");
        process.setProcessEnvironment(environment);
        process.setProgram(SALLYCTL);
    }

    Outcome run(const QStringList& arguments, const QByteArray& input = {})
    {
        QProcess process;
        prepare(process);
        process.setArguments(arguments);
        process.start();
        process.write(input);
        process.closeWriteChannel();
        if (!process.waitForFinished(30000))
            process.kill();
        return {process.exitCode(), process.readAllStandardOutput(),
                process.readAllStandardError()};
    }

private slots:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_engine = std::make_unique<PlayedEngine>(m_folder->path().toStdString());
    }
    void cleanup() { m_engine.reset(); }

    void aTableIsAlignedAndHasNoControlsOfTheGuest()
    {
        const Outcome ls = run({"ls"});
        QCOMPARE(ls.code, 0);
        QVERIFY(ls.out.startsWith("ID  NAME     STATE    SIZE"));
        QVERIFY(ls.out.contains("\\x1b[31mred\\x1b[0m \\u202e"));
        QVERIFY(!ls.out.contains('\x1b'));
        QVERIFY(!run({"log"}).out.contains('\x1b'));
    }

    void jsonIsOneValue()
    {
        const Outcome ls = run({"--json", "ls"});
        QCOMPARE(ls.out.count('\n'), 1);
        QCOMPARE(Json::parse(ls.out.toStdString())[0]["name"], Json("agent-1"));
        QCOMPARE(Json::parse(run({"log", "--json"}).out.toStdString())[0]["id"], Json(2));
        QCOMPARE(Json::parse(run({"why", "2", "--json"}).out.toStdString())["row"]["rule"],
                 Json(7));
    }

    void exitCodesSayWhatHappened()
    {
        QCOMPARE(run({"start", "agent-1"}).code, 1);
        QCOMPARE(run({"start", "agent-1"}).err,
                 QByteArray("sallyctl: the guest image is missing: build it\n"));
        QCOMPARE(run({"frobnicate"}).code, 2);
        QCOMPARE(run({}).code, 2);
        QCOMPARE(run({"create", "x", "--size", "huge"}).code, 2);
        QCOMPARE(run({"log", "--sandbox", "agent-9"}).code, 4);
        QCOMPARE(run({"log", "--sandbox", "agent-9"}).err,
                 QByteArray("sallyctl: no sandbox agent-9\n"));
        QCOMPARE(run({"why", "99"}).code, 4);
        QCOMPARE(run({"--socket", "/nonexistent/api.sock", "ls"}).code, 3);
        QCOMPARE(run({"doctor"}).code, 1);
        QVERIFY(run({"doctor"}).out.contains("sudo usermod"));
        for (const char* command :
             {"ls", "exec", "shell", "log", "rules", "approvals", "policy", "why"}) {
            const Outcome help = run({command, "--help"});
            QCOMPARE(help.code, 0);
            QVERIFY(help.out.contains("Usage"));
        }
    }

    void rulesAreWrittenAsAsked()
    {
        QCOMPARE(run({"rules", "list"}).code, 0);
        QCOMPARE(run({"rules", "disable", "7"}).code, 0);
        QVERIFY(m_engine->wasNoted("\"enabled\":false"));
        QCOMPARE(run({"rules", "disable", "8"}).code, 4);
        QCOMPARE(run({"rules", "add", "allow", "api.example.com"}).code, 2); // for whom?
        QCOMPARE(run({"rules", "add", "allow", "api.example.com", "--sandbox", "agent-1",
                      "--method", "GET", "--for", "15m"})
                     .code,
                 0);
        QVERIFY(m_engine->wasNoted("\"sandbox\":3"));
        QVERIFY(m_engine->wasNoted("\"expiresAt\":"));
        QCOMPARE(run({"rules", "add", "allow", "a", "--all-sandboxes", "--for", "soon"}).code, 2);
        const Outcome edited = run({"rules", "edit", "7", "--port", "443", "--json"});
        const Json rule = Json::parse(edited.out.toStdString());
        QCOMPARE(rule["match"]["port"], Json(443));
        QCOMPARE(rule["match"]["method"], Json("POST"));
    }

    void anAnswerSaysEverything()
    {
        QCOMPARE(run({"approvals", "answer", "5", "deny", "--reason", "not today", "--reach",
                      "host", "--for", "15m", "--all-sandboxes"})
                     .code,
                 0);
        QVERIFY(m_engine->wasNoted(
            R"({"action":"deny","lifetime":"minutes15","question":5,"reach":"host","reason":"not today","scope":"all"})"));
        QCOMPARE(run({"approvals", "answer", "5", "maybe"}).code, 2);
        QCOMPARE(run({"approvals", "answer", "5", "allow", "--reach", "world"}).code, 2);
    }

    void aPolicyListCanBeEmptyOrTakenAway()
    {
        QCOMPARE(run({"policy", "set", "agent-1", "--allowed-hosts", ""}).code, 0);
        QVERIFY(m_engine->wasNoted(R"("allowedHosts":[])"));
        QCOMPARE(run({"policy", "set", "agent-1", "--no-allowed-hosts", "--denied-hosts",
                      "a.example, b.example"})
                     .code,
                 0);
        QVERIFY(
            m_engine->wasNoted(R"("allowedHosts":null,"deniedHosts":["a.example","b.example"])"));
        QCOMPARE(run({"policy", "set", "agent-1"}).code, 2);
    }

    void handlersAreSetAsTyped()
    {
        QCOMPARE(run({"handler", "set", "agent-1", "readOnly"}).code, 0);
        QVERIFY(m_engine->wasNoted(
            R"(sandbox.setOutboundHandler {"name":"readOnly","params":{},"sandbox":"agent-1"})"));
        QCOMPARE(run({"handler", "set", "agent-1", "setHeaders", "--host", "*.example.com", "-p",
                      "request=X-A: 1: 2", "-p", "request=-Cookie", "-p", "hosts=a.example,b.example",
                      "-p", "port=80", "-p", "body=7"})
                     .code,
                 0);
        QVERIFY(m_engine->wasNoted(
            R"(sandbox.setOutboundByHost {"host":"*.example.com","name":"setHeaders","params":)"
            R"({"body":"7","hosts":["a.example","b.example"],"port":80,)"
            R"("request":{"Cookie":null,"X-A":"1: 2"}},"sandbox":"agent-1"})"));
        QCOMPARE(run({"handler", "set", "agent-1", "mine", "-p", "n=1", "-p", "t=one"}).code, 0);
        QVERIFY(m_engine->wasNoted(R"("params":{"n":1,"t":"one"})"));
        QCOMPARE(run({"handler", "set", "agent-1", "mine", "--params", R"({"a":[1]})"}).code, 0);
        QVERIFY(m_engine->wasNoted(R"("params":{"a":[1]})"));
        QCOMPARE(run({"handler", "set", "agent-1", "mine", "--params", "{"}).code, 2);
        QCOMPARE(run({"handler", "set", "agent-1", "setHeaders", "-p", "request=odd"}).code, 2);
        QCOMPARE(run({"handler", "unset", "agent-1"}).code, 0);
        QVERIFY(
            m_engine->wasNoted(R"(sandbox.setOutboundHandler {"name":null,"sandbox":"agent-1"})"));
        QCOMPARE(run({"handler", "unset", "agent-1", "--host", "a.example"}).code, 0);
        QVERIFY(m_engine->wasNoted(
            R"(sandbox.removeOutboundByHost {"host":"a.example","sandbox":"agent-1"})"));
        QVERIFY(run({"handler", "builtins"}).out.contains("port (number): "));
        QCOMPARE(run({"hosts", "allow", "agent-1", "a.example", "b.example"}).code, 0);
        QVERIFY(m_engine->wasNoted(R"(sandbox.allowHost {"host":"b.example")"));
    }

    void aModuleThatIsWrongFailsWithTheLine()
    {
        const QString file = QString::fromStdString((m_engine->socket.parent_path() / "m.js").string());
        QFile source(file);
        QVERIFY(source.open(QIODevice::WriteOnly));
        source.write("export default");
        source.close();
        const Outcome outcome = run({"handler", "module", "agent-1", file});
        QCOMPARE(outcome.code, 1);
        QVERIFY(outcome.err.contains("2:7: unexpected token"));
        QVERIFY(m_engine->wasNoted(R"("source":"export default")"));
        QCOMPARE(run({"handler", "module", "agent-1", "/nowhere.js"}).code, 4);
    }

    void followingShowsEachStateOnceAndIsNobodyToAsk()
    {
        QProcess process;
        prepare(process);
        process.start(SALLYCTL, {"log", "-f", "--json"});
        QTRY_VERIFY(process.canReadLine());
        QCOMPARE(Json::parse(process.readLine().toStdString())["id"], Json(2));
        m_engine->server->broadcast("log.row", api::toJson(row(2, api::RowState::Denied)));
        m_engine->server->broadcast("log.row", api::toJson(row(3, api::RowState::Held)));
        QTRY_VERIFY(process.canReadLine());
        QCOMPARE(Json::parse(process.readLine().toStdString())["id"], Json(3));
        std::promise<std::pair<std::size_t, std::size_t>> counts;
        asio::post(m_engine->loop, [&] {
            counts.set_value(
                {m_engine->server->subscriberCount(), m_engine->server->answererCount()});
        });
        QCOMPARE(counts.get_future().get(), (std::pair<std::size_t, std::size_t>{1, 0}));
        m_engine.reset(); // the engine goes away
        QVERIFY(process.waitForFinished(5000));
        QCOMPARE(process.exitCode(), 3);
    }

    void watchingIsSomebodyToAsk()
    {
        QProcess process;
        prepare(process);
        process.start(SALLYCTL, {"approvals", "watch"});
        const auto answerers = [&] {
            std::promise<std::size_t> count;
            asio::post(m_engine->loop, [&] { count.set_value(m_engine->server->answererCount()); });
            return count.get_future().get();
        };
        QTRY_COMPARE(answerers(), std::size_t{1});
        api::Question question;
        question.id = 11;
        question.sandboxName = "agent-1";
        question.host = "api.example.com";
        m_engine->server->broadcast("approval.changed", api::toJson(question));
        QTRY_VERIFY(process.canReadLine());
        QVERIFY(process.readLine().contains("question 11: agent-1 wants to"));
        process.terminate();
        QVERIFY(process.waitForFinished(5000));
        QTRY_COMPARE(answerers(), std::size_t{0});
    }

    void execPassesTheStatusAndBothStreams()
    {
        const Outcome failed = run({"exec", "agent-1", "fail"});
        QCOMPARE(failed.code, 7);
        QCOMPARE(failed.out, QByteArray("out"));
        QCOMPARE(failed.err, QByteArray("err"));
        const Outcome missing = run({"exec", "agent-1", "missing"});
        QCOMPARE(missing.code, 127);
        QCOMPARE(missing.err, QByteArray("sallyctl: missing: not found\n"));
        QCOMPARE(run({"exec", "agent-9", "true"}).code, 125);
        QCOMPARE(run({"--socket", "/nonexistent", "exec", "agent-1", "true"}).code, 125);
    }

    void execIsBinarySafeBothWays()
    {
        QByteArray bytes;
        for (int i = 0; i < 1000000; ++i)
            bytes.append(static_cast<char>(i * 31 % 256));
        const Outcome copied = run({"exec", "agent-1", "--", "cat", "-", "--json"}, bytes);
        QCOMPARE(copied.code, 0);
        QCOMPARE(copied.out, bytes);
        QVERIFY(m_engine->wasNoted(R"("argv":["cat","-","--json"])"));
        const Outcome much = run({"exec", "-e", "A=b", "agent-1", "count", "20000000"});
        QCOMPARE(much.out.size(), 20000000);
        QVERIFY(m_engine->wasNoted(R"("environment":[["A","b"]])"));
    }

    void ctrlCIsTheProgramsToo()
    {
        QProcess process;
        prepare(process);
        process.start(SALLYCTL, {"exec", "agent-1", "sleep"});
        QTRY_VERIFY(m_engine->wasNoted("exec.start"));
        ::kill(static_cast<pid_t>(process.processId()), SIGINT);
        QVERIFY(process.waitForFinished(5000));
        QCOMPARE(process.exitStatus(), QProcess::NormalExit);
        QCOMPARE(process.exitCode(), 130);
        QVERIFY(m_engine->wasNoted("signal 2"));
    }

    void aKilledEngineEndsAnExecWithAReason()
    {
        QProcess process;
        prepare(process);
        process.start(SALLYCTL, {"exec", "agent-1", "sleep"});
        QTRY_VERIFY(m_engine->wasNoted("exec.start"));
        m_engine.reset();
        QVERIFY(process.waitForFinished(5000));
        QCOMPARE(process.exitCode(), 125);
        QVERIFY(process.readAllStandardError().contains("end is not known"));
    }

    // A real terminal: keys arrive unchanged, the size follows, and it is as before at the end,
    // also when the program is told to end.
    void theShellHasTheTerminalAndGivesItBack()
    {
        int master = -1;
        int slave = -1;
        winsize size{24, 80, 0, 0};
        QCOMPARE(::openpty(&master, &slave, nullptr, nullptr, &size), 0);
        termios before{};
        QCOMPARE(::tcgetattr(slave, &before), 0);
        ::setenv("SALLYPORT_SOCKET", m_engine->socket.c_str(), 1);
        const pid_t child = ::fork();
        if (child == 0) {
            ::close(master);
            ::login_tty(::dup(slave));
            ::execl(SALLYCTL, "sallyctl", "shell", "agent-1", nullptr);
            ::_exit(99);
        }
        ::unsetenv("SALLYPORT_SOCKET");
        const auto flags = [&] {
            termios now{};
            ::tcgetattr(slave, &now);
            return now.c_lflag & (ICANON | ECHO | ISIG);
        };
        QTRY_COMPARE(flags(), tcflag_t{0});
        QVERIFY(m_engine->wasNoted(R"("columns":80)"));
        QVERIFY(m_engine->wasNoted(R"("pty":true)"));
        const std::string keys = "ls\r\x03\x1a";
        QCOMPARE(::write(master, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
        QTRY_VERIFY(m_engine->wasNoted("input 5"));
        size = {40, 132, 0, 0};
        QCOMPARE(::ioctl(master, TIOCSWINSZ, &size), 0);
        QTRY_VERIFY(m_engine->wasNoted(R"("columns":132,"rows":40)"));
        ::kill(child, SIGTERM);
        int status = 0;
        QCOMPARE(::waitpid(child, &status, 0), child);
        QCOMPARE(WEXITSTATUS(status), 128 + SIGTERM);
        QCOMPARE(flags(), before.c_lflag & (ICANON | ECHO | ISIG));
        QTRY_VERIFY(m_engine->wasNoted("hung up"));
        ::close(master);
        ::close(slave);
    }
};

QTEST_GUILESS_MAIN(SallyctlTest)
#include "sallyctl_test.moc"

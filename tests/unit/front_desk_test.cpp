// The desk at work across a restart of the engine: a question is stored with what serves its retry and makes its rules,
// not with what fits on the screen.
#include <QTemporaryDir>
#include <QtTest>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/service/front_desk.h"

namespace asio = boost::asio;
using namespace sallyport;
using egress::AskOutcome;

namespace
{

constexpr api::SandboxId Sandbox = 1;

approval::Asked asked(std::string method, std::string target)
{
    approval::Asked made;
    made.sandbox = Sandbox;
    made.sandboxName = "agent-1";
    made.request.scheme = "https";
    made.request.method = std::move(method);
    made.request.host = policy::parseHost("api.example.com").value();
    made.request.port = 443;
    made.request.path = std::move(target);
    return made;
}

// The desk of one engine's life, over the store that outlives it.
struct Engine
{
    explicit Engine(store::Store& store)
        : book(loop, store, store.loadRules().value())
        , desk(loop, store, book, {}, store.loadQuestions().value())
    {
        api::Sandbox sandbox;
        sandbox.id = Sandbox;
        sandbox.name = "agent-1";
        book.setSandbox(sandbox);
    }

    // Nothing when it is held.
    std::optional<AskOutcome> request(approval::Asked asked)
    {
        auto outcome = std::make_shared<std::optional<AskOutcome>>();
        asio::co_spawn(loop, desk.hold(std::move(asked), [](api::QuestionId) {}),
                       [outcome](std::exception_ptr, AskOutcome value) { *outcome = std::move(value); });
        loop.restart();
        loop.poll();
        return *outcome;
    }

    asio::io_context loop;
    service::PolicyBook book;
    service::FrontDesk desk;
};

} // namespace

class FrontDeskTest : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<store::Store> m_store;

    std::unique_ptr<store::Store> open() const
    {
        return store::Store::open(m_folder->path().toStdString() + "/sallyport.db").value();
    }

    // Held by an engine that is killed then. The next one's store is open afterwards.
    void askAndDie(const approval::Asked& request)
    {
        const pid_t child = ::fork();
        if (child == 0) {
            const auto store = open();
            Engine engine(*store);
            const bool isHeld = !engine.request(request);
            store->flush();
            ::_exit(isHeld ? 0 : 1);
        }
        int status = -1;
        QCOMPARE(::waitpid(child, &status, 0), child);
        QCOMPARE(status, 0);
        m_store = open();
        QCOMPARE(m_store->loadQuestions()->size(), std::size_t{1});
    }
    static api::Answer answer(const Engine& engine, api::Reach reach, api::Lifetime lifetime)
    {
        api::Answer given;
        given.question = engine.desk.questions().at(0).id;
        given.action = api::Action::Allow;
        given.reach = reach;
        given.lifetime = lifetime;
        return given;
    }

private slots:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void cleanup() { m_store.reset(); }

    void anAnswerAfterTheRestartServesTheRetry_data()
    {
        QTest::addColumn<QString>("method");
        QTest::addColumn<QString>("target");
        QTest::addRow("short") << "POST" << "/v1/items";
        QTest::addRow("long target") << "POST" << "/v1/items?token=" + QString(5000, 'x');
        QTest::addRow("long method") << QString(60, 'M') << "/";
        QTest::addRow("escaped for the eye") << "GET" << "/a\\b";
    }

    void anAnswerAfterTheRestartServesTheRetry()
    {
        QFETCH(QString, method);
        QFETCH(QString, target);
        const approval::Asked request = asked(method.toStdString(), target.toStdString());
        askAndDie(request);
        Engine engine(*m_store);
        const auto answered = engine.desk.answer(answer(engine, api::Reach::ThisRequest, api::Lifetime::Once));
        QVERIFY2(answered, answered ? "" : answered.error().text.c_str());
        const auto other = engine.request(asked(method.toStdString(), target.toStdString() + "y"));
        QVERIFY2(!other, "another request was let through by it");
        const auto outcome = engine.request(request);
        QVERIFY2(outcome, "its retry is asked again");
        QCOMPARE(outcome->kind, AskOutcome::Kind::Allowed);
    }

    // As long as a rule may be, and longer than what a dialog shows.
    void theRuleOfALongPathMatchesIt()
    {
        std::string path = "/v1";
        while (path.size() < 900)
            path += "/directory";
        const std::string method(30, 'M');
        askAndDie(asked(method, path + "?q=" + std::string(5000, 'x')));
        Engine engine(*m_store);
        const auto rules = engine.desk.preview(answer(engine, api::Reach::MethodAndPath, api::Lifetime::UntilStop));
        QVERIFY2(rules, rules ? "" : rules.error().text.c_str());
        QCOMPARE(rules->front().match.method, method);
        QCOMPARE(rules->front().match.path, path);
        QVERIFY(engine.desk.answer(answer(engine, api::Reach::MethodAndPath, api::Lifetime::UntilStop)));
        const auto decision = engine.book.decide(Sandbox, asked(method, path + "/below").request);
        QCOMPARE(decision.verdict, policy::Verdict::Allow);
    }

    // A path that was cut would make a rule of what nobody sent.
    void aPathTooLongForARuleMakesNone()
    {
        askAndDie(asked("GET", '/' + std::string(10'000, 'x')));
        Engine engine(*m_store);
        const auto rules = engine.desk.preview(answer(engine, api::Reach::MethodAndPath, api::Lifetime::UntilStop));
        QVERIFY(!rules);
        QCOMPARE(rules.error().code, Error::Code::Refused);
    }
};

QTEST_GUILESS_MAIN(FrontDeskTest)
#include "front_desk_test.moc"

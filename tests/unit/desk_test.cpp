#include <QTest>

#include "engine/approval/desk.h"

using namespace sallyport;
using namespace sallyport::approval;

namespace {

constexpr UnixMillis T0 = 1'700'000'000'000;
constexpr UnixMillis Budget = 25'000;
constexpr UnixMillis Minute = 60'000;

Asked get(const std::string& host, const std::string& path = "/", api::SandboxId sandbox = 1)
{
    Asked asked;
    asked.sandbox = sandbox;
    asked.sandboxName = "agent-" + std::to_string(sandbox);
    asked.request.scheme = "https";
    asked.request.method = "GET";
    asked.request.host = policy::parseHost(host).value();
    asked.request.port = 443;
    asked.request.path = path;
    asked.why = "no rule decides";
    return asked;
}

Asked post(const std::string& host, const std::string& path = "/")
{
    Asked asked = get(host, path);
    asked.request.method = "POST";
    return asked;
}

api::Answer answer(api::QuestionId question,
                   api::Action action,
                   api::Reach reach = api::Reach::MethodAndHost,
                   api::Lifetime lifetime = api::Lifetime::Once)
{
    api::Answer given;
    given.question = question;
    given.action = action;
    given.reason = action == api::Action::Deny ? "no" : "";
    given.reach = reach;
    given.lifetime = lifetime;
    return given;
}

// Commands as a trace that a test can compare: "ask 1 GET a.example/ waiting 1".
QStringList trace(const Commands& commands)
{
    struct Write
    {
        QString operator()(const ReleaseAllow& c) const
        {
            return QString("allow %1%2")
                .arg(c.id)
                .arg(c.rule ? QString(" rule %1").arg(*c.rule) : "");
        }
        QString operator()(const ReleaseDeny& c) const
        {
            return QString("deny %1: %2").arg(c.id).arg(QString::fromStdString(c.reason));
        }
        QString operator()(const ReleasePending& c) const
        {
            return QString("pending %1").arg(c.id);
        }
        QString operator()(const QuestionChanged& c) const
        {
            return QString("ask %1 %2 waiting %3")
                .arg(c.question.id)
                .arg(QString::fromStdString(c.question.method + ' ' + c.question.host +
                                            c.question.path))
                .arg(c.question.waiting);
        }
        QString operator()(const QuestionRemoved& c) const
        {
            return QString("%1 %2")
                .arg(c.question.state == api::QuestionState::Answered ? "answered" : "withdrawn")
                .arg(c.question.id);
        }
    };
    QStringList list;
    for (const Command& command : commands)
        list << std::visit(Write{}, command);
    return list;
}

using Lines = QStringList;

} // namespace

class DeskTest : public QObject
{
    Q_OBJECT

private slots:
    void oneQuestionReleasesEveryRequestToThatHost()
    {
        Desk desk({}, 1);
        QCOMPARE(trace(desk.arrived(1, get("a.example", "/x"), T0)),
                 (Lines{"ask 1 GET a.example/x waiting 1"}));
        QCOMPARE(trace(desk.arrived(2, get("a.example", "/y"), T0 + 10)),
                 (Lines{"ask 1 GET a.example/x waiting 2"}));
        QCOMPARE(desk.question(1)->timesAsked, 2);
        QCOMPARE(desk.question(1)->heldUntil, std::optional(T0 + Budget));
        QCOMPARE(desk.questionOf(2), std::optional<api::QuestionId>(1));
        QCOMPARE(trace(desk.answered(answer(1, api::Action::Allow), {}, T0 + 20).value()),
                 (Lines{"allow 1", "allow 2", "answered 1"}));
        QVERIFY(desk.questions().empty());
        QVERIFY(!desk.nextDeadline());
    }

    void asksApartWhereSomethingDiffers()
    {
        Desk desk({}, 5);
        Asked plain = get("a.example");
        plain.request.scheme = "http";
        plain.request.port = 80;
        QCOMPARE(trace(desk.arrived(1, get("a.example"), T0)),
                 (Lines{"ask 5 GET a.example/ waiting 1"}));
        QCOMPARE(trace(desk.arrived(2, post("a.example"), T0)),
                 (Lines{"ask 6 POST a.example/ waiting 1"}));
        QCOMPARE(trace(desk.arrived(3, get("b.example"), T0)),
                 (Lines{"ask 7 GET b.example/ waiting 1"}));
        QCOMPARE(trace(desk.arrived(4, get("a.example", "/", 2), T0)),
                 (Lines{"ask 8 GET a.example/ waiting 1"}));
        QCOMPARE(trace(desk.arrived(5, plain, T0)), (Lines{"ask 9 GET a.example/ waiting 1"}));
        QCOMPARE(desk.openQuestions(1), 4);
        QCOMPARE(trace(desk.answered(answer(6, api::Action::Deny), {}, T0).value()),
                 (Lines{"deny 2: no", "answered 6"}));
    }

    void answersReleaseOnlyWhatTheyCover_data()
    {
        QTest::addColumn<int>("reach");
        QTest::addColumn<QStringList>("expected");
        QTest::newRow("this request") << static_cast<int>(api::Reach::ThisRequest)
                                      << Lines{"allow 1", "allow 4", "answered 1",
                                               "ask 2 GET a.example/v1/items/7 waiting 2"};
        QTest::newRow("path") << static_cast<int>(api::Reach::MethodAndPath)
                              << Lines{"allow 1", "allow 2", "allow 4", "answered 1",
                                       "ask 2 GET a.example/v1/../secret waiting 1"};
        QTest::newRow("method") << static_cast<int>(api::Reach::MethodAndHost)
                                << Lines{"allow 1", "allow 2", "allow 3", "allow 4", "answered 1"};
    }
    void answersReleaseOnlyWhatTheyCover()
    {
        QFETCH(int, reach);
        QFETCH(QStringList, expected);
        Desk desk({}, 1);
        static_cast<void>(desk.arrived(1, get("a.example", "/v1/items?x=1"), T0));
        static_cast<void>(desk.arrived(2, get("a.example", "/v1/items/7"), T0 + 1));
        static_cast<void>(desk.arrived(3, get("a.example", "/v1/../secret"), T0 + 2));
        static_cast<void>(desk.arrived(4, get("a.example", "/v1/items?x=1"), T0 + 3));
        QCOMPARE(trace(desk.answered(answer(1, api::Action::Allow, static_cast<api::Reach>(reach)),
                                     {}, T0 + 5)
                           .value()),
                 expected);
        // What is asked anew keeps its own budget.
        if (desk.question(2))
            QCOMPARE(*desk.question(2)->heldUntil,
                     T0 + Budget + (reach == static_cast<int>(api::Reach::ThisRequest) ? 1 : 2));
    }

    void budgetEndsAndTheRetryIsServed()
    {
        Desk desk({}, 1);
        static_cast<void>(desk.arrived(1, get("a.example"), T0));
        QCOMPARE(desk.nextDeadline(), std::optional(T0 + Budget));
        QVERIFY(desk.tick(T0 + Budget - 1).empty());
        QCOMPARE(trace(desk.tick(T0 + Budget)),
                 (Lines{"pending 1", "ask 1 GET a.example/ waiting 0"}));
        QVERIFY(!desk.question(1)->heldUntil);
        // Allowed once, later: one retry passes, the next is asked.
        const UnixMillis later = T0 + 5 * Minute;
        QCOMPARE(trace(desk.answered(answer(1, api::Action::Allow), {}, later).value()),
                 (Lines{"answered 1"}));
        QCOMPARE(trace(desk.arrived(2, get("a.example"), later + 9 * Minute)), (Lines{"allow 2"}));
        QCOMPARE(trace(desk.arrived(3, get("a.example"), later + 9 * Minute)),
                 (Lines{"ask 2 GET a.example/ waiting 1"}));
    }

    void unusedAnswerOnceEnds()
    {
        Desk desk({}, 1);
        static_cast<void>(desk.arrived(1, get("a.example"), T0));
        static_cast<void>(desk.tick(T0 + Budget));
        static_cast<void>(desk.answered(answer(1, api::Action::Allow), {}, T0 + Minute));
        QCOMPARE(desk.nextDeadline(), std::optional(T0 + 11 * Minute));
        QCOMPARE(trace(desk.arrived(2, get("a.example"), T0 + 11 * Minute)),
                 (Lines{"ask 2 GET a.example/ waiting 1"}));
        static_cast<void>(desk.tick(T0 + 11 * Minute));
        QCOMPARE(desk.nextDeadline(), std::optional(T0 + 11 * Minute + Budget));
    }

    void answerOnceServesOnlyWhatWasShown()
    {
        Desk desk({}, 1);
        static_cast<void>(desk.arrived(1, get("a.example", "/shown"), T0));
        static_cast<void>(desk.tick(T0 + Budget));
        static_cast<void>(
            desk.answered(answer(1, api::Action::Allow, api::Reach::ThisRequest), {}, T0 + Minute));
        QCOMPARE(trace(desk.arrived(2, get("a.example", "/other"), T0 + Minute)),
                 (Lines{"ask 2 GET a.example/other waiting 1"}));
        QCOMPARE(trace(desk.arrived(3, post("a.example", "/shown"), T0 + Minute)),
                 (Lines{"ask 3 POST a.example/shown waiting 1"}));
        QCOMPARE(trace(desk.arrived(4, get("a.example", "/shown", 2), T0 + Minute)),
                 (Lines{"ask 4 GET a.example/shown waiting 1"}));
        QCOMPARE(trace(desk.arrived(5, get("a.example", "/shown"), T0 + Minute)),
                 (Lines{"allow 5"}));
    }

    void lateDenialReachesTheRetry()
    {
        Desk desk({}, 1);
        static_cast<void>(desk.arrived(1, get("a.example"), T0));
        static_cast<void>(desk.tick(T0 + Budget));
        static_cast<void>(desk.answered(answer(1, api::Action::Deny), {}, T0 + Minute));
        QCOMPARE(trace(desk.arrived(2, get("a.example"), T0 + Minute)), (Lines{"deny 2: no"}));
    }

    void anEqualRequestJoinsTheInboxAndIsHeldAgain()
    {
        Desk desk({}, 1);
        static_cast<void>(desk.arrived(1, get("a.example"), T0));
        static_cast<void>(desk.tick(T0 + Budget));
        QCOMPARE(trace(desk.arrived(2, get("a.example"), T0 + Minute)),
                 (Lines{"ask 1 GET a.example/ waiting 1"}));
        QCOMPARE(desk.question(1)->heldUntil, std::optional(T0 + Minute + Budget));
        // The one that waits takes the answer; nothing is left over for another.
        QCOMPARE(trace(desk.answered(answer(1, api::Action::Allow), {}, T0 + Minute).value()),
                 (Lines{"allow 2", "answered 1"}));
        QCOMPARE(trace(desk.arrived(3, get("a.example"), T0 + Minute)),
                 (Lines{"ask 2 GET a.example/ waiting 1"}));
    }

    void hangingUpWithdraws()
    {
        Desk desk({}, 1);
        static_cast<void>(desk.arrived(1, get("a.example"), T0));
        static_cast<void>(desk.arrived(2, get("a.example"), T0));
        QCOMPARE(trace(desk.hungUp(1, T0)), (Lines{"ask 1 GET a.example/ waiting 1"}));
        QCOMPARE(trace(desk.hungUp(2, T0)), (Lines{"withdrawn 1"}));
        QVERIFY(desk.hungUp(2, T0).empty());
        QCOMPARE(desk.answered(answer(1, api::Action::Allow), {}, T0).error().code,
                 Error::Code::NotFound);
    }

    void hangingUpAfterAnotherWasToldToRetryKeepsTheQuestion()
    {
        Desk desk({}, 1);
        static_cast<void>(desk.arrived(1, get("a.example"), T0));
        static_cast<void>(desk.arrived(2, get("a.example"), T0 + 1000));
        QCOMPARE(trace(desk.tick(T0 + Budget)),
                 (Lines{"pending 1", "ask 1 GET a.example/ waiting 1"}));
        QCOMPARE(trace(desk.hungUp(2, T0 + Budget)), (Lines{"ask 1 GET a.example/ waiting 0"}));
    }

    void anAnswerOnItsWayNeverCoversWhatWasNotShown()
    {
        Desk desk({}, 1);
        static_cast<void>(desk.arrived(1, post("a.example", "/innocent"), T0));
        static_cast<void>(desk.arrived(2, post("a.example", "/evil"), T0));
        QCOMPARE(trace(desk.hungUp(1, T0 + 5)),
                 (Lines{"withdrawn 1", "ask 2 POST a.example/evil waiting 1"}));
        QVERIFY(!desk.answered(answer(1, api::Action::Allow, api::Reach::ThisRequest), {}, T0 + 6));
        QCOMPARE(desk.question(2)->waiting, 1);
    }

    void limitsAreRefusals()
    {
        Desk::Options options;
        options.mostQuestions = 2;
        options.mostWaiting = 2;
        options.mostTargetBytes = 100;
        Desk desk(options, 1);
        static_cast<void>(desk.arrived(1, get("a.example"), T0));
        static_cast<void>(desk.arrived(2, get("b.example"), T0));
        QCOMPARE(trace(desk.arrived(3, get("c.example"), T0)),
                 (Lines{"deny 3: too many open questions: 2 wait for an answer"}));
        QCOMPARE(trace(desk.arrived(4, get("c.example", "/", 2), T0)),
                 (Lines{"ask 3 GET c.example/ waiting 1"}));
        static_cast<void>(desk.arrived(5, get("a.example"), T0));
        QCOMPARE(trace(desk.arrived(6, get("a.example"), T0)),
                 (Lines{"deny 6: too many requests wait for the same question: 2"}));
        QCOMPARE(trace(desk.arrived(7, get("b.example", '/' + std::string(99, 'x')), T0)),
                 (Lines{"deny 7: too many requests wait for an answer"}));
        // Hanging up makes room again.
        static_cast<void>(desk.hungUp(1, T0));
        static_cast<void>(desk.hungUp(5, T0));
        QCOMPARE(trace(desk.arrived(8, get("c.example"), T0)),
                 (Lines{"ask 4 GET c.example/ waiting 1"}));
    }

    void nobodyToAskIsPendingAtOnce()
    {
        Desk desk({}, 1);
        desk.setCanAsk(false);
        QCOMPARE(trace(desk.arrived(1, get("a.example"), T0)),
                 (Lines{"ask 1 GET a.example/ waiting 0", "pending 1"}));
        // Answered from the inbox, it serves the retry, also while nobody watches.
        static_cast<void>(desk.answered(answer(1, api::Action::Allow), {}, T0));
        QCOMPARE(trace(desk.arrived(2, get("a.example"), T0)), (Lines{"allow 2"}));
        desk.setCanAsk(true);
        QCOMPARE(trace(desk.arrived(3, get("a.example"), T0)),
                 (Lines{"ask 2 GET a.example/ waiting 1"}));
    }

    void policyChangesReachWhatWaits()
    {
        Desk desk({}, 1);
        static_cast<void>(desk.arrived(1, get("a.example"), T0));
        static_cast<void>(desk.tick(T0 + Budget));
        static_cast<void>(desk.arrived(2, get("a.example"), T0 + Minute));
        static_cast<void>(desk.arrived(3, get("b.example"), T0 + Minute));
        static_cast<void>(desk.arrived(4, get("c.example", "/", 2), T0 + Minute));
        policy::Decision allow;
        allow.verdict = policy::Verdict::Allow;
        allow.rule = 77;
        policy::Decision deny;
        deny.reason = "denied by the rule b.example";
        policy::Decision ask;
        ask.verdict = policy::Verdict::Ask;

        const auto rechecks = desk.policyChanged(1);
        QCOMPARE(rechecks.size(), std::size_t{3});
        QStringList all;
        for (const Recheck& recheck : rechecks)
            all += trace(desk.settled(
                recheck, recheck.request.host.name == "a.example" ? allow : deny, T0 + Minute));
        QCOMPARE(all, (Lines{"allow 2 rule 77", "ask 1 GET a.example/ waiting 0", "answered 1",
                             "deny 3: denied by the rule b.example", "answered 2"}));
        QCOMPARE(desk.policyChanged().size(), std::size_t{1});
        QVERIFY(desk.settled(desk.policyChanged().front(), ask, T0).empty());
        QCOMPARE(desk.questions().size(), std::size_t{1});
    }

    void answersThatMakeARuleLeaveNothingBehind()
    {
        Desk desk({}, 1);
        static_cast<void>(desk.arrived(1, get("a.example"), T0));
        QCOMPARE(trace(desk.answered(answer(1, api::Action::Allow, api::Reach::MethodAndHost,
                                            api::Lifetime::UntilStop),
                                     12, T0)
                           .value()),
                 (Lines{"allow 1 rule 12", "answered 1"}));
        QVERIFY(!desk.nextDeadline());
    }

    void stoppingASandboxDeniesWhatItHolds()
    {
        Desk desk({}, 1);
        static_cast<void>(desk.arrived(1, get("a.example"), T0));
        static_cast<void>(desk.arrived(2, post("a.example"), T0));
        static_cast<void>(desk.arrived(3, get("a.example", "/", 2), T0));
        static_cast<void>(desk.tick(T0 + Budget));
        static_cast<void>(desk.answered(answer(2, api::Action::Allow), {}, T0 + Budget));
        static_cast<void>(desk.arrived(4, get("a.example"), T0 + Budget));
        QCOMPARE(trace(desk.sandboxStopped(1, T0 + Budget)),
                 (Lines{"deny 4: the sandbox has stopped", "withdrawn 1"}));
        // Nor does an unused answer outlive it.
        QCOMPARE(trace(desk.arrived(5, post("a.example"), T0 + Budget)),
                 (Lines{"ask 4 POST a.example/ waiting 1"}));
        QCOMPARE(desk.openQuestions(2), 1);
    }

    void anEngineThatEndsTellsAllToRetry()
    {
        Desk desk({}, 1);
        static_cast<void>(desk.arrived(1, get("a.example"), T0));
        static_cast<void>(desk.arrived(2, get("a.example"), T0));
        static_cast<void>(desk.arrived(3, post("a.example"), T0));
        QCOMPARE(trace(desk.standDown()),
                 (Lines{"pending 1", "pending 2", "ask 1 GET a.example/ waiting 0", "pending 3",
                        "ask 2 POST a.example/ waiting 0"}));
        QCOMPARE(desk.openQuestions(1), 2);
        QCOMPARE(trace(desk.arrived(4, get("b.example"), T0)).last(), QString("pending 4"));
    }

    void inboxForgetsAfterADay()
    {
        Desk desk({}, 1);
        static_cast<void>(desk.arrived(1, get("a.example"), T0));
        static_cast<void>(desk.tick(T0 + Budget));
        const UnixMillis end = T0 + 24 * 60 * Minute;
        QCOMPARE(desk.nextDeadline(), std::optional(end));
        QVERIFY(desk.tick(end - 1).empty());
        QCOMPARE(trace(desk.tick(end)), (Lines{"withdrawn 1"}));
    }

    void questionsOutliveTheEngine()
    {
        Desk before({}, 1);
        static_cast<void>(before.arrived(1, get("a.example", "/x?y"), T0));
        static_cast<void>(before.arrived(2, get("b.example"), T0 + 30 * Minute));
        Desk after({}, 1);
        after.restore(before.save(), T0 + 24 * 60 * Minute); // the first one is too old
        QCOMPARE(after.questions().size(), std::size_t{1});
        const api::Question question = after.questions().front();
        QCOMPARE(question.id, 2);
        QCOMPARE(question.waiting, 0);
        QVERIFY(!question.heldUntil);
        QCOMPARE(trace(after.arrived(1, post("b.example"), T0 + 40 * Minute)),
                 (Lines{"ask 3 POST b.example/ waiting 1"}));
        static_cast<void>(after.answered(answer(2, api::Action::Allow), {}, T0 + 40 * Minute));
        QCOMPARE(trace(after.arrived(2, get("b.example"), T0 + 40 * Minute)), (Lines{"allow 2"}));
    }

    void textOfTheGuestIsBoundedAndEscaped()
    {
        Desk desk({}, 1);
        Asked asked = get("a.example", '/' + std::string(10'000, 'x'));
        asked.request.contentType = "text/\x1b[31m" + std::string(5000, 'y');
        asked.request.claimedProcess = "curl\xe2\x80\xae" + std::string(5000, 'z');
        static_cast<void>(desk.arrived(1, asked, T0));
        const api::Question question = desk.question(1).value();
        QVERIFY(question.path.size() <= 2048);
        QVERIFY(question.contentType.size() <= 200);
        QVERIFY(question.contentType.find('\x1b') == std::string::npos);
        QVERIFY(question.claimedProcess.size() <= 256);
        QVERIFY(question.claimedProcess.find("\xe2\x80\xae") == std::string::npos);
    }
};

QTEST_APPLESS_MAIN(DeskTest)
#include "desk_test.moc"

#include <QAccessible>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>

#include "ui/approvals/approval_center.h"
#include "ui/approvals/hold_bar.h"
#include "ui/approvals/question_window.h"
#include "ui/widgets/headline.h"
#include "ui2_engine.h"

using namespace sallyport;
using ui::approvals::ApprovalCenter;
using ui::approvals::QuestionWindow;

namespace {

constexpr int ShortDelay = 60;

// One window over one engine, with one question on it and the buttons awake, unless asked
// otherwise.
struct Scene
{
    explicit Scene(int armingDelay = ShortDelay)
        : main(std::make_unique<QWidget>())
        , center(engine.link(), main.get())
        , window(qobject_cast<QuestionWindow*>(center.questionWindow()))
    {
        window->setArmingDelay(armingDelay);
        engine.sandboxes = {test::sandbox(1, "agent-1"), test::sandbox(2, "build")};
        engine.openLink();
    }

    void ask(api::QuestionId id,
             const std::string& method = "POST",
             const std::string& host = "api.example.com")
    {
        engine.ask(test::question(id, method, host, "/v1/items?x=1"));
        QTRY_VERIFY(window->isVisible());
    }

    void askAndArm(api::QuestionId id, const std::string& method = "POST")
    {
        ask(id, method);
        QTRY_VERIFY(button("denyButton")->isEnabled());
        window->activateWindow();
        QTest::qWait(ShortDelay + 20); // the keyboard wakes as long after the activation
    }

    template <typename T = QPushButton> T* part(const char* name) const
    {
        return window->findChild<T*>(QLatin1String(name));
    }
    QPushButton* button(const char* name) const { return part(name); }
    QString headline() const { return part<ui::Headline>("questionHeadline")->text(); }
    void click(const char* name) const { QTest::mouseClick(button(name), Qt::LeftButton); }
    void choose(const char* name, int value) const
    {
        auto* box = part<QComboBox>(name);
        box->setCurrentIndex(box->findData(value));
    }
    api::Answer lastAnswer() const
    {
        return *api::fromJson<api::Answer>(engine.lastCall("approvals.answer"));
    }

    test::LineEngine engine;
    std::unique_ptr<QWidget> main;
    ApprovalCenter center;
    QuestionWindow* window;
};

} // namespace

class QuestionWindowTest : public QObject
{
    Q_OBJECT

private slots:
    void saysWhoWantsWhat()
    {
        Scene scene;
        scene.ask(1);
        QCOMPARE(scene.headline(), QStringLiteral("agent-1 wants to POST to api.example.com"));
        QCOMPARE(scene.part<ui::Headline>("questionUrl")->text(),
                 QStringLiteral("https://api.example.com/v1/items?x=1"));
    }

    void namesTheCredentialThatWouldGoAlong()
    {
        Scene scene;
        scene.ask(1);
        QVERIFY(!scene.part<ui::Headline>("questionCredentials")->isVisible());
        Scene other;
        api::Question asked = test::question(1, "POST", "api.example.com");
        asked.credentials = {"github", "shop"};
        other.engine.ask(asked);
        QTRY_VERIFY(other.part<ui::Headline>("questionCredentials")->isVisible());
        QVERIFY(other.part<ui::Headline>("questionCredentials")
                    ->text()
                    .startsWith(QLatin1String("github, shop")));
    }

    void answersNothingBeforeTheDelayIsOver()
    {
        Scene scene(60'000);
        scene.ask(1);
        for (const char* name : {"denyButton", "allowButton", "denyReasonButton", "denyAllButton"})
            QVERIFY2(!scene.button(name)->isEnabled(), name);
        scene.click("allowButton");
        scene.click("denyButton");
        QTest::keyClick(scene.window, Qt::Key_Return);
        QTest::keyClick(scene.window, Qt::Key_Space);
        QTest::keyClick(scene.window, Qt::Key_A, Qt::AltModifier);
        QTest::qWait(50);
        QCOMPARE(scene.engine.callCount("approvals.answer"), 0);
    }

    void armsWithinTheDelayAndFocusesDeny()
    {
        Scene scene;
        scene.askAndArm(1);
        QVERIFY(scene.button("allowButton")->isEnabled());
        QCOMPARE(scene.window->focusWidget(), scene.button("denyButton"));
    }

    void disarmsForEachNewQuestion()
    {
        Scene scene(400);
        scene.ask(1);
        scene.ask(2, "PUT");
        QTRY_VERIFY(scene.button("denyButton")->isEnabled());
        scene.click("denyButton");
        QTRY_COMPARE(scene.window->current(), api::QuestionId(2));
        QVERIFY(!scene.button("allowButton")->isEnabled());
        QTRY_VERIFY(scene.button("allowButton")->isEnabled());
    }

    void newQuestionsDoNotReplaceTheShownOne()
    {
        Scene scene;
        scene.ask(1);
        scene.ask(2, "PUT", "other.example.com");
        QTRY_COMPARE(scene.center.openCount(), 2);
        QCOMPARE(scene.window->current(), api::QuestionId(1));
        QVERIFY(scene.part<QListWidget>("questionList")->isVisible());
    }

    void enterNeverAllows()
    {
        Scene scene;
        scene.askAndArm(1);
        scene.button("allowButton")->setFocus();
        QTest::keyClick(scene.button("allowButton"), Qt::Key_Return);
        QTest::keyClick(scene.button("allowButton"), Qt::Key_Enter);
        QTest::qWait(50);
        QCOMPARE(scene.engine.callCount("approvals.answer"), 0);
        QTest::keyClick(scene.button("allowButton"), Qt::Key_Space);
        QTRY_COMPARE(scene.engine.callCount("approvals.answer"), 1);
        QCOMPARE(scene.lastAnswer().action, api::Action::Allow);
    }

    void keysAreDeafAfterActivation()
    {
        Scene scene(600);
        scene.ask(1);
        QTRY_VERIFY(scene.button("allowButton")->isEnabled());
        QEvent activation(QEvent::WindowActivate);
        QCoreApplication::sendEvent(scene.window, &activation);
        QTest::keyClick(scene.button("allowButton"), Qt::Key_Space);
        QTest::qWait(50);
        QCOMPARE(scene.engine.callCount("approvals.answer"), 0);
    }

    void escapeLeavesItOpen()
    {
        Scene scene;
        scene.askAndArm(1);
        QTest::keyClick(scene.window, Qt::Key_Escape);
        QVERIFY(!scene.window->isVisible());
        QCOMPARE(scene.center.openCount(), 1);
        QCOMPARE(scene.engine.callCount("approvals.answer"), 0);
        scene.center.showQuestions();
        QVERIFY(scene.window->isVisible());
        QCOMPARE(scene.window->current(), api::QuestionId(1));
        QVERIFY(!scene.button("allowButton")->isEnabled());
    }

    void closingLeavesItOpen()
    {
        Scene scene;
        scene.ask(1);
        scene.window->close();
        QVERIFY(!scene.window->isVisible());
        QCOMPARE(scene.center.openCount(), 1);
    }

    void defaultsAreNarrowAndShort()
    {
        Scene scene;
        scene.askAndArm(1);
        scene.click("denyButton");
        QTRY_COMPARE(scene.engine.callCount("approvals.answer"), 1);
        const api::Answer answer = scene.lastAnswer();
        QCOMPARE(answer.question, api::QuestionId(1));
        QCOMPARE(answer.action, api::Action::Deny);
        QCOMPARE(answer.reach, api::Reach::MethodAndHost);
        QCOMPARE(answer.lifetime, api::Lifetime::UntilStop);
        QCOMPARE(answer.scope, api::Scope::Sandbox);
        QTRY_VERIFY(!scene.window->isVisible());
        QCOMPARE(scene.center.openCount(), 0);
    }

    void sendsWhatTheAxesSay_data()
    {
        QTest::addColumn<int>("reach");
        QTest::addColumn<int>("lifetime");
        QTest::addColumn<int>("scope");
        for (int reach = 1; reach <= int(api::Reach::Domain); ++reach)
            for (int lifetime = 1; lifetime <= int(api::Lifetime::Always); ++lifetime)
                for (int scope = 0; scope <= 1; ++scope)
                    if (scope == 0 || lifetime != int(api::Lifetime::UntilStop))
                        QTest::addRow("%d %d %d", reach, lifetime, scope)
                            << reach << lifetime << scope;
    }

    void sendsWhatTheAxesSay()
    {
        QFETCH(int, reach);
        QFETCH(int, lifetime);
        QFETCH(int, scope);
        Scene scene(0);
        scene.ask(1);
        QTRY_VERIFY(scene.button("allowButton")->isEnabled());
        scene.choose("reach", reach);
        scene.choose("lifetime", lifetime);
        scene.choose("scope", scope);
        scene.click("allowButton");
        QTRY_COMPARE(scene.engine.callCount("approvals.answer"), 1);
        QCOMPARE(int(scene.lastAnswer().reach), reach);
        QCOMPARE(int(scene.lastAnswer().lifetime), lifetime);
        QCOMPARE(int(scene.lastAnswer().scope), scope);
        QCOMPARE(scene.lastAnswer().action, api::Action::Allow);
    }

    void thisRequestIsOnceAndHere()
    {
        Scene scene(0);
        scene.ask(1);
        QTRY_VERIFY(scene.button("allowButton")->isEnabled());
        scene.choose("lifetime", int(api::Lifetime::Always));
        scene.choose("scope", int(api::Scope::All));
        scene.choose("reach", int(api::Reach::ThisRequest));
        QVERIFY(!scene.part<QComboBox>("lifetime")->isEnabled());
        scene.click("allowButton");
        QTRY_COMPARE(scene.engine.callCount("approvals.answer"), 1);
        QCOMPARE(scene.lastAnswer().lifetime, api::Lifetime::Once);
        QCOMPARE(scene.lastAnswer().scope, api::Scope::Sandbox);
    }

    void allSandboxesCannotEndWithOne()
    {
        Scene scene(0);
        scene.ask(1);
        scene.choose("scope", int(api::Scope::All));
        QCOMPARE(scene.part<QComboBox>("lifetime")->currentData().toInt(),
                 int(api::Lifetime::Hour));
    }

    void showsTheRuleThatWillBeWritten()
    {
        Scene scene(0);
        scene.ask(1);
        auto* preview = scene.part<ui::Headline>("rulePreview");
        QTRY_COMPARE(preview->text(),
                     QStringLiteral("Deny POST api.example.com in agent-1, until agent-1 stops"));
        scene.choose("reach", int(api::Reach::Host));
        QTRY_COMPARE(preview->text(),
                     QStringLiteral("Deny api.example.com in agent-1, until agent-1 stops"));
        scene.choose("lifetime", int(api::Lifetime::Once));
        QTRY_VERIFY(preview->text().startsWith(QStringLiteral("No rule")));
        scene.choose("lifetime", int(api::Lifetime::Always));
        QEnterEvent onto({}, {}, {});
        QCoreApplication::sendEvent(scene.button("allowButton"), &onto);
        QTRY_COMPARE(preview->text(), QStringLiteral("Allow api.example.com in agent-1, always"));
    }

    void cannotAllowWhatCannotBecomeARule()
    {
        Scene scene(0);
        scene.engine.handle("approvals.preview", [](const api::Json&) -> Result<api::Json> {
            return fail(Error::Code::Refused, "an address has no domain: choose the host");
        });
        scene.ask(1);
        QTRY_VERIFY(
            scene.part<ui::Headline>("rulePreview")->text().contains(QStringLiteral("no domain")));
        QTRY_VERIFY(scene.button("denyButton")->isEnabled());
        QVERIFY(!scene.button("allowButton")->isEnabled());
    }

    void deniesWithAReason()
    {
        Scene scene;
        scene.askAndArm(1);
        scene.click("denyReasonButton");
        auto* reason = scene.part<QLineEdit>("denyReasonEdit");
        QVERIFY(reason->isVisible());
        QTest::keyClicks(reason, QStringLiteral("Use the mirror."));
        QTest::keyClick(reason, Qt::Key_Return);
        QTRY_COMPARE(scene.engine.callCount("approvals.answer"), 1);
        QCOMPARE(scene.lastAnswer().action, api::Action::Deny);
        QCOMPARE(scene.lastAnswer().reason, std::string("Use the mirror."));
    }

    void reasonsStayWithinTheirBytes()
    {
        Scene scene;
        scene.askAndArm(1);
        scene.click("denyReasonButton");
        scene.part<QLineEdit>("denyReasonEdit")->setText(QString(500, QChar(0x20ac)));
        scene.click("sendReasonButton");
        QTRY_COMPARE(scene.engine.callCount("approvals.answer"), 1);
        QVERIFY(scene.lastAnswer().reason.size() <= 500);
        QVERIFY(scene.lastAnswer().reason.size() > 490);
    }

    void showsHowLongItIsHeld()
    {
        Scene scene;
        scene.ask(1);
        auto* bar = scene.part<ui::approvals::HoldBar>("holdBar");
        QVERIFY(bar->fraction() > 0.5 && bar->fraction() < 0.85);
        QVERIFY(bar->text().contains(QStringLiteral("held for 18 s more")));
        api::Question ended = scene.engine.questions.front();
        ended.heldUntil.reset();
        ended.waiting = 0;
        scene.engine.emitEvent("approval.changed", api::toJson(ended));
        QTRY_VERIFY(bar->text().startsWith(QStringLiteral("Nothing is held any more")));
        QVERIFY(bar->fraction() == 0);
        QVERIFY(scene.window->isVisible());
    }

    void withdrawnQuestionsGo()
    {
        Scene scene;
        QSignalSpy counts(&scene.center, &ApprovalCenter::openCountChanged);
        scene.ask(1);
        api::Question gone = scene.engine.questions.front();
        gone.state = api::QuestionState::Withdrawn;
        scene.engine.emitEvent("approval.changed", api::toJson(gone));
        QTRY_VERIFY(!scene.window->isVisible());
        QCOMPARE(scene.center.openCount(), 0);
        QCOMPARE(counts.last().first().toInt(), 0);
    }

    void keepsAQuestionThatCouldNotBeAnswered()
    {
        Scene scene;
        scene.engine.handle("approvals.answer", [](const api::Json&) -> Result<api::Json> {
            return fail(Error::Code::Io, "the disk is full");
        });
        scene.askAndArm(1);
        scene.click("denyButton");
        auto* problem = scene.part<QLabel>("questionProblem");
        QTRY_VERIFY(problem->isVisible());
        QVERIFY(problem->text().contains(QStringLiteral("the disk is full")));
        QCOMPARE(scene.center.openCount(), 1);
        QTRY_VERIFY(scene.button("denyButton")->isEnabled());
    }

    void deniesAllOfOneSandbox()
    {
        Scene scene;
        api::Question other = test::question(7, "GET", "cdn.example.com");
        other.sandbox = 2;
        other.sandboxName = "build";
        scene.ask(1);
        scene.engine.ask(test::question(2, "GET", "b.example.com"));
        scene.engine.ask(other);
        QTRY_COMPARE(scene.center.openCount(), 3);
        QTRY_VERIFY(scene.button("denyAllButton")->isEnabled());
        scene.click("denyAllButton");
        QTRY_COMPARE(scene.center.openCount(), 1);
        QCOMPARE(scene.engine.callCount("approvals.answer"), 2);
        QCOMPARE(scene.lastAnswer().lifetime, api::Lifetime::Once);
        QCOMPARE(scene.window->current(), api::QuestionId(7));
    }

    void takesAnAnswerBack()
    {
        Scene scene;
        scene.main->resize(800, 600);
        scene.main->show();
        scene.askAndArm(1);
        scene.click("allowButton");
        auto* undo = scene.main->findChild<QPushButton*>(QStringLiteral("toastUndo"));
        QTRY_VERIFY(undo->isVisible());
        QTest::mouseClick(undo, Qt::LeftButton);
        QTRY_COMPARE(scene.engine.callCount("rules.remove"), 1);
        QVERIFY(scene.engine.rules.empty());
    }

    void cannotAnswerWhileTheEngineIsLost()
    {
        Scene scene;
        scene.askAndArm(1);
        scene.engine.stop();
        QTRY_VERIFY(!scene.engine.link().isConnected());
        QVERIFY(!scene.button("allowButton")->isEnabled());
        QVERIFY(!scene.button("denyButton")->isEnabled());
        QVERIFY(scene.part<QWidget>("questionLost")->isVisible());
    }

    void missedQuestionsWaitInTheInbox()
    {
        test::LineEngine engine;
        api::Question missed = test::question(4, "GET", "api.example.com");
        missed.heldUntil.reset();
        missed.waiting = 0;
        engine.questions = {missed};
        ApprovalCenter center(engine.link(), nullptr);
        engine.openLink();
        QTRY_COMPARE(center.openCount(), 1);
        QVERIFY(!center.questionWindow()->isVisible());
        center.showQuestions();
        QVERIFY(center.questionWindow()->isVisible());
    }

    void hostileTextIsHarmless()
    {
        Scene scene;
        api::Question hostile =
            test::question(1, "POST\n<b>", std::string(10'000, 'h') + ".example.com");
        hostile.path = "/\x1b]0;x\x07" + std::string(20'000, 'p') + "\xe2\x80\xae<img src=x>";
        hostile.claimedProcess = "<a href='x'>\xe2\x80\xae" + std::string(5'000, 'c');
        hostile.contentType = "<script>";
        scene.engine.ask(hostile);
        QTRY_VERIFY(scene.window->isVisible());
        const QString headline = scene.headline();
        QVERIFY(headline.contains(QStringLiteral("\\x0a<b>")));
        QVERIFY(headline.endsWith(QStringLiteral(".example.com")));
        for (const auto* text : scene.window->findChildren<ui::Headline*>()) {
            QVERIFY(text->text().size() < 700);
            for (const QChar c : text->text())
                QVERIFY(c.category() != QChar::Other_Control &&
                        c.category() != QChar::Other_Format);
        }
        for (const auto* label : scene.window->findChildren<QLabel*>())
            QCOMPARE(label->textFormat() == Qt::PlainText || label->pixmap().width() > 0, true);
        QVERIFY(scene.window->width() < 1200 && scene.window->height() < 1000);
        QTRY_VERIFY(scene.button("denyButton")->isEnabled());
        QVERIFY(!scene.button("denyButton")->visibleRegion().isEmpty());
    }

    void labelsNameTheirChoices()
    {
        Scene scene;
        scene.ask(1);
        for (const char* name : {"reach", "lifetime", "scope"}) {
            const auto labels = scene.window->findChildren<QLabel*>();
            QVERIFY2(std::any_of(labels.begin(), labels.end(),
                                 [&](const QLabel* label) {
                                     return label->buddy() == scene.part<QWidget>(name);
                                 }),
                     name);
        }
        QCOMPARE(scene.window->accessibleName(), scene.headline());
    }
};

QTEST_MAIN(QuestionWindowTest)
#include "question_window_test.moc"

#include <QDBusConnection>
#include <QProcess>
#include <QSignalSpy>
#include <QTest>

#include "ui/approvals/notifier.h"
#include "ui/approvals/question_book.h"
#include "ui2_engine.h"

using namespace sallyport;
using ui::approvals::Notifier;
using ui::approvals::QuestionBook;

// A notification service as a desktop has one.
class NotificationService : public QObject
{
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.Notifications")

public:
    struct Bubble
    {
        uint replaces = 0;
        QString title;
        QString body;
        QStringList actions;
        QVariantMap hints;
    };

    QStringList capabilities = {QStringLiteral("body"), QStringLiteral("body-markup"),
                                QStringLiteral("actions")};
    QList<Bubble> bubbles;
    QList<uint> closed;

public slots:
    QStringList GetCapabilities() { return capabilities; }
    uint Notify(const QString&,
                uint replaces,
                const QString&,
                const QString& title,
                const QString& body,
                const QStringList& actions,
                const QVariantMap& hints,
                int)
    {
        bubbles.append({replaces, title, body, actions, hints});
        return replaces != 0 ? replaces : ++m_lastId;
    }
    void CloseNotification(uint id)
    {
        closed.append(id);
        emit NotificationClosed(id, 3);
    }

signals:
    void NotificationClosed(uint id, uint reason);
    void ActionInvoked(uint id, const QString& action);

private:
    uint m_lastId = 0;
};

class NotifierTest : public QObject
{
    Q_OBJECT

private:
    // A bus of the test's own, the service on it, and the notifier as another client.
    struct Scene
    {
        explicit Scene(const QString& address)
            : serverBus(QDBusConnection::connectToBus(address, QStringLiteral("server")))
            , clientBus(QDBusConnection::connectToBus(address, QStringLiteral("client")))
            , book(engine.link())
        {
            serverBus.registerObject(QStringLiteral("/org/freedesktop/Notifications"), &service,
                                     QDBusConnection::ExportAllContents);
            serverBus.registerService(QStringLiteral("org.freedesktop.Notifications"));
            notifier = std::make_unique<Notifier>(book, clientBus);
            notifier->setBurstInterval(30);
            engine.openLink();
        }
        ~Scene()
        {
            notifier.reset();
            QDBusConnection::disconnectFromBus(QStringLiteral("client"));
            QDBusConnection::disconnectFromBus(QStringLiteral("server"));
        }

        void withdraw(api::QuestionId id)
        {
            api::Question gone = test::question(id, "GET", "a.example");
            gone.state = api::QuestionState::Withdrawn;
            engine.emitEvent("approval.changed", api::toJson(gone));
        }

        NotificationService service;
        QDBusConnection serverBus;
        QDBusConnection clientBus;
        test::LineEngine engine;
        QuestionBook book;
        std::unique_ptr<Notifier> notifier;
    };

    QProcess m_bus;
    QString m_address;

private slots:
    void initTestCase()
    {
        m_bus.start(QStringLiteral("dbus-daemon"),
                    {QStringLiteral("--session"), QStringLiteral("--nofork"),
                     QStringLiteral("--print-address")});
        QVERIFY2(m_bus.waitForStarted() && m_bus.waitForReadyRead(), "dbus-daemon does not start");
        m_address = QString::fromUtf8(m_bus.readLine()).trimmed();
    }

    void cleanupTestCase()
    {
        m_bus.terminate();
        m_bus.waitForFinished();
    }

    void offersDenyAndReviewAndNeverAllow()
    {
        Scene scene(m_address);
        scene.engine.ask(test::question(1, "POST", "api.example.com"));
        QTRY_COMPARE(scene.service.bubbles.size(), 1);
        const auto bubble = scene.service.bubbles.first();
        QCOMPARE(bubble.title, QStringLiteral("agent-1 wants to POST to api.example.com"));
        QVERIFY(bubble.actions.contains(QStringLiteral("deny")));
        QVERIFY(bubble.actions.contains(QStringLiteral("review")));
        QVERIFY(bubble.actions.filter(QStringLiteral("llow")).isEmpty());
        QCOMPARE(bubble.hints.value(QStringLiteral("urgency")).toInt(), 2);
    }

    void escapesTheBodyWhereItIsMarkup()
    {
        Scene scene(m_address);
        scene.engine.ask(test::question(1, "GET", "a.example", "/<b>&x"));
        QTRY_COMPARE(scene.service.bubbles.size(), 1);
        QCOMPARE(scene.service.bubbles.first().body,
                 QStringLiteral("https://a.example/&lt;b&gt;&amp;x"));
    }

    void asksForNoActionsWhereThereAreNone()
    {
        Scene scene(m_address);
        scene.service.capabilities = {QStringLiteral("body")};
        scene.engine.ask(test::question(1, "GET", "a.example", "/&x"));
        QTRY_COMPARE(scene.service.bubbles.size(), 1);
        QVERIFY(scene.service.bubbles.first().actions.isEmpty());
        QCOMPARE(scene.service.bubbles.first().body, QStringLiteral("https://a.example/&x"));
    }

    void collapsesABurst()
    {
        Scene scene(m_address);
        for (int id = 1; id <= 5; ++id)
            scene.engine.ask(test::question(id, "GET", "a.example"));
        QTRY_VERIFY(!scene.service.bubbles.isEmpty());
        QTRY_COMPARE(scene.service.bubbles.last().title,
                     QStringLiteral("5 requests wait for your answer"));
        QVERIFY(scene.service.bubbles.size() <= 2);
        QVERIFY(!scene.service.bubbles.last().actions.contains(QStringLiteral("deny")));
    }

    void replacesItsBubble()
    {
        Scene scene(m_address);
        scene.engine.ask(test::question(1, "GET", "a.example"));
        QTRY_COMPARE(scene.service.bubbles.size(), 1);
        scene.engine.ask(test::question(2, "GET", "b.example"));
        QTRY_COMPARE(scene.service.bubbles.size(), 2);
        QCOMPARE(scene.service.bubbles.last().replaces, 1U);
    }

    void closesWhenTheQuestionGoes()
    {
        Scene scene(m_address);
        scene.engine.ask(test::question(1, "GET", "a.example"));
        QTRY_COMPARE(scene.service.bubbles.size(), 1);
        QTest::qWait(30); // its number has to come back first
        scene.withdraw(1);
        QTRY_COMPARE(scene.service.closed, QList<uint>{1});
    }

    void closesABubbleWhoseQuestionWentMeanwhile()
    {
        Scene scene(m_address);
        scene.engine.ask(test::question(1, "GET", "a.example"));
        QTRY_COMPARE(scene.service.bubbles.size(), 1);
        scene.withdraw(1);
        QTRY_COMPARE(scene.service.closed, QList<uint>{1});
    }

    void tellsOfActions()
    {
        Scene scene(m_address);
        QSignalSpy denied(scene.notifier.get(), &Notifier::denyChosen);
        QSignalSpy reviewed(scene.notifier.get(), &Notifier::reviewChosen);
        scene.engine.ask(test::question(3, "GET", "a.example"));
        QTRY_COMPARE(scene.service.bubbles.size(), 1);
        QTest::qWait(30);
        emit scene.service.ActionInvoked(99, QStringLiteral("deny")); // of another program
        emit scene.service.ActionInvoked(1, QStringLiteral("review"));
        QTRY_COMPARE(reviewed.size(), 1);
        QCOMPARE(reviewed.first().first().toLongLong(), 3);
        emit scene.service.ActionInvoked(1, QStringLiteral("deny"));
        QTRY_COMPARE(denied.size(), 1);
        QCOMPARE(denied.first().first().toLongLong(), 3);
    }

    void livesWithoutAService()
    {
        test::LineEngine engine;
        QuestionBook book(engine.link());
        Notifier notifier(book, QDBusConnection(QStringLiteral("none")));
        engine.openLink();
        engine.ask(test::question(1, "GET", "a.example"));
        QTRY_COMPARE(book.count(), 1);
    }
};

QTEST_GUILESS_MAIN(NotifierTest)
#include "notifier_test.moc"

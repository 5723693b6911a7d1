#include <QFloat16>

#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QDir>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableWidget>
#include <QTest>

#include "ui/bridge/sandbox_book.h"
#include "ui/credentials/credential_text.h"
#include "ui/credentials/credentials_window.h"
#include "ui/theme/theme.h"
#include "ui2_engine.h"

using namespace sallyport;
using ui::credentials::CredentialsWindow;

namespace {

api::Credential credential(api::CredentialId id, const std::string& name, const std::string& host)
{
    api::Credential made;
    made.id = id;
    made.name = name;
    made.hosts = {host};
    made.variable = "TOKEN_" + std::to_string(id);
    made.state = api::CredentialState::Ready;
    return made;
}

struct Scene
{
    Scene()
        : book(engine.link())
        , window(engine.link(), book)
    {
        engine.sandboxes = {test::sandbox(1, "agent-1"), test::sandbox(2, "build")};
        engine.handle("credentials.list", [this](const api::Json&) -> Result<api::Json> {
            return api::Json{{"credentials", api::toJson(credentials)},
                             {"vault", api::toJson(vault)}};
        });
        engine.handle("credentials.add", [this](const api::Json& call) -> Result<api::Json> {
            auto added = *api::member<api::Credential>(call, "credential");
            if (added.hosts.front() == "*")
                return fail(Error::Code::Invalid, "hosts: '*' would give it to everybody");
            added.id = 9;
            added.state = api::CredentialState::Ready;
            engine.emitEvent("credential.changed", api::toJson(added));
            return api::toJson(added);
        });
        engine.handle("credentials.update", [this](const api::Json& call) -> Result<api::Json> {
            engine.emitEvent("credential.changed", call.at("credential"));
            return call.at("credential");
        });
        engine.handle("credentials.remove", [this](const api::Json& call) -> Result<api::Json> {
            engine.emitEvent("credential.removed", call);
            return api::Json::object();
        });
        engine.handle("credentials.test", [](const api::Json&) -> Result<api::Json> {
            return api::Json{{"credentials", {"github"}}, {"text", "github: Authorization: …"}};
        });
        engine.handle("vault.unlock", [this](const api::Json& call) -> Result<api::Json> {
            if (call.at("passphrase") != "right")
                return fail(Error::Code::Refused, "that is not the passphrase");
            vault.isLocked = vault.isNew = false;
            engine.emitEvent("vault.changed", api::toJson(vault));
            return api::toJson(vault);
        });
        engine.handle("vault.lock", [this](const api::Json&) -> Result<api::Json> {
            vault.isLocked = true;
            engine.emitEvent("vault.changed", api::toJson(vault));
            return api::toJson(vault);
        });
        vault.isLocked = false;
        credentials = {credential(1, "github", "api.github.com"),
                       credential(2, "shop", "*.shop.example")};
        credentials[1].state = api::CredentialState::Failed;
        credentials[1].problem = "the command ended with status 1";
        credentials[1].sandboxes = {2};
    }

    void open()
    {
        window.show();
        engine.openLink();
        QTRY_COMPARE(table()->rowCount(), static_cast<int>(credentials.size()));
        QTRY_COMPARE(part<QComboBox>("credentialTestSandbox")->count(), 2);
    }
    void alarm(const std::string& host)
    {
        api::CredentialAlarm made;
        made.time = nowUnixMillis();
        made.sandbox = 1;
        made.sandboxName = "agent-1";
        made.credential = "github";
        made.host = host;
        made.row = 7;
        made.text = "github was on its way to " + host;
        engine.emitEvent("credential.alarm", api::toJson(made));
    }
    template <typename T> T* part(const char* name) const
    {
        return window.findChild<T*>(QLatin1String(name));
    }
    QTableWidget* table() const { return part<QTableWidget>("credentialTable"); }
    void click(const char* name) const
    {
        QTest::mouseClick(part<QPushButton>(name), Qt::LeftButton);
    }
    void type(const char* name, const char* text) const
    {
        part<QLineEdit>(name)->setText(QLatin1String(text));
    }

    test::LineEngine engine;
    std::vector<api::Credential> credentials;
    api::Vault vault;
    ui::SandboxBook book;
    CredentialsWindow window;
};

} // namespace

class CredentialsWindowTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase() { ui::theme::Theme theme(*qApp); } // brings the resources in

    void listsWhatThereIsAndWhatIsWrongWithIt()
    {
        Scene scene;
        scene.open();
        QCOMPARE(scene.table()->item(0, 0)->text(), QStringLiteral("github"));
        QCOMPARE(scene.table()->item(0, 1)->text(), QStringLiteral("Ready"));
        QCOMPARE(scene.table()->item(0, 5)->text(), QStringLiteral("All"));
        QCOMPARE(scene.table()->item(1, 2)->text(), QStringLiteral("*.shop.example"));
        QVERIFY(!scene.part<QPushButton>("credentialEdit")->isEnabled());
        scene.table()->selectRow(1);
        QVERIFY(scene.part<QPushButton>("credentialEdit")->isEnabled());
        QCOMPARE(scene.part<QLabel>("credentialStateProblem")->text(),
                 QStringLiteral("the command ended with status 1"));
    }

    void addsOneWithItsValueAndForgetsTheValue()
    {
        Scene scene;
        scene.open();
        scene.click("credentialAdd");
        auto* value = scene.part<QLineEdit>("credentialValue");
        QCOMPARE(value->echoMode(), QLineEdit::Password);
        QVERIFY(!scene.part<QPushButton>("credentialSave")->isEnabled());
        scene.type("credentialName", "mail");
        scene.type("credentialValue", "s3cret-value");
        scene.type("credentialHosts", "mail.example, *");
        scene.type("credentialVariable", "MAIL_KEY");
        scene.part<QCheckBox>("credentialOnlySome")->setChecked(true);
        scene.part<QListWidget>("credentialSandboxes")->item(1)->setCheckState(Qt::Checked);
        scene.click("credentialSave");
        QTRY_COMPARE(scene.table()->rowCount(), 3);
        QTRY_VERIFY(scene.part<QWidget>("credentialDialog") == nullptr);
        const api::Json call = scene.engine.lastCall("credentials.add");
        QCOMPARE(call.at("value").get<std::string>(), std::string("s3cret-value"));
        QCOMPARE(call.at("credential").at("hosts"), (api::Json{"mail.example", "*"}));
        QCOMPARE(call.at("credential").at("sandboxes"), (api::Json{2}));
        QCOMPARE(call.at("credential").at("variable").get<std::string>(), std::string("MAIL_KEY"));
    }

    void staysOpenWithTheReasonWhenTheEngineRefuses()
    {
        Scene scene;
        scene.open();
        scene.click("credentialAdd");
        scene.type("credentialName", "mail");
        scene.type("credentialValue", "s3cret-value");
        scene.type("credentialHosts", "*");
        scene.click("credentialSave");
        QTRY_COMPARE(scene.part<QLabel>("credentialProblem")->text(),
                     QStringLiteral("hosts: '*' would give it to everybody"));
        QVERIFY(scene.part<QPushButton>("credentialSave")->isEnabled());
    }

    void takesACommandInPlaceOfAValue()
    {
        Scene scene;
        scene.open();
        scene.click("credentialAdd");
        scene.type("credentialName", "gh");
        scene.part<QComboBox>("credentialSource")->setCurrentIndex(1);
        QVERIFY(!scene.part<QLineEdit>("credentialValue")->isVisible());
        scene.type("credentialCommand", "pass show \"my key\"");
        scene.type("credentialHosts", "api.github.com");
        scene.click("credentialSave");
        QTRY_COMPARE(scene.engine.callCount("credentials.add"), 1);
        const api::Json call = scene.engine.lastCall("credentials.add");
        QVERIFY(!call.contains("value"));
        QCOMPARE(call.at("credential").at("command"), (api::Json{"pass", "show", "my key"}));
    }

    void editsWithoutTheValue()
    {
        Scene scene;
        scene.open();
        scene.table()->selectRow(0);
        scene.click("credentialEdit");
        QVERIFY(!scene.part<QLineEdit>("credentialName")->isEnabled());
        QVERIFY(scene.part<QLineEdit>("credentialValue")->text().isEmpty());
        scene.type("credentialHosts", "api.github.com, uploads.github.com");
        scene.click("credentialSave");
        QTRY_COMPARE(scene.table()->item(0, 2)->text(),
                     QStringLiteral("api.github.com, uploads.github.com"));
        QVERIFY(!scene.engine.lastCall("credentials.update").contains("value"));
    }

    void asksBeforeItDeletes()
    {
        Scene scene;
        scene.open();
        scene.table()->selectRow(0);
        scene.click("credentialRemove");
        QCOMPARE(scene.engine.callCount("credentials.remove"), 0);
        QTRY_VERIFY(scene.part<QPushButton>("credentialRemoveConfirm") != nullptr);
        scene.click("credentialRemoveConfirm");
        QTRY_COMPARE(scene.table()->rowCount(), 1);
        QCOMPARE(scene.engine.lastCall("credentials.remove"), (api::Json{{"credential", 1}}));
    }

    void unlocksTheVaultAndLocksIt()
    {
        Scene scene;
        scene.vault.isLocked = true;
        scene.open();
        QTRY_VERIFY(scene.part<QLabel>("vaultState")->text().contains(QLatin1String("locked")));
        scene.click("vaultButton");
        scene.type("unlockPassphrase", "wrong");
        scene.click("unlockConfirm");
        QTRY_COMPARE(scene.part<QLabel>("unlockProblem")->text(),
                     QStringLiteral("that is not the passphrase"));
        QVERIFY(scene.part<QLineEdit>("unlockPassphrase")->text().isEmpty());
        scene.type("unlockPassphrase", "right");
        scene.click("unlockConfirm");
        QTRY_VERIFY(scene.part<QLabel>("vaultState")->text().contains(QLatin1String("open")));
        scene.click("vaultButton");
        QTRY_COMPARE(scene.engine.callCount("vault.lock"), 1);
    }

    void asksTwiceForTheFirstPassphrase()
    {
        Scene scene;
        scene.vault.isLocked = scene.vault.isNew = true;
        scene.open();
        scene.click("vaultButton");
        scene.type("unlockPassphrase", "right");
        scene.type("unlockAgain", "wrong");
        QVERIFY(!scene.part<QPushButton>("unlockConfirm")->isEnabled());
        scene.type("unlockAgain", "right");
        scene.click("unlockConfirm");
        QTRY_VERIFY(scene.part<QLabel>("vaultState")->text().contains(QLatin1String("open")));
    }

    void saysWhatARequestWouldBeGiven()
    {
        Scene scene;
        scene.open();
        scene.type("credentialTestUrl", "https://api.github.com/user");
        scene.click("credentialTest");
        QTRY_COMPARE(scene.part<QLabel>("credentialTestAnswer")->text(),
                     QStringLiteral("github: Authorization: …"));
        QCOMPARE(scene.engine.lastCall("credentials.test"),
                 (api::Json{{"sandbox", 1}, {"url", "https://api.github.com/user"}}));
    }

    void keepsAlarmsAndLeadsToTheirRows()
    {
        Scene scene;
        scene.open();
        QSignalSpy asked(&scene.window, &CredentialsWindow::rowRequested);
        scene.alarm("evil.example");
        auto* list = scene.part<QListWidget>("alarmList");
        QTRY_COMPARE(list->count(), 1);
        QVERIFY(list->item(0)->text().contains(QLatin1String("evil.example")));
        scene.click("alarmShow");
        QCOMPARE(asked.count(), 1);
        QCOMPARE(asked.first().at(0).toLongLong(), 1);
        QCOMPARE(asked.first().at(1).toString(), QStringLiteral("verdict:deny host:evil.example"));
    }

    void commandsSurviveTheirText()
    {
        const std::vector<std::string> command = {"sh", "-c", "echo \"a b\""};
        QCOMPARE(ui::credentials::commandOf(ui::credentials::commandText(command)), command);
    }

    // Into $SALLYPORT_SCREENSHOTS, where it is set.
    void paintsInBothThemes()
    {
        for (const auto choice : {ui::theme::Choice::Light, ui::theme::Choice::Dark}) {
            ui::theme::Theme theme(*qApp);
            theme.setChoice(choice);
            const QString look = ui::theme::Theme::choiceName(choice);
            Scene scene;
            scene.open();
            scene.table()->selectRow(1);
            scene.alarm("evil.example");
            QTRY_COMPARE(scene.part<QListWidget>("alarmList")->count(), 1);
            keep(scene.window, QStringLiteral("credentials-") + look);
            scene.window.resize(560, 540);
            keep(scene.window, QStringLiteral("credentials-small-") + look);
            scene.click("credentialAdd");
            keep(*scene.part<QWidget>("credentialDialog"), QStringLiteral("credential-") + look);
            Scene empty;
            empty.credentials.clear();
            empty.vault.isLocked = empty.vault.isNew = true;
            empty.open();
            QTRY_VERIFY(
                empty.part<QLabel>("vaultState")->text().contains(QLatin1String("no vault")));
            keep(empty.window, QStringLiteral("credentials-empty-") + look);
            empty.click("vaultButton");
            keep(*empty.part<QWidget>("unlockDialog"), QStringLiteral("unlock-") + look);
        }
    }

private:
    static void keep(QWidget& widget, const QString& name)
    {
        QTest::qWait(50);
        const QPixmap picture = widget.grab();
        const QString directory = qEnvironmentVariable("SALLYPORT_SCREENSHOTS");
        if (directory.isEmpty())
            return;
        QDir().mkpath(directory);
        picture.save(directory + QLatin1Char('/') + name + QStringLiteral(".png"));
    }
};

QTEST_MAIN(CredentialsWindowTest)
#include "credentials_window_test.moc"

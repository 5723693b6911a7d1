// The real window over a fake engine, driven by object name.

#include <map>

#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QListWidget>
#include <QMenuBar>
#include <QPushButton>
#include <QRadioButton>
#include <QSettings>
#include <QSpinBox>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include "tests/support/fake_engine.h"
#include "ui/bridge/engine_link.h"
#include "ui/sandboxes/create_dialog.h"
#include "ui/terminal/terminal_view.h"
#include "ui/theme/theme.h"
#include "ui/theme/widgets.h"
#include "ui/window/main_window.h"

using namespace sallyport;

class WindowTest : public QObject
{
    Q_OBJECT

private slots:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_settings = std::make_unique<QSettings>(m_folder->filePath(QStringLiteral("s.ini")),
                                                 QSettings::IniFormat);
        m_engine = std::make_unique<test::FakeEngine>();
        m_theme = std::make_unique<ui::theme::Theme>(*qApp);
    }
    void cleanup()
    {
        m_window.reset();
        m_link.reset();
        m_engine.reset();
    }

    void anEmptyStateOffersTheFirstSandbox()
    {
        m_engine->checks = {{"kvm", "Hardware virtualisation", api::CheckState::Warning, "slow",
                             "sudo modprobe kvm"},
                            {"disk", "Disk space", api::CheckState::Ok, "", ""}};
        m_engine->info.imageReady = false;
        m_engine->info.imageProblem = "Build it: installer/build-image";
        openWindow();
        QTRY_VERIFY(find<QWidget>("welcomePage")->isVisible());
        QTRY_VERIFY(find<QWidget>("checksCard")->isVisible());
        QTRY_VERIFY(find<QLabel>("imageProblem")->isVisible());
        QCOMPARE(m_window->findChildren<QPushButton*>(QStringLiteral("copyRemedy")).size(), 1);
        QVERIFY(!find<QWidget>("rail")->isVisible());
        click("welcomeCreate");
        QTRY_VERIFY(find<QDialog>("createDialog")->isVisible());
    }

    void theDialogMakesAndStartsWhatWasChosen()
    {
        openWindow();
        trigger("create");
        auto* dialog = find<ui::sandboxes::CreateDialog>("createDialog");
        QCOMPARE(find<QLineEdit>("createName")->text(), QStringLiteral("agent-1"));
        find<QRadioButton>("createSizestandard")->click();
        find<QRadioButton>("createPolicydeny")->click();
        find<QSpinBox>("createDisk")->setValue(20);
        click("createConfirm");
        QTRY_COMPARE(m_engine->callCount("sandbox.start"), 1);
        const auto asked =
            api::fromJson<api::NewSandbox>(m_engine->lastParameters("sandbox.create"));
        QVERIFY(asked);
        QCOMPARE(asked->name, std::string("agent-1"));
        QCOMPARE(asked->size, api::SizeName::Standard);
        QCOMPARE(asked->defaultAction, api::DefaultAction::Deny);
        QCOMPARE(asked->diskMib, 20 * 1024);
        QTRY_COMPARE(find<QLabel>("sandboxName")->text(), QStringLiteral("agent-1"));
        QTRY_VERIFY(find<ui::theme::Pill>("sandboxState")->text() == QLatin1String("Running"));
        Q_UNUSED(dialog)
    }

    void theDialogSaysWhatIsWrongWithAName()
    {
        fill();
        openWindow();
        trigger("create");
        auto* name = find<QLineEdit>("createName");
        QCOMPARE(name->text(), QStringLiteral("agent-3"));
        for (const char* bad : {"", "Agent", "-a", "a-", "a b", "agent-1"}) {
            name->setText(QLatin1String(bad));
            QVERIFY2(!find<QPushButton>("createConfirm")->isEnabled(), bad);
            QVERIFY(find<QLabel>("createNameProblem")->text().size() > 10);
        }
        name->setText(QStringLiteral("ok-1"));
        QVERIFY(find<QPushButton>("createConfirm")->isEnabled());
        m_engine->answer("sandbox.create", [](const api::Json&) -> Result<api::Json> {
            return fail(Error::Code::Unavailable, "The disk is full.");
        });
        click("createConfirm");
        QTRY_COMPARE(find<QLabel>("createProblem")->text(), QStringLiteral("The disk is full."));
        QVERIFY(find<QPushButton>("createConfirm")->isEnabled());
    }

    void theListFollowsTheEngine()
    {
        fill();
        openWindow();
        QTRY_COMPARE(railRows(), 5);
        api::Sandbox made;
        made.id = 9;
        made.name = "late";
        m_engine->changeSandbox(made);
        QTRY_COMPARE(railRows(), 6);
        made.state = api::SandboxState::Crashed;
        made.stateReason = "It broke.";
        m_engine->changeSandbox(made);
        selectRow(5);
        QTRY_COMPARE(find<QLabel>("crashReason")->text(), QStringLiteral("It broke."));
        QVERIFY(find<QWidget>("crashCard")->isVisible());
        m_engine->removeSandbox(9);
        QTRY_COMPARE(railRows(), 5);
        QTRY_COMPARE(find<QLabel>("sandboxName")->text(), QStringLiteral("agent-2"));
    }

    void startStopAndDeleteGoToTheEngine()
    {
        fill();
        openWindow();
        QTRY_COMPARE(find<QLabel>("sandboxName")->text(), QStringLiteral("agent-1"));
        click("headerStop");
        QTRY_VERIFY(find<QPushButton>("headerStart")->isVisible());
        click("headerStart");
        QTRY_VERIFY(find<QPushButton>("headerStop")->isVisible());
        trigger("remove");
        QVERIFY(find<QWidget>("deleteConfirm")->isVisible());
        QTRY_COMPARE(m_window->focusWidget(), find<QPushButton>("deleteNo"));
        click("deleteNo");
        QCOMPARE(m_engine->callCount("sandbox.remove"), 0);
        trigger("remove");
        click("deleteYes");
        QTRY_COMPARE(railRows(), 4);
    }

    void aFailureIsShown()
    {
        fill();
        m_engine->answer("sandbox.start", [](const api::Json&) -> Result<api::Json> {
            return fail(Error::Code::Unavailable, "No memory left on this machine.");
        });
        openWindow();
        QTRY_COMPARE(railRows(), 5);
        selectRow(3);
        click("headerStart");
        auto* banner = find<ui::theme::Banner>("problemBanner");
        QTRY_VERIFY(banner->isVisible());
        QVERIFY(banner->text().contains(QLatin1String("unknown-repo")));
        QCOMPARE(banner->detail(), QStringLiteral("No memory left on this machine."));
    }

    void anAlarmIsSaidAndLeadsToItsRows()
    {
        fill();
        openWindow();
        QTRY_COMPARE(railRows(), 5);
        auto* banner = find<ui::theme::Banner>("alarmBanner");
        QVERIFY(!banner->isVisible());
        api::CredentialAlarm alarm;
        alarm.time = nowUnixMillis();
        alarm.sandbox = m_window->book().sandboxes().front().id;
        alarm.sandboxName = "agent-1";
        alarm.credential = "github";
        alarm.host = "evil.example.com";
        alarm.text = "github was on its way to <b>evil.example.com</b>";
        m_engine->emitEvent("credential.alarm", api::toJson(alarm));
        QTRY_VERIFY(banner->isVisible());
        QVERIFY(banner->text().contains(QLatin1String("github")));
        QVERIFY(banner->detail().contains(QLatin1String("evil.example.com")));
        click("alarmBannerShow");
        QVERIFY(!banner->isVisible());
        auto* list = find<QListWidget>("alarmList");
        QTRY_VERIFY(list->isVisible());
        QCOMPARE(list->count(), 1);
        click("alarmShow");
        const auto isFiltered = [&] {
            for (const QLineEdit* filter :
                 m_window->findChildren<QLineEdit*>(QStringLiteral("egressFilter")))
                if (filter->isVisible() &&
                    filter->text() == QLatin1String("verdict:deny host:evil.example.com"))
                    return true;
            return false;
        };
        QTRY_VERIFY(isFiltered());
    }

    void renamesInPlace()
    {
        fill();
        openWindow();
        QTRY_COMPARE(railRows(), 5);
        trigger("rename");
        auto* edit = find<QLineEdit>("renameEdit");
        QVERIFY(edit->isVisible());
        edit->setText(QStringLiteral("renamed"));
        QTest::keyClick(edit, Qt::Key_Return);
        QTRY_COMPARE(find<QLabel>("sandboxName")->text(), QStringLiteral("renamed"));
    }

    void aLostEngineIsSaidLoudAndComesBack()
    {
        fill();
        openWindow();
        QTRY_COMPARE(railRows(), 5);
        auto* banner = find<ui::theme::Banner>("engineLost");
        QVERIFY(!banner->isVisible());
        m_engine->vanish();
        QTRY_VERIFY(banner->isVisible());
        QVERIFY(banner->text().contains(QLatin1String("All egress is blocked")));
        QVERIFY(find<QLabel>("statusEngine")->text().contains(QLatin1String("blocked")));
        QVERIFY(!find<QAction>("create")->isEnabled());
        m_engine->listen();
        click("engineRetry");
        QTRY_VERIFY(!banner->isVisible());
        QVERIFY(find<QAction>("create")->isEnabled());
    }

    void anOpenDefaultIsLoud()
    {
        fill();
        openWindow();
        QTRY_COMPARE(railRows(), 5);
        QTRY_VERIFY(find<QLabel>("statusMode")->text().contains(QLatin1String("Ask")));
        auto* policy = find<QComboBox>("overviewPolicy");
        QTest::keyClick(policy, Qt::Key_End);
        QTRY_VERIFY(m_engine->callCount("policy.set") > 0);
        QCOMPARE(m_engine->lastParameters("policy.set").value("defaultAction", ""),
                 std::string("allow"));
        QTRY_VERIFY(find<QLabel>("statusMode")->text().contains(QLatin1String("ALLOW")));
    }

    void thePaletteDoesWhatIsTyped()
    {
        fill();
        openWindow();
        QTRY_COMPARE(railRows(), 5);
        trigger("palette");
        auto* input = find<QLineEdit>("paletteInput");
        QTRY_VERIFY(input->hasFocus());
        QTest::keyClicks(input, QStringLiteral("pol"));
        QCOMPARE(find<QListWidget>("paletteList")->count(), 1);
        QTest::keyClick(input, Qt::Key_Return);
        QCOMPARE(find<QTabWidget>("sandboxTabs")->currentIndex(), 3);
        QVERIFY(!input->isVisible());
    }

    void theTerminalTalksToTheGuest()
    {
        fill();
        openWindow();
        QTRY_COMPARE(railRows(), 5);
        trigger("terminal");
        QTRY_COMPARE(m_engine->callCount("exec.start"), 1);
        const auto request =
            api::fromJson<api::ExecRequest>(m_engine->lastParameters("exec.start"));
        QVERIFY(request && request->pty && request->sandbox == 1 && request->columns > 20);
        QTRY_VERIFY(m_engine->callCount("exec.resize") > 0);
        m_engine->execOutput("root@agent-1:~# ");
        auto* view = find<ui::terminal::TerminalView>("terminalView");
        QTRY_VERIFY(view->visibleText().startsWith(QLatin1String("root@agent-1")));
        QTest::keyClicks(view, QStringLiteral("id"));
        QTest::keyClick(view, Qt::Key_Return);
        QTRY_COMPARE(m_engine->execInput(), std::string("id\r"));

        m_engine->execExit(3);
        auto* ended = find<ui::theme::Banner>("terminalEnded");
        QTRY_VERIFY(ended->isVisible());
        QVERIFY(ended->detail().contains(QLatin1Char('3')));
        click("terminalRestart");
        QTRY_COMPARE(m_engine->callCount("exec.start"), 2);
        QTRY_VERIFY(!ended->isVisible());
    }

    void aFloodInATerminalHoldsNothingElseUp()
    {
        fill();
        openWindow();
        QTRY_COMPARE(railRows(), 5);
        trigger("terminal");
        QTRY_VERIFY(m_engine->callCount("exec.resize") > 0);
        std::string flood;
        while (flood.size() < 60'000)
            flood += "\x1b[3" + std::to_string(flood.size() % 8) + "mflood of output\x1b[0m\r\n";
        for (int i = 0; i < 40; ++i)
            m_engine->execOutput(flood);
        m_engine->execOutput("the end");
        api::Question question;
        question.id = 77;
        question.sandbox = 1;
        question.method = "GET";
        question.scheme = "https";
        question.host = "api.example.com";
        m_engine->changeQuestion(question);
        QTRY_VERIFY(find<QToolButton>("statusQuestions")->text().contains(QLatin1Char('1')));
        auto* view = find<ui::terminal::TerminalView>("terminalView");
        QTRY_VERIFY_WITH_TIMEOUT(view->visibleText().contains(QLatin1String("the end")), 20'000);
    }

    void remembersWhereItWas()
    {
        fill();
        openWindow();
        QTRY_COMPARE(railRows(), 5);
        selectRow(2);
        trigger("egress");
        m_window->close();
        m_window.reset();
        openWindow();
        QTRY_COMPARE(find<QLabel>("sandboxName")->text(), QStringLiteral("docs-builder"));
        QCOMPARE(find<QTabWidget>("sandboxTabs")->currentIndex(), 2);
    }

    void everyControlHasANameForAssistiveTechnology()
    {
        fill();
        openWindow();
        QTRY_COMPARE(railRows(), 5);
        trigger("create");
        for (const QPushButton* button : m_window->findChildren<QPushButton*>())
            QVERIFY2(!button->isVisible() || !button->text().isEmpty() ||
                         !button->accessibleName().isEmpty(),
                     qPrintable(button->objectName()));
        for (const QLineEdit* edit : m_window->findChildren<QLineEdit*>())
            if (!edit->objectName().startsWith(QLatin1String("qt_")) && edit->isVisible())
                QVERIFY2(!edit->accessibleName().isEmpty() || hasBuddy(edit),
                         qPrintable(edit->objectName()));
    }

    // Two of the same on one page: Alt with that letter would press neither.
    void noPageHasOneMnemonicTwice()
    {
        fill();
        openWindow();
        QTRY_COMPARE(railRows(), 5);
        for (const char* tab : {"overview", "terminal", "egress", "handlers", "policy"}) {
            trigger(tab);
            checkMnemonics(tab);
        }
        click("ruleAdd");
        QTRY_VERIFY(find<QWidget>("ruleForm")->isVisible());
        find<QRadioButton>("ruleDeny")->click();
        checkMnemonics("policy with its form");
    }

private:
    void checkMnemonics(const char* page)
    {
        std::map<QString, QString> seen;
        const auto check = [&seen, page](const QString& text) {
            const QString keys = QKeySequence::mnemonic(text).toString();
            if (keys.isEmpty())
                return;
            QVERIFY2(seen.emplace(keys, text).second,
                     qPrintable(QStringLiteral("%1: %2 is “%3” and “%4”")
                                    .arg(QLatin1String(page), keys, seen.at(keys), text)));
        };
        for (const QAction* menu : m_window->menuBar()->actions())
            check(menu->text());
        for (const QAbstractButton* button : m_window->findChildren<QAbstractButton*>())
            if (button->isVisible())
                check(button->text());
        for (const QLabel* label : m_window->findChildren<QLabel*>())
            if (label->isVisible() && label->buddy() != nullptr)
                check(label->text());
    }

    // Without questions, whose window would take the keyboard.
    void fill()
    {
        m_engine->fillWithExample();
        m_engine->questions.clear();
    }

    void openWindow()
    {
        if (!m_link) {
            m_engine->listen();
            m_link =
                std::make_unique<ui::EngineLink>(m_engine->socketPath(), std::filesystem::path());
        }
        m_window = std::make_unique<ui::window::MainWindow>(*m_link, *m_theme, *m_settings);
        m_window->show();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
        if (m_link->isConnected())
            emit m_link->connected();
        else
            m_link->open();
        QTRY_VERIFY(m_link->isConnected());
        QTRY_VERIFY(m_window->book().isLoaded());
    }

    template <typename T> T* find(const char* name)
    {
        T* found = m_window->findChild<T*>(QLatin1String(name));
        if (found == nullptr)
            qFatal("no %s", name);
        return found;
    }
    void click(const char* name) { QTest::mouseClick(find<QPushButton>(name), Qt::LeftButton); }
    void trigger(const char* name) { find<QAction>(name)->trigger(); }
    int railRows() { return find<QListView>("sandboxList")->model()->rowCount(); }
    void selectRow(int row)
    {
        auto* list = find<QListView>("sandboxList");
        const QRect place = list->visualRect(list->model()->index(row, 0));
        QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, place.center());
    }
    bool hasBuddy(const QWidget* widget)
    {
        for (const QLabel* label : m_window->findChildren<QLabel*>())
            if (label->buddy() == widget)
                return true;
        return false;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<test::FakeEngine> m_engine;
    std::unique_ptr<ui::theme::Theme> m_theme;
    std::unique_ptr<ui::EngineLink> m_link;
    std::unique_ptr<ui::window::MainWindow> m_window;
};

QTEST_MAIN(WindowTest)
#include "window_test.moc"

// Pictures of the real window over a fake engine, light and dark, small and large, for a person to
// look at: PNG files in the folder that SALLYPORT_SCREENSHOTS names. Without it the windows are
// painted and thrown away, which still proves that every page comes up.

#include <cmath>

#include <QAction>
#include <QApplication>
#include <QDir>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>

#include "tests/support/fake_engine.h"
#include "ui/bridge/engine_link.h"
#include "ui/sandboxes/create_dialog.h"
#include "ui/theme/theme.h"
#include "ui/window/main_window.h"

using namespace sallyport;

namespace {

const std::string Session =
    "\x1b[1;32mroot@agent-1\x1b[0m:\x1b[1;34m~\x1b[0m# ls --color /\r\n"
    "\x1b[1;34mbin\x1b[0m   \x1b[1;34mdev\x1b[0m  \x1b[1;34mhome\x1b[0m  \x1b[1;36mlib64\x1b[0m  "
    "\x1b[1;34mmnt\x1b[0m  \x1b[1;34mproc\x1b[0m  \x1b[1;34mrun\x1b[0m   \x1b[1;34msrv\x1b[0m  "
    "\x1b[30;42mtmp\x1b[0m  \x1b[1;34mvar\x1b[0m\r\n"
    "\x1b[1;32mroot@agent-1\x1b[0m:\x1b[1;34m~\x1b[0m# git status\r\n"
    "On branch main\r\n\r\nChanges not staged for commit:\r\n"
    "        \x1b[31mmodified:   src/main.cpp\x1b[0m\r\n"
    "        \x1b[31mmodified:   README.md\x1b[0m\r\n\r\n"
    "\x1b[1;32mroot@agent-1\x1b[0m:\x1b[1;34m~\x1b[0m# curl https://api.example.com/v1/models\r\n"
    "{\"object\":\"list\",\"data\":[{\"id\":\"example-1\"},{\"id\":\"example-2\"}]}\r\n"
    "\x1b[1;32mroot@agent-1\x1b[0m:\x1b[1;34m~\x1b[0m# for i in 1 2 3 4 5 6 7; do printf "
    "\"\\e[4${i}m  \\e[0m\"; done\r\n"
    "\x1b[41m  \x1b[42m  \x1b[43m  \x1b[44m  \x1b[45m  \x1b[46m  \x1b[47m  \x1b[0m "
    "\x1b[38;5;208m256 colours\x1b[0m \x1b[38;2;120;90;240mtrue colour\x1b[0m \x1b[1mbold\x1b[0m "
    "\x1b[3mitalic\x1b[0m \x1b[4munderline\x1b[0m \x1b[7mreverse\x1b[0m \xe6\xbc\xa2\xe5\xad\x97 "
    "\xe2\x94\x9c\xe2\x94\x80\xe2\x94\xa4\r\n"
    "\x1b[1;32mroot@agent-1\x1b[0m:\x1b[1;34m~\x1b[0m# ";

std::vector<api::Check> exampleChecks()
{
    return {{"kvm", "Hardware virtualisation", api::CheckState::Warning,
             "/dev/kvm is not there: guests run in emulation, about ten times slower.",
             "sudo modprobe kvm_intel"},
            {"userns", "User namespaces", api::CheckState::Failed,
             "This kernel does not let users make namespaces, so no sandbox can be sealed off.",
             "sudo sysctl kernel.unprivileged_userns_clone=1"},
            {"disk", "Disk space", api::CheckState::Ok, "41 GiB free.", ""}};
}

} // namespace

namespace {

// A module whose last save was wrong, and what its handlers wrote.
void answerHandlers(test::FakeEngine& engine)
{
    engine.answer("module.get", [](const api::Json& parameters) -> Result<api::Json> {
        api::Module module;
        module.sandbox = parameters.at("sandbox");
        module.source = "export class MySandboxedApp extends Sandbox {\n"
                        "  static outbound = (req, env, ctx) => {\n"
                        "    // Deny any non-GET action and log\n"
                        "    if (req.method !== 'GET' {\n"
                        "      console.log(`${req.method} request to: ${req.url}`);\n"
                        "      return new Response('Not Allowed', { status: 405 });\n"
                        "    }\n"
                        "    return fetch(req);\n"
                        "  };\n"
                        "}\n";
        module.problems = {{"Unexpected token '{'. Expected ')' to end an 'if' condition.", 4, 29}};
        module.savedAt = nowUnixMillis();
        return api::toJson(module);
    });
    engine.answer("handlers.log", [](const api::Json& parameters) -> Result<api::Json> {
        const api::SandboxId sandbox = parameters.at("sandbox");
        const UnixMillis now = nowUnixMillis();
        return api::toJson(api::HandlerLinePage{
            {{3, now, sandbox, 40, "outbound", api::LineLevel::Error,
              "TypeError: undefined is not an object (evaluating 'params.hosts')", 12, 9},
             {2, now - 4000, sandbox, 39, "outbound", api::LineLevel::Info,
              "POST request to: https://api.example.com/v1/messages", 5, 7},
             {1, now - 9000, sandbox, 38, "log", api::LineLevel::Info,
              "GET https://files.example.org/archive.tar.gz", 0, 0}},
            {}});
    });
}

} // namespace

class WindowScreenshotsTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase()
    {
        m_folder = qEnvironmentVariable("SALLYPORT_SCREENSHOTS");
        if (!m_folder.isEmpty())
            QVERIFY(QDir().mkpath(m_folder));
    }

    void everyPage_data()
    {
        QTest::addColumn<bool>("dark");
        QTest::addColumn<QSize>("size");
        QTest::newRow("light-small") << false << QSize(900, 600);
        QTest::newRow("light-large") << false << QSize(1600, 1000);
        QTest::newRow("dark-small") << true << QSize(900, 600);
        QTest::newRow("dark-large") << true << QSize(1600, 1000);
    }
    void everyPage();

private:
    void shoot(QWidget& widget, const QString& name)
    {
        QTest::qWait(60); // lets layouts and collected redraws settle
        const QPixmap picture = widget.grab();
        QVERIFY(!picture.isNull());
        if (!m_folder.isEmpty())
            QVERIFY(picture.save(QStringLiteral("%1/%2-%3.png")
                                     .arg(m_folder, QLatin1String(QTest::currentDataTag()), name)));
    }

    static void makeHistory(ui::SandboxBook& book, const test::FakeEngine& engine)
    {
        book.setLeastSampleGap(0);
        for (int i = 0; i < 130; ++i) {
            for (std::size_t box : {0U, 1U}) {
                api::Sandbox sandbox = engine.sandboxes[box];
                const double wave = std::sin(i * 0.11) + std::sin(i * 0.37 + 1) * 0.5;
                sandbox.stats.cpuPercent = (40 + 30 * wave) / (box == 0 ? 1 : 6);
                sandbox.stats.memoryUsedBytes += i * 9'000'000LL / (box == 0 ? 1 : 20);
                book.take(sandbox);
            }
        }
    }

    static void trigger(QWidget& window, const char* action)
    {
        auto* found = window.findChild<QAction*>(QLatin1String(action));
        QVERIFY2(found, action);
        found->trigger();
    }

    QString m_folder;
};

void WindowScreenshotsTest::everyPage()
{
    QFETCH(const bool, dark);
    QFETCH(const QSize, size);
    ui::theme::Theme theme(*qApp);
    theme.setChoice(dark ? ui::theme::Choice::Dark : ui::theme::Choice::Light);
    QTemporaryDir settingsFolder;
    QSettings settings(settingsFolder.filePath(QStringLiteral("s.ini")), QSettings::IniFormat);

    test::FakeEngine empty;
    empty.checks = exampleChecks();
    empty.listen();
    {
        ui::EngineLink link(empty.socketPath(), {});
        ui::window::MainWindow window(link, theme, settings);
        window.resize(size);
        window.show();
        link.open();
        QTRY_VERIFY(empty.callCount("engine.doctor") > 0 && link.isConnected());
        QTest::qWait(100);
        empty.checks.clear();
        shoot(window, QStringLiteral("01-welcome-checks"));
        trigger(window, "checks");
        shoot(window, QStringLiteral("02-welcome"));
        trigger(window, "create");
        auto* dialog = window.findChild<ui::sandboxes::CreateDialog*>();
        QVERIFY(dialog);
        shoot(*dialog, QStringLiteral("03-create"));
        dialog->close();
    }

    test::FakeEngine engine;
    engine.fillWithExample();
    answerHandlers(engine);
    engine.listen();
    ui::EngineLink link(engine.socketPath(), {});
    ui::window::MainWindow window(link, theme, settings);
    window.resize(size);
    window.show();
    link.open();
    QTRY_VERIFY(link.isConnected());
    QTRY_VERIFY(engine.callCount("log.list") > 0);
    makeHistory(window.book(), engine);
    shoot(window, QStringLiteral("10-overview"));
    trigger(window, "terminal");
    QTRY_VERIFY(engine.callCount("exec.resize") > 0);
    engine.execOutput(Session);
    shoot(window, QStringLiteral("11-terminal"));
    trigger(window, "egress");
    shoot(window, QStringLiteral("12-egress"));
    trigger(window, "policy");
    shoot(window, QStringLiteral("13-policy"));
    trigger(window, "handlers");
    shoot(window, QStringLiteral("14-handlers"));
    trigger(window, "all");
    shoot(window, QStringLiteral("14-all"));
    trigger(window, "palette");
    shoot(window, QStringLiteral("15-palette"));
    QTest::keyClick(window.findChild<QLineEdit*>(QStringLiteral("paletteInput")), Qt::Key_Escape);
    trigger(window, "previousSandbox");
    trigger(window, "overview");
    shoot(window, QStringLiteral("16-crashed"));
    trigger(window, "previousSandbox");
    trigger(window, "terminal");
    shoot(window, QStringLiteral("17-not-running"));
    trigger(window, "remove");
    shoot(window, QStringLiteral("18-delete"));
    QTest::mouseClick(window.findChild<QPushButton*>(QStringLiteral("deleteNo")), Qt::LeftButton);
    trigger(window, "previousSandbox");
    trigger(window, "overview");
    shoot(window, QStringLiteral("19-first-steps"));
    engine.vanish();
    QTRY_VERIFY(link.state() == ui::EngineLink::State::Lost);
    shoot(window, QStringLiteral("20-lost"));
}

QTEST_MAIN(WindowScreenshotsTest)
#include "window_screenshots_test.moc"

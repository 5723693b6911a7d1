#include <QFloat16>

#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QCheckBox>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabWidget>
#include <QTableView>
#include <QTest>

#include "engine/api/handlers.h"
#include "engine/api/settings.h"
#include "ui/handlers/handlers_view.h"
#include "ui/handlers/module_editor.h"
#include "ui/theme/theme.h"
#include "ui2_engine.h"

using namespace sallyport;
using ui::handlers::HandlersView;
using ui::handlers::ModuleEditor;

namespace {

api::HandlerLine line(std::int64_t id, api::SandboxId sandbox, const std::string& text)
{
    api::HandlerLine made;
    made.id = id;
    made.sandbox = sandbox;
    made.handler = "outbound";
    made.text = text;
    return made;
}

struct Scene
{
    Scene()
        : view(engine.link())
    {
        engine.handle("module.get", [this](const api::Json&) -> Result<api::Json> {
            return api::toJson(module);
        });
        // One mistake is known.
        engine.handle("module.set", [this](const api::Json& parameters) -> Result<api::Json> {
            module.sandbox = 1;
            module.source = parameters.at("source");
            module.savedAt = nowUnixMillis();
            module.problems.clear();
            if (module.source.find("mistake") != std::string::npos)
                module.problems.push_back({"unexpected mistake", 1, 3});
            module.inForce = module.problems.empty();
            return api::toJson(module);
        });
        engine.handle("handlers.log", [this](const api::Json&) -> Result<api::Json> {
            return api::toJson(api::HandlerLinePage{lines, {}});
        });
        engine.handle("handlers.try", [](const api::Json& parameters) -> Result<api::Json> {
            api::TrialResult result;
            result.verdict = "answered";
            result.handler = "outbound";
            result.status = 200;
            result.statusText = "OK";
            result.headers = {{"X-By", "handler"}};
            result.body = "the body\x1b[31m";
            result.bodyBytes = 8;
            api::TrialStep step;
            step.kind = "fetch";
            step.text = parameters.at("request").at("method").get<std::string>() + " " +
                        parameters.at("request").at("url").get<std::string>();
            result.steps = {step};
            result.lines = {line(9, 1, "written in the trial")};
            result.startMs = 30;
            result.callMs = 1.5;
            return api::toJson(result);
        });
        engine.handle("settings.list", [this](const api::Json&) -> Result<api::Json> {
            return api::Json{{"settings", api::toJson(settings)}};
        });
        for (const char* method : {"settings.set", "settings.reset"})
            engine.handle(method, [this](const api::Json& parameters) -> Result<api::Json> {
                api::Setting changed;
                for (api::Setting& each : settings)
                    if (each.name == parameters.at("name").get<std::string>()) {
                        each.value = parameters.contains("value") ? parameters.at("value").dump()
                                                                  : each.inherited;
                        changed = each;
                    }
                return api::toJson(changed);
            });
        const auto setting = [this](const char* name, api::SettingType type, const char* value,
                                    std::int64_t least, std::int64_t most) {
            api::Setting made;
            made.name = name;
            made.title = "A title";
            made.type = type;
            made.value = made.inherited = made.defaultValue = value;
            made.least = least;
            made.most = most;
            made.reason =
                "Why it is so, in a sentence that is long enough to wrap in a narrow window.";
            settings.push_back(made);
        };
        setting("handler.processorTime", api::SettingType::Time, "50", 1, 10000);
        setting("handler.memory", api::SettingType::Bytes, "67108864", 16 << 20, 1 << 30);
        setting("handler.fast", api::SettingType::Flag, "false", 0, 1);
        setting("door.headBytes", api::SettingType::Bytes, "65536", 8192, 1 << 20);
        module.source = "export class A extends Sandbox {}\n";
        module.savedAt = nowUnixMillis();
        module.inForce = true;
        lines = {line(2, 1, "second"), line(1, 1, "first")};
        engine.sandboxes = {test::sandbox(1, "agent-1")};
        view.resize(900, 600);
        view.setSandbox(1);
        view.show();
        engine.openLink();
        QTRY_VERIFY(editor()->source().contains(QLatin1String("class A")));
        QTRY_COMPARE(part<QTableView>("handlerLines")->model()->rowCount(), 2);
    }

    template <typename T> T* part(const char* name) const
    {
        return view.findChild<T*>(QLatin1String(name));
    }
    ModuleEditor* editor() const { return view.findChild<ModuleEditor*>(); }
    QString state() const { return part<QLabel>("moduleState")->text(); }
    void save() const { QTest::mouseClick(part<QPushButton>("moduleSave"), Qt::LeftButton); }

    test::LineEngine engine;
    api::Module module;
    std::vector<api::HandlerLine> lines;
    std::vector<api::Setting> settings;
    HandlersView view;
};

} // namespace

class HandlersViewTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase() { ui::theme::Theme theme(*qApp); } // brings the resources in

    void savesWhatIsWritten()
    {
        Scene scene;
        QVERIFY(scene.state().contains(QLatin1String("In force")));
        QVERIFY(!scene.part<QPushButton>("moduleSave")->isEnabled());
        scene.editor()->replaceSource(QStringLiteral("export default {}\n"));
        QVERIFY(scene.part<QPushButton>("moduleSave")->isEnabled());
        QTest::keyClick(scene.editor()->focusProxy(), Qt::Key_S, Qt::ControlModifier);
        QTRY_COMPARE(scene.engine.callCount("module.set"), 1);
        QCOMPARE(scene.engine.lastCall("module.set").at("source"),
                 api::Json("export default {}\n"));
        QTRY_VERIFY(!scene.editor()->isModified());
    }

    void showsWhatIsWrongAndKeepsIt()
    {
        Scene scene;
        scene.editor()->replaceSource(QStringLiteral("a mistake\n"));
        scene.save();
        QTRY_VERIFY(scene.state().contains(QLatin1String("line 1: unexpected mistake")));
        QCOMPARE(scene.editor()->source(), QStringLiteral("a mistake\n"));
    }

    void revertsToWhatIsSaved()
    {
        Scene scene;
        scene.editor()->replaceSource(QStringLiteral("else\n"));
        QTest::mouseClick(scene.part<QPushButton>("moduleRevert"), Qt::LeftButton);
        QVERIFY(scene.editor()->source().contains(QLatin1String("class A")));
        QVERIFY(!scene.editor()->isModified());
    }

    void doesNotOverwriteWhatIsBeingWritten()
    {
        Scene scene;
        scene.editor()->replaceSource(QStringLiteral("mine\n"));
        scene.module.source = "of somebody else\n";
        scene.engine.emitEvent("handlers.changed", {{"sandbox", 1}});
        QTest::qWait(50);
        QCOMPARE(scene.editor()->source(), QStringLiteral("mine\n"));
    }

    void everyExampleIsThere()
    {
        Scene scene;
        const auto examples = scene.part<QPushButton>("moduleExamples")->menu()->actions();
        QCOMPARE(examples.size(), 4);
        for (QAction* example : examples) {
            scene.editor()->setSource({});
            example->trigger();
            QVERIFY(scene.editor()->source().contains(QLatin1String("extends Sandbox")));
            QVERIFY(scene.editor()->isModified());
        }
    }

    void linesComeAsTheyAreWritten()
    {
        Scene scene;
        const auto* table = scene.part<QTableView>("handlerLines")->model();
        scene.engine.emitEvent("handlers.line", api::toJson(line(3, 1, "third\x1b[31m")));
        scene.engine.emitEvent("handlers.line", api::toJson(line(4, 2, "of another")));
        QTRY_COMPARE(table->rowCount(), 3);
        const QString text = table->index(0, table->columnCount() - 1).data().toString();
        QVERIFY(text.startsWith(QLatin1String("third")));
        QVERIFY(!text.contains(QChar(0x1b)));
    }

    void aRequestIsTriedOnWhatIsWritten()
    {
        Scene scene;
        scene.part<QTabWidget>("handlerParts")->setCurrentIndex(1);
        scene.part<QLineEdit>("trialUrl")->setText(QStringLiteral("https://api.example.com/x"));
        scene.part<QPlainTextEdit>("trialHeaders")
            ->setPlainText(QStringLiteral("Accept: a/b\n\nX-Y:z"));
        QTest::mouseClick(scene.part<QPushButton>("trialRun"), Qt::LeftButton);
        QTRY_VERIFY(scene.part<QLabel>("trialVerdict")
                        ->text()
                        .startsWith(QLatin1String("Answered by outbound: 200")));
        api::Json call = scene.engine.lastCall("handlers.try");
        QVERIFY(!call.contains("source")); // the module in force
        QCOMPARE(call.at("send"), api::Json(false));
        QCOMPARE(call.at("request").at("headers"),
                 api::Json::parse(R"([["Accept","a/b"],["X-Y","z"]])"));
        const QString text = scene.part<QPlainTextEdit>("trialResult")->toPlainText();
        for (const char* part : {"not sent: GET https://api.example.com/x", "written in the trial",
                                 "X-By: handler", "the body"})
            QVERIFY2(text.contains(QLatin1String(part)), part);
        QVERIFY(!text.contains(QChar(0x1b)));
        // A draft is tried as it stands in the editor.
        scene.editor()->replaceSource(QStringLiteral("draft\n"));
        QTest::keyClick(scene.part<QLineEdit>("trialUrl"), Qt::Key_Return);
        QTRY_COMPARE(scene.engine.callCount("handlers.try"), 2);
        QCOMPARE(scene.engine.lastCall("handlers.try").at("source"), api::Json("draft\n"));
        scene.part<QPlainTextEdit>("trialHeaders")->setPlainText(QStringLiteral("no header"));
        QTRY_VERIFY(scene.part<QPushButton>("trialRun")->isEnabled());
        QTest::mouseClick(scene.part<QPushButton>("trialRun"), Qt::LeftButton);
        QVERIFY(scene.part<QLabel>("trialVerdict")->text().contains(QLatin1String("Not a header")));
        QCOMPARE(scene.engine.callCount("handlers.try"), 2);
    }

    void aLoggedRequestIsFilledIn()
    {
        Scene scene;
        api::RowDetail row;
        row.row = test::row(7, api::RowState::Done, "api.example.com");
        row.row.method = "PROPFIND";
        row.row.requestBytes = 12;
        row.requestHeaders = {{"Accept", "a/b"}, {"Content-Length", "12"}, {"X-Odd", "\x1b[31m"}};
        scene.view.tryRequest(row);
        QVERIFY(scene.part<QPlainTextEdit>("trialHeaders")->isVisible());
        QCOMPARE(scene.part<QComboBox>("trialMethod")->currentText(), QStringLiteral("PROPFIND"));
        QVERIFY(scene.part<QLineEdit>("trialUrl")->text().contains(
            QLatin1String("//api.example.com/")));
        QCOMPARE(scene.part<QPlainTextEdit>("trialHeaders")->toPlainText(),
                 QStringLiteral("Accept: a/b\nX-Odd: \\x1b[31m"));
        QVERIFY(
            scene.part<QLabel>("trialVerdict")->text().contains(QLatin1String("without its body")));
    }

    void limitsAreChanged()
    {
        Scene scene;
        scene.part<QTabWidget>("handlerParts")->setCurrentIndex(2);
        QTRY_VERIFY(scene.part<QSpinBox>("limit_processorTime") != nullptr);
        QVERIFY(scene.part<QSpinBox>("limit_headBytes") == nullptr); // of the door
        auto* number = scene.part<QSpinBox>("limit_processorTime");
        QCOMPARE(number->value(), 50);
        number->setValue(200);
        QTRY_COMPARE(scene.engine.callCount("settings.set"), 1);
        QCOMPARE(scene.engine.lastCall("settings.set").at("value"), api::Json(200));
        QTest::qWait(50);
        number->setValue(50); // what holds anyhow needs no setting
        QTRY_COMPARE(scene.engine.callCount("settings.reset"), 1);
        scene.part<QSpinBox>("limit_memory")->setValue(128);
        QTRY_COMPARE(scene.engine.callCount("settings.set"), 2);
        QCOMPARE(scene.engine.lastCall("settings.set").at("value"), api::Json(128 << 20));
        scene.part<QCheckBox>("limit_fast")->click();
        QTRY_COMPARE(scene.engine.callCount("settings.set"), 3);
        QCOMPARE(scene.engine.lastCall("settings.set").at("value"), api::Json(true));
    }

    void aDraftWaitsForItsSandbox()
    {
        Scene scene;
        scene.editor()->replaceSource(QStringLiteral("not saved yet\n"));
        scene.view.setSandbox(2);
        QTRY_VERIFY(scene.editor()->source().contains(QLatin1String("class A")));
        QVERIFY(!scene.editor()->isModified());
        scene.view.setSandbox(1);
        QTRY_COMPARE(scene.editor()->source(), QStringLiteral("not saved yet\n"));
        QVERIFY(scene.editor()->isModified());
        QTest::mouseClick(scene.part<QPushButton>("moduleRevert"), Qt::LeftButton);
        scene.view.setSandbox(2);
        scene.view.setSandbox(1);
        QTRY_VERIFY(scene.editor()->source().contains(QLatin1String("class A")));
    }

    void aLineLeadsToItsRequest()
    {
        Scene scene;
        api::HandlerLine with = line(5, 1, "of a request");
        with.row = 42;
        scene.engine.emitEvent("handlers.line", api::toJson(with));
        auto* table = scene.part<QTableView>("handlerLines");
        QTRY_COMPARE(table->model()->rowCount(), 3);
        QSignalSpy wanted(&scene.view, &HandlersView::rowRequested);
        QTest::mouseClick(table->viewport(), Qt::LeftButton, {},
                          table->visualRect(table->model()->index(0, 1)).center());
        QCOMPARE(wanted.count(), 1);
        QCOMPARE(wanted.at(0).at(0).toLongLong(), 42);
        // Lines without a request lead nowhere; other columns only select.
        QTest::mouseClick(table->viewport(), Qt::LeftButton, {},
                          table->visualRect(table->model()->index(1, 1)).center());
        QTest::mouseClick(table->viewport(), Qt::LeftButton, {},
                          table->visualRect(table->model()->index(0, 3)).center());
        QCOMPARE(wanted.count(), 1);
        table->setCurrentIndex(table->model()->index(0, 0));
        QTest::keyClick(table, Qt::Key_Return);
        QCOMPARE(wanted.count(), 2);
    }

    // For the eye: SALLYPORT_SCREENSHOTS names a folder.
    void screenshots()
    {
        const QString folder = qEnvironmentVariable("SALLYPORT_SCREENSHOTS");
        if (folder.isEmpty())
            return;
        Scene scene;
        for (int tab = 0; tab < 3; ++tab) {
            scene.part<QTabWidget>("handlerParts")->setCurrentIndex(tab);
            if (tab == 1) {
                QTest::mouseClick(scene.part<QPushButton>("trialRun"), Qt::LeftButton);
                QTRY_VERIFY(scene.part<QLabel>("trialVerdict")
                                ->text()
                                .startsWith(QLatin1String("Answered")));
            }
            QTest::qWait(100);
            for (const QSize& size : {QSize(1000, 760), QSize(620, 560)}) {
                scene.view.resize(size);
                QTest::qWait(50);
                scene.view.grab().save(
                    QStringLiteral("%1/handlers-%2-%3.png").arg(folder).arg(tab).arg(size.width()));
            }
        }
    }
};

QTEST_MAIN(HandlersViewTest)
#include "handlers_view_test.moc"

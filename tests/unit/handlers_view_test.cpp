#include <QFloat16>

#include <QAction>
#include <QApplication>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QTableView>
#include <QTest>

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
};

QTEST_MAIN(HandlersViewTest)
#include "handlers_view_test.moc"

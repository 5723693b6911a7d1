#include <QFloat16>

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDir>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTableWidget>
#include <QTest>

#include "ui/bindings/binding_text.h"
#include "ui/bindings/bindings_window.h"
#include "ui/bridge/sandbox_book.h"
#include "ui/theme/theme.h"
#include "ui2_engine.h"

using namespace sallyport;
using api::BindingAccess;
using api::BindingKind;
using api::BindingReach;
using ui::bindings::BindingsWindow;

namespace {

api::Binding binding(BindingKind kind, const std::string& name)
{
    api::Binding made;
    made.kind = kind;
    made.name = name;
    made.mostBytes = std::int64_t{1} << 30;
    return made;
}

struct Scene
{
    Scene()
        : book(engine.link())
        , window(engine.link(), book)
    {
        engine.sandboxes = {test::sandbox(1, "agent-1"), test::sandbox(2, "web")};
        bindings = {binding(BindingKind::Kv, "cache"), binding(BindingKind::Objects, "data"),
                    binding(BindingKind::Service, "model"),
                    binding(BindingKind::Service, "web-dev")};
        bindings[0].entries = 450;
        bindings[0].bytes = 12345;
        bindings[0].uses = {
            {1, BindingAccess::ReadWrite, "KV", BindingReach::Sandbox},
            {std::nullopt, BindingAccess::ReadOnly, "CACHE", BindingReach::Handlers}};
        bindings[0].note = "what the builds have fetched";
        bindings[1].entries = 1;
        bindings[1].bytes = 300000;
        bindings[2].port = 11434;
        bindings[2].uses = {{1, BindingAccess::ReadOnly, "MODEL", BindingReach::Sandbox}};
        bindings[3].port = 8000;
        bindings[3].owner = 2;
        engine.handle("bindings.list", [this](const api::Json&) -> Result<api::Json> {
            return api::Json{{"bindings", api::toJson(bindings)}};
        });
        engine.handle("bindings.create", [this](const api::Json& call) -> Result<api::Json> {
            const auto made = *api::member<api::Binding>(call, "binding");
            if (made.name == "taken")
                return fail(Error::Code::Exists, "there is a namespace 'taken' already");
            bindings.push_back(made);
            return api::toJson(made);
        });
        engine.handle("bindings.update", [this](const api::Json& call) -> Result<api::Json> {
            const auto changed = *api::member<api::Binding>(call, "binding");
            for (api::Binding& each : bindings)
                if (each.kind == changed.kind && each.name == changed.name)
                    each = changed;
            return api::toJson(changed);
        });
        engine.handle("bindings.remove", [this](const api::Json& call) -> Result<api::Json> {
            const auto gone = call.at("name").get<std::string>();
            std::erase_if(bindings, [&](const auto& each) { return each.name == gone; });
            return api::Json::object();
        });
        const auto answerUse = [this](const api::Json& call) -> Result<api::Json> {
            return api::toJson(named(call.at("name").get<std::string>()));
        };
        engine.handle("bindings.bind", answerUse);
        engine.handle("bindings.unbind", answerUse);
        engine.handle("kv.list", [](const api::Json& call) -> Result<api::Json> {
            api::KvPage page;
            const int from = call.contains("cursor") ? 200 : 0;
            const std::string prefix = call.at("prefix").get<std::string>();
            for (int i = from; i < std::min(from + 200, 450) && prefix != "none"; ++i)
                page.keys.push_back({prefix + "key-" + std::to_string(i), i, {}, "null", 1});
            if (from == 0 && prefix.empty())
                page.cursor = "more";
            return api::toJson(page);
        });
        engine.handle("kv.get", [](const api::Json&) -> Result<api::Json> {
            return api::toJson(api::ContentPiece{"first\nsec\x1bond", 13, "0"});
        });
        engine.handle("kv.delete",
                      [](const api::Json&) -> Result<api::Json> { return api::Json::object(); });
    }

    const api::Binding& named(const std::string& name) const
    {
        return *std::find_if(bindings.begin(), bindings.end(),
                             [&](const auto& each) { return each.name == name; });
    }
    void open()
    {
        window.show();
        engine.openLink();
        QTRY_COMPARE(table()->rowCount(), static_cast<int>(bindings.size()));
        QTRY_COMPARE(static_cast<int>(book.sandboxes().size()), 2);
    }
    void browse()
    {
        table()->selectRow(0);
        click("bindingBrowse");
        QTRY_COMPARE(part<QTableWidget>("contentsTable")->rowCount(), 200);
    }
    template <typename T> T* part(const char* name) const
    {
        return window.findChild<T*>(QLatin1String(name));
    }
    QTableWidget* table() const { return part<QTableWidget>("bindingTable"); }
    QTableWidget* uses() const { return part<QTableWidget>("useTable"); }
    void click(const char* name) const
    {
        QTest::mouseClick(part<QPushButton>(name), Qt::LeftButton);
    }
    void type(const char* name, const char* text) const
    {
        part<QLineEdit>(name)->setText(QLatin1String(text));
    }

    test::LineEngine engine;
    std::vector<api::Binding> bindings;
    ui::SandboxBook book;
    BindingsWindow window;
};

QString cell(const QTableWidget* table, int row, int column)
{
    return table->item(row, column)->text();
}

} // namespace

class BindingsWindowTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase() { ui::theme::Theme theme(*qApp); } // brings the resources in

    void listsWhatThereIsAndWhoMayUseIt()
    {
        Scene scene;
        scene.open();
        QTRY_COMPARE(cell(scene.table(), 0, 3), QStringLiteral("agent-1, All"));
        QVERIFY(cell(scene.table(), 0, 2).startsWith(QLatin1String("450 keys, ")));
        QCOMPARE(cell(scene.table(), 2, 2), QStringLiteral("127.0.0.1:11434"));
        QCOMPARE(cell(scene.table(), 3, 2), QStringLiteral("web:8000"));
        QCOMPARE(cell(scene.table(), 3, 3), QStringLiteral("–"));
        scene.table()->selectRow(0);
        QCOMPARE(scene.uses()->rowCount(), 2);
        QCOMPARE(cell(scene.uses(), 0, 1), QStringLiteral("Read and write"));
        QCOMPARE(cell(scene.uses(), 1, 2), QStringLiteral("Handlers only"));
        QCOMPARE(cell(scene.uses(), 1, 3), QStringLiteral("env.CACHE"));
        scene.table()->selectRow(3);
        QCOMPARE(scene.uses()->rowCount(), 0);
        QVERIFY(scene.part<QLabel>("noUses")->isVisible());
        QVERIFY(!scene.part<QPushButton>("bindingBrowse")->isEnabled());
        scene.click("bindingCopy");
        QCOMPARE(QApplication::clipboard()->text(),
                 QStringLiteral("http://web-dev.service.sallyport.internal/"));
    }

    void saysWhatItIsForWhereThereIsNothing()
    {
        Scene scene;
        scene.bindings.clear();
        scene.open();
        QTRY_VERIFY(scene.part<QPushButton>("bindingFirst")->isVisible());
        scene.click("bindingFirst");
        QVERIFY(!scene.part<QPushButton>("bindingSave")->isEnabled());
        scene.type("bindingName", "No");
        QVERIFY(!scene.part<QPushButton>("bindingSave")->isEnabled());
        scene.type("bindingName", "taken");
        scene.click("bindingSave");
        QTRY_VERIFY(
            scene.part<QLabel>("bindingProblem")->text().contains(QLatin1String("already")));
        scene.type("bindingName", "cache");
        scene.part<QSpinBox>("bindingMost")->setValue(5);
        scene.click("bindingSave");
        QTRY_COMPARE(scene.table()->rowCount(), 1);
        QTRY_VERIFY(scene.part<QWidget>("bindingDialog") == nullptr);
        QTRY_VERIFY(scene.table()->isVisible());
        const api::Json made = scene.engine.lastCall("bindings.create").at("binding");
        QCOMPARE(made.at("mostBytes").get<std::int64_t>(), std::int64_t{5} << 20);
    }

    void makesAServiceOfAnotherSandbox()
    {
        Scene scene;
        scene.open();
        scene.click("bindingAdd");
        auto* kind = scene.part<QComboBox>("bindingKind");
        kind->setCurrentIndex(kind->findData(static_cast<int>(BindingKind::Service)));
        QVERIFY(!scene.part<QSpinBox>("bindingMost")->isVisible());
        scene.type("bindingName", "shop");
        scene.part<QSpinBox>("bindingPort")->setValue(3000);
        auto* owner = scene.part<QComboBox>("bindingOwner");
        owner->setCurrentIndex(owner->findData(qint64{2}));
        scene.click("bindingSave");
        QTRY_COMPARE(scene.table()->rowCount(), 5);
        const api::Json made = scene.engine.lastCall("bindings.create").at("binding");
        QCOMPARE(made.at("port").get<int>(), 3000);
        QCOMPARE(made.at("owner").get<int>(), 2);
        // It is the one that is chosen, so that it can be bound next.
        QTRY_COMPARE(scene.part<QLabel>("usesHeading")->text(), QStringLiteral("Who may use shop"));
    }

    void changesOne()
    {
        Scene scene;
        scene.open();
        scene.table()->selectRow(2);
        scene.click("bindingEdit");
        QVERIFY(!scene.part<QLineEdit>("bindingName")->isEnabled());
        scene.part<QSpinBox>("bindingPort")->setValue(9999);
        scene.click("bindingSave");
        QTRY_COMPARE(cell(scene.table(), 2, 2), QStringLiteral("127.0.0.1:9999"));
    }

    void removesAfterAsking()
    {
        Scene scene;
        scene.open();
        scene.table()->selectRow(0);
        scene.click("bindingRemove");
        QCOMPARE(scene.engine.callCount("bindings.remove"), 0);
        scene.click("bindingRemoveConfirm");
        QTRY_COMPARE(scene.table()->rowCount(), 3);
        QCOMPARE(scene.engine.lastCall("bindings.remove"),
                 (api::Json{{"kind", "kv"}, {"name", "cache"}, {"force", true}}));
    }

    void bindsAndUnbinds()
    {
        Scene scene;
        scene.open();
        scene.table()->selectRow(1);
        scene.click("useAdd");
        QCOMPARE(scene.part<QLineEdit>("useVariable")->text(), QStringLiteral("DATA"));
        scene.part<QComboBox>("useReach")->setCurrentIndex(1);
        scene.type("useVariable", "");
        QVERIFY(!scene.part<QPushButton>("useSave")->isEnabled());
        scene.type("useVariable", "FILES");
        scene.part<QComboBox>("useAccess")->setCurrentIndex(1);
        scene.click("useSave");
        QTRY_COMPARE(scene.engine.callCount("bindings.bind"), 1);
        QCOMPARE(scene.engine.lastCall("bindings.bind"), (api::Json{{"kind", "objects"},
                                                                    {"name", "data"},
                                                                    {"sandbox", 1},
                                                                    {"access", "readOnly"},
                                                                    {"reach", "handlers"},
                                                                    {"variable", "FILES"}}));
        scene.table()->selectRow(0);
        scene.uses()->selectRow(1);
        scene.click("useRemove");
        QTRY_COMPARE(scene.engine.callCount("bindings.unbind"), 1);
        QCOMPARE(scene.engine.lastCall("bindings.unbind"),
                 (api::Json{{"kind", "kv"}, {"name", "cache"}}));
        scene.uses()->selectRow(0);
        scene.click("useChange");
        QTRY_VERIFY(scene.part<QComboBox>("useSandbox") != nullptr);
        QCOMPARE(scene.part<QComboBox>("useSandbox")->currentText(), QStringLiteral("agent-1"));
        QCOMPARE(scene.part<QLineEdit>("useVariable")->text(), QStringLiteral("KV"));
    }

    void showsWhatOneHoldsAPageAtATime()
    {
        Scene scene;
        scene.open();
        scene.browse();
        auto* keys = scene.part<QTableWidget>("contentsTable");
        QVERIFY(scene.part<QPushButton>("contentsMore")->isVisible());
        scene.click("contentsMore");
        QTRY_COMPARE(keys->rowCount(), 400);
        QCOMPARE(scene.part<QLabel>("contentsState")->text(), QStringLiteral("400 in all"));
        keys->selectRow(3);
        QTRY_COMPARE(scene.part<QPlainTextEdit>("contentsValue")->toPlainText(),
                     QStringLiteral("first\nsec\\x1bond"));
        QCOMPARE(scene.engine.lastCall("kv.get"),
                 (api::Json{{"namespace", "cache"}, {"key", "key-3"}}));
        scene.click("contentsDelete");
        scene.click("contentsDeleteConfirm");
        QTRY_COMPARE(keys->rowCount(), 399);
        scene.type("contentsPrefix", "none");
        QTRY_COMPARE(scene.part<QLabel>("contentsState")->text(),
                     QStringLiteral("No key begins so."));
        QCOMPARE(keys->rowCount(), 0);
    }

    void followsWhatOthersChange()
    {
        Scene scene;
        scene.open();
        scene.bindings.push_back(binding(BindingKind::Kv, "later"));
        scene.engine.emitEvent("bindings.changed", api::Json::object());
        QTRY_COMPARE(scene.table()->rowCount(), 5);
        scene.engine.stop();
        QTRY_VERIFY(!scene.part<QPushButton>("bindingAdd")->isEnabled());
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
            keep(scene.window, QStringLiteral("bindings-") + look);
            scene.window.resize(560, 520);
            keep(scene.window, QStringLiteral("bindings-small-") + look);
            scene.click("bindingAdd");
            keep(*scene.part<QWidget>("bindingDialog"), QStringLiteral("binding-") + look);
            scene.click("useAdd");
            keep(*scene.part<QWidget>("useDialog"), QStringLiteral("binding-use-") + look);
            scene.browse();
            scene.part<QTableWidget>("contentsTable")->selectRow(0);
            QTRY_VERIFY(!scene.part<QPlainTextEdit>("contentsValue")->toPlainText().isEmpty());
            keep(*scene.part<QWidget>("contentsDialog"),
                 QStringLiteral("binding-contents-") + look);
            Scene empty;
            empty.bindings.clear();
            empty.open();
            QTRY_VERIFY(empty.part<QPushButton>("bindingFirst")->isVisible());
            keep(empty.window, QStringLiteral("bindings-empty-") + look);
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

QTEST_MAIN(BindingsWindowTest)
#include "bindings_window_test.moc"

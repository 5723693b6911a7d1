#include <QAbstractItemModelTester>
#include <QClipboard>
#include <QElapsedTimer>
#include <QGuiApplication>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>
#include <QToolButton>

#include "engine/api/row_kind.h"
#include "ui/egress/egress_view.h"
#include "ui/egress/row_model.h"
#include "ui/policy/rule_book.h"
#include "ui2_engine.h"

using namespace sallyport;
using ui::egress::EgressView;
using ui::egress::RowModel;

namespace {

// A view over one engine.
struct Scene
{
    explicit Scene(int rows = 0)
        : view(engine.link())
    {
        engine.sandboxes = {test::sandbox(1, "agent-1"), test::sandbox(2, "build")};
        for (int id = 1; id <= rows; ++id)
            engine.rows.push_back(test::row(id, api::RowState::Done, "api.example.com"));
        view.resize(1100, 500);
        view.show();
        engine.openLink();
        QTRY_COMPARE(rowCount(), rows);
    }

    template <typename T> T* part(const char* name) const
    {
        return view.findChild<T*>(QLatin1String(name));
    }
    QTableView* table() const { return part<QTableView>("egressTable"); }
    int rowCount() const { return table()->model()->rowCount(); }
    QString cell(int row, int column) const
    {
        return table()->model()->index(row, column).data().toString();
    }
    void filter(const QString& text) { view.setFilterText(text); }
    // The action of the context menu of a row.
    void trigger(int row, const char* action)
    {
        const QPoint at = table()->visualRect(table()->model()->index(row, RowModel::Url)).center();
        emit table()->customContextMenuRequested(at);
        auto* menu = view.findChild<QMenu*>(QStringLiteral("egressMenu"));
        QVERIFY(menu != nullptr);
        auto* found = menu->findChild<QAction*>(QLatin1String(action));
        QVERIFY2(found != nullptr, action);
        found->trigger();
        menu->close();
    }

    test::LineEngine engine;
    EgressView view;
};

} // namespace

class EgressViewTest : public QObject
{
    Q_OBJECT

private slots:
    void saysWhenThereIsNothing()
    {
        Scene scene;
        QVERIFY(scene.part<QWidget>("egressEmpty")->isVisible());
        QCOMPARE(scene.part<QLabel>("egressEmptyTitle")->text(), QStringLiteral("No requests yet"));
    }

    void showsEveryColumn()
    {
        Scene scene(3);
        QTRY_COMPARE(scene.cell(2, RowModel::Method), QStringLiteral("GET"));
        QCOMPARE(scene.cell(2, RowModel::Url),
                 QStringLiteral("https://api.example.com/v1/items/3"));
        QCOMPARE(scene.cell(2, RowModel::Verdict), QStringLiteral("Allowed"));
        QCOMPARE(scene.cell(2, RowModel::DecidedBy), QStringLiteral("Rule"));
        QCOMPARE(scene.cell(2, RowModel::Status), QStringLiteral("200"));
        QCOMPARE(scene.cell(2, RowModel::Sandbox), QStringLiteral("agent-1"));
        QVERIFY(!scene.cell(2, RowModel::Time).isEmpty());
        QVERIFY(!scene.cell(2, RowModel::Bytes).isEmpty());
        QCOMPARE(scene.cell(2, RowModel::Duration), QStringLiteral("43 ms"));
    }

    void hidesTheSandboxOfOneSandbox()
    {
        Scene scene(3);
        QVERIFY(!scene.table()->isColumnHidden(RowModel::Sandbox));
        scene.view.setSandbox(1);
        QVERIFY(scene.table()->isColumnHidden(RowModel::Sandbox));
        scene.view.setSandbox(2);
        QTRY_COMPARE(scene.rowCount(), 0);
    }

    void takesLiveRowsInBatches()
    {
        Scene scene(10);
        QSignalSpy inserted(scene.table()->model(), &QAbstractItemModel::rowsInserted);
        for (int id = 11; id <= 210; ++id)
            scene.engine.store(test::row(id, api::RowState::Done, "cdn.example.com"));
        QTRY_COMPARE(scene.rowCount(), 210);
        QVERIFY(inserted.size() < 20);
        QCOMPARE(scene.cell(209, RowModel::Url),
                 QStringLiteral("https://cdn.example.com/v1/items/210"));
    }

    void changesRowsInPlace()
    {
        Scene scene(5);
        api::Row held = test::row(6, api::RowState::Held, "api.example.com");
        scene.engine.store(held);
        QTRY_COMPARE(scene.rowCount(), 6);
        QCOMPARE(scene.cell(5, RowModel::Verdict), QStringLiteral("Waiting"));
        QCOMPARE(scene.cell(5, RowModel::DecidedBy), QStringLiteral("You, when you answer"));
        scene.engine.store(test::row(6, api::RowState::Denied, "api.example.com"));
        QTRY_COMPARE(scene.cell(5, RowModel::Verdict), QStringLiteral("Denied"));
        QCOMPARE(scene.rowCount(), 6);
    }

    void followsUntilScrolledUp()
    {
        Scene scene(300);
        auto* follow = scene.part<QToolButton>("egressFollow");
        QScrollBar* bar = scene.table()->verticalScrollBar();
        QTRY_VERIFY(follow->isChecked() && bar->value() == bar->maximum());
        scene.engine.store(test::row(301, api::RowState::Done, "a.example"));
        QTRY_COMPARE(scene.rowCount(), 301);
        QTRY_COMPARE(bar->value(), bar->maximum());
        bar->setValue(bar->maximum() - 50);
        QVERIFY(!follow->isChecked());
        const int where = bar->value();
        for (int id = 302; id <= 305; ++id)
            scene.engine.store(test::row(id, api::RowState::Done, "a.example"));
        auto* fresh = scene.part<QPushButton>("egressNew");
        QTRY_COMPARE(fresh->text(), QStringLiteral("4 new"));
        QVERIFY(fresh->isVisible());
        QCOMPARE(bar->value(), where);
        QTest::mouseClick(fresh, Qt::LeftButton);
        QVERIFY(follow->isChecked());
        QCOMPARE(bar->value(), bar->maximum());
        QVERIFY(!fresh->isVisible());
    }

    void filtersByTokensAndWords()
    {
        Scene scene(20);
        scene.engine.store(test::row(21, api::RowState::Denied, "bad.example.net"));
        QTRY_COMPARE(scene.rowCount(), 21);
        scene.filter(QStringLiteral("verdict:deny"));
        QTRY_COMPARE(scene.rowCount(), 1);
        scene.filter(QStringLiteral("host:bad items"));
        QTRY_COMPARE(scene.rowCount(), 1);
        scene.filter(QStringLiteral("nothing like it"));
        QTRY_VERIFY(scene.part<QWidget>("egressEmpty")->isVisible());
        QTest::mouseClick(scene.part<QPushButton>("egressClear"), Qt::LeftButton);
        QTRY_COMPARE(scene.rowCount(), 21);
        scene.filter(QStringLiteral("verdict:perhaps"));
        QVERIFY(scene.part<QLabel>("egressProblem")->isVisible());
    }

    void togglesNarrow()
    {
        Scene scene(5);
        scene.engine.store(test::row(6, api::RowState::Held, "a.example"));
        scene.engine.store(test::row(7, api::RowState::Failed, "a.example"));
        scene.engine.store(test::row(8, api::RowState::Denied, "a.example"));
        QTRY_COMPARE(scene.rowCount(), 8);
        const std::vector<std::pair<const char*, QString>> toggles = {
            {"egressDenied", QStringLiteral("Denied")},
            {"egressWaiting", QStringLiteral("Waiting")},
            {"egressErrors", QStringLiteral("Failed")}};
        for (const auto& [name, word] : toggles) {
            QTest::mouseClick(scene.part<QToolButton>(name), Qt::LeftButton);
            QTRY_COMPARE(scene.rowCount(), 1);
            QTRY_COMPARE(scene.cell(0, RowModel::Verdict), word);
        }
        QTest::mouseClick(scene.part<QToolButton>("egressAll"), Qt::LeftButton);
        QTRY_COMPARE(scene.rowCount(), 8);
    }

    void rowsLeaveAFilterThatTheyNoLongerMatch()
    {
        Scene scene(0);
        scene.filter(QStringLiteral("state:held"));
        scene.engine.store(test::row(1, api::RowState::Held, "a.example"));
        QTRY_COMPARE(scene.rowCount(), 1);
        scene.engine.store(test::row(1, api::RowState::Denied, "a.example"));
        QTRY_COMPARE(scene.rowCount(), 0);
    }

    void explainsARow()
    {
        Scene scene(5);
        scene.table()->selectRow(2);
        auto* detail = scene.part<QWidget>("egressDetail");
        QTRY_VERIFY(detail->isVisible());
        QTRY_VERIFY(scene.engine.callCount("log.get") > 0);
        QTest::keyClick(scene.table(), Qt::Key_Escape);
        QTRY_VERIFY(!detail->isVisible());
    }

    void showsARowThatSomebodyElseNames()
    {
        Scene scene(5);
        auto* detail = scene.part<QWidget>("egressDetail");
        scene.view.showRow(2);
        QTRY_VERIFY(detail->isVisible());
        QTRY_COMPARE(scene.table()->selectionModel()->selectedRows().size(), 1);
        QCOMPARE(scene.table()->selectionModel()->selectedRows().first().row(), 1);
        // Also one that the filter leaves out: its details show, and nothing is selected.
        scene.filter(QStringLiteral("host:nowhere.example"));
        QTRY_COMPARE(scene.rowCount(), 0);
        QTest::keyClick(scene.part<QWidget>("egressDetail"), Qt::Key_Escape);
        scene.view.showRow(3);
        QTRY_VERIFY(detail->isVisible());
    }

    void deniesAHostAndTakesItBack()
    {
        Scene scene(5);
        scene.trigger(1, "menuDeny");
        QTRY_COMPARE(scene.engine.callCount("rules.add"), 1);
        const auto rule = *api::fromJson<api::Rule>(scene.engine.lastCall("rules.add").at("rule"));
        QCOMPARE(rule.action, api::Action::Deny);
        QCOMPARE(rule.match.host, std::string("api.example.com"));
        QCOMPARE(rule.sandbox, std::optional<api::SandboxId>(1));
        auto* undo = scene.part<QPushButton>("toastUndo");
        QTRY_VERIFY(undo->isVisible());
        QTest::mouseClick(undo, Qt::LeftButton);
        QTRY_COMPARE(scene.engine.rules.size(), std::size_t(0));
    }

    void filtersAndCopiesFromTheMenu()
    {
        Scene scene(5);
        scene.trigger(1, "menuCopyUrl");
        QCOMPARE(QGuiApplication::clipboard()->text(),
                 QStringLiteral("https://api.example.com/v1/items/2"));
        scene.trigger(1, "menuCopyCurl");
        QTRY_VERIFY(QGuiApplication::clipboard()->text().contains(QStringLiteral("curl")));
        scene.trigger(1, "menuFilterHost");
        QCOMPARE(scene.part<QLineEdit>("egressFilter")->text(),
                 QStringLiteral("host:api.example.com"));
    }

    void aRowCanBeTriedInTheHandlers()
    {
        Scene scene(5);
        std::vector<api::RowDetail> asked;
        QObject::connect(&scene.view, &ui::egress::EgressView::trialRequested, &scene.view,
                         [&](const api::RowDetail& row) { asked.push_back(row); });
        scene.trigger(1, "menuTry");
        QTRY_COMPARE(asked.size(), std::size_t(1));
        QCOMPARE(asked.front().row.path, std::string("/v1/items/2"));
        QVERIFY(!asked.front().requestHeaders.empty());
    }

    void heldRowsLeadToTheirQuestion()
    {
        Scene scene(2);
        api::Row held = test::row(3, api::RowState::Held, "a.example");
        held.question = 77;
        scene.engine.store(held);
        QTRY_COMPARE(scene.rowCount(), 3);
        QSignalSpy asked(&scene.view, &EgressView::questionRequested);
        scene.trigger(2, "menuAnswer");
        QCOMPARE(asked.size(), 1);
        QCOMPARE(asked.first().first().toLongLong(), 77);
    }

    void modelKeepsItsPromises()
    {
        test::LineEngine engine;
        ui::policy::RuleBook rules(engine.link());
        RowModel model(engine.link(), rules);
        QAbstractItemModelTester tester(&model,
                                        QAbstractItemModelTester::FailureReportingMode::QtTest);
        for (int id = 1; id <= 700; ++id)
            engine.rows.push_back(test::row(id, api::RowState::Done, "a.example"));
        engine.openLink();
        QTRY_COMPARE(model.rowCount(), 700);
        engine.store(test::row(701, api::RowState::Held, "b.example"));
        QTRY_COMPARE(model.rowCount(), 701);
        ui::egress::Filter filter;
        filter.wire.state = api::RowState::Held;
        model.setFilter(filter);
        QTRY_COMPARE(model.rowCount(), 1);
        engine.store(test::row(701, api::RowState::Denied, "b.example"));
        QTRY_COMPARE(model.rowCount(), 0);
    }

    void idsThatAreNoRowsGoWhenTheyAreLookedAt()
    {
        test::LineEngine engine;
        ui::policy::RuleBook rules(engine.link());
        RowModel model(engine.link(), rules);
        for (int id = 1; id <= 2000; ++id) {
            if (id < 500 || id > 599)
                engine.rows.push_back(test::row(id, api::RowState::Done, "a.example"));
        }
        engine.openLink();
        QTRY_COMPARE(model.rowCount(), 2000);
        QTRY_VERIFY((void(model.rowAt(550)), model.rowCount() == 1900));
        QTRY_VERIFY(model.rowAt(499) != nullptr);
        QCOMPARE(model.idAt(499), api::RowId(600));
    }

    void readsAFilteredLogToItsStart()
    {
        test::LineEngine engine;
        ui::policy::RuleBook rules(engine.link());
        RowModel model(engine.link(), rules);
        for (int id = 1; id <= 4000; ++id)
            engine.rows.push_back(
                test::row(id, id % 2 ? api::RowState::Done : api::RowState::Denied, "a.example"));
        engine.openLink();
        ui::egress::Filter filter;
        filter.wire.verdict = api::Action::Deny;
        model.setFilter(filter);
        QTRY_COMPARE(model.rowCount(), 2000);
        QTRY_VERIFY(model.isComplete());
        QCOMPARE(model.idAt(0), api::RowId(2));
        QCOMPARE(model.idAt(1999), api::RowId(4000));
    }

    void offersATunnelToAClientThatDistrusts()
    {
        Scene scene(1);
        scene.table()->selectRow(0);
        QTRY_VERIFY(scene.part<QPushButton>("detailAllow")->isVisible());
        QVERIFY(!scene.part<QPushButton>("detailTunnel")->isVisible());
        api::Row row = test::row(2, api::RowState::Failed, "pins.example");
        row.protocol = "tls";
        row.error = std::string(api::DistrustsCertificate) + " (alert unknown CA)";
        scene.engine.store(row);
        QTRY_COMPARE(scene.rowCount(), 2);
        scene.table()->selectRow(1);
        QTRY_VERIFY(scene.part<QPushButton>("detailTunnel")->isVisible());
        scene.part<QPushButton>("detailTunnel")->click();
        QTRY_COMPARE(scene.engine.callCount("sandbox.setOutboundByHost"), 1);
        const api::Json sent = scene.engine.lastCall("sandbox.setOutboundByHost");
        QVERIFY(sent.at("host") == "pins.example" && sent.at("name") == "tunnel");
        QTRY_VERIFY(scene.part<QPushButton>("toastUndo")->isVisible());
        scene.part<QPushButton>("toastUndo")->click();
        QTRY_COMPARE(scene.engine.callCount("sandbox.removeOutboundByHost"), 1);
    }

    void aMillionRowsOpenAtOnce()
    {
        constexpr api::RowId Count = 1'000'000;
        Scene scene;
        scene.engine.handle("log.list", [](const api::Json& parameters) {
            const api::RowId limit = parameters.value("limit", 100);
            api::RowPage page;
            if (parameters.contains("after")) {
                page.rows.push_back(test::row(1, api::RowState::Done, "a.example"));
                return Result<api::Json>(api::toJson(page));
            }
            const api::RowId before = parameters.value("before", Count + 1);
            for (api::RowId id = before - 1; id > 0 && id >= before - limit; --id)
                page.rows.push_back(test::row(id, api::RowState::Done, "a.example"));
            if (page.rows.back().id > 1)
                page.before = page.rows.back().id;
            return Result<api::Json>(api::toJson(page));
        });
        QElapsedTimer timer;
        timer.start();
        scene.view.setSandbox(0);
        QTRY_COMPARE(scene.rowCount(), int(Count));
        const qint64 opened = timer.elapsed();
        scene.table()->scrollTo(scene.table()->model()->index(500'000, 0));
        timer.restart();
        QTRY_COMPARE(scene.cell(500'000, RowModel::Url),
                     QStringLiteral("https://a.example/v1/items/500001"));
        qInfo("a million rows: opened in %lld ms, page in %lld ms", opened, timer.elapsed());
        QVERIFY(opened < 1500);
        const int calls = scene.engine.callCount("log.list");
        QScrollBar* bar = scene.table()->verticalScrollBar();
        for (int i = 0; i < 200; ++i) {
            bar->setValue(i * 4000);
            QCoreApplication::processEvents();
        }
        QTest::qWait(100);
        QVERIFY2(scene.engine.callCount("log.list") - calls < 210,
                 "what is scrolled past is not fetched");
    }

    void comesBackWithTheEngine()
    {
        Scene scene(10);
        scene.engine.hangUp();
        QTRY_VERIFY(!scene.engine.link().isConnected());
        scene.engine.rows.push_back(test::row(11, api::RowState::Done, "a.example"));
        QTRY_VERIFY_WITH_TIMEOUT(scene.engine.link().isConnected(), 10'000);
        QTRY_COMPARE(scene.rowCount(), 11);
    }

    void hostileRowsAreHarmless()
    {
        Scene scene;
        api::Row hostile = test::row(1, api::RowState::Done, std::string(10'000, 'h'));
        hostile.method = "GET\x1b[2J";
        hostile.path = "/\xe2\x80\xae<b>" + std::string(20'000, 'p');
        hostile.reason = "<img src=x>\x07";
        hostile.sandboxName = "\xe2\x80\xae"
                              "x";
        scene.engine.store(hostile);
        QTRY_COMPARE(scene.rowCount(), 1);
        scene.view.grab();
        for (int column = 0; column < RowModel::ColumnCount; ++column) {
            for (const QChar c : scene.cell(0, column))
                QVERIFY(c.category() != QChar::Other_Control &&
                        c.category() != QChar::Other_Format);
            const QString tip =
                scene.table()->model()->index(0, column).data(Qt::ToolTipRole).toString();
            QVERIFY(!tip.contains(QStringLiteral("<b>")) && !tip.contains(QStringLiteral("<img")));
        }
        scene.table()->selectRow(0);
        QTest::qWait(50);
        scene.view.grab();
    }
};

QTEST_MAIN(EgressViewTest)
#include "egress_view_test.moc"

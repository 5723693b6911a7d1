#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QTableView>
#include <QTest>
#include <QToolButton>

#include "engine/api/bindings.h"
#include "ui/policy/policy_view.h"
#include "ui/policy/rule_table_model.h"
#include "ui/widgets/headline.h"
#include "ui2_engine.h"

using namespace sallyport;
using ui::policy::PolicyView;
using ui::policy::RuleTableModel;

namespace {

api::Rule makeRule(api::RuleId id, api::Action action, const std::string& host)
{
    api::Rule rule;
    rule.id = id;
    rule.sandbox = 1;
    rule.action = action;
    rule.match.host = host;
    return rule;
}

struct Scene
{
    Scene()
        : view(engine.link())
    {
        engine.sandboxes = {test::sandbox(1, "agent-1"), test::sandbox(2, "build")};
        engine.rules = {makeRule(1, api::Action::Allow, "api.example.com"),
                        makeRule(2, api::Action::Deny, "*.bad.example"),
                        makeRule(3, api::Action::Allow, "elsewhere.example")};
        engine.rules[2].sandbox = 2;
        for (int id = 1; id <= 200; ++id)
            engine.rows.push_back(test::row(id, api::RowState::Done,
                                            id % 50 ? "cdn.example.com" : "api.example.com"));
        view.resize(1100, 900);
        view.setSandbox(1);
        view.show();
        engine.openLink();
        QTRY_COMPARE(table()->model()->rowCount(), 2);
        QTRY_VERIFY(engine.callCount("policy.get") > 0);
        QTRY_VERIFY(part<QRadioButton>("defaultAsk")->isChecked());
    }

    template <typename T> T* part(const char* name) const
    {
        return view.findChild<T*>(QLatin1String(name));
    }
    QTableView* table() const { return part<QTableView>("ruleTable"); }
    // At the left, where a radio button takes clicks.
    void click(const char* name) const
    {
        auto* button = part<QAbstractButton>(name);
        QTest::mouseClick(button, Qt::LeftButton, {}, QPoint(9, button->height() / 2));
    }
    void type(const char* name, const char* text) const
    {
        part<QLineEdit>(name)->setText(QLatin1String(text));
    }
    // Takes back what the message says, and not what an older message said.
    void undo(const char* told) const
    {
        QTRY_VERIFY(part<QLabel>("toastText")->text().contains(QLatin1String(told)) &&
                    part<QPushButton>("toastUndo")->isVisible());
        click("toastUndo");
    }
    api::Rule lastRule(const char* method) const
    {
        return *api::fromJson<api::Rule>(engine.lastCall(method).at("rule"));
    }
    QString cell(int row, int column) const
    {
        return table()->model()->index(row, column).data().toString();
    }

    test::LineEngine engine;
    PolicyView view;
};

} // namespace

class PolicyViewTest : public QObject
{
    Q_OBJECT

private slots:
    void showsTheLadderInTheEnginesWords()
    {
        Scene scene;
        QTRY_VERIFY(scene.view.findChildren<QLabel*>(QStringLiteral("ladderText")).size() == 6);
        QTRY_VERIFY(scene.view.findChildren<QLabel*>(QStringLiteral("ladderText"))
                        .first()
                        ->text()
                        .contains(QStringLiteral("cloud metadata")));
    }

    void listsTheRulesThatApply()
    {
        Scene scene;
        QCOMPARE(scene.cell(0, RuleTableModel::Action), QStringLiteral("Deny"));
        QCOMPARE(scene.cell(0, RuleTableModel::Pattern), QStringLiteral("*.bad.example"));
        QCOMPARE(scene.cell(1, RuleTableModel::Scope), QStringLiteral("agent-1"));
        QVERIFY(scene.part<QLabel>("deniedNote")->text().startsWith(QLatin1Char('1')));
        scene.view.setSandbox(0);
        QTRY_COMPARE(scene.table()->model()->rowCount(), 3);
    }

    void changesTheDefaultAndTakesItBack()
    {
        Scene scene;
        scene.click("defaultDeny");
        QTRY_COMPARE(scene.engine.sandboxes[0].defaultAction, api::DefaultAction::Deny);
        scene.undo("is denied");
        QTRY_COMPARE(scene.engine.sandboxes[0].defaultAction, api::DefaultAction::Ask);
        QTRY_VERIFY(scene.part<QRadioButton>("defaultAsk")->isChecked());
    }

    void toldSoWhenTheEngineRefuses()
    {
        Scene scene;
        scene.engine.handle("policy.set", [](const api::Json&) -> Result<api::Json> {
            return fail(Error::Code::Io, "the disk is full");
        });
        scene.click("defaultAllow");
        QTRY_VERIFY(
            scene.part<QLabel>("toastText")->text().contains(QStringLiteral("the disk is full")));
        QVERIFY(scene.part<QRadioButton>("defaultAsk")->isChecked());
    }

    void unsetAndEmptyGatesDiffer()
    {
        Scene scene;
        const auto allowed = [&] {
            return scene.engine.sandboxes[0].allowedHosts.value_or(std::vector<std::string>());
        };
        QVERIFY(scene.part<QRadioButton>("gateOpen")->isChecked());
        QVERIFY(!scene.part<QLineEdit>("allowedEdit")->isVisible());
        scene.click("gateClosed");
        QTRY_VERIFY(scene.engine.sandboxes[0].allowedHosts.has_value());
        QVERIFY(scene.engine.sandboxes[0].allowedHosts->empty());
        QTRY_VERIFY(scene.part<QLabel>("gateWarning")->isVisible());
        scene.type("allowedEdit", "api.example.com");
        scene.click("allowedAdd");
        QTRY_COMPARE(allowed().size(), std::size_t(1));
        QTRY_VERIFY(!scene.part<QLabel>("gateWarning")->isVisible());
        scene.click("gateOpen");
        QTRY_VERIFY(!scene.engine.sandboxes[0].allowedHosts.has_value());
        QVERIFY(scene.engine.lastCall("policy.set").at("allowedHosts").is_null());
        scene.undo("Every host goes on");
        QTRY_COMPARE(allowed().size(), std::size_t(1));
    }

    void editsDeniedHosts()
    {
        Scene scene;
        scene.type("deniedEdit", "*example.com");
        QVERIFY(scene.part<QLabel>("deniedProblem")->isVisible());
        QVERIFY(!scene.part<QPushButton>("deniedAdd")->isEnabled());
        scene.type("deniedEdit", "*.Example.com");
        QVERIFY(!scene.part<QLabel>("deniedProblem")->isVisible());
        QTest::keyClick(scene.part<QLineEdit>("deniedEdit"), Qt::Key_Return);
        QTRY_COMPARE(scene.engine.sandboxes[0].deniedHosts,
                     std::vector<std::string>{"*.example.com"});
        QTRY_VERIFY(scene.part<QToolButton>("deniedRemove") != nullptr);
        scene.click("deniedRemove");
        QTRY_VERIFY(scene.engine.sandboxes[0].deniedHosts.empty());
        scene.undo("removed *.example.com");
        QTRY_COMPARE(scene.engine.sandboxes[0].deniedHosts.size(), std::size_t(1));
    }

    void writesARule()
    {
        Scene scene;
        scene.click("ruleAdd");
        auto* form = scene.part<QWidget>("ruleForm");
        QVERIFY(form->isVisible());
        QVERIFY(!scene.part<QPushButton>("ruleSave")->isEnabled());
        scene.type("ruleHost", "*api.example.com");
        QVERIFY(scene.part<QLabel>("ruleProblem")->isVisible());
        scene.type("ruleHost", "api.example.com");
        scene.part<QComboBox>("ruleMethod")->setCurrentText(QStringLiteral("get"));
        scene.type("rulePath", "/v1/**");
        QVERIFY(!scene.part<QLabel>("ruleProblem")->isVisible());
        QCOMPARE(scene.part<ui::Headline>("ruleSentence")->text(),
                 QStringLiteral("Allow GET api.example.com/v1/** in agent-1, always."));
        QTRY_COMPARE(scene.part<QLabel>("ruleMatches")->text(),
                     QStringLiteral("Would have matched 4 of the last 200 requests:"));
        scene.click("ruleSave");
        QTRY_COMPARE(scene.engine.callCount("rules.add"), 1);
        const api::Rule rule = scene.lastRule("rules.add");
        QCOMPARE(rule.action, api::Action::Allow);
        QCOMPARE(rule.match.method, std::string("GET"));
        QCOMPARE(rule.match.path, std::string("/v1/**"));
        QCOMPARE(rule.sandbox, std::optional<api::SandboxId>(1));
        QVERIFY(!rule.untilStop && !rule.expiresAt);
        QTRY_VERIFY(!form->isVisible());
        QTRY_COMPARE(scene.table()->model()->rowCount(), 3);
        scene.undo("The rule holds");
        QTRY_COMPARE(scene.table()->model()->rowCount(), 2);
    }

    void keepsTheFormWhenTheEngineRefuses()
    {
        Scene scene;
        scene.engine.handle("rules.add", [](const api::Json&) -> Result<api::Json> {
            return fail(Error::Code::Invalid, "host: the label is too long");
        });
        scene.click("ruleAdd");
        scene.type("ruleHost", "api.example.com");
        scene.click("ruleSave");
        QTRY_VERIFY(scene.part<QLabel>("ruleProblem")->text().contains(QStringLiteral("too long")));
        QVERIFY(scene.part<QWidget>("ruleForm")->isVisible());
    }

    void editsARuleAndTakesItBack()
    {
        Scene scene;
        scene.view.showRule(1);
        scene.click("ruleEdit");
        QCOMPARE(scene.part<QLineEdit>("ruleHost")->text(), QStringLiteral("api.example.com"));
        scene.click("ruleDeny");
        QVERIFY(scene.part<QLineEdit>("ruleReason")->isVisible());
        scene.type("ruleReason", "not today");
        auto* lifetime = scene.part<QComboBox>("ruleLifetime");
        lifetime->setCurrentIndex(lifetime->findText(QStringLiteral("15 minutes")));
        scene.click("ruleSave");
        QTRY_COMPARE(scene.engine.callCount("rules.update"), 1);
        const api::Rule rule = scene.lastRule("rules.update");
        QCOMPARE(rule.id, api::RuleId(1));
        QCOMPARE(rule.reason, std::string("not today"));
        QVERIFY(rule.expiresAt && *rule.expiresAt - nowUnixMillis() > 890'000);
        scene.undo("The changed rule holds");
        QTRY_COMPARE(scene.engine.rules[0].action, api::Action::Allow);
    }

    void removesARuleAndTakesItBack()
    {
        Scene scene;
        QVERIFY(!scene.part<QPushButton>("ruleRemove")->isEnabled());
        scene.view.showRule(1);
        scene.click("ruleRemove");
        QTRY_COMPARE(scene.table()->model()->rowCount(), 1);
        scene.undo("Removed");
        QTRY_COMPARE(scene.table()->model()->rowCount(), 2);
        QCOMPARE(scene.lastRule("rules.add").match.host, std::string("api.example.com"));
    }

    void switchesARule()
    {
        Scene scene;
        const QModelIndex box = scene.table()->model()->index(1, RuleTableModel::Enabled);
        QTest::mouseClick(scene.table()->viewport(), Qt::LeftButton, {},
                          scene.table()->visualRect(box).center());
        QTRY_COMPARE(scene.engine.callCount("rules.update"), 1);
        QVERIFY(!scene.lastRule("rules.update").enabled);
        QTRY_COMPARE(box.data(Qt::CheckStateRole).toInt(), int(Qt::Unchecked));
        scene.table()->setFocus();
        QTest::keyClick(scene.table(), Qt::Key_Space);
        QTRY_VERIFY(scene.lastRule("rules.update").enabled);
    }

    void duplicatesARule()
    {
        Scene scene;
        scene.view.showRule(2);
        scene.click("ruleDuplicate");
        QCOMPARE(scene.part<QLineEdit>("ruleHost")->text(), QStringLiteral("*.bad.example"));
        scene.type("ruleHost", "*.worse.example");
        scene.click("ruleSave");
        QTRY_COMPARE(scene.engine.callCount("rules.add"), 1);
        QCOMPARE(scene.engine.callCount("rules.update"), 0);
    }

    void fillsTheFormFromARow()
    {
        Scene scene;
        api::Rule rule = makeRule(99, api::Action::Deny, "cdn.example.com");
        rule.match.method = "GET";
        scene.view.proposeRule(rule);
        QVERIFY(scene.part<QWidget>("ruleForm")->isVisible());
        QTRY_VERIFY(scene.part<QLabel>("ruleMatches")->text().contains(QStringLiteral("196 of")));
        QTest::keyClick(scene.part<QLineEdit>("ruleHost"), Qt::Key_Escape);
        QVERIFY(!scene.part<QWidget>("ruleForm")->isVisible());
        QCOMPARE(scene.engine.callCount("rules.add"), 0);
    }

    void setsAHandlerWithoutCode()
    {
        Scene scene;
        scene.click("handlerAdd");
        QTRY_VERIFY(scene.part<QWidget>("handlerForm")->isVisible());
        scene.type("handlerHost", "*.models.example");
        auto* name = scene.part<QComboBox>("handlerName");
        QCOMPARE(name->itemText(0), QStringLiteral("mine"));
        name->setCurrentText(QStringLiteral("redirectTo"));
        scene.type("param_port", "abc");
        QVERIFY(!scene.part<QPushButton>("handlerSave")->isEnabled());
        QVERIFY(scene.part<QLabel>("handlerProblem")->text().contains(QLatin1String("Port")));
        scene.type("param_port", "11434");
        scene.part<QComboBox>("param_hostHeader")->setCurrentText(QStringLiteral("keep"));
        scene.click("handlerSave");
        QTRY_COMPARE(scene.engine.callCount("sandbox.setOutboundByHost"), 1);
        QCOMPARE(scene.engine.lastCall("sandbox.setOutboundByHost").dump(),
                 std::string(R"({"host":"*.models.example","name":"redirectTo",)"
                             R"("params":{"hostHeader":"keep","port":11434},"sandbox":1})"));
        QTRY_VERIFY(!scene.part<QWidget>("handlerForm")->isVisible());
        QTRY_VERIFY(scene.part<QWidget>("handlerRow") != nullptr);
    }

    void offersTheNamesOfWhatIsBound()
    {
        Scene scene;
        api::Binding mine;
        mine.name = "cache";
        mine.uses.push_back({1, api::BindingAccess::ReadWrite, ""});
        api::Binding others = mine;
        others.name = "private";
        others.uses.front().sandbox = 2;
        scene.engine.handle("bindings.list", [&](const api::Json&) -> Result<api::Json> {
            return api::Json{{"bindings", api::toJson(std::vector{mine, others})}};
        });
        scene.click("handlerAdd");
        QTRY_VERIFY(scene.part<QWidget>("handlerForm")->isVisible());
        scene.type("handlerHost", "my.kv");
        scene.part<QComboBox>("handlerName")->setCurrentText(QStringLiteral("kv"));
        auto* names = scene.part<QComboBox>("param_namespace");
        QTRY_COMPARE(names->count(), 1);
        QCOMPARE(names->currentText(), QString());
        names->setCurrentIndex(0);
        scene.click("handlerSave");
        QTRY_COMPARE(scene.engine.callCount("sandbox.setOutboundByHost"), 1);
        QCOMPARE(scene.engine.lastCall("sandbox.setOutboundByHost").at("params").dump(),
                 std::string(R"({"namespace":"cache"})"));
    }

    void changesAHandlerAndItsLists()
    {
        Scene scene;
        scene.engine.handlers = {
            test::handler("", "allowHosts", R"({"hosts":["a.example","*.b.example"]})", "Lets 2."),
            test::handler("c.example", "setHeaders", R"({"request":{"X-A":"1","Cookie":null}})",
                          "Passes.")};
        scene.engine.emitEvent("handlers.changed", {{"sandbox", 1}});
        QTRY_VERIFY(scene.part<QToolButton>("handlerEdit") != nullptr);
        scene.click("handlerEdit");
        QTRY_VERIFY(scene.part<QWidget>("handlerForm")->isVisible());
        QVERIFY(scene.part<QLineEdit>("handlerHost")->isReadOnly());
        auto* hosts = scene.part<QPlainTextEdit>("param_hosts");
        QCOMPARE(hosts->toPlainText(), QStringLiteral("a.example\n*.b.example"));
        hosts->setPlainText(QStringLiteral(" c.example \n\n"));
        scene.click("handlerSave");
        QTRY_COMPARE(scene.engine.callCount("sandbox.setOutboundHandler"), 1);
        QCOMPARE(scene.engine.lastCall("sandbox.setOutboundHandler").at("params").dump(),
                 std::string(R"({"hosts":["c.example"]})"));
    }

    void unsetsAHandlerAndTakesItBack()
    {
        Scene scene;
        api::Handler declared = test::handler("d.example", "mine", "{}", "Of the module.");
        declared.origin = api::HandlerOrigin::Declared;
        scene.engine.handlers = {
            test::handler("c.example", "setHeaders", R"({"request":{"X-A":"1"}})", "Passes."),
            declared};
        scene.engine.emitEvent("handlers.changed", {{"sandbox", 1}});
        QTRY_COMPARE(scene.view.findChildren<QToolButton*>(QStringLiteral("handlerUnset")).size(),
                     1);
        scene.click("handlerUnset");
        QTRY_COMPARE(scene.engine.callCount("sandbox.removeOutboundByHost"), 1);
        scene.undo("is unset");
        QTRY_COMPARE(scene.engine.callCount("sandbox.setOutboundByHost"), 1);
        QCOMPARE(scene.engine.lastCall("sandbox.setOutboundByHost").at("params").dump(),
                 std::string(R"({"request":{"X-A":"1"}})"));
    }

    void keepsTheHandlerFormWhenTheEngineRefuses()
    {
        Scene scene;
        scene.engine.handle("sandbox.setOutboundHandler",
                            [](const api::Json&) -> Result<api::Json> {
                                return fail(Error::Code::Invalid, "no such thing");
                            });
        scene.click("handlerAdd");
        QTRY_VERIFY(scene.part<QWidget>("handlerForm")->isVisible());
        scene.click("handlerSave");
        QTRY_VERIFY(
            scene.part<QLabel>("handlerProblem")->text().contains(QLatin1String("no such thing")));
        QVERIFY(scene.part<QWidget>("handlerForm")->isVisible());
        QTest::keyClick(scene.part<QWidget>("handlerHost"), Qt::Key_Escape);
        QVERIFY(!scene.part<QWidget>("handlerForm")->isVisible());
    }

    void oneButtonMakesPhasesAndAnotherEntersThem()
    {
        Scene scene;
        QTRY_VERIFY(scene.part<QWidget>("phaseBar")->isVisible());
        QVERIFY(!scene.part<QWidget>("phaseNames")->isVisible());
        scene.click("phasesBegin");
        QTRY_COMPARE(scene.engine.phases.current, std::string("setup"));
        QCOMPARE(scene.engine.phases.phases.front().defaultAction, api::DefaultAction::Ask);
        QTRY_VERIFY(scene.part<QPushButton>("phase_setup")->isChecked());
        scene.click("phase_locked");
        QTRY_VERIFY(scene.part<QLabel>("gateWarning")->isVisible());
        QTRY_VERIFY(scene.part<QPushButton>("phase_locked")->isChecked());
        QVERIFY(!scene.part<QPushButton>("phase_setup")->isChecked());
        QVERIFY(scene.part<QRadioButton>("defaultDeny")->isChecked());
        scene.undo("locked holds");
        QTRY_VERIFY(scene.part<QPushButton>("phase_setup")->isChecked());
        QTRY_VERIFY(scene.part<QRadioButton>("defaultAsk")->isChecked());
    }

    void aChangedLadderIsKeptInThePhaseOrTakenBack()
    {
        Scene scene;
        QTRY_VERIFY(scene.part<QWidget>("phaseBar")->isVisible());
        scene.click("phasesBegin");
        QTRY_VERIFY(scene.part<QPushButton>("phase_setup") != nullptr);
        QTRY_VERIFY(scene.part<QPushButton>("phase_setup")->isChecked());
        QVERIFY(!scene.part<QPushButton>("phaseKeep")->isVisible());
        scene.click("defaultAllow");
        QTRY_VERIFY(scene.part<QPushButton>("phaseKeep")->isVisible());
        scene.click("phaseBack");
        QTRY_VERIFY(scene.part<QRadioButton>("defaultAsk")->isChecked());
        QTRY_VERIFY(!scene.part<QPushButton>("phaseKeep")->isVisible());
        scene.click("defaultAllow");
        QTRY_VERIFY(scene.part<QPushButton>("phaseKeep")->isVisible());
        scene.click("phaseKeep");
        QTRY_COMPARE(scene.engine.phases.phases.front().defaultAction, api::DefaultAction::Allow);
        QTRY_VERIFY(!scene.part<QPushButton>("phaseKeep")->isVisible());
        scene.click("phaseRemove");
        QTRY_COMPARE(scene.engine.phases.phases.size(), std::size_t(1));
    }

    void saysWhatAPhaseWaitsFor()
    {
        Scene scene;
        scene.engine.phases.phases.resize(1);
        scene.engine.phases.phases[0].name = "locked";
        scene.engine.phases.next = "locked";
        scene.engine.emitEvent("phases.changed",
                               {{"sandbox", 1}, {"phases", api::toJson(scene.engine.phases)}});
        QTRY_VERIFY(scene.part<QLabel>("phaseText")->text().contains(QLatin1String("program")));
        scene.engine.phases.problem = "no handler mine";
        scene.engine.emitEvent("phases.changed",
                               {{"sandbox", 1}, {"phases", api::toJson(scene.engine.phases)}});
        QTRY_VERIFY(scene.part<QLabel>("phaseProblem")->isVisible());
        scene.view.setSandbox(0);
        QVERIFY(!scene.part<QWidget>("phaseBar")->isVisible());
    }

    void countsDownAndCountsHits()
    {
        Scene scene;
        api::Rule rule = scene.engine.rules[0];
        rule.expiresAt = nowUnixMillis() + 60'000;
        rule.hits = 7;
        scene.engine.emitEvent("rule.changed", api::toJson(rule));
        QTRY_COMPARE(scene.cell(1, RuleTableModel::Hits), QStringLiteral("7"));
        QVERIFY(scene.cell(1, RuleTableModel::TimeLeft).endsWith(QStringLiteral(" s")));
        scene.engine.emitEvent("rule.removed", {{"rule", 1}});
        QTRY_COMPARE(scene.table()->model()->rowCount(), 1);
    }
};

QTEST_MAIN(PolicyViewTest)
#include "policy_view_test.moc"

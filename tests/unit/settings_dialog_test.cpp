#include <QComboBox>
#include <QDir>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTest>
#include <QTreeWidget>

#include "ui/bridge/sandbox_book.h"
#include "ui/settings/settings_dialog.h"
#include "ui/theme/theme.h"
#include "ui2_engine.h"

using namespace sallyport;
using ui::settings::SettingsDialog;

namespace {

// As the engine describes one that nobody has set.
api::Setting described(const api::SettingInfo& info)
{
    api::Setting setting;
    setting.name = info.name;
    setting.title = info.title;
    setting.type = info.type;
    setting.reach = info.reach;
    setting.reason = info.reason;
    setting.value = setting.defaultValue = setting.inherited = api::defaultOf(info).dump();
    if (info.most > 0) {
        setting.least = info.least;
        setting.most = info.most;
    }
    if (info.type == api::SettingType::Choice)
        setting.choices = {"deny", "ask"};
    return setting;
}

struct Scene
{
    explicit Scene(qint64 sandbox = 0, const QString& search = {})
        : book(engine.link())
    {
        engine.sandboxes = {test::sandbox(1, "agent-1"), test::sandbox(2, "build")};
        for (const api::SettingInfo& info : api::settingsTable())
            settings.push_back(described(info));
        engine.handle("settings.list", [this](const api::Json& parameters) -> Result<api::Json> {
            const bool isOwn = parameters.contains("sandbox");
            std::vector<api::Setting> shown;
            for (api::Setting setting : settings) {
                if (isOwn && setting.reach != api::SettingReach::Sandbox)
                    continue;
                if (isOwn)
                    setting.sandbox = parameters.at("sandbox").get<api::SandboxId>();
                shown.push_back(std::move(setting));
            }
            return api::Json{{"settings", api::toJson(shown)}};
        });
        engine.handle("settings.set", [this](const api::Json& parameters) {
            return change(parameters, parameters.at("value"), api::SettingOrigin::Engine);
        });
        engine.handle("settings.reset", [this](const api::Json& parameters) {
            const auto* info = api::findSetting(parameters.at("name").get<std::string>());
            return change(parameters, api::defaultOf(*info), api::SettingOrigin::Default);
        });
        engine.openLink();
        for (int i = 0; i < 100 && !book.isLoaded(); ++i)
            QTest::qWait(20);
        dialog = new SettingsDialog(engine.link(), book, sandbox, search);
        dialog->show();
        for (int i = 0; i < 100 && list()->topLevelItemCount() == 0; ++i)
            QTest::qWait(20);
    }
    ~Scene() { delete dialog; }

    Result<api::Json>
    change(const api::Json& parameters, const api::Json& value, api::SettingOrigin origin)
    {
        const auto* info = api::findSetting(parameters.at("name").get<std::string>());
        const auto checked = api::checkedSetting(*info, value);
        if (!checked)
            return tl::unexpected(checked.error());
        for (api::Setting& setting : settings) {
            if (setting.name != info->name)
                continue;
            setting.value = checked->dump();
            setting.origin = origin;
            api::Setting told = setting;
            if (parameters.contains("sandbox"))
                told.sandbox = parameters.at("sandbox").get<api::SandboxId>();
            return api::toJson(told);
        }
        return fail(Error::Code::NotFound, "no such setting");
    }

    template <typename T> T* part(const char* name) const
    {
        return dialog->findChild<T*>(QLatin1String(name));
    }
    QTreeWidget* list() const { return part<QTreeWidget>("settingsList"); }
    QString text(const char* name) const { return part<QLabel>(name)->text(); }
    void search(const char* text) const
    {
        part<QLineEdit>("settingsSearch")->setText(QLatin1String(text));
    }
    void click(const char* name) const
    {
        QTest::mouseClick(part<QPushButton>(name), Qt::LeftButton);
    }
    int shown() const
    {
        int count = 0;
        for (int group = 0; group < list()->topLevelItemCount(); ++group)
            for (int child = 0; child < list()->topLevelItem(group)->childCount(); ++child)
                count += list()->topLevelItem(group)->child(child)->isHidden() ? 0 : 1;
        return count;
    }

    test::LineEngine engine;
    ui::SandboxBook book;
    std::vector<api::Setting> settings;
    SettingsDialog* dialog = nullptr;
};

} // namespace

class SettingsDialogTest : public QObject
{
    Q_OBJECT

private slots:
    void showsAllWithReasonAndBounds()
    {
        Scene scene;
        QCOMPARE(scene.shown(), static_cast<int>(api::settingsTable().size()));
        scene.search("head time");
        QCOMPARE(scene.shown(), 1);
        QCOMPARE(scene.text("settingName"), QStringLiteral("door.headTime"));
        QVERIFY(scene.text("settingReason").contains(QStringLiteral("Slow clients")));
        QCOMPARE(scene.text("settingRange"),
                 QStringLiteral("From 1 s to 10 min. The default is 30 s."));
        QVERIFY(!scene.part<QPushButton>("settingReset")->isEnabled());
        scene.search("nothing like this");
        QCOMPARE(scene.shown(), 0);
        QCOMPARE(scene.text("settingTitle"), QStringLiteral("No setting matches."));
        QVERIFY(!scene.part<QPushButton>("settingSet")->isVisible());
    }

    void setsAndResets()
    {
        Scene scene;
        scene.search("door.headTime");
        auto* line = scene.part<QLineEdit>("settingLine");
        QVERIFY(!scene.part<QPushButton>("settingSet")->isEnabled()); // nothing changed
        line->setText(QStringLiteral("45 s"));
        scene.click("settingSet");
        QTRY_COMPARE(scene.engine.callCount("settings.set"), 1);
        QCOMPARE(scene.engine.lastCall("settings.set").at("value").get<int>(), 45000);
        QTRY_VERIFY(scene.part<QPushButton>("settingReset")->isEnabled());
        QVERIFY(scene.list()->currentItem()->font(0).bold());
        scene.click("settingReset");
        QTRY_COMPARE(line->text(), QStringLiteral("30 s"));
        QVERIFY(!scene.list()->currentItem()->font(0).bold());
    }

    void saysWhatIsWrong()
    {
        Scene scene;
        scene.search("door.headTime");
        auto* line = scene.part<QLineEdit>("settingLine");
        line->setText(QStringLiteral("soon"));
        QVERIFY(scene.text("settingProblem").contains(QStringLiteral("write it as 30s")));
        QVERIFY(!scene.part<QPushButton>("settingSet")->isEnabled());
        line->setText(QStringLiteral("3 d"));
        scene.click("settingSet");
        QTRY_VERIFY(
            scene.text("settingProblem").contains(QStringLiteral("is not from 1 s to 10 min")));
        QCOMPARE(line->text(), QStringLiteral("3 d")); // to be mended
    }

    void aSandboxHasItsOwn()
    {
        Scene scene(1, QStringLiteral("budget"));
        QCOMPARE(scene.part<QComboBox>("settingsScope")->currentText(),
                 QStringLiteral("agent-1 alone"));
        scene.search("budget.hosts");
        scene.part<QPlainTextEdit>("settingText")
            ->setPlainText(QStringLiteral("a.example 10 requests per 1h"));
        scene.click("settingSet");
        QTRY_COMPARE(scene.engine.callCount("settings.set"), 1);
        const api::Json sent = scene.engine.lastCall("settings.set");
        QCOMPARE(sent.at("sandbox").get<int>(), 1);
        QCOMPARE(QString::fromStdString(sent.at("value").dump()),
                 QStringLiteral("[\"a.example 10 requests per 1h\"]"));
        scene.search("");
        scene.part<QComboBox>("settingsScope")->setCurrentIndex(0);
        QTRY_COMPARE(scene.shown(), static_cast<int>(api::settingsTable().size()));
    }

    void followsWhatOthersChange()
    {
        Scene scene;
        scene.search("door.headTime");
        auto* line = scene.part<QLineEdit>("settingLine");
        api::Setting told = described(*api::findSetting("door.headTime"));
        told.origin = api::SettingOrigin::Engine;
        told.value = "45000";
        scene.engine.emitEvent("settings.changed", api::toJson(told));
        QTRY_COMPARE(line->text(), QStringLiteral("45 s"));
        QVERIFY(scene.list()->currentItem()->font(0).bold());
        QVERIFY(scene.part<QPushButton>("settingReset")->isEnabled());

        // What is half typed stays, and can still be set; the list shows what is in force.
        line->setText(QStringLiteral("50 s"));
        told.value = "60000";
        scene.engine.emitEvent("settings.changed", api::toJson(told));
        QTRY_COMPARE(scene.list()->currentItem()->text(1), QStringLiteral("1 min"));
        QCOMPARE(line->text(), QStringLiteral("50 s"));
        QVERIFY(scene.part<QPushButton>("settingSet")->isEnabled());

        // Another sandbox's value is not ours; that of all is, without one of its own.
        Scene own(1, QStringLiteral("budget.requests"));
        api::Setting budget = described(*api::findSetting("budget.requests"));
        budget.origin = api::SettingOrigin::Sandbox;
        budget.sandbox = 2;
        budget.value = "7";
        own.engine.emitEvent("settings.changed", api::toJson(budget));
        budget.origin = api::SettingOrigin::Engine;
        budget.sandbox.reset();
        budget.value = "9";
        own.engine.emitEvent("settings.changed", api::toJson(budget));
        QTRY_COMPARE(own.part<QLineEdit>("settingLine")->text(), QStringLiteral("9"));
    }

    // For the eye: SALLYPORT_SHOTS names a folder.
    void looksRight()
    {
        const QString folder = qEnvironmentVariable("SALLYPORT_SHOTS");
        if (folder.isEmpty())
            QSKIP("SALLYPORT_SHOTS is not set");
        QDir().mkpath(folder);
        for (const bool isDark : {false, true}) {
            ui::theme::Theme theme(*qApp);
            theme.setChoice(isDark ? ui::theme::Choice::Dark : ui::theme::Choice::Light);
            const QString suffix = isDark ? QStringLiteral("-dark.png") : QStringLiteral(".png");
            const auto shoot = [&](Scene& scene, const char* name, QSize size) {
                scene.dialog->resize(size);
                QTest::qWait(80);
                scene.dialog->grab().save(folder + QLatin1Char('/') + QLatin1String(name) + suffix);
            };
            Scene all;
            shoot(all, "all", {940, 600});
            all.search("authorities");
            shoot(all, "text", {700, 440});
            all.search("door.headTime");
            all.part<QLineEdit>("settingLine")->setText(QStringLiteral("soon"));
            shoot(all, "problem", {1400, 900});
            Scene own(1, QStringLiteral("budget"));
            own.search("budget.over");
            shoot(own, "choice", {940, 600});
            own.search("none of them");
            shoot(own, "empty", {700, 440});
        }
    }
};

QTEST_MAIN(SettingsDialogTest)
#include "settings_dialog_test.moc"

#include <fstream>
#include <iterator>
#include <set>

#include <QTemporaryDir>
#include <QtTest>

#include "engine/api/reference.h"
#include "engine/service/door_limits.h"
#include "engine/service/settings_book.h"

using namespace sallyport;
using service::SettingsBook;

namespace {

struct Fixture
{
    QTemporaryDir folder;
    std::unique_ptr<store::Store> store;
    std::unique_ptr<SettingsBook> book;

    Fixture() { reopen(); }
    void reopen()
    {
        book.reset();
        store.reset();
        auto opened = store::Store::open(folder.filePath("settings.db").toStdString());
        if (!opened)
            qFatal("%s", opened.error().text.c_str());
        store = std::move(*opened);
        book = std::make_unique<SettingsBook>(*store, *store->loadSettings());
    }
};

QString problem(const Result<api::Setting>& result)
{
    return result ? QString() : QString::fromStdString(result.error().text);
}

} // namespace

class SettingsTest : public QObject
{
    Q_OBJECT

private slots:
    void everyDefaultKeepsItsBoundsAndHasAGroup()
    {
        std::set<std::string_view> names;
        for (const api::SettingInfo& info : api::settingsTable()) {
            QVERIFY2(api::checkedSetting(info, api::defaultOf(info)), info.name.data());
            QVERIFY2(names.insert(info.name).second, info.name.data());
            QVERIFY2(!info.title.empty() && info.reason.size() > 10, info.name.data());
            const auto groups = api::settingGroups();
            QVERIFY2(std::any_of(groups.begin(), groups.end(),
                                 [&](const auto& group) {
                                     return info.name.starts_with(std::string(group.first) + ".");
                                 }),
                     info.name.data());
        }
    }

    void thePageIsWhatTheTableSays()
    {
        std::ifstream file(SALLYPORT_SETTINGS_DOCS);
        const std::string page(std::istreambuf_iterator<char>(file), {});
        QVERIFY2(page == api::settingsReference(),
                 "docs/settings.md is out of date: run api_docs --settings > docs/settings.md");
    }

    // Written in two places: where the door runs without an engine, and in the table.
    void theDoorsDefaultsAreThoseOfTheTable()
    {
        Fixture fixture;
        const egress::DoorLimits table = service::doorLimits(*fixture.book);
        const egress::DoorLimits code;
        QCOMPARE(table.headBytes, code.headBytes);
        QCOMPARE(table.headFields, code.headFields);
        QCOMPARE(table.interimHeads, code.interimHeads);
        QCOMPARE(table.trailerBytes, code.trailerBytes);
        QCOMPARE(table.guestStreamWindow, code.guestStreamWindow);
        QCOMPARE(table.guestConnectionWindow, code.guestConnectionWindow);
        QCOMPARE(table.upstreamStreamWindow, code.upstreamStreamWindow);
        QCOMPARE(table.upstreamConnectionWindow, code.upstreamConnectionWindow);
        QCOMPARE(table.streamsPerConnection, code.streamsPerConnection);
        QCOMPARE(table.uselessFrames, code.uselessFrames);
        QCOMPARE(table.uselessFramesPerSecond, code.uselessFramesPerSecond);
        QCOMPARE(table.connectionsPerSandbox, code.connectionsPerSandbox);
        QCOMPARE(table.idlePerHost, code.idlePerHost);
        QCOMPARE(table.idlePerSandbox, code.idlePerSandbox);
        QCOMPARE(table.lookups, code.lookups);
        QCOMPARE(table.addressesTried, code.addressesTried);
        QCOMPARE(table.hostsRemembered, code.hostsRemembered);
        QCOMPARE(table.dnsQueryBytes, code.dnsQueryBytes);
        QCOMPARE(table.dnsAlarmQueries, code.dnsAlarmQueries);
        QCOMPARE(table.dnsAlarmNames, code.dnsAlarmNames);
        QVERIFY(table.serverFirst == code.serverFirst);
        QVERIFY(table.head == code.head);
        QVERIFY(table.handshake == code.handshake);
        QVERIFY(table.idle == code.idle);
        QVERIFY(table.stalled == code.stalled);
        QVERIFY(table.tunnelIdle == code.tunnelIdle);
        QVERIFY(table.resolve == code.resolve);
        QVERIFY(table.connect == code.connect);
        QVERIFY(table.upstreamIdle == code.upstreamIdle);
        QVERIFY(table.drain == code.drain);
        QCOMPARE(table.drainBytes, code.drainBytes);
    }

    void aSandboxsValueBeatsTheEnginesAndThatTheDefault()
    {
        Fixture fixture;
        QCOMPARE(fixture.book->number("approval.holdTime", 3), 25000);
        QVERIFY(fixture.book->set("approval.holdTime", 40000, {}));
        QVERIFY(fixture.book->set("approval.holdTime", 10000, 3));
        QCOMPARE(fixture.book->number("approval.holdTime", 3), 10000);
        QCOMPARE(fixture.book->number("approval.holdTime", 4), 40000);
        const auto reset = fixture.book->reset("approval.holdTime", 3);
        QVERIFY(reset);
        QCOMPARE(QString::fromStdString(reset->value), "40000");
        QCOMPARE(reset->origin, api::SettingOrigin::Engine);
        QVERIFY(fixture.book->reset("approval.holdTime", {}));
        QCOMPARE(fixture.book->number("approval.holdTime"), 25000);
    }

    void whatWasSetSurvivesARestart()
    {
        Fixture fixture;
        QVERIFY(fixture.book->set("door.headTime", 5000, {}));
        QVERIFY(fixture.book->set("approval.questions", 5, 9));
        fixture.reopen();
        QCOMPARE(fixture.book->number("door.headTime"), 5000);
        QCOMPARE(fixture.book->number("approval.questions", 9), 5);
        QVERIFY(service::doorLimits(*fixture.book).head == std::chrono::seconds(5));
    }

    void aWrongValueIsRefusedWithItsBounds()
    {
        Fixture fixture;
        QCOMPARE(problem(fixture.book->set("door.headTime", 1, {})),
                 "door.headTime: 1 ms is not from 1 s to 10 min");
        QCOMPARE(problem(fixture.book->set("door.headTime", "soon", {})),
                 "door.headTime: not a whole number");
        QVERIFY(problem(fixture.book->set("door.headTime", 18446744073709551615U, {}))
                    .contains("is not from"));
        QVERIFY(problem(fixture.book->set("door.headTime", 5000, 3)).contains("one value for all"));
        QVERIFY(problem(fixture.book->set("door.none", 5000, {})).contains("no setting"));
        QCOMPARE(fixture.book->number("door.headTime"), 30000);
    }

    void aStoredValueOutOfBoundsIsNotUsed()
    {
        Fixture fixture;
        fixture.store->write([](store::Database& database) {
            return store::settings::save(database, {"door.headTime", 0, "7"});
        });
        fixture.store->write([](store::Database& database) {
            return store::settings::save(database, {"gone.setting", 0, "7"});
        });
        fixture.reopen();
        QCOMPARE(fixture.book->number("door.headTime"), 30000);
    }

    void changesAreTold()
    {
        Fixture fixture;
        QStringList told;
        fixture.book->setListener([&](const api::Setting& setting, SettingsBook::Owner owner) {
            told.append(QString::fromStdString(setting.name + "=" + setting.value) +
                        (owner ? "@" + QString::number(*owner) : QString()));
        });
        QVERIFY(fixture.book->set("approval.questions", 7, 2));
        QVERIFY(fixture.book->reset("approval.questions", 2));
        QVERIFY(fixture.book->reset("approval.questions", 2)); // nothing to take away
        QCOMPARE(told, QStringList({"approval.questions=7@2", "approval.questions=32@2"}));
    }

    void peoplesTextIsReadAndWritten_data()
    {
        QTest::addColumn<int>("type");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("shown");
        const auto row = [](api::SettingType type, const char* text, const char* json,
                            const char* shown) {
            QTest::newRow(text) << static_cast<int>(type) << QString(text) << QString(json)
                                << QString(shown);
        };
        row(api::SettingType::Time, "90s", "90000", "90 s");
        row(api::SettingType::Time, " 2 h ", "7200000", "2 h");
        row(api::SettingType::Time, "1500ms", "1500", "1500 ms");
        row(api::SettingType::Bytes, "64KiB", "65536", "64 KiB");
        row(api::SettingType::Bytes, "10 M", "10485760", "10 MiB");
        row(api::SettingType::Bytes, "100", "100", "100 B");
        row(api::SettingType::Count, "7", "7", "7");
        row(api::SettingType::Flag, "on", "true", "on");
        row(api::SettingType::List, "a, b,,c", R"(["a","b","c"])", "a, b, c");
        row(api::SettingType::List, "a, b\nc\n", R"(["a, b","c"])", "a, b, c");
        row(api::SettingType::Time, "30", "", "");
        row(api::SettingType::Count, "7s", "", "");
        row(api::SettingType::Bytes, "99999999999TiB", "", "");
        row(api::SettingType::Flag, "maybe", "", "");
    }
    void peoplesTextIsReadAndWritten()
    {
        QFETCH(int, type);
        QFETCH(QString, text);
        QFETCH(QString, json);
        QFETCH(QString, shown);
        const auto kind = static_cast<api::SettingType>(type);
        const auto value = api::settingFromText(kind, text.toStdString());
        QCOMPARE(value.has_value(), !json.isEmpty());
        if (!value)
            return;
        QCOMPARE(QString::fromStdString(value->dump()), json);
        QCOMPARE(QString::fromStdString(api::settingText(kind, *value)), shown);
    }
};

QTEST_APPLESS_MAIN(SettingsTest)
#include "settings_test.moc"

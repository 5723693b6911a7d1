#include <QTemporaryDir>
#include <QtTest>

#include "engine/service/budget_book.h"

using namespace sallyport;
using service::BudgetBook;
using service::SettingsBook;

namespace {

constexpr UnixMillis Start = 1'000'000'000'000;
constexpr api::SandboxId Mine = 1;

policy::Request requestTo(const char* host)
{
    policy::Request request;
    request.host = policy::Host(host);
    request.port = 443;
    return request;
}

struct Fixture
{
    QTemporaryDir folder;
    std::unique_ptr<store::Store> store;
    std::unique_ptr<SettingsBook> settings;
    std::unique_ptr<BudgetBook> budgets;

    Fixture()
    {
        auto opened = store::Store::open(folder.filePath("budget.db").toStdString());
        if (!opened)
            qFatal("%s", opened.error().text.c_str());
        store = std::move(*opened);
        settings = std::make_unique<SettingsBook>(*store, std::vector<store::StoredSetting>());
        budgets = std::make_unique<BudgetBook>(*settings);
        settings->setCheck("budget.hosts", BudgetBook::checkHosts);
        settings->setListener(
            [this](const api::Setting&, SettingsBook::Owner) { budgets->settingsChanged(); });
    }
    void set(const char* name, const api::Json& value, SettingsBook::Owner owner = {})
    {
        const auto done = settings->set(name, value, owner);
        QVERIFY2(done, done ? "" : done.error().text.c_str());
    }
    bool passes(const char* host, UnixMillis now, api::SandboxId sandbox = Mine)
    {
        return !budgets->admit(sandbox, requestTo(host), now);
    }
};

} // namespace

class BudgetBookTest : public QObject
{
    Q_OBJECT

private slots:
    void withoutBudgetsEverythingPasses()
    {
        Fixture fixture;
        for (int i = 0; i < 1000; ++i)
            QVERIFY(fixture.passes("a.example", Start));
        QVERIFY(!fixture.budgets->spend(Mine, policy::Host("a.example"), 443, 1 << 30, Start));
    }

    void whatIsUsedIsShownAndKept()
    {
        Fixture fixture;
        fixture.set("budget.requests", 2);
        fixture.set("budget.window", 60'000);
        const UnixMillis now = nowUnixMillis();
        QVERIFY(fixture.passes("a.example", now));
        QVERIFY(fixture.passes("a.example", now));
        QVERIFY(!fixture.budgets->spend(Mine, policy::Host("a.example"), 443, 1000, now));
        const auto uses = fixture.budgets->uses(Mine, now);
        QCOMPARE(uses.size(), std::size_t{1});
        QCOMPARE(uses[0].requests, 2);
        QCOMPARE(uses[0].mostRequests, 2);
        QCOMPARE(uses[0].bytes, 1000);
        QCOMPARE(uses[0].endsAt, std::optional<UnixMillis>(now + 60'000));
        const auto over = fixture.budgets->admit(Mine, requestTo("a.example"), now + 500);
        QVERIFY(over);
        QCOMPARE(over->retryAfterSeconds, 60);

        // A new engine goes on where this one was, until the time is over.
        const auto saved = fixture.budgets->save();
        QCOMPARE(saved.size(), std::size_t{1});
        QVERIFY(fixture.budgets->save().empty());
        BudgetBook next(*fixture.settings, saved);
        QCOMPARE(next.uses(Mine, now + 1000)[0].requests, 2);
        QVERIFY(next.admit(Mine, requestTo("a.example"), now + 1000));
        QVERIFY(!next.admit(Mine, requestTo("a.example"), now + 61'000));
        QVERIFY(!next.uses(Mine, now + 200'000)[0].endsAt);
        BudgetBook odd(*fixture.settings, {{Mine, "[{\"text\":1}, 2"}});
        QCOMPARE(odd.uses(Mine, now)[0].requests, 0);
    }

    void requestsOfASandboxAreCountedInTheirTime()
    {
        Fixture fixture;
        fixture.set("budget.requests", 2);
        fixture.set("budget.window", 60'000);
        QVERIFY(fixture.passes("a.example", Start));
        QVERIFY(fixture.passes("b.example", Start + 1000));
        const auto over = fixture.budgets->admit(Mine, requestTo("c.example"), Start + 30'000);
        QVERIFY(over);
        QCOMPARE(QString::fromStdString(over->reason),
                 "the budget is used up: 2 requests per 1 min of this sandbox; it begins anew in "
                 "30 s");
        QVERIFY(!over->asks);
        QVERIFY(fixture.passes("a.example", Start, 2)); // another sandbox has its own
        QVERIFY(fixture.passes("c.example", Start + 60'000));
    }

    void aPatternsHostsShareTheirBudget()
    {
        Fixture fixture;
        fixture.set("budget.hosts", {"*.a.example 2 requests per 1h", "b.example 1KiB per 1d"});
        QVERIFY(fixture.passes("x.a.example", Start));
        QVERIFY(fixture.passes("y.a.example", Start));
        QVERIFY(!fixture.passes("z.a.example", Start));
        QVERIFY(fixture.passes("a.example", Start)); // not below itself
        QVERIFY(fixture.passes("b.example", Start));
        QVERIFY(!fixture.budgets->spend(Mine, policy::Host("b.example"), 443, 1000, Start));
        QVERIFY(fixture.passes("b.example", Start));
        QVERIFY(fixture.budgets->spend(Mine, policy::Host("b.example"), 443, 24, Start));
        QVERIFY(!fixture.passes("b.example", Start));
    }

    void aSandboxMayHaveItsOwnAndBeAsked()
    {
        Fixture fixture;
        fixture.set("budget.requests", 1, Mine);
        fixture.set("budget.over", "ask", Mine);
        QVERIFY(!fixture.budgets->asksFor(Mine, requestTo("a.example"), Start));
        QVERIFY(fixture.passes("a.example", Start));
        const auto over = fixture.budgets->admit(Mine, requestTo("a.example"), Start);
        QVERIFY(over && over->asks);
        QVERIFY(fixture.budgets->asksFor(Mine, requestTo("a.example"), Start));
        QVERIFY(fixture.passes("a.example", Start, 2));
        QVERIFY(fixture.passes("a.example", Start, 2));
    }

    void countsOutliveOtherChanges()
    {
        Fixture fixture;
        fixture.set("budget.hosts", {"a.example 1 request per 1h"});
        QVERIFY(fixture.passes("a.example", Start));
        fixture.set("budget.hosts", {"b.example 5 requests per 1h", "a.example 1 request per 1h"});
        QVERIFY(!fixture.passes("a.example", Start));
        fixture.set("budget.hosts", {"a.example 2 requests per 1h"});
        QVERIFY(fixture.passes("a.example", Start)); // another budget
    }

    void whatIsWrittenWronglyIsRefused()
    {
        Fixture fixture;
        for (const char* line :
             {"a.example", "a.example 5 per 1h per", "*a.example 5 requests per 1h",
              "a.example 0 requests per 1h", "a.example 5 requests per 1", "a.example per 1h",
              "a.example -5 requests per 1h"})
            QVERIFY2(!fixture.settings->set("budget.hosts", {line}, {}), line);
    }
};

QTEST_APPLESS_MAIN(BudgetBookTest)
#include "budget_book_test.moc"

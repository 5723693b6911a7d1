#include <csignal>
#include <fstream>
#include <future>

#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QTemporaryDir>
#include <QtTest>

#include "engine/store/schema.h"
#include "engine/store/store.h"

using namespace sallyport;
using store::Store;

namespace {

// What another program, or an older version of ours, has left.
void runSql(const std::filesystem::path& file, const std::string& sql)
{
    sqlite3* database = nullptr;
    QCOMPARE(sqlite3_open(file.c_str(), &database), SQLITE_OK);
    QCOMPARE(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
}

api::Sandbox sandbox(api::SandboxId id, std::string name)
{
    api::Sandbox made;
    made.id = id;
    made.name = std::move(name);
    made.size = api::SizeName::Lite;
    made.state = api::SandboxState::Crashed;
    made.stateReason = "it ended";
    made.defaultAction = api::DefaultAction::Deny;
    made.allowedHosts = std::vector<std::string>{};
    made.deniedHosts = {"a.example", "*.b.example"};
    made.grants = {"192.0.2.1:22"};
    made.createdAt = 1700000000000;
    made.startedAt = 1700000000001;
    return made;
}

api::Rule rule(api::RuleId id, std::optional<api::SandboxId> of)
{
    api::Rule made;
    made.id = id;
    made.sandbox = of;
    made.action = api::Action::Allow;
    made.match = {"*.example.com", 443, "https", "GET", "/v1/**"};
    made.expiresAt = 5;
    made.origin = api::RuleOrigin::Answer;
    made.note = "n";
    return made;
}

api::Question question(api::QuestionId id, api::SandboxId of)
{
    api::Question made;
    made.id = id;
    made.sandbox = of;
    made.sandboxName = "agent-1";
    made.host = "api.example.com";
    made.bodyBytes = 3;
    made.askedAt = 9;
    made.timesAsked = 2;
    return made;
}

api::Handler handler(std::string host, std::string name)
{
    api::Handler made;
    made.host = std::move(host);
    made.name = std::move(name);
    made.params = R"({"a":1})";
    made.setAt = 4;
    return made;
}

store::StoredModule module(api::SandboxId of)
{
    return {{of, "export defau", false, {{"unexpected end", 1, 13}}, {"mine"}, 9},
            "export default {}",
            {std::vector<std::string>{"a.example"}, {"b.example"}, false, true, 60, {"onStart"}}};
}

api::HandlerLine line(std::int64_t id, api::SandboxId of, std::optional<api::RowId> row)
{
    return {id, 100 + id, of, row, "mine", api::LineLevel::Error, "text", 3, 4};
}

// What is stored of the handlers' log.
api::HandlerLinePage linesOf(Store& store, store::handlers::LineQuery query)
{
    std::promise<api::HandlerLinePage> page;
    query.mostBytes = 100000;
    if (!store.read([&](store::Database& database) {
            page.set_value(store::handlers::list(database, query).value_or(api::HandlerLinePage{}));
        }))
        return {};
    return page.get_future().get();
}

template <typename T> bool same(const T& a, const T& b)
{
    return api::toJson(a) == api::toJson(b);
}

std::string errorOf(const std::filesystem::path& file)
{
    const auto opened = Store::open(file);
    return opened ? std::string() : opened.error().text;
}

bool contains(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

class StoreTest : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    std::filesystem::path m_file;

    std::unique_ptr<Store> open()
    {
        auto opened = Store::open(m_file);
        return opened ? std::move(*opened) : nullptr;
    }

private slots:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_file = m_folder->path().toStdString() + "/sallyport.db";
    }

    void whatIsSavedIsLoadedByTheNextEngine()
    {
        {
            const auto store = open();
            store->saveSandbox(sandbox(1, "agent-1"));
            store->saveRule(rule(1, 1));
            store->saveRule(rule(2, std::nullopt));
            store->saveQuestion({question(1, 1), "GET", "/whole"});
            store->savePoolName(1, {"api.example.com", 7});
            store->savePoolName(1, {"b.example.com", 8});
            store->savePoolName(1, {"c.example.com", 7}); // takes the slot over
        }
        const auto store = open();
        QVERIFY(same(store->loadSandboxes()->at(0), sandbox(1, "agent-1")));
        QVERIFY(same(store->loadRules()->at(0), rule(1, 1)));
        QVERIFY(same(store->loadRules()->at(1), rule(2, std::nullopt)));
        const store::SavedQuestion saved = store->loadQuestions()->at(0);
        QVERIFY(same(saved.question, question(1, 1)));
        QCOMPARE(saved.method, std::string("GET"));
        QCOMPARE(saved.target, std::string("/whole"));
        const auto names = *store->loadPoolNames(1);
        QCOMPARE(names.size(), std::size_t{2});
        QCOMPARE(names[0].name, std::string("c.example.com"));
        QCOMPARE(names[1].slot, std::int64_t{8});
        QVERIFY(store->loadPoolNames(2)->empty());
    }

    void savingAgainReplaces()
    {
        const auto store = open();
        store->saveSandbox(sandbox(1, "agent-1"));
        auto changed = sandbox(1, "renamed");
        changed.allowedHosts.reset();
        store->saveSandbox(changed);
        store->saveRule(rule(1, 1));
        store->addRuleHits(1, 3, 77);
        store->addRuleHits(1, 2, 78);
        store->flush();
        QCOMPARE(store->loadSandboxes()->size(), std::size_t{1});
        QVERIFY(same(store->loadSandboxes()->at(0), changed));
        QCOMPARE(store->loadRules()->at(0).hits, std::int64_t{5});
        QCOMPARE(store->loadRules()->at(0).lastHitAt, std::optional<UnixMillis>(78));
    }

    void aRefusedWriteTellsAndSpoilsNothingElse()
    {
        const auto store = open();
        std::promise<Status> refused;
        store->saveSandbox(sandbox(1, "agent-1"));
        store->saveSandbox(sandbox(2, "agent-1"),
                           [&](Status status) { refused.set_value(std::move(status)); });
        store->saveSandbox(sandbox(3, "agent-3"));
        QVERIFY(!refused.get_future().get());
        store->flush();
        QCOMPARE(store->loadSandboxes()->size(), std::size_t{2});
        QVERIFY(!store->problem());
    }

    void removingASandboxTakesWhatIsItsOwn()
    {
        const auto store = open();
        store->saveSandbox(sandbox(1, "agent-1"));
        store->saveRule(rule(1, 1));
        store->saveRule(rule(2, std::nullopt));
        store->saveQuestion({question(1, 1), "GET", "/whole"});
        store->savePoolName(1, {"a", 1});
        store->removeSandbox(1);
        store->flush();
        QVERIFY(store->loadSandboxes()->empty());
        QCOMPARE(store->loadRules()->size(), std::size_t{1});
        QVERIFY(store->loadQuestions()->empty());
        QVERIFY(store->loadPoolNames(1)->empty());
    }

    void handlersAndModulesAreLoadedByTheNextEngine()
    {
        {
            const auto store = open();
            store->saveHandlers(1, {handler("", "readOnly"), handler("a.example", "log")});
            store->saveHandlers(2, {handler("", "noHttp")});
            store->saveHandlers(1, {handler("b.example", "log"), handler("", "noHttp")});
            store->saveModule(module(1));
            store->saveModule(module(2));
        }
        {
            const auto store = open();
            const auto handlers = *store->loadHandlers();
            QCOMPARE(handlers.at(1).size(), std::size_t{2});
            QVERIFY(same(handlers.at(1)[0], handler("", "noHttp")));
            QVERIFY(same(handlers.at(1)[1], handler("b.example", "log")));
            QCOMPARE(handlers.at(2).size(), std::size_t{1});
            const auto modules = *store->loadModules();
            QCOMPARE(modules.size(), std::size_t{2});
            QVERIFY(same(modules[0].module, module(1).module));
            QCOMPARE(modules[0].good, module(1).good);
            store->removeSandbox(1);
            store->removeModule(2);
        }
        const auto store = open();
        QVERIFY(!store->loadHandlers()->contains(1));
        QVERIFY(store->loadModules()->empty());
    }

    void theHandlersLogIsReadBackwardsAndTrimmed()
    {
        const auto store = open();
        for (std::int64_t id = 1; id <= 9; ++id)
            store->write([id](store::Database& database) {
                return store::handlers::save(
                    database, line(id, id % 2, id > 4 ? std::optional(id * 10) : std::nullopt));
            });
        store->flush();
        auto page = linesOf(*store, {{}, {}, {}, 4});
        QCOMPARE(page.lines.size(), std::size_t{4});
        QVERIFY(same(page.lines[0], line(9, 1, 90)));
        page = linesOf(*store, {{}, {}, page.before, 100});
        QCOMPARE(page.lines.size(), std::size_t{5});
        QVERIFY(!page.before);
        QCOMPARE(linesOf(*store, {api::SandboxId{0}, {}, {}, 100}).lines.size(), std::size_t{4});
        QCOMPARE(linesOf(*store, {{}, api::RowId{70}, {}, 100}).lines.size(), std::size_t{1});
        store->write(
            [](store::Database& database) { return store::handlers::trim(database, 103, 5); });
        store->flush();
        page = linesOf(*store, {{}, {}, {}, 100});
        QCOMPARE(page.lines.size(), std::size_t{5});
        QCOMPARE(page.lines.back().id, std::int64_t{5});
        store->removeSandbox(1);
        store->flush();
        QCOMPARE(linesOf(*store, {{}, {}, {}, 100}).lines.size(), std::size_t{2});
    }

    void idsAreNeverUsedAgain()
    {
        {
            const auto store = open();
            QCOMPARE(store->newSandboxId(), api::SandboxId{1});
            store->saveSandbox(sandbox(store->newSandboxId(), "agent-2"));
            store->saveRule(rule(store->newRuleId(), 2));
            store->removeSandbox(2);
        }
        const auto store = open();
        QCOMPARE(store->newSandboxId(), api::SandboxId{3});
        QCOMPARE(store->newRuleId(), api::RuleId{2});
        QCOMPARE(store->newQuestionId(), api::QuestionId{1});
    }

    void theFileIsTheOwnersAlone()
    {
        const auto store = open();
        store->saveSandbox(sandbox(1, "agent-1"));
        store->flush();
        for (const char* suffix : {"", "-wal"}) {
            struct stat info
            {
            };
            QCOMPARE(::stat((m_file.string() + suffix).c_str(), &info), 0);
            QCOMPARE(static_cast<int>(info.st_mode & 0777U), 0600);
        }
    }

    void everyOlderSchemaIsBroughtUpToDate_data()
    {
        QTest::addColumn<int>("version");
        for (int version = 0; version <= static_cast<int>(store::schemaSteps().size()); ++version)
            QTest::addRow("%d", version) << version;
    }

    void everyOlderSchemaIsBroughtUpToDate()
    {
        QFETCH(int, version);
        std::string sql;
        for (int step = 0; step < version; ++step)
            sql += store::schemaSteps()[static_cast<std::size_t>(step)];
        if (version > 0)
            sql += "PRAGMA application_id = 1396788304;"
                   "INSERT INTO sandboxes VALUES (4, 'agent-4', 'basic', 'debian-12', 100, "
                   "'stopped', '', 'ask', NULL, '[]', '[]', '', 1, NULL);";
        runSql(m_file, sql + "PRAGMA user_version = " + std::to_string(version));
        const auto store = open();
        QVERIFY(store);
        QCOMPARE(store->loadSandboxes()->size(), version > 0 ? std::size_t{1} : std::size_t{0});
        store->saveSandbox(sandbox(store->newSandboxId(), "agent-5"));
        std::promise<std::int64_t> rows;
        QVERIFY(store->read([&](store::Database& database) {
            rows.set_value(database.integer("SELECT count(*) FROM rows").value_or(-1));
        }));
        QCOMPARE(rows.get_future().get(), std::int64_t{0});
        QVERIFY(!store->problem());
    }

    void aNewerSchemaIsRefused()
    {
        open();
        runSql(m_file, "PRAGMA user_version = 99");
        QVERIFY(contains(errorOf(m_file), "newer version of Sallyport (schema 99"));
    }

    void anotherProgramsDatabaseIsRefused()
    {
        runSql(m_file, "CREATE TABLE bookmarks (url TEXT)");
        QVERIFY(contains(errorOf(m_file), "not made by Sallyport"));
    }

    void garbageIsRefusedAndLeftAlone()
    {
        const std::string garbage(20000, 'g');
        std::ofstream(m_file) << garbage;
        QVERIFY(contains(errorOf(m_file), "is damaged"));
        std::ifstream file(m_file);
        QCOMPARE(std::string(std::istreambuf_iterator<char>(file), {}), garbage);
    }

    void damageInsideIsRefused()
    {
        {
            const auto store = open();
            for (int i = 1; i < 200; ++i)
                store->saveSandbox(sandbox(i, "agent-" + std::to_string(i)));
        }
        {
            std::fstream file(m_file, std::ios::in | std::ios::out | std::ios::binary);
            for (int page = 1; page < 12; ++page) {
                file.seekp(page * 4096 + 100);
                file << std::string(2000, '\x7f');
            }
        }
        QVERIFY2(contains(errorOf(m_file), "damaged"), errorOf(m_file).c_str());
    }

    void anUnreadableValueIsAnErrorNotADefault()
    {
        {
            const auto store = open();
            store->saveSandbox(sandbox(1, "agent-1"));
        }
        runSql(m_file, "UPDATE sandboxes SET default_action = 'whatever'");
        const auto store = open();
        const auto loaded = store->loadSandboxes();
        QVERIFY(!loaded);
        QVERIFY(contains(loaded.error().text, "'whatever' is none of ask, deny, allow"));
    }

    void aFileThatCannotBeOpenedIsAnError()
    {
        QVERIFY(contains(errorOf(m_folder->path().toStdString()), "open "));
        QVERIFY(contains(errorOf("/nonexistent/sallyport.db"), "No such file"));
    }

    // A confirmed write is there after kill -9, at whatever moment it comes.
    void whatWasConfirmedSurvivesAKill()
    {
        int pipeEnds[2];
        QCOMPARE(::pipe(pipeEnds), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            const auto store = open();
            for (api::SandboxId id = 1;; ++id)
                store->saveSandbox(sandbox(id, "agent-" + std::to_string(id)),
                                   [&, id](const Status& stored) {
                                       if (!stored || ::write(pipeEnds[1], &id, sizeof(id)) < 0)
                                           ::_exit(1);
                                   });
        }
        ::close(pipeEnds[1]);
        api::SandboxId confirmed = 0;
        while (confirmed < 3000)
            QCOMPARE(::read(pipeEnds[0], &confirmed, sizeof(confirmed)),
                     static_cast<ssize_t>(sizeof(confirmed)));
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        QVERIFY(WIFSIGNALED(status));
        while (::read(pipeEnds[0], &confirmed, sizeof(confirmed)) ==
               static_cast<ssize_t>(sizeof(confirmed)))
            ;
        ::close(pipeEnds[0]);
        const auto store = open();
        QVERIFY(store);
        const auto loaded = *store->loadSandboxes();
        QVERIFY(loaded.back().id >= confirmed);
        QCOMPARE(loaded.size(), static_cast<std::size_t>(loaded.back().id));
    }
};

QTEST_GUILESS_MAIN(StoreTest)
#include "store_test.moc"

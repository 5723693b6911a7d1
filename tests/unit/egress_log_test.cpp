#include <csignal>
#include <future>

#include <sys/wait.h>
#include <unistd.h>

#include <QTemporaryDir>
#include <QtTest>

#include "engine/log/egress_log.h"

using namespace sallyport;
using log::EgressLog;
using log::RowQuery;

namespace {

api::Row row(std::string host, std::string path = "/")
{
    api::Row made;
    made.time = nowUnixMillis();
    made.sandbox = 1;
    made.sandboxName = "agent-1";
    made.protocol = "h2";
    made.method = "GET";
    made.scheme = "https";
    made.host = std::move(host);
    made.port = 443;
    made.path = std::move(path);
    made.state = api::RowState::Done;
    made.verdict = api::Action::Allow;
    made.status = 200;
    return made;
}

std::vector<api::RowId> ids(const api::RowPage& page)
{
    std::vector<api::RowId> all;
    for (const auto& each : page.rows)
        all.push_back(each.id);
    return all;
}

using Ids = std::vector<api::RowId>;

} // namespace

class EgressLogTest : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<store::Store> m_store;
    std::unique_ptr<EgressLog> m_log;

    void open(log::Retention retention = {})
    {
        m_log.reset();
        m_store.reset();
        m_store = std::move(*store::Store::open(m_folder->path().toStdString() + "/sallyport.db"));
        m_log = std::move(*EgressLog::open(*m_store, retention));
    }

    Result<api::RowPage> list(RowQuery query)
    {
        m_store->flush();
        std::promise<Result<api::RowPage>> answer;
        m_log->list(std::move(query), [&](auto page) { answer.set_value(std::move(page)); });
        return answer.get_future().get();
    }

    Ids listed(api::RowFilter filter)
    {
        RowQuery query;
        query.filter = std::move(filter);
        return ids(*list(std::move(query)));
    }

    Result<api::RowDetail> get(api::RowId id)
    {
        m_store->flush();
        std::promise<Result<api::RowDetail>> answer;
        m_log->get(id, [&](auto detail) { answer.set_value(std::move(detail)); });
        return answer.get_future().get();
    }

private slots:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        open();
    }
    void cleanup()
    {
        m_log.reset();
        m_store.reset();
    }

    void idsOnlyGrowAlsoAcrossRestarts()
    {
        QCOMPARE(m_log->add(row("a.example")), api::RowId{1});
        QCOMPARE(m_log->add(row("b.example")), api::RowId{2});
        open();
        QCOMPARE(m_log->count(), std::int64_t{2});
        QCOMPARE(m_log->add(row("c.example")), api::RowId{3});
    }

    void aRowComesBackAsItWasGiven()
    {
        api::Row given = row("a.example", "/x?y=\x1b[31m");
        given.rule = 4;
        given.question = 5;
        given.reason = "rule 4";
        given.durationMs = 12;
        given.upstreamAddress = "192.0.2.1:443";
        given.id = m_log->add(given);
        QCOMPARE(api::toJson(get(given.id)->row), api::toJson(given));
        QCOMPARE(get(99).error().code, Error::Code::NotFound);
    }

    void theListenerHearsOnlyWhatIsStored()
    {
        std::vector<std::string> heard; // the writer's, read after flush
        m_log->setListener([&](const api::Row& stored) {
            // A read that begins now sees it.
            heard.push_back(std::to_string(stored.id) + " " +
                            std::string(api::enumName(stored.state)));
        });
        api::Row held = row("a.example");
        held.state = api::RowState::Held;
        held.verdict.reset();
        held.id = m_log->add(held);
        held.state = api::RowState::Done;
        m_log->update({held, {{"accept", "*/*"}}, {{"server", "x"}}, "TLSv1.3", {}});
        m_store->flush();
        QCOMPARE(heard, (std::vector<std::string>{"1 held", "1 done"}));
        QCOMPARE(m_log->count(), std::int64_t{1});
    }

    void whatHappensBetweenTwoTransactionsIsStoredAsTheLastChangeHasIt()
    {
        std::vector<std::string> heard; // the writer's, read after flush
        m_log->setListener([&](const api::Row& stored) {
            heard.push_back(std::to_string(stored.id) + " " +
                            std::string(api::enumName(stored.state)));
        });
        std::promise<void> gate;
        m_store->write([open = gate.get_future().share()](store::Database&) {
            open.wait();
            return Status();
        });
        api::Row first = row("a.example");
        first.state = api::RowState::Open;
        first.id = m_log->add(first);
        api::Row second = row("b.example");
        second.id = m_log->add(second);
        const std::string odd = "\"\\\n\x7f\xc3\xa4";
        m_log->update({first, {{"accept", odd}}, {{"server", "x"}}, "TLSv1.3", {}});
        first.state = api::RowState::Done;
        m_log->update({first, {}, {}, "", {}});
        gate.set_value();
        const auto detail = *get(first.id);
        QCOMPARE(detail.row.state, api::RowState::Done);
        QCOMPARE(detail.row.host, std::string("a.example"));
        QCOMPARE(detail.requestHeaders.at(0).second, odd);
        QCOMPARE(detail.responseHeaders.at(0).first, std::string("server"));
        QCOMPARE(get(second.id)->row.host, std::string("b.example"));
        QCOMPARE(heard, (std::vector<std::string>{"1 open", "2 done", "1 open", "1 done"}));
        QCOMPARE(m_log->count(), std::int64_t{2});
    }

    void headersStayWhenAnUpdateHasNone()
    {
        api::Row first = row("a.example");
        first.id = m_log->add(first);
        m_log->update({first, {{"accept", "*/*"}}, {{"server", "x"}}, "TLSv1.3", {}});
        first.responseBytes = 99;
        m_log->update({first, {}, {}, "", {}});
        const auto detail = *get(first.id);
        QCOMPARE(detail.row.responseBytes, std::int64_t{99});
        QCOMPARE(detail.requestHeaders.at(0).second, std::string("*/*"));
        QCOMPARE(detail.upstreamTls, std::string("TLSv1.3"));
    }

    void theFramesOfAWebSocketAreKept()
    {
        api::Row first = row("a.example");
        first.id = m_log->add(first);
        api::RowDetail detail{first, {{"upgrade", "websocket"}}, {}, "", {}};
        detail.webSocket = api::WebSocketLog{1, 2, {{true, 1, true, 5, 10}, {false, 8, true, 2, 20}}};
        m_log->update(detail);
        const auto stored = *get(first.id);
        QVERIFY(stored.webSocket.has_value());
        QCOMPARE(stored.webSocket->framesFromUpstream, std::int64_t{2});
        QCOMPARE(stored.webSocket->frames.at(1).opcode, 8);
        QVERIFY(!stored.webSocket->frames.at(1).fromGuest);
    }

    void hostileTextIsBoundedAndNeverBreaksJson()
    {
        api::Row hostile = row(std::string("\xff\xfe", 2), std::string(100000, 'p'));
        hostile.method = std::string(1000, '\xf0');
        hostile.id = m_log->add(hostile);
        std::vector<std::pair<std::string, std::string>> headers(1000,
                                                                 {"x", std::string(9000, 'v')});
        m_log->update({hostile, headers, {{std::string("\0", 1), "\xc3"}}, "", {}});
        const auto detail = *get(hostile.id);
        QCOMPARE(detail.row.host, std::string("\\xff\\xfe"));
        QVERIFY(detail.row.path.size() <= 2048);
        QVERIFY(detail.row.path.ends_with("…"));
        QVERIFY(detail.requestHeaders.size() < 20);
        QCOMPARE(detail.requestHeaders.back().first, std::string("…"));
        QVERIFY(api::toJson(detail).dump().size() < 100000); // dump throws on invalid UTF-8
    }

    void pagesGoBackByIdAndForward()
    {
        for (int i = 0; i < 10; ++i)
            m_log->add(row("a.example"));
        RowQuery query;
        query.limit = 4;
        auto page = *list(query);
        QCOMPARE(ids(page), (Ids{10, 9, 8, 7}));
        query.before = page.before;
        page = *list(query);
        QCOMPARE(ids(page), (Ids{6, 5, 4, 3}));
        query.before = page.before;
        page = *list(query);
        QCOMPARE(ids(page), (Ids{2, 1}));
        QVERIFY(!page.before);

        RowQuery forward;
        forward.after = 7;
        forward.limit = 2;
        QCOMPARE(ids(*list(forward)), (Ids{8, 9}));
        forward.after = 9;
        QCOMPARE(ids(*list(forward)), (Ids{10}));
        forward.after = 10;
        QVERIFY(list(forward)->rows.empty());
    }

    void aPageFitsIntoAMessage()
    {
        for (int i = 0; i < 1000; ++i)
            m_log->add(row("a.example", std::string(2000, '\x01')));
        RowQuery query;
        query.limit = 1000;
        std::size_t seen = 0;
        do {
            const auto page = *list(query);
            QVERIFY(api::toJson(page).dump().size() < (std::size_t{1} << 20U) - 1000);
            QVERIFY(!page.rows.empty());
            seen += page.rows.size();
            query.before = page.before;
        } while (query.before);
        QCOMPARE(seen, std::size_t{1000});
    }

    void filtersSelect()
    {
        api::Row denied = row("api.example.com", "/v1/Data_100%");
        denied.sandbox = 2;
        denied.verdict = api::Action::Deny;
        denied.state = api::RowState::Denied;
        denied.status = 403;
        denied.method = "POST";
        m_log->add(row("other.example", "/plain")); // 1
        m_log->add(denied);                         // 2
        api::Row held = row("api.example.com", "/held");
        held.state = api::RowState::Held;
        held.verdict.reset();
        m_log->add(held); // 3

        const auto with = [](auto set) {
            api::RowFilter filter;
            set(filter);
            return filter;
        };
        QCOMPARE(listed({}), (Ids{3, 2, 1}));
        QCOMPARE(listed(with([](auto& f) { f.sandbox = 2; })), (Ids{2}));
        QCOMPARE(listed(with([](auto& f) { f.verdict = api::Action::Allow; })), (Ids{1}));
        QCOMPARE(listed(with([](auto& f) { f.state = api::RowState::Held; })), (Ids{3}));
        QCOMPARE(listed(with([](auto& f) { f.method = "POST"; })), (Ids{2}));
        QCOMPARE(listed(with([](auto& f) { f.status = 200; })), (Ids{3, 1}));
        QCOMPARE(listed(with([](auto& f) { f.text = "API.example"; })), (Ids{3, 2}));
        QCOMPARE(listed(with([](auto& f) { f.text = "/plain"; })), (Ids{1}));
        QCOMPARE(listed(with([](auto& f) { f.text = "_100%"; })), (Ids{2}));
        QCOMPARE(listed(with([](auto& f) { f.text = "%"; })), (Ids{2}));
        QCOMPARE(listed(with([](auto& f) {
                     f.sandbox = 2;
                     f.verdict = api::Action::Deny;
                     f.text = "api";
                     f.method = "POST";
                     f.status = 403;
                     f.state = api::RowState::Denied;
                 })),
                 (Ids{2}));
        QVERIFY(listed(with([](auto& f) {
                    f.sandbox = 1;
                    f.verdict = api::Action::Deny;
                })).empty());
    }

    void impossibleQueriesAreRefused()
    {
        RowQuery query;
        query.limit = 0;
        QCOMPARE(list(query).error().code, Error::Code::Invalid);
        query.limit = 1001;
        QCOMPARE(list(query).error().code, Error::Code::Invalid);
        query.limit = 1;
        query.before = 1;
        query.after = 1;
        QCOMPARE(list(query).error().code, Error::Code::Invalid);
    }

    void tooManyRowsAreTrimmedOldestFirst()
    {
        open({.mostRows = 700});
        for (int i = 0; i < 2000; ++i)
            m_log->add(row("h" + std::to_string(i) + ".example"));
        for (int i = 0; i < 10; ++i)
            m_store->flush();
        QVERIFY2(m_log->count() <= 700 + 256, std::to_string(m_log->count()).c_str());
        QVERIFY(m_log->count() >= 700);
        QVERIFY(!get(1));
        QVERIFY(get(2000));
        std::promise<std::int64_t> hosts;
        QVERIFY(m_store->read([&](store::Database& database) {
            hosts.set_value(database.integer("SELECT count(*) FROM hosts").value_or(-1));
        }));
        QCOMPARE(hosts.get_future().get(), m_log->count());
    }

    void oldRowsAreTrimmedAtOpen()
    {
        api::Row old = row("a.example");
        old.time = nowUnixMillis() - 1000LL * 60 * 60 * 24 * 8;
        old.id = m_log->add(old);
        m_log->update({old, {{"a", "b"}}, {}, "", {}});
        m_log->add(row("b.example"));
        open();
        m_store->flush();
        QCOMPARE(listed({}), (Ids{2}));
        QCOMPARE(m_log->count(), std::int64_t{1});
        QCOMPARE(m_log->add(row("c.example")), api::RowId{3});
    }

    void sizeIsBounded()
    {
        open({.mostBytes = 1 << 20});
        for (int i = 0; i < 3000; ++i)
            m_log->add(row("a.example", std::string(2000, 'x')));
        for (int i = 0; i < 20; ++i)
            m_store->flush();
        QVERIFY2(m_log->count() < 1000, std::to_string(m_log->count()).c_str());
        QVERIFY(get(3000));
    }

    void hostsAreNewOncePerSandbox()
    {
        QVERIFY(m_log->isFirstTime(1, "a.example"));
        QVERIFY(!m_log->isFirstTime(1, "a.example"));
        QVERIFY(m_log->isFirstTime(2, "a.example"));
        open();
        QVERIFY(!m_log->isFirstTime(1, "a.example"));
        m_store->removeSandbox(1);
        m_log->forgetSandbox(1);
        QVERIFY(m_log->isFirstTime(1, "a.example"));
    }

    // The engine is killed while one request is held and one runs: what was shown is there, and
    // nothing looks as if it went on.
    void aKilledEngineLosesNothingShownAndLeavesNothingOpen()
    {
        m_log.reset();
        m_store.reset();
        int pipeEnds[2];
        QCOMPARE(::pipe(pipeEnds), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            open();
            m_log->setListener([&](const api::Row& stored) {
                if (::write(pipeEnds[1], &stored.id, sizeof(stored.id)) < 0)
                    ::_exit(1);
            });
            for (;;) {
                api::Row held = row("a.example");
                held.state = api::RowState::Held;
                held.verdict.reset();
                m_log->add(held);
                api::Row running = row("a.example");
                running.state = api::RowState::Open;
                m_log->add(running);
            }
        }
        ::close(pipeEnds[1]);
        api::RowId shown = 0;
        while (shown < 5000)
            QCOMPARE(::read(pipeEnds[0], &shown, sizeof(shown)),
                     static_cast<ssize_t>(sizeof(shown)));
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        while (::read(pipeEnds[0], &shown, sizeof(shown)) == static_cast<ssize_t>(sizeof(shown)))
            ;
        ::close(pipeEnds[0]);

        open();
        QVERIFY(m_log->count() >= shown);
        QVERIFY(get(shown));
        const auto first = get(1)->row;
        QCOMPARE(first.state, api::RowState::Denied);
        QCOMPARE(first.verdict, std::optional(api::Action::Deny));
        QVERIFY(first.reason.find("engine ended") != std::string::npos);
        const auto second = get(2)->row;
        QCOMPARE(second.state, api::RowState::Failed);
        QCOMPARE(second.error, std::string("the engine ended"));
        api::RowFilter held;
        held.state = api::RowState::Held;
        QVERIFY(listed(held).empty());
        QVERIFY(m_log->add(row("b.example")) > shown);
    }
};

QTEST_GUILESS_MAIN(EgressLogTest)
#include "egress_log_test.moc"

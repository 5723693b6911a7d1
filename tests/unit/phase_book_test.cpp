#include <QTemporaryDir>
#include <QtTest>

#include "engine/service/phase_book.h"

using namespace sallyport;
using service::PhaseBook;

namespace {

constexpr api::SandboxId Sandbox = 3;

api::Phase phase(const std::string& name, const std::string& handler = {})
{
    api::Phase made;
    made.name = name;
    made.handler = handler;
    return made;
}

template <typename T> bool fails(const Result<T>& outcome, std::string_view why)
{
    return !outcome && outcome.error().text.find(why) != std::string::npos;
}

} // namespace

class PhaseBookTest : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<store::Store> m_store;
    std::unique_ptr<PhaseBook> m_book;
    std::vector<api::Phase> m_applied;
    std::string m_refused; // a handler that can't be set
    int m_told = 0;

    // As a new engine would.
    void open()
    {
        m_book.reset();
        m_store.reset();
        m_store = std::move(*store::Store::open(m_folder->path().toStdString() + "/sallyport.db"));
        PhaseBook::Parts parts;
        parts.check = [](api::SandboxId, const api::Phase& each) -> Status {
            if (each.handler == "nobody")
                return fail(Error::Code::NotFound, "no handler nobody");
            return {};
        };
        parts.apply = [this](api::SandboxId, const api::Phase& each) -> Status {
            if (!each.handler.empty() && each.handler == m_refused)
                return fail(Error::Code::NotFound, "it is gone");
            m_applied.push_back(each);
            return {};
        };
        parts.onChanged = [this](api::SandboxId, const api::Phases&) { ++m_told; };
        m_book = std::make_unique<PhaseBook>(*m_store, *m_store->loadPhases(), std::move(parts));
        m_applied.clear();
        m_told = 0;
        m_book->resume();
    }

private slots:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_refused.clear();
        open();
        QVERIFY(m_book->set(Sandbox, {phase("setup"), phase("locked", "noHttp")}));
    }
    void cleanup()
    {
        m_book.reset();
        m_store.reset();
    }

    void onePhaseHoldsAndIsKept()
    {
        QVERIFY(m_applied.empty());
        QVERIFY(m_book->enter(Sandbox, "locked"));
        QCOMPARE(m_applied.back().handler, std::string("noHttp"));
        QCOMPARE(m_told, 2);
        open();
        QVERIFY(m_applied.empty());
        QCOMPARE(m_book->of(Sandbox).current, std::string("locked"));
        QCOMPARE(m_book->of(Sandbox).phases.size(), std::size_t(2));
    }

    void whatIsWrongIsRefusedAsAWhole()
    {
        QVERIFY(fails(m_book->enter(Sandbox, "later"), "there are setup, locked"));
        QVERIFY(fails(m_book->enter(4, "locked"), "has no phases"));
        QVERIFY(fails(m_book->set(Sandbox, {phase("a"), phase("a")}), "twice"));
        QVERIFY(fails(m_book->set(Sandbox, {phase("A b")}), "a name is"));
        QVERIFY(fails(m_book->set(Sandbox, {phase("a", "nobody")}), "no handler nobody"));
        QVERIFY(fails(m_book->set(Sandbox, std::vector<api::Phase>(17, phase("a"))), "more than"));
        QCOMPARE(m_book->of(Sandbox).phases.size(), std::size_t(2));
    }

    void aChangeOfTheCurrentPhaseHoldsAtOnce()
    {
        QVERIFY(m_book->enter(Sandbox, "setup"));
        api::Phase open = phase("setup");
        open.defaultAction = api::DefaultAction::Allow;
        QVERIFY(m_book->set(Sandbox, {open, phase("locked")}));
        QCOMPARE(m_applied.size(), std::size_t(2));
        QCOMPARE(m_applied.back().defaultAction, api::DefaultAction::Allow);
        QVERIFY(m_book->set(Sandbox, {open}));
        QCOMPARE(m_applied.size(), std::size_t(2));
        QVERIFY(m_book->set(Sandbox, {}));
        QVERIFY(m_book->of(Sandbox).current.empty());
    }

    void aPromiseIsKeptWhenItsProgramEnds()
    {
        QVERIFY(m_book->enter(Sandbox, "setup"));
        auto promise = m_book->promise(Sandbox, "locked");
        QVERIFY(promise);
        QCOMPARE(m_book->of(Sandbox).next, std::string("locked"));
        QVERIFY(fails(m_book->set(Sandbox, {phase("setup")}), "a program runs"));
        promise->reset();
        QCOMPARE(m_book->of(Sandbox).current, std::string("locked"));
        QVERIFY(m_book->of(Sandbox).next.empty());
        QVERIFY(fails(m_book->promise(Sandbox, "later"), "there is no phase"));
    }

    void aBrokenPromiseChangesNothing()
    {
        auto promise = m_book->promise(Sandbox, "locked");
        m_book->breakPromise(**promise);
        promise->reset();
        QVERIFY(m_book->of(Sandbox).current.empty() && m_book->of(Sandbox).next.empty());
    }

    void aPromiseOutlivesTheEngine()
    {
        auto promise = m_book->promise(Sandbox, "locked");
        open();
        QCOMPARE(m_applied.size(), std::size_t(1));
        QCOMPARE(m_book->of(Sandbox).current, std::string("locked"));
    }

    void whereItCannotBeKeptEverythingIsDenied()
    {
        auto promise = m_book->promise(Sandbox, "locked");
        m_refused = "noHttp";
        promise->reset();
        const api::Phase& now = m_applied.back();
        QVERIFY(now.allowedHosts && now.allowedHosts->empty());
        QCOMPARE(now.defaultAction, api::DefaultAction::Deny);
        QVERIFY(m_book->of(Sandbox).problem.find("it is gone") != std::string::npos);
        m_refused.clear();
        QVERIFY(m_book->enter(Sandbox, "locked"));
        QVERIFY(m_book->of(Sandbox).problem.empty());
    }

    void aSandboxThatIsGoneIsForgotten()
    {
        auto promise = m_book->promise(Sandbox, "locked");
        m_book->removeSandbox(Sandbox);
        promise->reset();
        QVERIFY(m_applied.empty());
    }
};

QTEST_GUILESS_MAIN(PhaseBookTest)
#include "phase_book_test.moc"

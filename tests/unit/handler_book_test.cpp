#include <QTemporaryDir>
#include <QtTest>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "engine/service/handler_book.h"

using namespace sallyport;
using service::CheckedModule;
using service::HandlerBook;

namespace {

constexpr api::SandboxId Sandbox = 3;

std::string errorOf(const Status& status)
{
    return status ? std::string() : status.error().text;
}

bool contains(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

class HandlerBookTest : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<store::Store> m_store;
    std::unique_ptr<HandlerBook> m_book;
    std::vector<api::Handler> m_told; // to the policy, last
    int m_changes = 0;

    void open()
    {
        m_book.reset();
        m_store.reset();
        m_store = std::move(*store::Store::open(m_folder->path().toStdString() + "/sallyport.db"));
        m_book = std::make_unique<HandlerBook>(*m_store, *m_store->loadHandlers(),
                                               *m_store->loadModules());
        m_changes = 0;
        HandlerBook::Listener listener;
        listener.onHandlersChanged = [this](api::SandboxId, const std::vector<api::Handler>& all) {
            m_told = all;
        };
        listener.onChanged = [this](api::SandboxId) { ++m_changes; };
        m_book->setListener(std::move(listener));
    }

    [[nodiscard]] std::string shown() const
    {
        std::string text;
        for (const api::Handler& each : m_book->of(Sandbox))
            text += (text.empty() ? "" : "; ") + each.host + " " + each.name + " " + each.params;
        return text;
    }

    Result<api::Module> save(std::string source)
    {
        boost::asio::io_context loop;
        Result<api::Module> outcome;
        boost::asio::co_spawn(loop, m_book->saveModule(Sandbox, std::move(source)),
                              [&](const std::exception_ptr&, Result<api::Module> saved) {
                                  outcome = std::move(saved);
                              });
        loop.run();
        return outcome;
    }

    // A runtime that knows one handler, `mine`, and one mistake.
    void setCheck()
    {
        m_book->setCheck(
            [](api::SandboxId, std::string source) -> boost::asio::awaitable<CheckedModule> {
                CheckedModule checked;
                if (contains(source, "mistake"))
                    checked.problems.push_back({"unexpected mistake", 2, 5});
                if (contains(source, "mine"))
                    checked.handlers.emplace_back("mine");
                if (contains(source, "allowHosts"))
                    checked.handlers.emplace_back("allowHosts");
                if (contains(source, "closed"))
                    checked.settings.enableInternet = false;
                api::Handler declared;
                declared.kind = api::HandlerKind::JavaScript;
                declared.name = "outbound";
                checked.declared.push_back(declared);
                co_return checked;
            });
    }

private slots:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        open();
    }
    void cleanup()
    {
        m_book.reset();
        m_store.reset();
    }

    void whatIsSetIsToldAndKept()
    {
        QVERIFY(m_book->setOutboundHandler(Sandbox, HandlerBook::Wanted{"readOnly"}));
        QVERIFY(m_book->setOutboundByHost(Sandbox, "A.Example.", {"log"}));
        QVERIFY(m_book->setOutboundByHost(Sandbox, "a.example", {"respond", R"({"status":404})"}));
        QCOMPARE(shown(), std::string(R"( readOnly {}; a.example respond {"status":404})"));
        QCOMPARE(m_told.size(), std::size_t{2});
        QCOMPARE(m_changes, 3);
        open();
        QCOMPARE(shown(), std::string(R"( readOnly {}; a.example respond {"status":404})"));
        QVERIFY(m_book->setOutboundHandler(Sandbox, std::nullopt));
        QVERIFY(m_book->removeOutboundByHost(Sandbox, "a.example"));
        QCOMPARE(shown(), std::string());
        QCOMPARE(m_book->removeOutboundByHost(Sandbox, "a.example").error().code,
                 Error::Code::NotFound);
    }

    void whatIsWrongChangesNothing()
    {
        QVERIFY(m_book->setOutboundByHosts(Sandbox, {{"a.example", {"log"}}}));
        const auto refused = [&](const Status& status, std::string_view part) {
            return contains(errorOf(status), part);
        };
        QVERIFY(refused(m_book->setOutboundHandler(Sandbox, HandlerBook::Wanted{"nothing"}),
                        "no handler is named 'nothing'"));
        QVERIFY(
            refused(m_book->setOutboundByHost(Sandbox, "b.example", {"respond", R"({"status":9})"}),
                    "respond: status: not a number"));
        QVERIFY(refused(m_book->setOutboundByHost(Sandbox, "*b.example", {"log"}), "*.b.example"));
        QVERIFY(refused(m_book->setOutboundByHost(Sandbox, "", {"log"}), "empty"));
        QVERIFY(refused(
            m_book->setOutboundByHosts(Sandbox, {{"b.example", {"log"}}, {"c.example", {"odd"}}}),
            "c.example: no handler"));
        QVERIFY(refused(
            m_book->setOutboundByHosts(Sandbox, {{"b.example", {"log"}}, {"B.example", {"log"}}}),
            "named twice"));
        QCOMPARE(shown(), std::string("a.example log {}"));
    }

    void aSandboxHasSoManyHandlers()
    {
        std::vector<std::pair<std::string, HandlerBook::Wanted>> many;
        for (std::size_t i = 0; i <= HandlerBook::MostHandlers; ++i)
            many.emplace_back("h" + std::to_string(i) + ".example", HandlerBook::Wanted{"log"});
        QVERIFY(contains(errorOf(m_book->setOutboundByHosts(Sandbox, many)), "at most 500"));
        many.pop_back();
        QVERIFY(m_book->setOutboundByHosts(Sandbox, many));
        const HandlerBook::Wanted big{"respond", "{\"body\":\"" + std::string(40000, 'x') + "\"}"};
        std::vector<std::pair<std::string, HandlerBook::Wanted>> heavy;
        for (int i = 0; i < 7; ++i)
            heavy.emplace_back("h" + std::to_string(i) + ".example", big);
        QVERIFY(contains(errorOf(m_book->setOutboundByHosts(Sandbox, heavy)), "256 KiB"));
    }

    void aModuleIsCheckedAndPutInForce()
    {
        setCheck();
        auto saved = save("mine");
        QVERIFY(saved && saved->inForce);
        QCOMPARE(shown(), std::string(" outbound {}"));
        QVERIFY(m_book->setOutboundByHost(Sandbox, "a.example", {"mine", "[1]"}));
        QCOMPARE(m_book->of(Sandbox).back().kind, api::HandlerKind::JavaScript);
        // A wrong one is kept, and the last good one goes on.
        saved = save("mistake");
        QVERIFY(saved && !saved->inForce);
        QCOMPARE(saved->problems.at(0).line, 2);
        QCOMPARE(saved->handlers, (std::vector<std::string>{"mine"}));
        QCOMPARE(m_book->moduleInForce(Sandbox), std::string("mine"));
        QCOMPARE(m_book->module(Sandbox).source, std::string("mistake"));
        open();
        QCOMPARE(m_book->moduleInForce(Sandbox), std::string("mine"));
        QVERIFY(m_book->setOutboundHandler(Sandbox, HandlerBook::Wanted{"mine"}));
        // Its names are gone with it.
        saved = save("");
        QVERIFY(saved && !saved->savedAt);
        QVERIFY(contains(errorOf(m_book->setOutboundHandler(Sandbox, HandlerBook::Wanted{"mine"})),
                         "no handler"));
        QCOMPARE(shown(), std::string("a.example mine [1];  mine {}"));
    }

    void theModulesNameComesBeforeTheBuiltInOne()
    {
        setCheck();
        QVERIFY(save("allowHosts").has_value());
        QVERIFY(
            m_book->setOutboundHandler(Sandbox, HandlerBook::Wanted{"allowHosts", R"({"x":1})"}));
        QCOMPARE(m_book->of(Sandbox).back().kind, api::HandlerKind::JavaScript);
        QVERIFY(contains(errorOf(m_book->setOutboundHandler(Sandbox, HandlerBook::Wanted{"odd"})),
                         "the module has allowHosts"));
    }

    void withoutARuntimeAModuleIsKeptAndNotRun()
    {
        const auto saved = save("mine");
        QVERIFY(saved && !saved->inForce);
        QVERIFY(contains(saved->problems.at(0).text, "no runtime"));
        QCOMPARE(m_book->moduleInForce(Sandbox), std::string());
        QCOMPARE(save(std::string(300000, 'x')).error().code, Error::Code::TooLarge);
    }

    void whatTheClassSaysIsKept()
    {
        setCheck();
        QVERIFY(save("closed").has_value());
        QCOMPARE(m_book->settings(Sandbox).enableInternet, std::optional(false));
        // A wrong one changes nothing of what is in force.
        QVERIFY(save("mistake").has_value());
        open();
        QCOMPARE(m_book->settings(Sandbox).enableInternet, std::optional(false));
        setCheck();
        QVERIFY(save("").has_value());
        QVERIFY(!m_book->settings(Sandbox).enableInternet);
    }

    void aSandboxThatGoesWhileItsModuleIsCheckedLeavesNone()
    {
        m_book->setCheck([this](api::SandboxId, std::string) -> boost::asio::awaitable<CheckedModule> {
            m_book->removeSandbox(Sandbox);
            co_return CheckedModule{};
        });
        QCOMPARE(save("mine").error().code, Error::Code::NotFound);
        open();
        QVERIFY(!m_book->module(Sandbox).savedAt);
    }

    void theLaterSaveCounts()
    {
        bool isFirst = true;
        m_book->setCheck([&](api::SandboxId, std::string) -> boost::asio::awaitable<CheckedModule> {
            if (std::exchange(isFirst, false)) {
                auto second = m_book->saveModule(Sandbox, "second");
                static_cast<void>(co_await std::move(second));
            }
            co_return CheckedModule{};
        });
        QCOMPARE(save("first").error().code, Error::Code::Conflict);
        QCOMPARE(m_book->module(Sandbox).source, std::string("second"));
    }
};

QTEST_GUILESS_MAIN(HandlerBookTest)
#include "handler_book_test.moc"

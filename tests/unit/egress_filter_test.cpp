#include <QTest>

#include "ui/egress/filter.h"
#include "ui/egress/row_cache.h"
#include "ui/egress/row_words.h"
#include "ui2_engine.h"

using namespace sallyport;
using namespace sallyport::ui::egress;

namespace {

Filter parse(const QString& text)
{
    return parseFilter(text, [](const QString& name) -> std::optional<api::SandboxId> {
        return name == QLatin1String("agent-1") ? std::optional<api::SandboxId>(1) : std::nullopt;
    });
}

} // namespace

class EgressFilterTest : public QObject
{
    Q_OBJECT

private slots:
    void nothingTypedMatchesAll()
    {
        QVERIFY(parse({}).isEverything());
        QVERIFY(
            parse(QStringLiteral("   ")).matches(test::row(1, api::RowState::Done, "a.example")));
    }

    void readsEachToken()
    {
        const Filter filter = parse(QStringLiteral(
            "host:Example.COM method:post verdict:deny status:403 state:denied sandbox:agent-1"));
        QCOMPARE(filter.problem, QString());
        QCOMPARE(filter.host, QStringLiteral("example.com"));
        QCOMPARE(filter.wire.method, std::string("POST"));
        QCOMPARE(filter.wire.verdict, api::Action::Deny);
        QCOMPARE(filter.wire.status, 403);
        QCOMPARE(filter.wire.state, api::RowState::Denied);
        QCOMPARE(filter.wire.sandbox, api::SandboxId(1));
        QCOMPARE(filter.wire.text, std::string("example.com"));
    }

    void namesWhatItCannotRead_data()
    {
        QTest::addColumn<QString>("text");
        for (const char* text :
             {"verdict:maybe", "status:4x", "status:-1", "state:gone", "sandbox:none"})
            QTest::newRow(text) << QString::fromLatin1(text);
    }

    void namesWhatItCannotRead()
    {
        QFETCH(QString, text);
        QVERIFY(!parse(text).problem.isEmpty());
    }

    void halfTypedTokensDoNothing()
    {
        const Filter filter = parse(QStringLiteral("verdict: host:"));
        QVERIFY(filter.problem.isEmpty());
        QVERIFY(filter.isEverything());
    }

    void unknownTokensAreWords()
    {
        QCOMPARE(parse(QStringLiteral("a:b https://x")).words,
                 QStringList({QStringLiteral("a:b"), QStringLiteral("https://x")}));
        QCOMPARE(parse(QStringLiteral("\"two words\"")).words,
                 QStringList(QStringLiteral("two words")));
    }

    void wordsMatchHostOrPathAndAllMustHold()
    {
        api::Row row = test::row(1, api::RowState::Done, "api.example.com");
        row.path = "/Login?next=1";
        QVERIFY(parse(QStringLiteral("login EXAMPLE")).matches(row));
        QVERIFY(!parse(QStringLiteral("login other")).matches(row));
        QVERIFY(parse(QStringLiteral("host:api login")).matches(row));
        QVERIFY(!parse(QStringLiteral("host:login")).matches(row));
    }

    void completesTokensThenValues()
    {
        QCOMPARE(completionsFor(QStringLiteral("ver"), {}),
                 QStringList(QStringLiteral("verdict:")));
        QCOMPARE(completionsFor(QStringLiteral("verdict:d"), {}),
                 QStringList(QStringLiteral("verdict:deny")));
        QCOMPARE(completionsFor(QStringLiteral("sandbox:"), {QStringLiteral("agent-1")}),
                 QStringList(QStringLiteral("sandbox:agent-1")));
        QVERIFY(completionsFor({}, {}).isEmpty());
    }

    void cacheForgetsWhatWasUsedLeast()
    {
        RowCache cache(100);
        for (api::RowId id = 1; id <= 100; ++id)
            cache.put(test::row(id, api::RowState::Done, "a.example"));
        QVERIFY(cache.find(1) != nullptr);
        cache.put(test::row(101, api::RowState::Done, "a.example"));
        QVERIFY(cache.size() <= 60);
        QVERIFY(cache.find(1) != nullptr);
        QVERIFY(cache.find(2) == nullptr);
        QVERIFY(cache.find(101) != nullptr);
    }

    void saysWhy()
    {
        api::Row row = test::row(1, api::RowState::Denied, "a.example");
        row.step = api::Step::Denied;
        row.reason = "a rule denies it";
        row.rule = 5;
        row.heldMs = 3200;
        api::Rule rule;
        rule.id = 5;
        rule.sandbox = 1;
        rule.action = api::Action::Deny;
        rule.match.host = "a.example";
        rule.origin = api::RuleOrigin::Answer;
        const QString why = whyText(row, &rule);
        for (const char* part : {"Denied hosts", "A rule denies it.", "Deny a.example",
                                 "made by your answer", "held for 3.2 s"})
            QVERIFY2(why.contains(QLatin1String(part)), qPrintable(why));
        QVERIFY(whyText(row, nullptr).contains(QStringLiteral("no longer there")));
    }

    void curlIsSafeToPaste()
    {
        api::RowDetail detail;
        detail.row = test::row(1, api::RowState::Done, "a.example");
        detail.row.method = "PO'ST;reboot";
        detail.row.path = "/x?$(reboot)'`id`\n&y=1";
        detail.requestHeaders = {{"x-a", "b'; rm -rf /\r\n#"}, {"host", "a.example"}};
        const QString command = curlCommand(detail);
        QCOMPARE(command, QStringLiteral("curl \\\n  --request 'PO'\\''ST;reboot' \\\n"
                                         "  --header 'x-a: b'\\''; rm -rf /  #' \\\n"
                                         "  'https://a.example/x?$(reboot)'\\''`id`%0A&y=1'"));
    }

    void curlTellsWhatIsMissing()
    {
        api::RowDetail detail;
        detail.row = test::row(1, api::RowState::Done, "a.example");
        detail.row.requestBytes = 100;
        detail.requestHeaders = {{"authorization", "Bearer ***"}};
        const QString command = curlCommand(detail);
        QCOMPARE(command.count(QLatin1Char('#')), 2);
    }
};

QTEST_MAIN(EgressFilterTest)
#include "egress_filter_test.moc"

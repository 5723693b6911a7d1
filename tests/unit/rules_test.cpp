#include <QTest>

#include "engine/policy/rules.h"

using namespace sallyport;
using namespace sallyport::policy;

namespace {

constexpr UnixMillis Now = 1'700'000'000'000;

api::Question question(const char* host = "api.example.co.uk")
{
    api::Question asked;
    asked.id = 7;
    asked.sandbox = 3;
    asked.method = "POST";
    asked.scheme = "https";
    asked.host = host;
    asked.port = 443;
    asked.path = "/v1/items?token=1";
    return asked;
}

api::Answer answer(api::Reach reach,
                   api::Lifetime lifetime = api::Lifetime::UntilStop,
                   api::Action action = api::Action::Allow,
                   api::Scope scope = api::Scope::Sandbox)
{
    api::Answer given;
    given.question = 7;
    given.action = action;
    given.reason = "not now";
    given.reach = reach;
    given.lifetime = lifetime;
    given.scope = scope;
    return given;
}

QStringList texts(const std::vector<api::Rule>& rules)
{
    QStringList list;
    for (const api::Rule& rule : rules)
        list << QString::fromStdString(ruleText(rule));
    return list;
}

} // namespace

class RulesTest : public QObject
{
    Q_OBJECT

private slots:
    void answersMakeRules_data()
    {
        QTest::addColumn<int>("reach");
        QTest::addColumn<int>("action");
        QTest::addColumn<QStringList>("rules");
        const auto row = [](const char* name, api::Reach reach, api::Action action,
                            QStringList rules) {
            QTest::newRow(name) << static_cast<int>(reach) << static_cast<int>(action) << rules;
        };
        constexpr auto Allow = api::Action::Allow;
        constexpr auto Deny = api::Action::Deny;
        row("this request", api::Reach::ThisRequest, Allow, {});
        row("path", api::Reach::MethodAndPath, Allow,
            {"allow POST https://api.example.co.uk/v1/items",
             "allow POST https://api.example.co.uk/v1/items/**"});
        row("method", api::Reach::MethodAndHost, Allow, {"allow POST https://api.example.co.uk"});
        row("host", api::Reach::Host, Allow, {"allow https://api.example.co.uk"});
        row("domain", api::Reach::Domain, Allow,
            {"allow https://*.example.co.uk", "allow https://example.co.uk"});
        row("deny method", api::Reach::MethodAndHost, Deny,
            {"deny POST https://api.example.co.uk"});
        // Who denies a host means all of it.
        row("deny host", api::Reach::Host, Deny, {"deny api.example.co.uk"});
        row("deny domain", api::Reach::Domain, Deny,
            {"deny *.example.co.uk", "deny example.co.uk"});
    }
    void answersMakeRules()
    {
        QFETCH(int, reach);
        QFETCH(int, action);
        QFETCH(QStringList, rules);
        const auto made =
            rulesForAnswer(question(),
                           answer(static_cast<api::Reach>(reach), api::Lifetime::Always,
                                  static_cast<api::Action>(action)),
                           Now);
        QVERIFY2(made, made ? "" : made.error().text.c_str());
        QCOMPARE(texts(*made), rules);
        for (const api::Rule& rule : *made) {
            QVERIFY(validateRule(rule));
            QCOMPARE(rule.id, 0);
            QCOMPARE(rule.sandbox, std::optional<api::SandboxId>(3));
            QCOMPARE(rule.origin, api::RuleOrigin::Answer);
            QCOMPARE(rule.createdAt, Now);
            QCOMPARE(rule.reason, std::string(rule.action == api::Action::Deny ? "not now" : ""));
        }
    }

    void lifetimesEnd_data()
    {
        QTest::addColumn<int>("lifetime");
        QTest::addColumn<int>("rules");
        QTest::addColumn<qint64>("expiresAfter"); // 0: never
        QTest::addColumn<bool>("untilStop");
        QTest::newRow("once") << static_cast<int>(api::Lifetime::Once) << 0 << qint64{0} << false;
        QTest::newRow("stop") << static_cast<int>(api::Lifetime::UntilStop) << 1 << qint64{0}
                              << true;
        QTest::newRow("15 min") << static_cast<int>(api::Lifetime::Minutes15) << 1
                                << qint64{900'000} << false;
        QTest::newRow("hour") << static_cast<int>(api::Lifetime::Hour) << 1 << qint64{3'600'000}
                              << false;
        QTest::newRow("always") << static_cast<int>(api::Lifetime::Always) << 1 << qint64{0}
                                << false;
    }
    void lifetimesEnd()
    {
        QFETCH(int, lifetime);
        QFETCH(int, rules);
        QFETCH(qint64, expiresAfter);
        QFETCH(bool, untilStop);
        const auto made = rulesForAnswer(
            question(), answer(api::Reach::Host, static_cast<api::Lifetime>(lifetime)), Now);
        QVERIFY(made);
        QCOMPARE(static_cast<int>(made->size()), rules);
        if (made->empty())
            return;
        const api::Rule& rule = made->front();
        QCOMPARE(rule.untilStop, untilStop);
        QCOMPARE(rule.expiresAt.value_or(Now) - Now, expiresAfter);
        if (expiresAfter > 0) {
            QVERIFY(!isExpired(rule, Now + expiresAfter - 1));
            QVERIFY(isExpired(rule, Now + expiresAfter));
        }
    }

    void scopeAllReachesEverySandbox()
    {
        const auto all = rulesForAnswer(
            question(),
            answer(api::Reach::Host, api::Lifetime::Always, api::Action::Allow, api::Scope::All),
            Now);
        QVERIFY(all && !all->front().sandbox);
        QVERIFY(appliesTo(all->front(), 99));
        // "Until stop" of all sandboxes has no meaning.
        QVERIFY(!rulesForAnswer(
            question(),
            answer(api::Reach::Host, api::Lifetime::UntilStop, api::Action::Allow, api::Scope::All),
            Now));
    }

    void refusesReachesThatMakeNoSense()
    {
        const auto refuses = [](const api::Question& asked, api::Reach reach) {
            return !rulesForAnswer(asked, answer(reach), Now).has_value();
        };
        QVERIFY(refuses(question("co.uk"), api::Reach::Domain));
        QVERIFY(refuses(question("com"), api::Reach::Domain));
        QVERIFY(refuses(question("203.0.113.7"), api::Reach::Domain));
        QVERIFY(refuses(question("2001:db8::1"), api::Reach::Domain));
        QVERIFY(!refuses(question("2001:db8::1"), api::Reach::Host));
        api::Question odd = question();
        odd.path = "/v1/../x";
        QVERIFY(refuses(odd, api::Reach::MethodAndPath));
        odd.path = '/' + std::string(2000, 'a');
        QVERIFY(refuses(odd, api::Reach::MethodAndPath));
        odd.path.clear();
        odd.scheme = "tcp";
        odd.method.clear();
        QVERIFY(refuses(odd, api::Reach::MethodAndPath));
        QVERIFY(!refuses(odd, api::Reach::Host));
        QVERIFY(refuses(question("not a host"), api::Reach::Host));
    }

    void knowsRegistrableDomains()
    {
        QCOMPARE(registrableDomain("a.b.example.com").value(), std::string("example.com"));
        QCOMPARE(registrableDomain("example.com").value(), std::string("example.com"));
        QCOMPARE(registrableDomain("a.b.example.co.uk").value(), std::string("example.co.uk"));
        // Neighbours under one of these belong to other people.
        QCOMPARE(registrableDomain("a.someone.github.io").value(),
                 std::string("someone.github.io"));
        for (const char* suffix : {"com", "co.uk", "github.io"})
            QVERIFY2(!registrableDomain(suffix), suffix);
    }

    void namesTheFieldThatIsWrong_data()
    {
        QTest::addColumn<QString>("field");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("says"); // empty: valid
        const auto row = [](const char* field, const char* value, const char* says) {
            QTest::addRow("%s=%s", field, value) << field << value << says;
        };
        row("host", "*.example.com", "");
        row("host", "*example.com", "host: ");
        row("host", "", "host: ");
        row("host", "example.com:80", "port: ");
        row("port", "443", "");
        row("port", "0", "port: ");
        row("port", "70000", "port: ");
        row("scheme", "https", "");
        row("scheme", "ftp", "scheme: ");
        row("scheme", "HTTPS", "scheme: ");
        row("scheme", "tcp", "scheme: ");
        row("scheme", "udp", "scheme: ");
        row("method", "PROPFIND", "");
        row("method", "get", "method: ");
        row("method", "GET POST", "method: ");
        row("path", "/v1/**", "");
        row("path", "v1", "path ");
        row("path", "/v1?x", "path ");
    }
    void namesTheFieldThatIsWrong()
    {
        QFETCH(QString, field);
        QFETCH(QString, value);
        QFETCH(QString, says);
        api::Rule rule;
        rule.match = {"example.com", 443, "", "GET", ""};
        const std::string text = value.toStdString();
        if (field == "host")
            rule.match.host = text;
        else if (field == "port")
            rule.match.port = value.toInt();
        else if (field == "scheme")
            rule.match.scheme = text;
        else if (field == "method")
            rule.match.method = text;
        else
            rule.match.path = text;
        const Status status = validateRule(rule);
        QCOMPARE(status.has_value(), says.isEmpty());
        if (!status)
            QVERIFY2(QString::fromStdString(status.error().text).startsWith(says),
                     status.error().text.c_str());
    }

    void rulesForDatagramsNameTheirPort()
    {
        api::Rule rule;
        rule.match = {"time.example.com", 123, "udp", "", ""};
        QVERIFY(validateRule(rule));
        QCOMPARE(matchText(rule.match), std::string("udp://time.example.com:123"));
        rule.match.port.reset();
        QVERIFY(!validateRule(rule));
        rule.match.host = "time.example.com:123";
        QVERIFY(validateRule(rule));
        rule.match.host = "time.example.com:53"; // is the resolver's
        QVERIFY(!validateRule(rule));
    }

    void writesRulesInOneLine()
    {
        QCOMPARE(matchText({"*", {}, "", "", ""}), std::string("*"));
        QCOMPARE(matchText({"Example.com", {}, "", "GET", ""}), std::string("GET example.com"));
        QCOMPARE(matchText({"example.com", {}, "https", "", "/a/**"}),
                 std::string("https://example.com:*/a/**"));
        QCOMPARE(matchText({"example.com", 443, "https", "", ""}),
                 std::string("https://example.com"));
        QCOMPARE(matchText({"example.com", 8443, "https", "", ""}),
                 std::string("https://example.com:8443"));
        QCOMPARE(matchText({"2001:db8::1", 443, "", "", ""}), std::string("[2001:db8::1]:443"));
        QCOMPARE(matchText({"git.example:22", {}, "tcp", "", ""}),
                 std::string("tcp://git.example:22"));
    }
};

QTEST_APPLESS_MAIN(RulesTest)
#include "rules_test.moc"

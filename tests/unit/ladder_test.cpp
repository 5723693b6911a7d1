#include <ctime>

#include <QTest>

#include "engine/policy/ladder.h"

using namespace sallyport;
using namespace sallyport::policy;

namespace {

constexpr UnixMillis Now = 1'700'000'000'000;

// A rule in one line, as ruleText() writes it: {Allow, "GET", "https", "host", "/path"}.
struct Line
{
    api::RuleId id;
    api::Action action;
    std::string host;
    std::string method = {};
    std::string path = {};
    std::string scheme = {};
};

api::Rule ruleOf(const Line& line)
{
    api::Rule rule;
    rule.id = line.id;
    rule.sandbox = 1;
    rule.action = line.action;
    rule.match.host = line.host;
    rule.match.method = line.method;
    rule.match.path = line.path;
    rule.match.scheme = line.scheme;
    rule.createdAt = Now - 1000 + line.id;
    return rule;
}

std::vector<api::Rule> rulesOf(const std::vector<Line>& lines)
{
    std::vector<api::Rule> rules;
    for (const Line& line : lines)
        rules.push_back(ruleOf(line));
    return rules;
}

api::Sandbox sandbox(api::DefaultAction action = api::DefaultAction::Ask)
{
    api::Sandbox result;
    result.id = 1;
    result.name = "agent-1";
    result.defaultAction = action;
    return result;
}

// "GET https://api.example.com/path", port of the scheme unless given after the host.
Request request(const std::string& method, const std::string& url)
{
    Request result;
    result.method = method;
    result.scheme = url.substr(0, url.find("://"));
    const std::string rest = url.substr(url.find("://") + 3);
    const std::size_t slash = rest.find('/');
    const Authority authority = parseAuthority(rest.substr(0, slash)).value();
    result.host = authority.host;
    result.port = authority.port.value_or(result.scheme == "https" ? 443 : 80);
    result.path = slash == std::string::npos ? "" : rest.substr(slash);
    return result;
}

// Milliseconds of processor time of this process: other work on the machine does not count.
double processorMs()
{
    return static_cast<double>(std::clock()) * 1000 / CLOCKS_PER_SEC;
}

constexpr auto Allow = api::Action::Allow;
constexpr auto Deny = api::Action::Deny;

} // namespace

class LadderTest : public QObject
{
    Q_OBJECT

private slots:
    void floorComesBeforeEverything()
    {
        api::Sandbox open = sandbox(api::DefaultAction::Allow);
        open.allowedHosts = {"*"};
        const auto snapshot =
            Snapshot::build(open, rulesOf({{1, Allow, "*"}, {2, Allow, "localhost"}}),
                            {*Address::parse("203.0.113.9")}, Now);
        for (const char* url :
             {"http://127.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://[::1]/",
              "http://[::ffff:10.0.0.1]/", "http://localhost/", "http://metadata.google.internal/",
              "http://printer.local/", "http://203.0.113.9/", "http://198.18.0.5/"}) {
            const Decision decision = decide(*snapshot, request("GET", url), Now);
            QVERIFY2(decision.verdict == Verdict::Deny, url);
            QVERIFY2(decision.step == api::Step::Floor, url);
            QVERIFY(!decision.reason.empty());
        }
        QCOMPARE(decide(*snapshot, request("GET", "http://203.0.113.8/"), Now).verdict,
                 Verdict::Allow);
    }

    void grantsOpenTheFloorButNotTheRest()
    {
        api::Sandbox granted = sandbox();
        granted.grants = {"192.168.1.10:8080"};
        const auto snapshot = Snapshot::build(granted, {}, {}, Now);
        const Decision decision =
            decide(*snapshot, request("GET", "http://192.168.1.10:8080/"), Now);
        QCOMPARE(decision.verdict, Verdict::Ask);
        QCOMPARE(decision.step, api::Step::Default);
        QCOMPARE(decide(*snapshot, request("GET", "http://192.168.1.10/"), Now).step,
                 api::Step::Floor);
        QCOMPARE(checkAddress(*snapshot, *Address::parse("192.168.1.10"), 8080).verdict,
                 Verdict::Allow);
        QCOMPARE(checkAddress(*snapshot, *Address::parse("192.168.1.10"), 80).verdict,
                 Verdict::Deny);
    }

    void denyBeatsAllow()
    {
        const auto snapshot = Snapshot::build(
            sandbox(), rulesOf({{1, Deny, "*.example.com"}, {2, Allow, "api.example.com"}}), {},
            Now);
        const Decision decision =
            decide(*snapshot, request("GET", "https://api.example.com/"), Now);
        QCOMPARE(decision.verdict, Verdict::Deny);
        QCOMPARE(decision.step, api::Step::Denied);
        QCOMPARE(decision.rule, std::optional<api::RuleId>(1));
        QCOMPARE(decision.ruleText, std::string("*.example.com"));
        // The apex is not below itself.
        QCOMPARE(decide(*snapshot, request("GET", "https://example.com/"), Now).verdict,
                 Verdict::Ask);
    }

    void deniedHostsAreNamedAndReasonsPassedOn()
    {
        api::Sandbox closed = sandbox(api::DefaultAction::Allow);
        closed.deniedHosts = {"bad.example"};
        std::vector<api::Rule> rules = rulesOf({{5, Deny, "worse.example"}});
        rules[0].reason = "use the mirror";
        const auto snapshot = Snapshot::build(closed, rules, {}, Now);
        const Decision host = decide(*snapshot, request("GET", "https://bad.example/"), Now);
        QCOMPARE(host.step, api::Step::Denied);
        QVERIFY(!host.rule);
        QCOMPARE(host.reason, std::string("bad.example is among the denied hosts"));
        QCOMPARE(decide(*snapshot, request("GET", "https://worse.example/"), Now).reason,
                 std::string("use the mirror"));
    }

    void gateDeniesWhatIsNotOnIt_data()
    {
        QTest::addColumn<QString>("url");
        QTest::addColumn<int>("verdict");
        QTest::addColumn<int>("step");
        const auto row = [](const char* url, Verdict verdict, api::Step step) {
            QTest::newRow(url) << url << static_cast<int>(verdict) << static_cast<int>(step);
        };
        row("https://other.example/", Verdict::Deny, api::Step::Gate);
        // On the gate is as good as an allow rule, even where the default asks.
        row("https://on.example/", Verdict::Allow, api::Step::Rule);
        row("https://a.sub.example/", Verdict::Allow, api::Step::Rule);
        row("https://sub.example/", Verdict::Deny, api::Step::Gate);
        // An allow rule does not open the gate.
        row("https://ruled.example/", Verdict::Deny, api::Step::Gate);
        row("https://203.0.113.7/", Verdict::Deny, api::Step::Gate);
        row("https://ported.example:8443/", Verdict::Allow, api::Step::Rule);
        row("https://ported.example/", Verdict::Deny, api::Step::Gate);
        row("https://denied.example/", Verdict::Deny, api::Step::Denied);
    }
    void gateDeniesWhatIsNotOnIt()
    {
        QFETCH(QString, url);
        api::Sandbox gated = sandbox();
        gated.allowedHosts = {"on.example", "*.sub.example", "ported.example:8443",
                              "denied.example"};
        const auto snapshot = Snapshot::build(
            gated, rulesOf({{1, Allow, "ruled.example"}, {2, Deny, "denied.example"}}), {}, Now);
        const Decision decision = decide(*snapshot, request("GET", url.toStdString()), Now);
        QTEST(static_cast<int>(decision.verdict), "verdict");
        QTEST(static_cast<int>(decision.step), "step");
    }

    void emptyGateDeniesAllAndNoGateNothing()
    {
        api::Sandbox gated = sandbox(api::DefaultAction::Allow);
        gated.allowedHosts = std::vector<std::string>{};
        const Decision decision = decide(*Snapshot::build(gated, {}, {}, Now),
                                         request("GET", "https://example.com/"), Now);
        QCOMPARE(decision.verdict, Verdict::Deny);
        QCOMPARE(decision.step, api::Step::Gate);
        gated.allowedHosts.reset();
        QCOMPARE(decide(*Snapshot::build(gated, {}, {}, Now),
                        request("GET", "https://example.com/"), Now)
                     .verdict,
                 Verdict::Allow);
    }

    void mostSpecificAllowWins_data()
    {
        QTest::addColumn<QString>("method");
        QTest::addColumn<QString>("url");
        QTest::addColumn<int>("rule"); // 0: none, asks
        const auto row = [](const char* method, const char* url, int rule) {
            QTest::addRow("%s %s", method, url) << method << url << rule;
        };
        row("GET", "https://api.example.com/v1/items", 6);
        row("GET", "https://api.example.com/v1/../v2", 5);
        row("GET", "https://api.example.com/v2", 5);
        row("get", "https://api.example.com/v2", 5);
        row("POST", "https://api.example.com/v1/items", 6);
        row("POST", "https://api.example.com/v2", 4);
        row("GET", "https://www.example.com/", 3);
        row("GET", "https://a.b.example.com/", 3);
        row("GET", "https://other.com/", 2);
        row("GET", "https://other.org/", 0);
        row("GET", "http://203.0.113.7/", 8);
        row("GET", "http://203.0.113.8/", 7);
        row("GET", "http://[::ffff:203.0.113.7]/", 8);
        row("GET", "https://[2001:db8:1::5]/", 9);
        row("GET", "https://tls.example/", 11); // equals: the newest
        row("GET", "http://tls.example/", 0);
    }
    void mostSpecificAllowWins()
    {
        QFETCH(QString, method);
        QFETCH(QString, url);
        QFETCH(int, rule);
        const auto snapshot = Snapshot::build(sandbox(),
                                              rulesOf({{2, Allow, "*.com"},
                                                       {3, Allow, "*.example.com"},
                                                       {4, Allow, "api.example.com"},
                                                       {5, Allow, "api.example.com", "GET"},
                                                       {6, Allow, "api.example.com", "", "/v1/**"},
                                                       {7, Allow, "203.0.113.0/24"},
                                                       {8, Allow, "203.0.113.7"},
                                                       {9, Allow, "2001:db8::/32"},
                                                       {10, Allow, "tls.example", "", "", "https"},
                                                       {11, Allow, "tls.example", "", "", "https"},
                                                       {12, Allow, "post.example", "POST"}}),
                                              {}, Now);
        const Decision decision =
            decide(*snapshot, request(method.toStdString(), url.toStdString()), Now);
        QCOMPARE(static_cast<int>(decision.rule.value_or(0)), rule);
        QCOMPARE(decision.verdict, rule == 0 ? Verdict::Ask : Verdict::Allow);
        QCOMPARE(decision.step, rule == 0 ? api::Step::Default : api::Step::Rule);
    }

    void methodsAreApart()
    {
        const auto snapshot =
            Snapshot::build(sandbox(), rulesOf({{1, Allow, "api.example.com", "GET"}}), {}, Now);
        QCOMPARE(decide(*snapshot, request("GET", "https://api.example.com/"), Now).verdict,
                 Verdict::Allow);
        for (const char* method : {"POST", "HEAD", "DELETE", ""})
            QCOMPARE(decide(*snapshot, request(method, "https://api.example.com/"), Now).verdict,
                     Verdict::Ask);
    }

    void rulesEndInTime()
    {
        std::vector<api::Rule> rules = rulesOf({{1, Allow, "a.example"}, {2, Allow, "b.example"}});
        rules[0].expiresAt = Now + 1000;
        rules[1].enabled = false;
        api::Rule other = ruleOf({3, Allow, "c.example"});
        other.sandbox = 2;
        rules.push_back(other);
        other.id = 4;
        other.sandbox.reset();
        other.match.host = "d.example";
        rules.push_back(other);
        const auto snapshot = Snapshot::build(sandbox(), rules, {}, Now);
        const auto verdict = [&](const char* url, UnixMillis now) {
            return decide(*snapshot, request("GET", url), now).verdict;
        };
        QCOMPARE(verdict("https://a.example/", Now + 999), Verdict::Allow);
        QCOMPARE(verdict("https://a.example/", Now + 1000), Verdict::Ask);
        QCOMPARE(verdict("https://b.example/", Now), Verdict::Ask);   // disabled
        QCOMPARE(verdict("https://c.example/", Now), Verdict::Ask);   // another sandbox's
        QCOMPARE(verdict("https://d.example/", Now), Verdict::Allow); // everybody's
    }

    void expiredRuleUncoversTheNext()
    {
        std::vector<api::Rule> rules =
            rulesOf({{1, Allow, "*.example.com"}, {2, Allow, "api.example.com"}});
        rules[1].expiresAt = Now + 10;
        const auto snapshot = Snapshot::build(sandbox(), rules, {}, Now);
        const Request asked = request("GET", "https://api.example.com/");
        QCOMPARE(decide(*snapshot, asked, Now).rule, std::optional<api::RuleId>(2));
        QCOMPARE(decide(*snapshot, asked, Now + 10).rule, std::optional<api::RuleId>(1));
    }

    void defaultDecidesTheRest()
    {
        const Request asked = request("GET", "https://example.com/");
        const auto verdict = [&](api::DefaultAction action) {
            return decide(*Snapshot::build(sandbox(action), {}, {}, Now), asked, Now);
        };
        QCOMPARE(verdict(api::DefaultAction::Ask).verdict, Verdict::Ask);
        QCOMPARE(verdict(api::DefaultAction::Deny).verdict, Verdict::Deny);
        QCOMPARE(verdict(api::DefaultAction::Allow).verdict, Verdict::Allow);
        QCOMPARE(verdict(api::DefaultAction::Deny).step, api::Step::Default);
    }

    void deniesWhenPolicyIsUnreadable()
    {
        api::Sandbox broken = sandbox(api::DefaultAction::Allow);
        broken.deniedHosts = {"*bad.example"};
        const auto snapshot = Snapshot::build(broken, {}, {}, Now);
        const Decision decision = decide(*snapshot, request("GET", "https://example.com/"), Now);
        QCOMPARE(decision.verdict, Verdict::Deny);
        QVERIFY(decision.reason.find("*.bad.example") != std::string::npos);
        // An allow that can't be read opens nothing, so it only is reported.
        const auto odd = Snapshot::build(sandbox(), rulesOf({{1, Allow, "*bad.example"}}), {}, Now);
        QCOMPARE(odd->problems().size(), std::size_t{1});
        QCOMPARE(decide(*odd, request("GET", "https://example.com/"), Now).verdict, Verdict::Ask);
        // So does an entry of the gate.
        api::Sandbox gate = sandbox(api::DefaultAction::Allow);
        gate.allowedHosts = {"*bad.example"};
        QCOMPARE(decide(*Snapshot::build(gate, {}, {}, Now),
                        request("GET", "https://a.bad.example/"), Now)
                     .verdict,
                 Verdict::Deny);
    }

    void refusesRequestsWithoutHostOrPort()
    {
        const auto snapshot = Snapshot::build(sandbox(api::DefaultAction::Allow), {}, {}, Now);
        Request asked = request("GET", "https://example.com/");
        asked.port = 0;
        QCOMPARE(decide(*snapshot, asked, Now).step, api::Step::Protocol);
        asked.port = 443;
        asked.host = {};
        QCOMPARE(decide(*snapshot, asked, Now).verdict, Verdict::Deny);
    }

    void tcpIsMatchedByHostAndPort()
    {
        std::vector<api::Rule> rules = rulesOf({{1, Allow, "git.example:22"}});
        rules[0].match.scheme = "tcp";
        const auto snapshot = Snapshot::build(sandbox(), rules, {}, Now);
        Request asked;
        asked.scheme = "tcp";
        asked.host = Host("git.example");
        asked.port = 22;
        QCOMPARE(decide(*snapshot, asked, Now).verdict, Verdict::Allow);
        asked.port = 23;
        QCOMPARE(decide(*snapshot, asked, Now).verdict, Verdict::Ask);
    }

    // One list, one default or one rule for all schemes must not open what nobody thought of.
    void datagramsPassByARuleThatNamesThem()
    {
        Request asked;
        asked.protocol = asked.scheme = "udp";
        asked.method = "UDP";
        asked.host = Host("time.example");
        asked.port = 123;
        api::Sandbox open = sandbox();
        open.defaultAction = api::DefaultAction::Allow;
        std::vector<api::Rule> rules = rulesOf({{1, Allow, "time.example"}, {2, Allow, "*.example"}});
        const auto decideWith = [&](const std::vector<api::Handler>& handlers = {}) {
            return decide(*Snapshot::build(open, rules, {}, Now, handlers), asked, Now);
        };
        QCOMPARE(decideWith().verdict, Verdict::Deny);
        open.defaultAction = api::DefaultAction::Ask;
        QCOMPARE(decideWith().verdict, Verdict::Deny);

        // Also where a rule for all schemes is the more specific one.
        rules.push_back(rulesOf({{3, Allow, "*.example:123"}})[0]);
        rules[2].match.scheme = "udp";
        QCOMPARE(decideWith().verdict, Verdict::Allow);
        QCOMPARE(decideWith().rule, std::optional<api::RuleId>(3));
        const auto snapshot = Snapshot::build(open, rules, {}, Now);
        QCOMPARE(snapshot->udpPorts(), std::vector<int>{123});
        asked.port = 124;
        QCOMPARE(decideWith().verdict, Verdict::Deny);
        asked.port = 123;

        // The gate, denied hosts of any scheme and handlers stand above.
        open.allowedHosts = {"other.example"};
        QCOMPARE(decideWith().step, api::Step::Gate);
        open.allowedHosts = {"time.example"};
        QCOMPARE(decideWith().verdict, Verdict::Allow);
        open.deniedHosts = {"time.example"};
        QCOMPARE(decideWith().step, api::Step::Denied);
        open.deniedHosts.clear();
        asked.host = Host(*Address::parse("10.0.0.1"));
        rules[2].match.host = "*:123";
        QCOMPARE(decideWith().step, api::Step::Floor);
    }

    void describesTheLadder()
    {
        api::Sandbox shown = sandbox();
        shown.deniedHosts = {"bad.example"};
        shown.allowedHosts = {"*.example.com", "api.example.com"};
        shown.grants = {"192.168.1.10:8080"};
        std::vector<api::Rule> rules = rulesOf({{1, Allow, "*.example.com"},
                                                {2, Deny, "*.bad.example"},
                                                {3, Allow, "api.example.com"}});
        rules[2].enabled = false;
        const auto steps = describeLadder(shown, rules, Now);
        QCOMPARE(steps.size(), std::size_t{6});
        QCOMPARE(steps[0].step, api::Step::Floor);
        QVERIFY(steps[0].text.find("192.168.1.10:8080") != std::string::npos);
        QCOMPARE(steps[1].rules.size(), std::size_t{2});
        QCOMPARE(steps[1].rules[0].match.host, std::string("bad.example"));
        QCOMPARE(steps[2].rules[0].match.host, std::string("api.example.com"));
        QCOMPARE(steps[3].step, api::Step::Handler);
        QCOMPARE(steps[4].rules[0].id, 3); // in the order in which they win, also when disabled
        QVERIFY(steps[4].text.starts_with("1 rule is in force"));
        QCOMPARE(steps[5].step, api::Step::Default);
        QCOMPARE(stepName(api::Step::Gate), std::string_view("gate"));
    }

    void decidesFastAmongManyRules_data()
    {
        QTest::addColumn<int>("count");
        QTest::newRow("1,000") << 1000;
        QTest::newRow("100,000") << 100'000;
    }
    void decidesFastAmongManyRules()
    {
        QFETCH(int, count);
        std::vector<api::Rule> rules;
        for (int i = 0; i < count; ++i) {
            const std::string host = "h" + std::to_string(i) + ".example.com";
            rules.push_back(
                ruleOf({i + 1, i % 7 == 0 ? Deny : Allow, i % 3 == 0 ? "*." + host : host}));
        }
        const auto snapshot = Snapshot::build(sandbox(), rules, {}, Now);
        const Request asked = request("GET", "https://a.b.c.h998.example.com/v1/items?x=1");
        // A loose bound, since test machines are busy; tests/bench has the figures.
        const double start = processorMs();
        for (int i = 0; i < 1000; ++i)
            QVERIFY(decide(*snapshot, asked, Now).verdict != Verdict::Deny);
        QVERIFY2(processorMs() - start < 100, "100 µs a decision");
    }
};

QTEST_APPLESS_MAIN(LadderTest)
#include "ladder_test.moc"

#include <QTest>

#include "ui/policy/rule_check.h"
#include "ui/policy/rule_text.h"
#include "ui2_engine.h"

using namespace sallyport;
using namespace sallyport::ui::policy;

class RuleCheckTest : public QObject
{
    Q_OBJECT

private slots:
    void judgesHostPatterns_data()
    {
        QTest::addColumn<QString>("pattern");
        QTest::addColumn<bool>("isGood");
        for (const char* good :
             {"example.com", "*.example.com", "*", "203.0.113.7", "10.0.0.0/8", "2001:db8::/32",
              "example.com:8443", "[2001:db8::1]:443", "Example.COM.", "xn--bcher-kva.example",
              "localhost", "a_b.example.com"})
            QTest::newRow(good) << QString::fromLatin1(good) << true;
        for (const char* bad :
             {"", "*example.com", "a.*.com", "https://example.com", "example.com/x",
              "example.com:0", "example.com:70000", "example.com:", "-a.example", "a..example",
              "10.0.0.0/33", "ex ample.com"})
            QTest::newRow(bad) << QString::fromLatin1(bad) << false;
    }

    void judgesHostPatterns()
    {
        QFETCH(QString, pattern);
        QFETCH(bool, isGood);
        QCOMPARE(hostPatternProblem(pattern).isEmpty(), isGood);
    }

    void saysWhatWasProbablyMeant()
    {
        QVERIFY(hostPatternProblem(QStringLiteral("*example.com"))
                    .contains(QStringLiteral("*.example.com")));
    }

    void judgesOpenings()
    {
        QVERIFY(grantProblem(QStringLiteral("192.168.1.10:5432")).isEmpty());
        QVERIFY(grantProblem(QStringLiteral("192.168.1.0/24:80")).isEmpty());
        QVERIFY(grantProblem(QStringLiteral("[fd00::1]:80")).isEmpty());
        QVERIFY(!grantProblem(QStringLiteral("192.168.1.10")).isEmpty());
        QVERIFY(!grantProblem(QStringLiteral("db.example.com:5432")).isEmpty());
    }

    void judgesRules()
    {
        api::Rule rule;
        rule.sandbox = 1;
        rule.match.host = "api.example.com";
        QCOMPARE(ruleProblem(rule), QString());
        rule.match.path = "v1";
        QVERIFY(!ruleProblem(rule).isEmpty());
        rule.match.path = "/v1?x=1";
        QVERIFY(!ruleProblem(rule).isEmpty());
        rule.match.path = "/v1/**";
        QCOMPARE(ruleProblem(rule), QString());
        rule.match.method = "GE T";
        QVERIFY(!ruleProblem(rule).isEmpty());
        rule.match.method = "GET";
        rule.match.port = 0;
        QVERIFY(!ruleProblem(rule).isEmpty());
        rule.match.port.reset();
        rule.match.scheme = "tcp";
        QVERIFY(!ruleProblem(rule).isEmpty());
        rule.match = {"time.example.com", 123, "udp", "", ""};
        QCOMPARE(ruleProblem(rule), QString());
        rule.match.port = 53;
        QVERIFY(!ruleProblem(rule).isEmpty());
        rule.match.port.reset();
        QVERIFY(!ruleProblem(rule).isEmpty());
        rule.match.host = "time.example.com:123";
        QCOMPARE(ruleProblem(rule), QString());
        rule.match.scheme.clear();
        rule.untilStop = true;
        rule.sandbox.reset();
        QVERIFY(!ruleProblem(rule).isEmpty());
    }

    void matchesHosts()
    {
        QVERIFY(hostMatches("example.com", "example.com", 443));
        QVERIFY(!hostMatches("example.com", "a.example.com", 443));
        QVERIFY(hostMatches("*.example.com", "a.b.example.com", 443));
        QVERIFY(!hostMatches("*.example.com", "example.com", 443));
        QVERIFY(!hostMatches("*.example.com", "badexample.com", 443));
        QVERIFY(hostMatches("*", "anything", 1));
        QVERIFY(hostMatches("10.0.0.0/8", "10.9.8.7", 443));
        QVERIFY(!hostMatches("10.0.0.0/8", "11.9.8.7", 443));
        QVERIFY(hostMatches("2001:db8::/32", "2001:db8::7", 443));
        QVERIFY(hostMatches("example.com:8443", "example.com", 8443));
        QVERIFY(!hostMatches("example.com:8443", "example.com", 443));
    }

    void matchesPaths()
    {
        QVERIFY(pathMatches("/v1/**", "/v1/a/b?x=1"));
        QVERIFY(pathMatches("/v1/*", "/v1/a"));
        QVERIFY(!pathMatches("/v1/*", "/v1/a/b"));
        QVERIFY(pathMatches("/v1", "/v1?x=/y"));
        QVERIFY(!pathMatches("/v1", "/v12"));
        QVERIFY(pathMatches("**/git-upload-pack", "/a/b.git/git-upload-pack"));
        const std::string stars = "/" + std::string(600, '*') + "x";
        QVERIFY(!pathMatches(stars, "/" + std::string(1000, 'y')));
    }

    void matchesRows()
    {
        api::Row row = test::row(1, api::RowState::Done, "api.example.com");
        api::Match match;
        match.host = "*.example.com";
        QVERIFY(wouldMatch(match, row));
        match.method = "POST";
        QVERIFY(!wouldMatch(match, row));
        match.method = "GET";
        match.scheme = "http";
        QVERIFY(!wouldMatch(match, row));
    }

    void saysRulesAsTheEngineDoes()
    {
        api::Match match;
        match.host = "api.example.com";
        QCOMPARE(matchText(match), QStringLiteral("api.example.com"));
        match.method = "GET";
        match.scheme = "https";
        QCOMPARE(matchText(match), QStringLiteral("GET https://api.example.com:*"));
        match.port = 443;
        match.path = "/v1/**";
        QCOMPARE(matchText(match), QStringLiteral("GET https://api.example.com/v1/**"));
        match.port = 8443;
        match.path = "**/x";
        QCOMPARE(matchText(match), QStringLiteral("GET https://api.example.com:8443 **/x"));
    }
};

QTEST_MAIN(RuleCheckTest)
#include "rule_check_test.moc"

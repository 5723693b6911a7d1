#include <QTest>

#include "engine/policy/pattern.h"

using namespace sallyport::policy;

class PatternTest : public QObject
{
    Q_OBJECT

private slots:
    void matchesHosts_data()
    {
        QTest::addColumn<QString>("pattern");
        QTest::addColumn<QString>("host");
        QTest::addColumn<int>("port");
        QTest::addColumn<bool>("matches");
        const auto row = [](const char* pattern, const char* host, int port, bool matches) {
            QTest::addRow("%s / %s:%d", pattern, host, port) << pattern << host << port << matches;
        };
        row("example.com", "example.com", 443, true);
        row("Example.COM.", "example.com", 443, true);
        row("example.com", "api.example.com", 443, false);
        row("example.com", "notexample.com", 443, false);
        row("*.example.com", "example.com", 443, false);
        row("*.example.com", "api.example.com", 443, true);
        row("*.example.com", "a.b.c.example.com", 443, true);
        row("*.example.com", "notexample.com", 443, false);
        row("*.example.com", "example.com.evil.test", 443, false);
        row("example.com:8443", "example.com", 8443, true);
        row("example.com:8443", "example.com", 443, false);
        row("*", "example.com", 1, true);
        row("*", "203.0.113.7", 1, true);
        row("*", "2001:db8::1", 1, true);
        row("*:443", "example.com", 443, true);
        row("*:443", "example.com", 80, false);
        row("203.0.113.7", "203.0.113.7", 80, true);
        row("203.0.113.7:80", "203.0.113.7", 81, false);
        row("203.0.113.0/24", "203.0.113.255", 80, true);
        row("203.0.113.0/24", "203.0.114.0", 80, false);
        row("203.0.113.0/24:22", "203.0.113.1", 22, true);
        row("203.0.113.0/24", "::ffff:203.0.113.9", 80, true);
        row("::ffff:203.0.113.9", "203.0.113.9", 80, true);
        row("::ffff:203.0.113.0/120", "203.0.113.9", 80, true);
        row("2001:db8::/32", "2001:db8:ffff::1", 80, true);
        row("[2001:db8::1]:443", "2001:db8::1", 443, true);
        row("[2001:db8::1]", "2001:db8::1", 443, true);
        row("[2001:db8::/32]:443", "2001:db8::7", 443, true);
        row("*.com", "203.0.113.7", 443, false);
        row("0.0.0.0/0", "example.com", 443, false);
        row("b\xc3\xbc"
            "cher.example",
            "xn--bcher-kva.example", 443, true);
    }
    void matchesHosts()
    {
        QFETCH(QString, pattern);
        QFETCH(QString, host);
        QFETCH(int, port);
        QFETCH(bool, matches);
        const auto parsed = Pattern::parse(pattern.toStdString());
        QVERIFY2(parsed, parsed ? "" : parsed.error().text.c_str());
        QCOMPARE(parsed->matches(parseHost(host.toStdString()).value(), port), matches);
        QCOMPARE(Pattern::parse(parsed->text()).value(), *parsed);
    }

    void refusesTrapsWithClearText_data()
    {
        QTest::addColumn<QString>("pattern");
        QTest::addColumn<QString>("says");
        const auto row = [](const char* pattern, const char* says) {
            QTest::newRow(pattern) << pattern << says;
        };
        row("", "empty");
        row("*example.com", "did you mean \"*.example.com\"");
        row("ex*mple.com", "first label");
        row("example.*", "first label");
        row("*.*.example.com", "first label");
        row("**.example.com", "first label");
        row("*.", "empty");
        row("example..com", "empty label");
        row(".example.com", "empty label");
        row("https://example.com", "no scheme");
        row("example.com/path", "no path");
        row("example.com:0", "port");
        row("example.com:65536", "port");
        row("example.com:99999999999", "port");
        row("example.com:", "port");
        row("example.com:x", "port");
        row("10.0.0.1/8", "did you mean 10.0.0.0/8");
        row("10.0.0.0/40", "0 to 32");
        row("0x7f.1", "in decimal");
        row("[203.0.113.7]:80", "IPv6");
        row("[2001:db8::1", "bracket");
        row("[2001:db8::1]x", "\":PORT\"");
        row("1:2:3", "not an address");
    }
    void refusesTrapsWithClearText()
    {
        QFETCH(QString, pattern);
        QFETCH(QString, says);
        const auto parsed = Pattern::parse(pattern.toStdString());
        QVERIFY(!parsed);
        const QString text = QString::fromStdString(parsed.error().text);
        QVERIFY2(text.contains(says), qPrintable(text));
    }

    void ordersBySpecificity()
    {
        const auto rank = [](const char* text) { return Pattern::parse(text)->specificity(); };
        QVERIFY(rank("api.example.com") > rank("*.api.example.com"));
        QVERIFY(rank("*.api.example.com") > rank("*.example.com"));
        QVERIFY(rank("*.example.com") > rank("*.com"));
        QVERIFY(rank("*.com") > rank("*"));
        QVERIFY(rank("203.0.113.7") > rank("203.0.113.0/24"));
        QVERIFY(rank("203.0.113.0/24") > rank("0.0.0.0/0"));
        QVERIFY(rank("0.0.0.0/0") > rank("*"));
    }
};

QTEST_APPLESS_MAIN(PatternTest)
#include "pattern_test.moc"

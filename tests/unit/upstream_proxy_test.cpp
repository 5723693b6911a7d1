#include <QtTest>

#include "engine/egress/upstream_proxy.h"

using namespace sallyport;
using namespace sallyport::egress;

namespace {

policy::Host hostOf(const char* text)
{
    return *policy::parseHost(text);
}

} // namespace

class UpstreamProxyTest : public QObject
{
    Q_OBJECT

private slots:
    void readsWhatPeopleWrite_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("shown"); // empty: refused
        QTest::addColumn<QString>("user");
        QTest::addColumn<QString>("password");
        const auto row = [](const char* text, const char* shown, const char* user = "",
                            const char* password = "") {
            QTest::newRow(text) << QString(text) << QString(shown) << QString(user)
                                << QString(password);
        };
        row("http://proxy.example:8080", "http://proxy.example:8080");
        row("http://proxy.example/", "http://proxy.example:3128");
        row("proxy.example:3128", "http://proxy.example:3128");
        row("HTTP://u:p@ss@10.0.0.1:3128", "http://10.0.0.1:3128", "u", "p@ss");
        row("http://u%40x:p%3a%25@[2001:db8::1]:80", "http://[2001:db8::1]:80", "u@x", "p:%");
        row("socks5://10.0.0.1", "socks5h://10.0.0.1:1080");
        row("socks5h://u@10.0.0.1:9050", "socks5h://10.0.0.1:9050", "u");
        row("https://proxy.example", "");
        row("socks4://proxy.example", "");
        row("http://", "");
        row("http://proxy.example:0", "");
        row("http://pro xy", "");
        row("http://a%3ab:c@proxy.example", ""); // Basic has no colon in a user
    }
    void readsWhatPeopleWrite()
    {
        QFETCH(QString, text);
        QFETCH(QString, shown);
        QFETCH(QString, user);
        QFETCH(QString, password);
        const auto proxy = parseProxy(text.toStdString());
        QCOMPARE(proxy.has_value(), !shown.isEmpty());
        if (!proxy)
            return;
        QCOMPARE(QString::fromStdString(proxy->text()), shown);
        QCOMPARE(QString::fromStdString(proxy->user), user);
        QCOMPARE(QString::fromStdString(proxy->password), password);
    }

    void anErrorQuotesNoPassword()
    {
        const auto proxy = parseProxy("http://user:hunter2@proxy.example:99999");
        QVERIFY(!proxy);
        QVERIFY(proxy.error().text.find("hunter2") == std::string::npos);
    }

    void directHostsAreThoseOfNoProxy()
    {
        ProxyPlan plan;
        plan.server = *parseProxy("http://proxy.example");
        for (const char* entry : {"example.com", ".corp.example", "10.0.0.0/8", "x.example:8443"})
            plan.direct.push_back(*DirectHost::parse(entry));
        for (const char* host :
             {"example.com", "api.example.com", "a.corp.example", "10.1.2.3", "127.0.0.1", "::1"})
            QVERIFY2(!plan.applies(hostOf(host), 443), host);
        for (const char* host : {"notexample.com", "11.0.0.1", "x.example", "localhost"})
            QVERIFY2(plan.applies(hostOf(host), 443), host);
        QVERIFY(!plan.applies(hostOf("x.example"), 8443));
        plan.direct.push_back(*DirectHost::parse("*"));
        QVERIFY(!plan.applies(hostOf("notexample.com"), 443));
        QVERIFY(!DirectHost::parse("exa mple"));
    }

    void aPlanWithAProblemAppliesToo()
    {
        ProxyPlan plan;
        QVERIFY(!plan.applies(hostOf("example.com"), 443));
        plan.problem = "the vault is locked";
        QVERIFY(plan.applies(hostOf("example.com"), 443));
    }

    void privateNamesAreToldApart()
    {
        for (const char* name : {"localhost", "intranet", "nas.local", "metadata.google.internal",
                                 "router.home.arpa", "db.corp"})
            QVERIFY2(isPrivateName(hostOf(name)), name);
        for (const char* name :
             {"example.com", "local.example", "internal.example.org", "10.0.0.1"})
            QVERIFY2(!isPrivateName(hostOf(name)), name);
    }
};

QTEST_APPLESS_MAIN(UpstreamProxyTest)
#include "upstream_proxy_test.moc"

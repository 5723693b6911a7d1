#include <QTest>

#include "engine/egress/names.h"

using namespace sallyport;
using namespace sallyport::egress;

class RequestNamesTest : public QObject
{
    Q_OBJECT

private slots:
    void namesHaveToAgree_data()
    {
        QTest::addColumn<QString>("name"); // empty: the literal 203.0.113.7
        QTest::addColumn<int>("port");
        QTest::addColumn<QString>("sni");
        QTest::addColumn<QString>("authority");
        QTest::addColumn<bool>("tls");
        QTest::addColumn<bool>("agree");
        const auto row = [](const char* title, const char* name, int port, const char* sni,
                            const char* authority, bool tls, bool agree) {
            QTest::newRow(title) << name << port << sni << authority << tls << agree;
        };
        row("all the same", "a.example", 443, "a.example", "a.example", true, true);
        row("case and dot", "a.example", 443, "A.Example", "A.EXAMPLE.", true, true);
        row("port said", "a.example", 8443, "a.example", "a.example:8443", true, true);
        row("default port said", "a.example", 80, "", "a.example:80", false, true);
        row("no SNI", "a.example", 443, "", "a.example", true, true);
        row("HTTP/1.0 without Host", "a.example", 80, "", "", false, true);
        row("other Host", "a.example", 443, "a.example", "b.example", true, false);
        row("other SNI", "a.example", 443, "b.example", "b.example", true, false);
        row("port missing", "a.example", 8080, "", "a.example", false, false);
        row("other port", "a.example", 80, "", "a.example:8080", false, false);
        row("user", "a.example", 80, "", "u@a.example", false, false);
        row("literal", "", 80, "", "203.0.113.7", false, true);
        row("literal, other", "", 80, "", "203.0.113.8", false, false);
        row("literal, name", "", 80, "", "a.example", false, false);
        row("literal, octal", "", 80, "", "0313.0.0161.7", false, false);
        row("literal, SNI", "", 443, "a.example", "a.example", true, false);
        row("name, address", "a.example", 80, "", "203.0.113.7", false, false);
    }
    void namesHaveToAgree()
    {
        QFETCH(QString, name);
        QFETCH(int, port);
        QFETCH(QString, sni);
        QFETCH(QString, authority);
        QFETCH(bool, tls);
        QFETCH(bool, agree);
        const Destination destination{name.toStdString(), policy::Address::v4(203, 0, 113, 7),
                                      port};
        const auto host =
            agreeOnRequest(destination, sni.toStdString(), authority.toStdString(), "", tls);
        QCOMPARE(host.has_value(), agree);
        if (host)
            QCOMPARE(*host, destination.host());
    }

    void schemeHasToFitTheConnection()
    {
        const Destination destination{"a.example", {}, 443};
        QVERIFY(agreeOnRequest(destination, "", "a.example", "https", true));
        QVERIFY(!agreeOnRequest(destination, "", "a.example", "http", true));
        QVERIFY(!agreeOnRequest(destination, "", "a.example:443", "https", false));
    }
};

QTEST_APPLESS_MAIN(RequestNamesTest)
#include "request_names_test.moc"

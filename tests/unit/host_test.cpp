#include <QTest>

#include "engine/policy/host.h"

using namespace sallyport::policy;

class HostTest : public QObject
{
    Q_OBJECT

private slots:
    void bringsNamesIntoOneForm_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("name");
        QTest::newRow("plain") << QByteArray("api.example.com") << QByteArray("api.example.com");
        QTest::newRow("case") << QByteArray("API.Example.COM") << QByteArray("api.example.com");
        QTest::newRow("dot") << QByteArray("example.com.") << QByteArray("example.com");
        QTest::newRow("underscore")
            << QByteArray("_dmarc.example.com") << QByteArray("_dmarc.example.com");
        QTest::newRow("umlaut") << QByteArray("b\xc3\xbc"
                                              "cher.example")
                                << QByteArray("xn--bcher-kva.example");
        QTest::newRow("capital umlaut") << QByteArray("B\xc3\x9c"
                                                      "CHER.example")
                                        << QByteArray("xn--bcher-kva.example");
        QTest::newRow("A-label") << QByteArray("XN--bcher-kva.example")
                                 << QByteArray("xn--bcher-kva.example");
        QTest::newRow("ideographic stop") << QByteArray("example\xe3\x80\x82"
                                                        "com")
                                          << QByteArray("example.com");
        QTest::newRow("full width")
            << QByteArray("\xef\xbd\x85xample.com") << QByteArray("example.com");
        QTest::newRow("single label") << QByteArray("intranet") << QByteArray("intranet");
        QTest::newRow("digits inside")
            << QByteArray("1.2.3.4.example") << QByteArray("1.2.3.4.example");
        QTest::newRow("63") << QByteArray(63, 'a') << QByteArray(63, 'a');
    }
    void bringsNamesIntoOneForm()
    {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, name);
        const auto result = canonicalName(text.toStdString());
        QVERIFY2(result, result ? "" : result.error().text.c_str());
        QCOMPARE(QByteArray::fromStdString(*result), name);
        QCOMPARE(canonicalName(*result).value(), *result);
    }

    void refusesWhatIsNoName_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::newRow("empty") << QByteArray();
        QTest::newRow("dot") << QByteArray(".");
        QTest::newRow("two dots") << QByteArray("example..com");
        QTest::newRow("two dots at the end") << QByteArray("example.com..");
        QTest::newRow("dot first") << QByteArray(".example.com");
        QTest::newRow("64") << QByteArray(64, 'a');
        QTest::newRow("254") << QByteArray(QByteArray("a.").repeated(126) + "aa");
        QTest::newRow("space") << QByteArray("exa mple.com");
        QTest::newRow("control") << QByteArray("exa\nmple.com");
        QTest::newRow("NUL") << QByteArray("example.com\0.test", 17);
        QTest::newRow("slash") << QByteArray("example.com/x");
        QTest::newRow("at") << QByteArray("user@example.com");
        QTest::newRow("percent") << QByteArray("example%2ecom");
        QTest::newRow("wildcard") << QByteArray("*.example.com");
        QTest::newRow("bad UTF-8") << QByteArray("ex\xff"
                                                 "ample.com");
        QTest::newRow("bidi") << QByteArray("ex\xe2\x80\xae"
                                            "ample.com");
        QTest::newRow("bad A-label") << QByteArray("xn--a-ecp\x7f.example");
        QTest::newRow("A-label of ASCII") << QByteArray("xn--example-.com");
        QTest::newRow("bad punycode") << QByteArray("xn--999999999.example");
        QTest::newRow("address") << QByteArray("203.0.113.7");
        QTest::newRow("decimal") << QByteArray("2130706433");
        QTest::newRow("octal") << QByteArray("0177.0.0.1");
        QTest::newRow("hexadecimal") << QByteArray("0x7f.1");
        QTest::newRow("hexadecimal whole") << QByteArray("0x7f000001");
        QTest::newRow("empty hexadecimal") << QByteArray("0x");
        QTest::newRow("short") << QByteArray("127.1");
        QTest::newRow("five numbers") << QByteArray("1.2.3.4.5");
        QTest::newRow("number at the end") << QByteArray("example.0x10");
        QTest::newRow("full width digits") << QByteArray("\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.1");
        QTest::newRow("v6") << QByteArray("::1");
    }
    void refusesWhatIsNoName()
    {
        QFETCH(QByteArray, text);
        const auto result = canonicalName(text.toStdString());
        QVERIFY2(!result, result ? result->c_str() : "");
        QVERIFY(!result.error().text.empty());
        for (const char c : result.error().text)
            QVERIFY(static_cast<unsigned char>(c) >= 0x20);
    }

    void tellsNamesFromAddresses()
    {
        QCOMPARE(parseHost("Example.COM.").value(), Host("example.com"));
        QCOMPARE(parseHost("203.0.113.7").value(), Host(Address::v4(203, 0, 113, 7)));
        QCOMPARE(parseHost("[2001:DB8::1]").value(), Host(*Address::parse("2001:db8::1")));
        QCOMPARE(parseHost("2001:db8::1").value().urlText(), std::string("[2001:db8::1]"));
        // One address, one form: a rule for it matches both spellings.
        QCOMPARE(parseHost("[::ffff:203.0.113.7]").value(), Host(Address::v4(203, 0, 113, 7)));
        for (const char* bad :
             {"[203.0.113.7]", "[::1", "::1]", "[]", "fe80::1%eth0", "127.1", "a:b"})
            QVERIFY2(!parseHost(bad), bad);
    }

    void readsAuthorities_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("host");
        QTest::addColumn<int>("port"); // 0: none
        QTest::newRow("name") << "Example.com"
                              << "example.com" << 0;
        QTest::newRow("name and port") << "example.com:8443"
                                       << "example.com" << 8443;
        QTest::newRow("empty port") << "example.com:"
                                    << "example.com" << 0;
        QTest::newRow("v4") << "203.0.113.7:80"
                            << "203.0.113.7" << 80;
        QTest::newRow("v6") << "[2001:db8::1]"
                            << "2001:db8::1" << 0;
        QTest::newRow("v6 and port") << "[2001:db8::1]:443"
                                     << "2001:db8::1" << 443;
        for (const char* bad :
             {"", ":80", "example.com:0", "example.com:65536", "example.com:http",
              "example.com:80:80", "example.com:+80", "example.com: 80", "user@example.com",
              "user:pass@example.com:80", "2001:db8::1", "[2001:db8::1]443", "[2001:db8::1"})
            QTest::newRow(bad) << bad << "" << 0;
    }
    void readsAuthorities()
    {
        QFETCH(QString, text);
        QFETCH(QString, host);
        QFETCH(int, port);
        const auto authority = parseAuthority(text.toStdString());
        QCOMPARE(authority.has_value(), !host.isEmpty());
        if (!authority)
            return;
        QCOMPARE(QString::fromStdString(authority->host.text()), host);
        QCOMPARE(authority->port.value_or(0), port);
    }
};

QTEST_APPLESS_MAIN(HostTest)
#include "host_test.moc"

#include <QTest>

#include "ui/widgets/display_text.h"

using namespace sallyport;
using namespace sallyport::ui;

class DisplayTextTest : public QObject
{
    Q_OBJECT

private slots:
    void showsControlsAsEscapes()
    {
        QCOMPARE(safe("a\x1b[31mb"), QStringLiteral("a\\x1b[31mb"));
        QCOMPARE(safe("a\nb"), QStringLiteral("a\\x0ab"));
        QCOMPARE(safe("\xe2\x80\xae"
                      "exe.txt"),
                 QStringLiteral("\\u202eexe.txt"));
        QCOMPARE(safe("a\xe2\x80\x8b"
                      "b"),
                 QStringLiteral("a\\u200bb"));
        QCOMPARE(safe("\xe3\x85\xa4"), QStringLiteral("\\u3164"));
    }

    void isolatesRightToLeftText()
    {
        const QString shown = safe("\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d");
        QCOMPARE(shown.front(), QChar(0x2068));
        QCOMPARE(shown.back(), QChar(0x2069));
    }

    void cutsStacksOfMarks()
    {
        std::string text = "a";
        for (int i = 0; i < 20; ++i)
            text += "\xcc\x81";
        QCOMPARE(safe(text).count(QChar(0x301)), 2);
    }

    void boundsWhatIsHuge()
    {
        const std::string huge(10'000'000, 'x');
        QVERIFY(safe(huge, 100).size() <= 100);
        QVERIFY(urlText("https", huge, 443, huge, 300).size() <= 340);
    }

    void keepsTheEndOfAHost()
    {
        const QString shown = hostText(std::string(5000, 'a') + ".example.com");
        QVERIFY(shown.endsWith(QStringLiteral(".example.com")));
        QVERIFY(shown.size() <= 96);
    }

    void showsUrlsInAsciiAlone()
    {
        QCOMPARE(urlText("https", "api.example.com", 443, "/\xd7\xa9 \x1b?x=1"),
                 QStringLiteral("https://api.example.com/%D7%A9%20%1B?x=1"));
        QCOMPARE(urlText("https", "2001:db8::1", 8443, "/"),
                 QStringLiteral("https://[2001:db8::1]:8443/"));
        QCOMPARE(urlText("http", "a.example", 80, ""), QStringLiteral("http://a.example"));
    }

    void saysWhatPunycodeReadsAs()
    {
        QCOMPARE(unicodeHost("api.example.com"), QString());
        QVERIFY(!unicodeHost("xn--bcher-kva.example").isEmpty());
    }

    void saysTimesAndSizes()
    {
        QLocale::setDefault(QLocale::c());
        QCOMPARE(durationText(340), QStringLiteral("340 ms"));
        QCOMPARE(durationText(185'000), QStringLiteral("3 min 5 s"));
        QCOMPARE(leftText(17'001), QStringLiteral("18 s"));
        QCOMPARE(leftText(-5), QStringLiteral("0 s"));
        QCOMPARE(leftText(14 * 60'000), QStringLiteral("14 min"));
    }

    void quotesForAShell()
    {
        QCOMPARE(shellQuoted(QStringLiteral("a'b; rm -rf $HOME")),
                 QStringLiteral("'a'\\''b; rm -rf $HOME'"));
    }

    void makesToolTipsThatAreNeverMarkup()
    {
        QCOMPARE(toolTipText(QStringLiteral("<b>x</b>")),
                 QStringLiteral("<qt>&lt;b&gt;x&lt;/b&gt;</qt>"));
        QCOMPARE(toolTipText({}), QString());
    }
};

QTEST_MAIN(DisplayTextTest)
#include "display_text_test.moc"

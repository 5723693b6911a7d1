#include <QtTest>

#include "engine/dns/query_watch.h"

using namespace sallyport::dns;

class QueryWatchTest : public QObject
{
    Q_OBJECT

private slots:
    void dataIsToldFromWords()
    {
        for (const char* name : {"6f70656e7373682d6b65792d7631000a.tunnel.example",
                                 "mzxw6ytboi2dgnzxga3tqobzgq3dsmrr.t.example",
                                 "www.a1b2c3d4e5f60718293a4b5c6d7e8f90.example"})
            QVERIFY2(looksEncoded(name), name);
        for (const char* name : {"www.example.com", "registry-1.example.org",
                                 "a-very-long-label-of-english-words-indeed.example",
                                 "1111111111111111111111111111.example", "",
                                 "xn--80akhbyknj4f9a3b2c1d0e7f6g5.example"})
            QVERIFY2(!looksEncoded(name), name);
    }

    void manyOddNamesBelowOneDomainRaiseOneAlarm()
    {
        QueryWatch watch;
        const QueryWatch::Limits limits{1000, 5};
        int alarms = 0;
        for (int i = 0; i < 20; ++i) {
            const std::string name =
                "6f70656e7373682d6b65792d76310" + std::to_string(i) + "a.x.evil.example";
            if (const auto alarm = watch.query(name, limits, 1000 + i)) {
                ++alarms;
                QCOMPARE(QString::fromStdString(alarm->domain), QStringLiteral("evil.example"));
                QCOMPARE(i, 4);
            }
        }
        QCOMPARE(alarms, 1);
        // The next minute begins anew.
        QVERIFY(!watch.query("6f70656e7373682d6b65792d76310000a.evil.example", limits, 62'000));
    }

    void theRateRaisesOneAlarmAMinute()
    {
        QueryWatch watch;
        int alarms = 0;
        for (int i = 0; i < 1000; ++i)
            alarms += watch.query("a.example", {100, 5}, 1 + i).has_value() ? 1 : 0;
        QCOMPARE(alarms, 1);
        for (int i = 0; i < 1000; ++i)
            alarms += watch.query("a.example", {100, 5}, 61'000 + i).has_value() ? 1 : 0;
        QCOMPARE(alarms, 2);
    }
};

QTEST_APPLESS_MAIN(QueryWatchTest)
#include "query_watch_test.moc"

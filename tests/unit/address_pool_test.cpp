#include <QTest>

#include "engine/dns/address_pool.h"

using namespace sallyport;
using namespace sallyport::dns;
using policy::Address;

class AddressPoolTest : public QObject
{
    Q_OBJECT

private slots:
    void givesEachNameItsOwnStablePair()
    {
        AddressPool pool;
        const auto a = pool.assign("a.example").value();
        const auto b = pool.assign("b.example").value();
        QCOMPARE(a.v4.text(), std::string("198.18.0.1"));
        QCOMPARE(a.v6.text(), std::string("fd53:5350:1::1"));
        QCOMPARE(b.v4.text(), std::string("198.18.0.2"));
        QCOMPARE(pool.assign("a.example").value(), a);
        QCOMPARE(pool.nameOf(a.v4), std::optional<std::string>("a.example"));
        QCOMPARE(pool.nameOf(b.v6), std::optional<std::string>("b.example"));
        QCOMPARE(pool.size(), std::size_t{2});
    }

    void knowsOnlyWhatItGaveOut()
    {
        AddressPool pool;
        static_cast<void>(pool.assign("a.example"));
        for (const char* address :
             {"198.18.0.0", "198.18.0.2", "198.19.255.255", "198.20.0.1", "203.0.113.7",
              "fd53:5350:1::", "fd53:5350:1::2", "fd53:5350:1:1::1", "fd53:5350:1:0:1::1",
              "fd53:5350:1::1:0:1", "::1"})
            QVERIFY2(!pool.nameOf(*Address::parse(address)), address);
        QVERIFY(pool.contains(*Address::parse("198.19.255.255")));
        QVERIFY(!pool.contains(*Address::parse("198.20.0.0")));
    }

    void forgetsTheNameUsedLongestAgo()
    {
        AddressPool::Options options;
        options.mostNames = 2;
        AddressPool pool(options);
        const auto a = pool.assign("a.example").value();
        const auto b = pool.assign("b.example").value();
        QVERIFY(pool.nameOf(a.v4)); // a is used, so b is the oldest
        const auto c = pool.assign("c.example").value();
        QVERIFY(!pool.nameOf(b.v4));
        QCOMPARE(pool.nameOf(a.v4), std::optional<std::string>("a.example"));
        // Addresses come back as late as possible.
        QCOMPARE(c.v4.text(), std::string("198.18.0.3"));
        QVERIFY(pool.assign("b.example").value() != b);
    }

    void keepsNamesWithOpenConnections()
    {
        AddressPool::Options options;
        options.mostNames = 2;
        AddressPool pool(options);
        const auto a = pool.assign("a.example").value();
        static_cast<void>(pool.assign("b.example"));
        pool.pin("a.example");
        pool.pin("a.example");
        pool.pin("b.example");
        QVERIFY(!pool.assign("c.example"));
        pool.unpin("b.example");
        QVERIFY(pool.assign("c.example"));
        pool.unpin("a.example");
        pool.pin("c.example");
        QVERIFY(!pool.assign("d.example"));
        QCOMPARE(pool.nameOf(a.v4), std::optional<std::string>("a.example"));
        pool.unpin("a.example");
        pool.unpin("a.example"); // once too often does no harm
        QVERIFY(pool.assign("d.example"));
        QVERIFY(!pool.nameOf(a.v4));
    }

    void reusesNumbersWhenTheRangeIsSpent()
    {
        AddressPool::Options options;
        options.v4 = policy::AddressRange(Address::v4(198, 18, 0, 0), 29); // 6 addresses
        options.mostNames = 3;
        AddressPool pool(options);
        for (int i = 0; i < 20; ++i) {
            const auto pair = pool.assign("n" + std::to_string(i) + ".example");
            QVERIFY(pair);
            QVERIFY(options.v4.contains(pair->v4));
            QCOMPARE(pool.nameOf(pair->v6),
                     std::optional<std::string>("n" + std::to_string(i) + ".example"));
        }
        QCOMPARE(pool.size(), std::size_t{3});
    }

    void survivesARestart()
    {
        AddressPool before;
        const auto a = before.assign("a.example").value();
        const auto b = before.assign("b.example").value();
        AddressPool after;
        after.restore(before.save());
        QCOMPARE(after.assign("b.example").value(), b);
        QCOMPARE(after.assign("a.example").value(), a);
        QCOMPARE(after.assign("c.example")->v4.text(), std::string("198.18.0.3"));
        // Damaged entries are dropped.
        after.restore({{"x.example", 0},
                       {"y.example", 4'000'000'000U},
                       {"z.example", 3},
                       {"z.example", 4},
                       {"w.example", 3}});
        QCOMPARE(after.size(), std::size_t{1});
        QCOMPARE(after.assign("z.example")->v4.text(), std::string("198.18.0.3"));
    }

    void holdsAFullPool()
    {
        AddressPool pool;
        for (int i = 0; i < 70'000; ++i)
            QVERIFY(pool.assign("h" + std::to_string(i) + ".example"));
        QCOMPARE(pool.size(), std::size_t{65'536});
        QCOMPARE(pool.assign("h69999.example")->v4.text(), std::string("198.19.17.112"));
    }
};

QTEST_APPLESS_MAIN(AddressPoolTest)
#include "address_pool_test.moc"

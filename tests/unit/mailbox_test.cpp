#include <atomic>
#include <thread>

#include <QTest>

#include "ui/bridge/mailbox.h"

using sallyport::ui::Mailbox;

class MailboxTest : public QObject
{
    Q_OBJECT

private slots:
    void keepsTheOrder()
    {
        Mailbox box;
        std::vector<int> seen;
        std::thread sender([&] {
            for (int i = 0; i < 10'000; ++i)
                box.post([&seen, i] { seen.push_back(i); }, 1);
        });
        QTRY_COMPARE(seen.size(), std::size_t{10'000});
        sender.join();
        QVERIFY(std::is_sorted(seen.begin(), seen.end()));
    }

    void aFloodWaits()
    {
        Mailbox box;
        std::atomic<int> posted = 0;
        int done = 0;
        std::thread sender([&] {
            for (int i = 0; i < 10; ++i) {
                box.post([&done] { ++done; }, Mailbox::MostBytes / 2);
                ++posted;
            }
        });
        // The GUI thread does not run yet: two fit.
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        QCOMPARE(posted.load(), 2);
        QTRY_COMPARE(done, 10);
        sender.join();
    }

    void closingLetsTheSenderGo()
    {
        Mailbox box;
        std::thread sender([&] {
            for (int i = 0; i < 10; ++i)
                box.post([] { QFAIL("a closed box runs nothing"); }, Mailbox::MostBytes);
        });
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        box.close();
        sender.join();
        QCoreApplication::processEvents();
    }
};

QTEST_MAIN(MailboxTest)
#include "mailbox_test.moc"

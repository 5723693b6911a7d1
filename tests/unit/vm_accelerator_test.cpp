#include <cerrno>

#include <QTemporaryDir>
#include <QtTest>

#include "engine/vm/accelerator.h"

using namespace sallyport;
using namespace sallyport::vm;

class VmAcceleratorTest : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void kvmIsUsedWhereAKernelBoots();
    void kvmThatHangsIsNotUsed();
    void triedOnceForEachBootOfTheHost();
    void aFailedTrialIsNotRemembered();
    void withoutTheDeviceNothingIsTried();
    void aBrokenMemoryIsIgnored();
    void thePersonCanOverride();
    void theClockIsMeasured();

private:
    AcceleratorProbe probe()
    {
        return {m_directory->filePath("accelerator").toStdString(), m_bootId,
                [this] { return m_openError; },
                [this] {
                    ++m_trials;
                    return m_boots;
                }};
    }

    std::unique_ptr<QTemporaryDir> m_directory;
    std::string m_bootId;
    int m_openError = 0;
    int m_trials = 0;
    Result<bool> m_boots = true;
};

void VmAcceleratorTest::init()
{
    m_directory = std::make_unique<QTemporaryDir>();
    m_bootId = "boot-1";
    m_openError = 0;
    m_trials = 0;
    m_boots = true;
}

void VmAcceleratorTest::kvmIsUsedWhereAKernelBoots()
{
    QCOMPARE(chooseAccelerator(probe(), "").accelerator, Accelerator::Kvm);
}

void VmAcceleratorTest::kvmThatHangsIsNotUsed()
{
    m_boots = false;
    const auto choice = chooseAccelerator(probe(), "");
    QCOMPARE(choice.accelerator, Accelerator::Tcg);
    QVERIFY(!choice.reason.empty());
}

void VmAcceleratorTest::triedOnceForEachBootOfTheHost()
{
    m_boots = false;
    const auto first = chooseAccelerator(probe(), "");
    m_boots = true;
    const auto second = chooseAccelerator(probe(), "");
    QCOMPARE(m_trials, 1);
    QCOMPARE(second.accelerator, Accelerator::Tcg);
    QCOMPARE(second.reason, first.reason);
    m_bootId = "boot-2";
    QCOMPARE(chooseAccelerator(probe(), "").accelerator, Accelerator::Kvm);
    QCOMPARE(m_trials, 2);
}

void VmAcceleratorTest::aFailedTrialIsNotRemembered()
{
    m_boots = fail(Error::Code::Unavailable, "libvirtd is not there");
    QCOMPARE(chooseAccelerator(probe(), "").accelerator, Accelerator::Tcg);
    m_boots = true;
    QCOMPARE(chooseAccelerator(probe(), "").accelerator, Accelerator::Kvm);
}

void VmAcceleratorTest::withoutTheDeviceNothingIsTried()
{
    m_openError = EACCES;
    const auto choice = chooseAccelerator(probe(), "");
    QCOMPARE(choice.accelerator, Accelerator::Tcg);
    QVERIFY(choice.reason.find("Permission denied") != std::string::npos);
    QCOMPARE(m_trials, 0);
}

void VmAcceleratorTest::aBrokenMemoryIsIgnored()
{
    QFile file(m_directory->filePath("accelerator"));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("boot-1\nquantum\nreason\n");
    file.close();
    QCOMPARE(chooseAccelerator(probe(), "").accelerator, Accelerator::Kvm);
    QCOMPARE(m_trials, 1);
}

void VmAcceleratorTest::thePersonCanOverride()
{
    QCOMPARE(chooseAccelerator(probe(), "tcg").accelerator, Accelerator::Tcg);
    QCOMPARE(chooseAccelerator(probe(), "kvm").accelerator, Accelerator::Kvm);
    QCOMPARE(m_trials, 0);
}

void VmAcceleratorTest::theClockIsMeasured()
{
#if defined(__x86_64__)
    const std::uint32_t first = measureTscKhz();
    const std::uint32_t second = measureTscKhz();
    QVERIFY(first > 100'000);
    QVERIFY(std::abs(static_cast<double>(first) / second - 1) < 0.01);
#else
    QCOMPARE(measureTscKhz(), 0U);
#endif
}

QTEST_APPLESS_MAIN(VmAcceleratorTest)
#include "vm_accelerator_test.moc"

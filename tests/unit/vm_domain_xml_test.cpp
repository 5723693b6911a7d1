#include <QXmlStreamReader>
#include <QtTest>

#include "engine/vm/domain_xml.h"

using namespace sallyport;
using namespace sallyport::vm;

namespace {

VmSpec goodSpec()
{
    VmSpec spec;
    spec.name = "agent-1";
    spec.kernel = "/images/debian-12/vmlinux";
    spec.initramfs = "/images/debian-12/initramfs.img";
    spec.disk = "/disks/1/disk.qcow2";
    spec.baseDisk = "/images/debian-12/base.ext4";
    spec.tap = "sp1";
    spec.mac = "52:54:00:53:00:01";
    spec.channelSocket = "/run/user/1000/sallyport/jail/run/1.sock";
    spec.consoleLog = "/run/user/1000/sallyport/jail/run/1.log";
    spec.tscKhz = 2596130;
    return spec;
}

// Text of the first element with that name, or of its attribute.
QString valueOf(const std::string& xml, const QString& element, const QString& attribute = {})
{
    QXmlStreamReader reader(QByteArray::fromStdString(xml));
    while (!reader.atEnd())
        if (reader.readNext() == QXmlStreamReader::StartElement && reader.name() == element &&
            (attribute.isEmpty() || reader.attributes().hasAttribute(attribute)))
            return attribute.isEmpty() ? reader.readElementText()
                                       : reader.attributes().value(attribute).toString();
    return {};
}

bool isWellFormed(const std::string& xml)
{
    QXmlStreamReader reader(QByteArray::fromStdString(xml));
    while (!reader.atEnd())
        reader.readNext();
    return !reader.hasError();
}

} // namespace

class VmDomainXmlTest : public QObject
{
    Q_OBJECT

private slots:
    void describesAMicrovm();
    void everyVirtioDeviceIsOnMmio();
    void textIsEscaped();
    void tcgGetsTheClockHintsAndKvmDoesNot();
    void aSpecWithoutDiskAndTapHasNone();
    void refusesBadSpecs_data();
    void refusesBadSpecs();
};

void VmDomainXmlTest::describesAMicrovm()
{
    const auto xml = domainXml(goodSpec());
    QVERIFY(xml && isWellFormed(*xml));
    QCOMPARE(valueOf(*xml, "name"), QString("agent-1"));
    QCOMPARE(valueOf(*xml, "memory"), QString("1024"));
    QCOMPARE(valueOf(*xml, "type", "machine"), QString("microvm"));
    QCOMPARE(valueOf(*xml, "domain", "type"), QString("qemu"));
    QCOMPARE(valueOf(*xml, "source", "path"), QString("/run/user/1000/sallyport/jail/run/1.sock"));
    QCOMPARE(valueOf(*xml, "target", "managed"), QString("no"));
    QVERIFY(xml->find("name='org.sallyport.agent.0'") != std::string::npos);
    QVERIFY(xml->find("freePageReporting='on'") != std::string::npos);
    QVERIFY(xml->find("<graphics") == std::string::npos);
    // The overlay's header is written by QEMU on behalf of a guest: the base is not read from it.
    QVERIFY(xml->find("<backingStore type='file'>") != std::string::npos);
}

void VmDomainXmlTest::everyVirtioDeviceIsOnMmio()
{
    const auto xml = domainXml(goodSpec());
    QXmlStreamReader reader(QByteArray::fromStdString(*xml));
    int onMmio = 0;
    while (!reader.atEnd())
        if (reader.readNext() == QXmlStreamReader::StartElement &&
            reader.name() == QStringLiteral("address")) {
            QCOMPARE(reader.attributes().value("type").toString(), QString("virtio-mmio"));
            ++onMmio;
        }
    QCOMPARE(onMmio, 5); // disk, network, serial controller, balloon, random numbers
}

void VmDomainXmlTest::textIsEscaped()
{
    VmSpec spec = goodSpec();
    spec.disk = "/disks/a'><evil b=\"&/disk.qcow2";
    spec.commandLine = "x='<&>\"'";
    const auto xml = domainXml(spec);
    QVERIFY(xml && isWellFormed(*xml));
    QCOMPARE(valueOf(*xml, "source", "file"), QString("/disks/a'><evil b=\"&/disk.qcow2"));
    QVERIFY(valueOf(*xml, "cmdline").endsWith("x='<&>\"'"));
    QCOMPARE(valueOf(*xml, "evil", "b"), QString());
}

void VmDomainXmlTest::tcgGetsTheClockHintsAndKvmDoesNot()
{
    VmSpec spec = goodSpec();
    QVERIFY(kernelCommandLine(spec).find("tsc_early_khz=2596130 tsc=reliable lpj=4000000 no_timer_check") !=
            std::string::npos);
    spec.accelerator = Accelerator::Kvm;
    spec.tscKhz = 0;
    QVERIFY(kernelCommandLine(spec).find("tsc_early_khz") == std::string::npos);
    const auto xml = domainXml(spec);
    QVERIFY(xml);
    QCOMPARE(valueOf(*xml, "domain", "type"), QString("kvm"));
    QCOMPARE(valueOf(*xml, "cpu", "mode"), QString("host-passthrough"));
    QVERIFY(xml->find("<tcg>") == std::string::npos);
}

void VmDomainXmlTest::aSpecWithoutDiskAndTapHasNone()
{
    VmSpec spec = goodSpec();
    spec.disk.clear();
    spec.baseDisk.clear();
    spec.tap.clear();
    spec.mac.clear();
    const auto xml = domainXml(spec);
    QVERIFY(xml && isWellFormed(*xml));
    QVERIFY(xml->find("<disk") == std::string::npos);
    QVERIFY(xml->find("<interface") == std::string::npos);
}

void VmDomainXmlTest::refusesBadSpecs_data()
{
    QTest::addColumn<int>("which");
    const char* names[] = {
        "empty name", "name with a slash", "hidden name", "long name",         "no memory",
        "no CPU",     "relative disk",     "long socket", "bad MAC",           "bad tap",
        "no clock",   "control character", "no kernel",   "long command line", "tap without MAC",
        "bad UUID"};
    for (int i = 0; i < static_cast<int>(std::size(names)); ++i)
        QTest::newRow(names[i]) << i;
}

void VmDomainXmlTest::refusesBadSpecs()
{
    QFETCH(int, which);
    VmSpec spec = goodSpec();
    switch (which) {
    case 0:
        spec.name.clear();
        break;
    case 1:
        spec.name = "a/b";
        break;
    case 2:
        spec.name = "..";
        break;
    case 3:
        spec.name = std::string(61, 'a');
        break;
    case 4:
        spec.memoryMib = 0;
        break;
    case 5:
        spec.vcpus = 0;
        break;
    case 6:
        spec.disk = "disk.qcow2";
        break;
    case 7:
        spec.channelSocket = "/" + std::string(107, 'x');
        break;
    case 8:
        spec.mac = "52:54:00:53:00:0g";
        break;
    case 9:
        spec.tap = "sp1'";
        break;
    case 10:
        spec.tscKhz = 0;
        break;
    case 11:
        spec.commandLine = "a\nb";
        break;
    case 12:
        spec.kernel.clear();
        break;
    case 13:
        spec.commandLine = std::string(2000, 'a');
        break;
    case 14:
        spec.mac.clear();
        break;
    default:
        spec.uuid = "'/>";
        break;
    }
    const auto xml = domainXml(spec);
    QVERIFY(!xml);
    QCOMPARE(xml.error().code, Error::Code::Invalid);
}

QTEST_APPLESS_MAIN(VmDomainXmlTest)
#include "vm_domain_xml_test.moc"

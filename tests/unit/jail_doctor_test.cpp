#include <cerrno>
#include <map>

#include <QtTest>

#include "engine/jail/doctor.h"

using namespace sallyport;
using namespace sallyport::jail;
using api::Check;
using api::CheckState;

// A machine on which all is well, to be made worse.
class JailDoctorTest : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void aGoodMachineHasNoComplaint();
    void namesWhatForbidsUserNamespaces_data();
    void namesWhatForbidsUserNamespaces();
    void theProfileLiftsAppArmorsRestriction();
    void namesTheTapDevice();
    void tellsWhatTheTrialSaid();
    void skipsTheTrialWhereItMustFail();
    void oldAndMissingProgramsAreNamed();
    void kvmIsNoMustAndTheGroupIsNamed();
    void namesTheMissingFileOfTheImage();
    void aFullDiskFails();
    void aLongRuntimeDirectoryFails();

private:
    [[nodiscard]] Check check(const char* id) const
    {
        for (const Check& check : runDoctor(m_options, m_probes))
            if (check.id == id)
                return check;
        return {};
    }

    DoctorOptions m_options;
    DoctorProbes m_probes;
    std::map<std::string, std::string> m_files;
    std::map<std::string, int> m_opens;
    std::map<std::string, std::string> m_versions;
    std::string m_trial;
    std::uint64_t m_free = 0;
    int m_trials = 0;
};

void JailDoctorTest::init()
{
    m_options = {"/run/user/1000/sallyport", "/home/ada/.local/share/sallyport",
                 "/images/debian-12", "/usr/bin/sallyport-jail"};
    m_files = {{"/etc/subuid", "ada:100000:65536\n"},
               {"/usr/bin/newuidmap", ""},
               {"/usr/bin/apt-get", ""},
               {"/proc/sys/user/max_user_namespaces", "96365\n"},
               {"/images/debian-12/vmlinux", ""},
               {"/images/debian-12/initramfs.img", ""},
               {"/images/debian-12/base.ext4", ""}};
    m_opens.clear();
    m_versions = {
        {"/usr/sbin/libvirtd", "libvirtd (libvirt) 9.0.0"},
        {"/usr/bin/qemu-system-x86_64", "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)"}};
    m_trial.clear();
    m_trials = 0;
    m_free = 100ULL << 30U;
    m_probes.readFile = [this](const std::filesystem::path& path) -> std::optional<std::string> {
        const auto found = m_files.find(path.string());
        return found == m_files.end() ? std::nullopt : std::optional(found->second);
    };
    m_probes.openReadWrite = [this](const std::filesystem::path& path) {
        return m_opens[path.string()];
    };
    m_probes.run = [this](const std::vector<std::string>& argv) -> std::optional<std::string> {
        const auto found = m_versions.find(argv.front());
        return found == m_versions.end() ? std::nullopt : std::optional(found->second);
    };
    m_probes.isFile = [this](const std::filesystem::path& path) {
        return m_files.contains(path.string());
    };
    m_probes.freeBytes = [this](const std::filesystem::path&) { return std::optional(m_free); };
    m_probes.tryJail = [this](const std::filesystem::path&) {
        ++m_trials;
        return m_trial;
    };
    m_probes.userName = [] { return "ada"; };
}

void JailDoctorTest::aGoodMachineHasNoComplaint()
{
    const auto checks = runDoctor(m_options, m_probes);
    QVERIFY(checks.size() >= 10);
    for (const Check& check : checks) {
        QVERIFY2(check.state == CheckState::Ok, check.id.c_str());
        QVERIFY(check.remedy.empty());
        QVERIFY(!check.title.empty() && !check.detail.empty());
    }
}

void JailDoctorTest::namesWhatForbidsUserNamespaces_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<QString>("value");
    QTest::addColumn<QString>("remedy");
    QTest::newRow("Debian's switch") << "/proc/sys/kernel/unprivileged_userns_clone"
                                     << "0\n"
                                     << "unprivileged_userns_clone=1";
    QTest::newRow("limit") << "/proc/sys/user/max_user_namespaces"
                           << "0\n"
                           << "max_user_namespaces=";
    QTest::newRow("AppArmor") << "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"
                              << "1\n"
                              << "apparmor_parser -r";
}

void JailDoctorTest::namesWhatForbidsUserNamespaces()
{
    QFETCH(QString, file);
    QFETCH(QString, value);
    QFETCH(QString, remedy);
    m_files[file.toStdString()] = value.toStdString();
    const Check found = check("userns");
    QCOMPARE(found.state, CheckState::Failed);
    QVERIFY2(found.remedy.find(remedy.toStdString()) != std::string::npos, found.remedy.c_str());
}

void JailDoctorTest::theProfileLiftsAppArmorsRestriction()
{
    m_files["/proc/sys/kernel/apparmor_restrict_unprivileged_userns"] = "1\n";
    m_files["/etc/apparmor.d/sallyport-jail"] = "";
    QCOMPARE(check("userns").state, CheckState::Ok);
}

void JailDoctorTest::namesTheTapDevice()
{
    m_opens["/dev/net/tun"] = EACCES;
    QCOMPARE(check("tun").state, CheckState::Failed);
    QCOMPARE(check("tun").remedy, std::string("sudo chmod 0666 /dev/net/tun"));
    m_opens["/dev/net/tun"] = ENOENT;
    QCOMPARE(check("tun").remedy, std::string("sudo modprobe tun"));
}

void JailDoctorTest::tellsWhatTheTrialSaid()
{
    m_trial = "nftables refused the rules: tproxy";
    QCOMPARE(check("jail").state, CheckState::Failed);
    QCOMPARE(check("jail").detail, m_trial);
    QVERIFY(check("jail").remedy.starts_with("sudo modprobe"));
}

void JailDoctorTest::skipsTheTrialWhereItMustFail()
{
    m_opens["/dev/net/tun"] = EACCES;
    (void)runDoctor(m_options, m_probes);
    QCOMPARE(m_trials, 0);
}

void JailDoctorTest::oldAndMissingProgramsAreNamed()
{
    m_versions["/usr/sbin/libvirtd"] = "libvirtd (libvirt) 7.10.0";
    m_versions.erase("/usr/bin/qemu-system-x86_64");
    QCOMPARE(check("libvirt").state, CheckState::Failed);
    QVERIFY(check("libvirt").detail.find("older than 8.0") != std::string::npos);
    QCOMPARE(check("qemu").state, CheckState::Failed);
    QCOMPARE(check("qemu").remedy, std::string("sudo apt-get install qemu-system-x86"));
}

void JailDoctorTest::kvmIsNoMustAndTheGroupIsNamed()
{
    m_opens["/dev/kvm"] = EACCES;
    QCOMPARE(check("kvm").state, CheckState::Warning);
    QVERIFY(check("kvm").remedy.find("kvm ada") != std::string::npos);
    m_opens["/dev/kvm"] = ENOENT;
    QCOMPARE(check("kvm").state, CheckState::Warning);
}

void JailDoctorTest::namesTheMissingFileOfTheImage()
{
    m_files.erase("/images/debian-12/initramfs.img");
    QCOMPARE(check("image").state, CheckState::Failed);
    QVERIFY(check("image").detail.find("initramfs.img") != std::string::npos);
}

void JailDoctorTest::aFullDiskFails()
{
    m_free = 2ULL << 30U;
    QCOMPARE(check("disk").state, CheckState::Warning);
    m_free = 1ULL << 20U;
    QCOMPARE(check("disk").state, CheckState::Failed);
}

void JailDoctorTest::aLongRuntimeDirectoryFails()
{
    m_options.runtime = "/run/user/1000/" + std::string(40, 'x');
    QCOMPARE(check("runtime").state, CheckState::Failed);
}

QTEST_APPLESS_MAIN(JailDoctorTest)
#include "jail_doctor_test.moc"

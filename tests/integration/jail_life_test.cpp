// The supervisor's life: start, adoption, secrets, what can be seen inside, and its ends.

#include <csignal>
#include <fstream>
#include <thread>

#include <QtTest>
#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "engine/jail/control_channel.h"
#include "engine/jail/doctor.h"
#include "tests/integration/jail_fixture.h"
#include "tests/integration/jail_processes.h"

using namespace sallyport;
using namespace sallyport::jail;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

// Runs `work` in the pid and user namespaces of that process; what it returns.
int inNamespacesOf(pid_t target, const std::function<int()>& work)
{
    const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, target, 0)));
    const pid_t outer = ::fork();
    if (outer == 0) {
        if (::setns(process.get(), CLONE_NEWUSER | CLONE_NEWPID) != 0)
            ::_exit(99);
        const pid_t inner = ::fork();
        if (inner == 0)
            ::_exit(work());
        int status = 0;
        ::waitpid(inner, &status, 0);
        ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 98);
    }
    int status = 0;
    ::waitpid(outer, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 97;
}

} // namespace

class JailLifeTest : public QObject
{
    Q_OBJECT

private slots:
    void init() { m_fixture = std::make_unique<JailFixture>(); }
    void cleanup() { m_fixture.reset(); }

    void nothingIsThereBeforeTheStart();
    void twoEnginesGetOneJail();
    void secretsOutliveTheEngineAndNotTheTap();
    void tapsAreFoundByANewEngine();
    void insideIsNothingOfTheHost();
    void libvirtHasNoCapabilities();
    void insideCannotSpeakToTheSupervisor();
    void killedLibvirtdComesBack();
    void quitEndsAll();
    void killedSupervisorTakesAllWithIt();
    void otherDirectoriesAreAConflict();
    void longDirectoriesAreRefused();
    void aMissingProgramIsNamed();
    void badRequestsAreRefused();
    void holdsNothingOfItsStarter();
    void startsProgramsWithDefaultSignals();
    void theDoctorAgrees();

private:
    std::unique_ptr<JailFixture> m_fixture;
};

void JailLifeTest::nothingIsThereBeforeTheStart()
{
    const auto none = Jail::adopt(m_fixture->options());
    QVERIFY(!none);
    QCOMPARE(none.error().code, Error::Code::NotFound);
}

void JailLifeTest::twoEnginesGetOneJail()
{
    std::unique_ptr<Jail> other;
    std::thread thread([&] { other = m_fixture->start(); });
    const auto jail = m_fixture->start();
    thread.join();
    QCOMPARE(jail->pid(), other->pid());
    QVERIFY(jail->wasAdopted() != other->wasAdopted());
    QVERIFY(jail->isAlive());
}

void JailLifeTest::secretsOutliveTheEngineAndNotTheTap()
{
    const std::string secret = std::string("-----BEGIN\n\0PRIVATE", 19) + std::string(16000, 'k');
    auto jail = m_fixture->start();
    QCOMPARE(jail->keepSecret(9, secret).error().code, Error::Code::NotFound);
    QVERIFY(jail->addTap(9));
    QCOMPARE(jail->fetchSecret(9).error().code, Error::Code::NotFound);
    QVERIFY(jail->keepSecret(9, "first"));
    QVERIFY(jail->keepSecret(9, secret));
    QCOMPARE(jail->keepSecret(9, std::string(Jail::MaxSecretBytes + 1, 'x')).error().code,
             Error::Code::TooLarge);
    jail.reset();
    jail = m_fixture->start();
    QVERIFY(jail->wasAdopted());
    QCOMPARE(*jail->fetchSecret(9), secret);
    QVERIFY(jail->forgetSecret(9));
    QCOMPARE(jail->fetchSecret(9).error().code, Error::Code::NotFound);
    QVERIFY(jail->keepSecret(9, secret));
    QVERIFY(jail->removeTap(9));
    QVERIFY(jail->addTap(9));
    QCOMPARE(jail->fetchSecret(9).error().code, Error::Code::NotFound);
}

void JailLifeTest::tapsAreFoundByANewEngine()
{
    auto jail = m_fixture->start();
    for (const unsigned number : {4U, 2U, 3U})
        QVERIFY(jail->addTap(number));
    QVERIFY(jail->addTap(2)); // again
    QVERIFY(jail->removeTap(3));
    QVERIFY(jail->removeTap(3)); // again
    jail = m_fixture->start();
    const auto taps = jail->taps();
    QVERIFY(taps);
    QCOMPARE(taps->size(), 2U);
    QCOMPARE(taps->front().name, std::string("sp2"));
    QCOMPARE(taps->back().name, std::string("sp4"));
    QVERIFY(jail->sockets(2)->tcp6.isOpen());
    QCOMPARE(jail->sockets(3).error().code, Error::Code::NotFound);
}

void JailLifeTest::insideIsNothingOfTheHost()
{
    const auto jail = m_fixture->start();
    const pid_t libvirtd = childNamed(jail->pid(), "libvirtd");
    const fs::path root = fs::path("/proc") / std::to_string(libvirtd) / "root";
    std::error_code error;
    QVERIFY2(fs::exists(root / "usr/bin", error), error.message().c_str());
    for (const char* hidden :
         {"home", "root", "mnt", "srv", "boot", "opt", "etc/shadow", "etc/hostname", "etc/ssl",
          "etc/machine-id", "var/lib", "dev/sda", "dev/mem", "old", "new"})
        QVERIFY2(!fs::exists(root / hidden, error), hidden);
    const fs::path directory = m_fixture->options().directory;
    QVERIFY(fs::exists(root / jail->runDirectory().relative_path(), error));
    QVERIFY(!fs::exists(root / (directory / "control.sock").relative_path(), error));
    QVERIFY(!fs::exists(root / (directory / "supervisor.log").relative_path(), error));
    // The images can't be written, the disks can.
    std::ofstream(root / m_fixture->options().images.relative_path() / "x") << "x";
    QVERIFY(!fs::exists(m_fixture->options().images / "x"));
    std::ofstream(root / m_fixture->options().disks.relative_path() / "x") << "x";
    QVERIFY(fs::exists(m_fixture->options().disks / "x"));
}

void JailLifeTest::libvirtHasNoCapabilities()
{
    const auto jail = m_fixture->start();
    const pid_t libvirtd = childNamed(jail->pid(), "libvirtd");
    std::ifstream status(fs::path("/proc") / std::to_string(libvirtd) / "status");
    int lines = 0;
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("Cap")) {
            QVERIFY2(line.ends_with("\t0000000000000000"), line.c_str());
            ++lines;
        }
        if (line.starts_with("NoNewPrivs:"))
            QVERIFY(line.ends_with("1"));
    }
    QCOMPARE(lines, 5);
    // Nor can it get any in a user namespace of its own.
    QCOMPARE(inNamespacesOf(libvirtd, [] { return ::unshare(CLONE_NEWUSER) == 0 ? 0 : 1; }), 1);
}

void JailLifeTest::insideCannotSpeakToTheSupervisor()
{
    const auto jail = m_fixture->start();
    const auto options = m_fixture->options();
    // Even with the socket in sight: the peer's pid gives it away.
    const auto ask = [&] {
        auto socket = connectControl(options.directory / "control.sock");
        if (!socket)
            return 2;
        (void)sendPacket(socket->get(), encodeRequest({}), {}, 500ms);
        std::array<char, 4096> reply{};
        return receivePacket(socket->get(), reply, 2000ms) ? 0 : 1;
    };
    QCOMPARE(inNamespacesOf(childNamed(jail->pid(), "libvirtd"), ask), 1);
    QCOMPARE(ask(), 0);
}

// An engine's connection that lived on in the jail would never end for its client.
void JailLifeTest::holdsNothingOfItsStarter()
{
    std::array<int, 2> ends{};
    QCOMPARE(::pipe(ends.data()), 0); // inheritable, as a library's could be
    const UniqueFd reading(ends[0]);
    UniqueFd writing(ends[1]);
    const auto jail = m_fixture->start();
    writing.reset();
    pollfd entry{reading.get(), POLLIN, 0};
    QCOMPARE(::poll(&entry, 1, 0), 1);
    QCOMPARE(entry.revents, short{POLLHUP});
}

void JailLifeTest::startsProgramsWithDefaultSignals()
{
    const JailOptions options = m_fixture->options();
    const pid_t starter = ::fork();
    if (starter == 0) {
        ::signal(SIGALRM, SIG_IGN);
        ::signal(SIGHUP, SIG_IGN);
        ::execl(options.binary.c_str(), options.binary.c_str(), "--directory",
                options.directory.c_str(), "--images", options.images.c_str(), "--disks",
                options.disks.c_str(), nullptr);
        ::_exit(127);
    }
    int status = -1;
    QCOMPARE(::waitpid(starter, &status, 0), starter);
    QCOMPARE(status, 0);
    const auto jail = m_fixture->start();
    QVERIFY(jail->wasAdopted());
    const pid_t libvirtd = childNamed(jail->pid(), "libvirtd");
    QVERIFY(libvirtd > 0);
    std::ifstream file("/proc/" + std::to_string(libvirtd) + "/status");
    std::uint64_t ignored = ~std::uint64_t{0};
    for (std::string word; file >> word;)
        if (word == "SigIgn:")
            file >> std::hex >> ignored;
    constexpr std::uint64_t Tested = 1U << (SIGALRM - 1) | 1U << (SIGHUP - 1);
    QCOMPARE(ignored & Tested, std::uint64_t{0});
}

void JailLifeTest::killedLibvirtdComesBack()
{
    const auto jail = m_fixture->start();
    for (int i = 0; i < 2; ++i) {
        const pid_t before = childNamed(jail->pid(), "libvirtd");
        QVERIFY(before > 0);
        QCOMPARE(::kill(before, SIGKILL), 0);
        QTRY_VERIFY_WITH_TIMEOUT(hasOtherChild(jail->pid(), "libvirtd", before), 5000);
    }
    const auto proven = jail->selfTest();
    QVERIFY2(proven, proven ? "" : proven.error().text.c_str());
}

void JailLifeTest::quitEndsAll()
{
    const auto jail = m_fixture->start();
    const auto children = childrenOf(jail->pid());
    QVERIFY(!children.empty());
    QVERIFY(jail->quit());
    QVERIFY(!jail->isAlive());
    for (const pid_t child : children)
        QTRY_VERIFY(::kill(child, 0) != 0);
    QCOMPARE(jail->taps().error().code, Error::Code::Unavailable);
    QVERIFY(!m_fixture->start()->wasAdopted());
}

void JailLifeTest::killedSupervisorTakesAllWithIt()
{
    const auto jail = m_fixture->start();
    const auto children = childrenOf(jail->pid());
    QVERIFY(!children.empty());
    QCOMPARE(::kill(jail->pid(), SIGKILL), 0);
    QVERIFY(waitFor(jail->deathFd(), POLLIN, 5s));
    for (const pid_t child : children)
        QTRY_VERIFY(::kill(child, 0) != 0);
    const auto next = m_fixture->start(); // the stale socket and lock are no hindrance
    QVERIFY(!next->wasAdopted());
    const auto proven = next->selfTest();
    QVERIFY2(proven, proven ? "" : proven.error().text.c_str());
}

void JailLifeTest::otherDirectoriesAreAConflict()
{
    const auto jail = m_fixture->start();
    auto options = m_fixture->options();
    options.disks = options.images;
    const auto other = Jail::startOrAdopt(options);
    QVERIFY(!other);
    QCOMPARE(other.error().code, Error::Code::Conflict);
}

void JailLifeTest::longDirectoriesAreRefused()
{
    auto options = m_fixture->options();
    options.directory /= std::string(40, 'x');
    const auto jail = Jail::startOrAdopt(options);
    QVERIFY(!jail);
    QCOMPARE(jail.error().code, Error::Code::Invalid);
}

void JailLifeTest::aMissingProgramIsNamed()
{
    auto options = m_fixture->options();
    options.binary = "/nonexistent/sallyport-jail";
    const auto jail = Jail::startOrAdopt(options);
    QVERIFY(!jail);
    QVERIFY(jail.error().text.find("/nonexistent/sallyport-jail") != std::string::npos);
}

void JailLifeTest::badRequestsAreRefused()
{
    const auto jail = m_fixture->start();
    for (const unsigned number : {0U, 1001U, 1023U, ~0U})
        QCOMPARE(jail->addTap(number).error().code, Error::Code::Invalid);
    QCOMPARE(jail->domainProcess("../../x").error().code, Error::Code::Invalid);
    QCOMPARE(jail->domainProcess("agent-1").error().code, Error::Code::NotFound);
    QVERIFY(jail->addTap(1));
    QCOMPARE(jail->connectToGuest(1, 0, 10ms).error().code, Error::Code::Invalid);
    // Rubbish on the socket: an error, and the next request is served.
    const auto socket = connectControl(m_fixture->options().directory / "control.sock");
    std::array<char, 4096> buffer{};
    for (const std::string_view rubbish : {"", "x", "{}\n", "\n", "[[[[[[[["}) {
        if (rubbish.empty())
            continue; // an empty packet reads as the end of the stream
        QVERIFY(sendPacket(socket->get(), rubbish, {}, 500ms));
        const auto packet = receivePacket(socket->get(), buffer, 2000ms);
        QVERIFY(packet);
        QVERIFY(!decodeReply({buffer.data(), packet->size}));
    }
    QVERIFY(sendPacket(socket->get(), encodeRequest({}), {}, 500ms));
    const auto packet = receivePacket(socket->get(), buffer, 2000ms);
    QVERIFY(packet && decodeReply({buffer.data(), packet->size}));
}

// Where a jail starts, the doctor has nothing to say against it.
void JailLifeTest::theDoctorAgrees()
{
    const auto options = m_fixture->options();
    const auto checks =
        runDoctor({options.directory, options.disks, options.images, options.binary});
    for (const api::Check& check : checks) {
        qInfo("%s: %s. %s %s", check.id.c_str(), check.title.c_str(), check.detail.c_str(),
              check.remedy.c_str());
        for (const char* needed : {"userns", "tun", "jail", "libvirt", "qemu"})
            QVERIFY2(check.id != needed || check.state == api::CheckState::Ok, needed);
    }
    QCOMPARE(checks.size(), 10U);
}

QTEST_GUILESS_MAIN(JailLifeTest)
#include "jail_life_test.moc"

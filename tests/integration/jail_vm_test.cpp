// A real microVM in the jail: start, agent, traffic, statistics, and what happens when libvirtd,
// QEMU or the jail is killed. Needs the guest image (SALLYPORT_IMAGE_DIR, by default the user's).

#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>

#include <QtTest>
#include <boost/asio.hpp>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "engine/guest/agent.h"
#include "engine/image/guest_image.h"
#include "engine/image/overlay.h"
#include "engine/jail/control_channel.h"
#include "engine/jail/dns_socket.h"
#include "engine/vm/accelerator.h"
#include "engine/vm/hypervisor.h"
#include "tests/integration/jail_fixture.h"
#include "tests/integration/jail_processes.h"

using namespace sallyport;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using jail::Jail;
using vm::DomainEvent;

namespace {

constexpr auto BootTime = 60s;
constexpr unsigned Number = 3;
constexpr const char* Name = "agent-3";

std::filesystem::path imagesDirectory()
{
    if (const char* own = std::getenv("SALLYPORT_IMAGE_DIR"); own != nullptr)
        return std::filesystem::path(own).parent_path();
    if (const char* data = std::getenv("XDG_DATA_HOME"); data != nullptr)
        return std::filesystem::path(data) / "sallyport/images";
    const char* home = std::getenv("HOME");
    return std::filesystem::path(home != nullptr ? home : "/") / ".local/share/sallyport/images";
}

// What the hypervisor told, for the test to wait for.
class Events
{
public:
    void add(const DomainEvent& event)
    {
        const std::lock_guard lock(m_mutex);
        m_events.push_back(event);
        m_changed.notify_all();
    }
    // The next event that was not taken yet.
    std::optional<DomainEvent> next(std::chrono::milliseconds wait)
    {
        std::unique_lock lock(m_mutex);
        if (!m_changed.wait_for(lock, wait, [&] { return m_taken < m_events.size(); }))
            return std::nullopt;
        return m_events[m_taken++];
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::vector<DomainEvent> m_events;
    std::size_t m_taken = 0;
};

double secondsSince(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

} // namespace

class JailVmTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void cleanupTestCase();

    void bootsAndTheAgentAnswers();
    void aNameRunsOnce();
    void statisticsAreReal();
    void trafficOfTheGuestReachesTheSockets();
    void killedLibvirtdLeavesTheGuestRunning();
    void killedQemuIsToldAtOnce();
    void qemuKilledWhileLibvirtdIsAwayIsTold();
    void destroyIsToldAsStopped();
    void powerOffIsToldAsStopped();
    void kvmIsTriedWithTheRealKernel();
    void killedJailLeavesNothingRunning();

private:
    [[nodiscard]] vm::VmSpec spec();
    void startGuest();
    void expect(DomainEvent::Kind kind, std::chrono::milliseconds wait = 10s);
    template <typename T> T await(asio::awaitable<T> work)
    {
        auto future = asio::co_spawn(m_context, std::move(work), asio::use_future);
        m_context.restart();
        while (future.wait_for(0s) != std::future_status::ready)
            m_context.run_one_for(50ms);
        return future.get();
    }
    std::string run(std::vector<std::string> arguments);

    jail::JailFixture m_fixture;
    std::unique_ptr<Jail> m_jail;
    Events m_events;
    std::unique_ptr<vm::Hypervisor> m_hypervisor;
    std::optional<image::GuestImage> m_image;
    std::optional<jail::Tap> m_tap;
    std::optional<jail::TapSockets> m_sockets;
    asio::io_context m_context;
    std::unique_ptr<guest::Agent> m_agent;
    std::uint32_t m_tscKhz = vm::measureTscKhz();
};

void JailVmTest::initTestCase()
{
    // As the engine does. Hypervisor leaves a handler alone, and Qt Test's ends the test.
    ::signal(SIGPIPE, SIG_IGN);
    auto found = image::findImageIn(imagesDirectory());
    QVERIFY2(found, found ? "" : found.error().text.c_str());
    m_image = *found;
    m_fixture.useImages(std::filesystem::canonical(imagesDirectory()));
    auto start = std::chrono::steady_clock::now();
    m_jail = m_fixture.start();
    qInfo("jail start %.3f s", secondsSince(start));
    start = std::chrono::steady_clock::now();
    m_tap = *m_jail->addTap(Number);
    m_sockets = std::move(*m_jail->sockets(Number));
    qInfo("tap and sockets %.4f s", secondsSince(start));
    start = std::chrono::steady_clock::now();
    auto opened = vm::Hypervisor::open(
        m_jail->libvirtUri(), [this](std::string_view name) { return m_jail->domainProcess(name); },
        [this](const DomainEvent& event) { m_events.add(event); });
    QVERIFY2(opened, opened ? "" : opened.error().text.c_str());
    m_hypervisor = std::move(*opened);
    qInfo("libvirt connection %.3f s, version %lu, TSC %u kHz", secondsSince(start),
          *m_hypervisor->libvirtVersion(), m_tscKhz);
    QVERIFY(image::createOverlay(m_image->base, m_fixture.disks() / "disk.qcow2", 4096));
}

void JailVmTest::cleanupTestCase()
{
    m_agent.reset();
    m_hypervisor.reset();
    m_jail.reset();
}

vm::VmSpec JailVmTest::spec()
{
    vm::VmSpec spec;
    spec.name = Name;
    spec.memoryMib = 512;
    spec.kernel = m_image->kernel;
    spec.initramfs = m_image->initramfs;
    spec.disk = m_fixture.disks() / "disk.qcow2";
    spec.baseDisk = m_image->base;
    spec.tap = m_tap->name;
    spec.mac = m_tap->guestMac;
    spec.channelSocket = m_jail->runDirectory() / "agent-3.sock";
    spec.consoleLog = m_jail->runDirectory() / "agent-3.log";
    spec.tscKhz = m_tscKhz;
    return spec;
}

void JailVmTest::expect(DomainEvent::Kind kind, std::chrono::milliseconds wait)
{
    const auto start = std::chrono::steady_clock::now();
    const auto event = m_events.next(wait);
    QVERIFY2(event, "no event");
    QCOMPARE(event->name, std::string(Name));
    QVERIFY2(event->kind == kind, event->reason.c_str());
    qInfo("event after %.3f s: %s", secondsSince(start), event->reason.c_str());
}

void JailVmTest::startGuest()
{
    m_agent.reset();
    const auto start = std::chrono::steady_clock::now();
    const auto started = m_hypervisor->start(spec());
    QVERIFY2(started, started ? "" : started.error().text.c_str());
    const double created = secondsSince(start);
    auto agent = await(guest::Agent::connect(spec().channelSocket, BootTime));
    QVERIFY2(agent, agent ? "" : agent.error().text.c_str());
    m_agent = std::move(*agent);
    qInfo("createXML %.3f s, agent after %.3f s", created, secondsSince(start));
    expect(DomainEvent::Kind::Started);
}

std::string JailVmTest::run(std::vector<std::string> arguments)
{
    if (!m_agent)
        return "no agent";
    guest::ExecSpec spec;
    spec.arguments = std::move(arguments);
    auto process = await(m_agent->exec(spec));
    if (!process)
        return process.error().text;
    std::string output;
    for (;;) {
        const auto chunk = await((*process)->read());
        if (!chunk || chunk->kind == guest::Chunk::Kind::Exited)
            return output;
        output += chunk->data;
    }
}

void JailVmTest::bootsAndTheAgentAnswers()
{
    startGuest();
    QVERIFY2(m_agent, "no agent");
    QVERIFY2(m_agent->hello().problem.empty(), m_agent->hello().problem.c_str());
    guest::GuestConfig config;
    config.hostname = Name;
    config.ipv4 = {m_tap->guest4, static_cast<std::uint8_t>(m_tap->prefix4), m_tap->gateway4};
    config.ipv6 = {m_tap->guest6, static_cast<std::uint8_t>(m_tap->prefix6), m_tap->gateway6};
    config.nameServers = {m_tap->gateway4, m_tap->gateway6};
    const auto done = await(m_agent->configure(config));
    QVERIFY2(done, done ? "" : done.error().text.c_str());
    QCOMPARE(run({"hostname"}), std::string(Name) + "\n");
}

void JailVmTest::aNameRunsOnce()
{
    const auto again = m_hypervisor->start(spec());
    QVERIFY(!again);
    QCOMPARE(again.error().code, Error::Code::Exists);
    QCOMPARE(m_hypervisor->list()->size(), 1U);
    const auto missing = m_hypervisor->destroy("agent-4");
    QVERIFY(!missing);
    QCOMPARE(missing.error().code, Error::Code::NotFound);
}

void JailVmTest::statisticsAreReal()
{
    const auto before = m_hypervisor->stats(Name);
    QVERIFY2(before, before ? "" : before.error().text.c_str());
    (void)run({"python3", "-c", "sum(range(2000000))"});
    const auto after = m_hypervisor->stats(Name);
    QVERIFY(after->cpuTimeNs > before->cpuTimeNs);
    QVERIFY(after->residentBytes > 50'000'000);
    QCOMPARE(after->guestMemoryBytes, std::uint64_t{512} << 20U);
    qInfo("QEMU resident %.0f MB", static_cast<double>(after->residentBytes) / 1e6);
    // They are asked for every two seconds: libvirtd must have no complaint about that.
    std::ifstream log(m_fixture.options().directory / "supervisor.log");
    for (std::string line; std::getline(log, line);)
        QVERIFY2(line.find("alloon") == std::string::npos, line.c_str());
}

// The guest's own TCP/IP: both families, and DNS.
void JailVmTest::trafficOfTheGuestReachesTheSockets()
{
    std::string seen;
    std::thread engine([&] {
        for (const int listener : {m_sockets->tcp4.get(), m_sockets->tcp6.get()}) {
            if (!jail::waitFor(listener, POLLIN, 20s))
                return;
            const UniqueFd accepted(::accept4(listener, nullptr, nullptr, 0));
            (void)::send(accepted.get(), "hello", 5, MSG_NOSIGNAL);
        }
        std::array<char, 512> query{};
        if (!jail::waitFor(m_sockets->dns4.get(), POLLIN, 20s))
            return;
        if (auto got = jail::receiveQuery(m_sockets->dns4.get(), query); got && *got)
            (void)jail::sendAnswer(m_sockets->dns4.get(), **got, "answer");
    });
    seen = run({"python3", "-c",
                "import socket\n"
                "for a in ('203.0.113.7', '2001:db8::7'):\n"
                "    print(socket.create_connection((a, 443), 15).recv(9).decode())\n"
                "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                "s.settimeout(15)\n"
                "s.connect(('9.9.9.9', 53)); s.send(b'q'); print(s.recv(99).decode())\n"
                "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                "s.settimeout(15)\n"
                "s.connect(('203.0.113.7', 443)); s.send(b'x')\n"
                "try: print(s.recv(9))\n"
                "except OSError as e: print(type(e).__name__, e.errno)\n"});
    engine.join();
    // 113: EHOSTUNREACH, from "administratively prohibited"; 111 is ECONNREFUSED.
    QVERIFY2(seen == "hello\nhello\nanswer\nOSError 113\n" ||
                 seen == "hello\nhello\nanswer\nConnectionRefusedError 111\n",
             seen.c_str());
}

void JailVmTest::killedLibvirtdLeavesTheGuestRunning()
{
    const pid_t libvirtd = jail::childNamed(m_jail->pid(), "libvirtd");
    QVERIFY(libvirtd > 0);
    const auto start = std::chrono::steady_clock::now();
    QCOMPARE(::kill(libvirtd, SIGKILL), 0);
    QCOMPARE(run({"echo", "alive"}), std::string("alive\n"));
    QTRY_VERIFY_WITH_TIMEOUT(jail::hasOtherChild(m_jail->pid(), "libvirtd", libvirtd), 5000);
    QTRY_VERIFY_WITH_TIMEOUT(m_hypervisor->list().has_value(), 10000);
    qInfo("libvirtd killed, back with its domain after %.3f s", secondsSince(start));
    QCOMPARE(m_hypervisor->list()->size(), 1U);
    QVERIFY(m_hypervisor->stats(Name));
    QVERIFY(!m_events.next(500ms)); // nothing happened to the guest
}

void JailVmTest::killedQemuIsToldAtOnce()
{
    const auto process = m_jail->domainProcess(Name);
    QVERIFY(process);
    QCOMPARE(::syscall(SYS_pidfd_send_signal, process->get(), SIGKILL, nullptr, 0), 0);
    expect(DomainEvent::Kind::Crashed);
    QTRY_VERIFY_WITH_TIMEOUT(m_hypervisor->list()->empty(), 5000);
    QVERIFY(!m_events.next(300ms)); // told once
}

void JailVmTest::qemuKilledWhileLibvirtdIsAwayIsTold()
{
    startGuest();
    const auto process = m_jail->domainProcess(Name);
    QVERIFY(process);
    QCOMPARE(::kill(jail::childNamed(m_jail->pid(), "libvirtd"), SIGKILL), 0);
    QCOMPARE(::syscall(SYS_pidfd_send_signal, process->get(), SIGKILL, nullptr, 0), 0);
    expect(DomainEvent::Kind::Crashed);
    QTRY_VERIFY_WITH_TIMEOUT(m_hypervisor->list().has_value() && m_hypervisor->list()->empty(),
                             10000);
    QVERIFY(!m_events.next(300ms));
}

void JailVmTest::destroyIsToldAsStopped()
{
    startGuest();
    const auto start = std::chrono::steady_clock::now();
    const auto done = m_hypervisor->destroy(Name);
    QVERIFY2(done, done ? "" : done.error().text.c_str());
    qInfo("destroy %.3f s", secondsSince(start));
    expect(DomainEvent::Kind::Stopped);
    QVERIFY(!m_events.next(600ms));
}

void JailVmTest::powerOffIsToldAsStopped()
{
    startGuest();
    QVERIFY(await(m_agent->shutdown()));
    expect(DomainEvent::Kind::Stopped);
    QVERIFY(!m_events.next(600ms));
}

void JailVmTest::kvmIsTriedWithTheRealKernel()
{
    if (::access("/dev/kvm", R_OK | W_OK) != 0)
        QSKIP("no /dev/kvm here");
    const auto start = std::chrono::steady_clock::now();
    const auto probe = vm::AcceleratorProbe::system(m_fixture.disks(), [&] {
        return vm::kvmBoots(*m_hypervisor, m_image->kernel, m_image->initramfs,
                            m_jail->runDirectory(), 8s);
    });
    const auto choice = vm::chooseAccelerator(probe, "");
    qInfo("%s after %.1f s: %s", vm::acceleratorName(choice.accelerator), secondsSince(start),
          choice.reason.c_str());
    QVERIFY(!choice.reason.empty());
    QTRY_VERIFY(!m_hypervisor->stats("sallyport-kvm-probe"));
    QVERIFY(m_hypervisor->list()->empty());
    while (m_events.next(500ms)) {
    }
}

void JailVmTest::killedJailLeavesNothingRunning()
{
    startGuest();
    const auto process = m_jail->domainProcess(Name);
    QVERIFY(process);
    QCOMPARE(::kill(m_jail->pid(), SIGKILL), 0);
    QVERIFY(jail::waitFor(process->get(), POLLIN, 5s)); // QEMU is dead
    QVERIFY(jail::waitFor(m_jail->deathFd(), POLLIN, 5s));
    QVERIFY(!m_jail->isAlive());
    expect(DomainEvent::Kind::Crashed);
    QCOMPARE(m_jail->addTap(4).error().code, Error::Code::Unavailable);
    // A new jail starts where the old one was, and the disk is whole.
    m_agent.reset();
    m_hypervisor.reset();
    m_jail = m_fixture.start();
    QVERIFY(!m_jail->wasAdopted());
    QVERIFY(m_jail->taps()->empty());
    QProcess check;
    check.start("qemu-img", {"check", "-q",
                             QString::fromStdString((m_fixture.disks() / "disk.qcow2").string())});
    QVERIFY(check.waitForFinished());
    QVERIFY2(check.exitCode() == 0 || check.exitCode() == 3, check.readAllStandardError());
}

// Without a QCoreApplication: it would take GLib's main context from libvirt.
QTEST_APPLESS_MAIN(JailVmTest)
#include "jail_vm_test.moc"

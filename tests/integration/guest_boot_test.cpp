// The real image, booted by QEMU, driven by the engine's agent: what DESIGN promises of a guest.
#include <chrono>
#include <filesystem>
#include <fstream>

#include <QtTest/QtTest>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <unistd.h>

#include "engine/guest/agent.h"
#include "engine/image/overlay.h"
#include "guest_await.h"
#include "guest_machine.h"

namespace asio = boost::asio;
using namespace sallyport;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t DiskMiB = 4096;
constexpr std::chrono::seconds BootPatience{60};

const char* const Certificate = "-----BEGIN CERTIFICATE-----\n"
                                "MIIBfakefakefakefakefakefakefakefakefakefakefakefakefakefakefake\n"
                                "-----END CERTIFICATE-----\n";
const char* const OtherCertificate =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBotherotherotherotherotherotherotherotherotherotherotherother\n"
    "-----END CERTIFICATE-----\n";

struct Finished
{
    std::string output;
    std::string errors;
    guest::ExitStatus exit;
    std::string failure; // of starting or reading
};

asio::awaitable<Finished> finish(guest::Process& process)
{
    Finished result;
    for (;;) {
        const Result<guest::Chunk> chunk = co_await process.read();
        if (!chunk) {
            result.failure = chunk.error().text;
            co_return result;
        }
        if (chunk->kind == guest::Chunk::Kind::Exited) {
            result.exit = *process.exit;
            co_return result;
        }
        (chunk->kind == guest::Chunk::Kind::Output ? result.output : result.errors) += chunk->data;
    }
}

asio::awaitable<Finished> finished(guest::Agent& agent, guest::ExecSpec spec)
{
    const auto process = co_await agent.exec(std::move(spec));
    if (!process)
        co_return Finished{{}, {}, {}, process.error().text};
    co_return co_await finish(**process);
}

// Reads until the text has come, or nothing more does; gives what there was.
asio::awaitable<std::string> readUntil(guest::Process& process, std::string_view text)
{
    using namespace asio::experimental::awaitable_operators;
    asio::steady_timer patience(co_await asio::this_coro::executor, 20s);
    std::string all;
    while (all.find(text) == std::string::npos) {
        const auto next = co_await (process.read() || patience.async_wait(asio::use_awaitable));
        const auto* chunk = std::get_if<0>(&next);
        if (chunk == nullptr || !*chunk || (*chunk)->kind == guest::Chunk::Kind::Exited)
            break;
        all += (*chunk)->data;
    }
    co_return all;
}

guest::ExecSpec shell(std::string script)
{
    guest::ExecSpec spec;
    spec.arguments = {"sh", "-c", std::move(script)};
    return spec;
}

guest::GuestConfig configuration(const char* certificate)
{
    guest::GuestConfig config;
    config.hostname = "agent-1";
    config.ipv4 = {"10.90.0.2", 32, "10.90.0.1"};
    config.ipv6 = {"fd5a:11::2", 128, "fd5a:11::1"};
    config.nameServers = {"10.90.0.1", "fd5a:11::1"};
    config.mtu = 1400;
    config.certificate = certificate;
    return config;
}

std::size_t residentBytes()
{
    std::ifstream file("/proc/self/statm");
    std::size_t all = 0;
    std::size_t resident = 0;
    file >> all >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// What each side of a 64 MiB transfer repeats.
std::string pattern()
{
    std::string block;
    for (std::size_t i = 0; i < 64 * 1024; ++i)
        block.push_back(static_cast<char>('a' + i % 26));
    return block;
}

} // namespace

class GuestBootTest : public QObject
{
    Q_OBJECT

private:
    asio::io_context m_io;
    std::filesystem::path m_directory;
    std::filesystem::path m_disk;
    std::optional<image::GuestImage> m_image;
    std::optional<test::GuestMachine> m_machine;
    std::unique_ptr<guest::Agent> m_agent;

    template <typename T> T await(asio::awaitable<T> work, std::chrono::milliseconds most = 60s)
    {
        return test::await(m_io, std::move(work), most);
    }

    Finished run(guest::ExecSpec spec) { return await(finished(*m_agent, std::move(spec))); }
    std::string output(std::string script) { return run(shell(std::move(script))).output; }

    std::shared_ptr<guest::Process> start(guest::ExecSpec spec)
    {
        auto process = await(m_agent->exec(std::move(spec)));
        return process ? *process : nullptr;
    }

    std::unique_ptr<guest::Agent> connected()
    {
        auto agent = await(guest::Agent::connect(m_machine->channel(), BootPatience), 90s);
        if (!agent) {
            qWarning("%s\n%s", agent.error().text.c_str(), m_machine->console().c_str());
            return nullptr;
        }
        return std::move(*agent);
    }

    void boot()
    {
        auto machine = test::GuestMachine::start(*m_image, m_disk, m_directory);
        QVERIFY2(machine, machine ? "" : machine.error().text.c_str());
        m_machine.emplace(std::move(*machine));
        m_agent = connected();
        QVERIFY(m_agent);
        const std::chrono::duration<double> took =
            std::chrono::steady_clock::now() - m_machine->spawned();
        qInfo("QEMU's spawn to the agent's greeting: %.2f s", took.count());
    }

private slots:
    void initTestCase()
    {
        auto found = test::testImage();
        QVERIFY2(found, found ? "" : found.error().text.c_str());
        m_image = *found;
        std::string name =
            (std::filesystem::temp_directory_path() / "sallyport-guest-XXXXXX").string();
        QVERIFY(::mkdtemp(name.data()) != nullptr);
        m_directory = name;
        m_disk = m_directory / "disk.qcow2";
        const Status made = image::createOverlay(m_image->base, m_disk, DiskMiB);
        QVERIFY2(made, made ? "" : made.error().text.c_str());
        boot();
    }

    void cleanupTestCase()
    {
        m_agent.reset();
        m_machine.reset();
        m_io.restart();
        m_io.poll();
        std::filesystem::remove_all(m_directory);
    }

    void greetsWithItsVersion()
    {
        QCOMPARE(m_agent->hello().version, guest::ProtocolVersion);
        QCOMPARE(m_agent->hello().kernel, m_image->kernelVersion);
        QVERIFY(!m_agent->hello().configured);
        QCOMPARE(m_agent->hello().bootId.size(), std::size_t{36});
    }

    void runsAProgramAndTellsItsExit()
    {
        const Finished result = run(shell("echo out; echo err >&2; exit 7"));
        QCOMPARE(result.output, std::string("out\n"));
        QCOMPARE(result.errors, std::string("err\n"));
        QCOMPARE(result.exit, (guest::ExitStatus{false, 7}));
    }

    void tellsTheSignalThatKilled()
    {
        QCOMPARE(run(shell("kill -SEGV $$")).exit, (guest::ExitStatus{true, SIGSEGV}));
    }

    void refusesAProgramThatIsNotThere()
    {
        guest::ExecSpec spec;
        spec.arguments = {"no-such-program"};
        const auto process = await(m_agent->exec(spec));
        QVERIFY(!process);
        QCOMPARE(process.error().code, Error::Code::NotFound);
        QCOMPARE(process.error().text,
                 std::string("cannot run no-such-program: No such file or directory"));
        spec.arguments = {"/etc/passwd"};
        QCOMPARE(await(m_agent->exec(spec)).error().code, Error::Code::Refused);
        spec.arguments = {"true"};
        spec.user = "nobody-of-that-name";
        QCOMPARE(await(m_agent->exec(spec)).error().code, Error::Code::NotFound);
        spec.user.clear();
        spec.directory = "/no/such/place";
        QCOMPARE(await(m_agent->exec(spec)).error().code, Error::Code::NotFound);
    }

    void passesEnvironmentUserAndDirectory()
    {
        guest::ExecSpec spec = shell("echo $COLOUR $HOME; id -un; id -Gn; pwd");
        spec.environment = {{"COLOUR", "blue green"}};
        spec.directory = "/var/mail";
        spec.user = "games";
        QCOMPARE(run(spec).output, std::string("blue green /usr/games\ngames\ngames\n/var/mail\n"));
        QCOMPARE(output("pwd; id -un"), std::string("/root\nroot\n"));
    }

    void hasTheProgramsOfTheImage()
    {
        const Finished result = run(
            shell("for p in curl git python3 node ssh ip ps vi less bash tput; do "
                  "command -v $p >/dev/null || echo missing $p; done; node -e 'console.log(6*7)'"));
        QCOMPARE(result.output, std::string("42\n"));
    }

    void configuresTheGuest()
    {
        const Status done = await(m_agent->configure(configuration(Certificate)));
        QVERIFY2(done, done ? "" : done.error().text.c_str());
        QCOMPARE(output("hostname; cat /etc/hostname; getent hosts agent-1 | cut -d' ' -f1"),
                 std::string("agent-1\nagent-1\n127.0.1.1\n"));
        QCOMPARE(output("ip -o -4 addr show dev eth0 | awk '{print $4}'"),
                 std::string("10.90.0.2/32\n"));
        QVERIFY(output("ip -o -6 addr show dev eth0 scope global").find("fd5a:11::2/128 ") !=
                std::string::npos);
        QVERIFY(output("ip -6 addr show dev eth0").find("tentative") == std::string::npos);
        QVERIFY(output("ip route").find("default via 10.90.0.1 dev eth0") != std::string::npos);
        QVERIFY(output("ip -6 route").find("default via fd5a:11::1 dev eth0") != std::string::npos);
        QCOMPARE(output("cat /sys/class/net/eth0/mtu"), std::string("1400\n"));
        QCOMPARE(output("cat /etc/resolv.conf"),
                 std::string("nameserver 10.90.0.1\nnameserver fd5a:11::1\n"));
        QVERIFY(output("ip -o addr show dev lo").find("127.0.0.1/8") != std::string::npos);
    }

    void trustsTheCertificateAndForgetsTheOneBefore()
    {
        const std::string bundle = "/etc/ssl/certs/ca-certificates.crt";
        const std::string pristine = output("grep -c BEGIN " + bundle);
        QCOMPARE(output("grep -c fakefake " + bundle), std::string("1\n"));
        QCOMPARE(output("cat /etc/sallyport/ca.pem"), std::string(Certificate));
        QVERIFY(await(m_agent->configure(configuration(OtherCertificate))));
        QCOMPARE(output("grep -c fakefake " + bundle), std::string("0\n"));
        QCOMPARE(output("grep -c otherother " + bundle), std::string("1\n"));
        QCOMPARE(output("grep -c BEGIN " + bundle), pristine);
        const std::string variables = output("env");
        for (const char* name :
             {"SSL_CERT_FILE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS",
              "REQUESTS_CA_BUNDLE", "PIP_CERT", "CARGO_HTTP_CAINFO", "DENO_CERT", "AWS_CA_BUNDLE"})
            QVERIFY2(variables.find(std::string(name) + "=/etc/") != std::string::npos, name);
        QVERIFY(output("env -i bash -lc env").find("SSL_CERT_FILE=/etc/ssl") != std::string::npos);
    }

    void hasTheHostsTime()
    {
        const auto hostTime = [] {
            return std::chrono::duration<double>(
                       std::chrono::system_clock::now().time_since_epoch())
                .count();
        };
        const double before = hostTime();
        const double guestTime = std::stod(output("date +%s.%N"));
        const double after = hostTime();
        QVERIFY2(guestTime > before - 1, qPrintable(QString::number(guestTime - before)));
        QVERIFY2(guestTime < after + 1, qPrintable(QString::number(guestTime - after)));
    }

    void hasADiskOfTheOverlaysSize()
    {
        const auto stats = await(m_agent->stats());
        QVERIFY(stats);
        QVERIFY(stats->diskTotal > DiskMiB * 1024 * 1024 * 9 / 10);
        QVERIFY(stats->diskUsed > 0 && stats->diskUsed < stats->diskTotal / 2);
        QVERIFY(stats->memoryTotal > 400ULL * 1024 * 1024);
        QVERIFY(stats->memoryUsed > 0 && stats->memoryUsed < stats->memoryTotal);
        QVERIFY(stats->uptimeMilliseconds > 0);
    }

    void givesATerminalThatResizesAndInterrupts()
    {
        guest::ExecSpec spec;
        spec.arguments = {""}; // the login shell
        spec.terminal = true;
        spec.columns = 100;
        spec.rows = 30;
        const auto process = start(spec);
        QVERIFY(process);
        QVERIFY(await(process->write("stty size; tty; echo $TERM; echo $0 end-$((0+1))\n")));
        std::string text = await(readUntil(*process, "end-1\r\n"));
        QVERIFY2(text.find("30 100\r\n") != std::string::npos, text.c_str());
        QVERIFY(text.find("/dev/pts/0\r\n") != std::string::npos);
        QVERIFY(text.find("xterm-256color\r\n") != std::string::npos);
        QVERIFY(text.find("-bash end-1") != std::string::npos);
        process->resize(132, 43);
        QVERIFY(await(process->write("stty size\n")));
        text = await(readUntil(*process, "43 132\r\n"));
        QVERIFY2(text.find("43 132") != std::string::npos, text.c_str());
        QVERIFY(await(process->write("sleep 1000\n")));
        // Only a program in the foreground is interrupted; the shell would drop the key.
        QTRY_COMPARE_WITH_TIMEOUT(output("pgrep -cx sleep"), std::string("1\n"), 10000);
        QVERIFY(await(process->write("\x03")));
        QVERIFY(await(process->write("echo status $?\n")));
        text = await(readUntil(*process, "status 130\r\n"));
        QVERIFY2(text.find("status 130\r\n") != std::string::npos, text.c_str());
        // Ctrl-D ends a shell at its prompt; before that its line editor is not there to see it.
        if (text.rfind("# ") < text.rfind("status 130") || text.rfind("# ") == std::string::npos)
            await(readUntil(*process, "# "));
        process->closeInput();
        QCOMPARE(await(finish(*process)).exit, (guest::ExitStatus{false, 0}));
    }

    void deliversALastWordOfATerminal()
    {
        for (int i = 0; i < 10; ++i) {
            guest::ExecSpec spec = shell("printf last-word");
            spec.terminal = true;
            QCOMPARE(run(spec).output, std::string("last-word"));
        }
    }

    void signalsTheProcessesGroup()
    {
        const auto process = start(shell("trap 'echo got it; exit 3' USR1; echo ready; "
                                         "while :; do sleep 0.1; done"));
        QVERIFY(process);
        await(readUntil(*process, "ready\n"));
        process->signal(SIGUSR1);
        const Finished result = await(finish(*process));
        QCOMPARE(result.output, std::string("got it\n"));
        QCOMPARE(result.exit, (guest::ExitStatus{false, 3}));
    }

    void doesNotWaitForABackgroundProcess()
    {
        const auto begin = std::chrono::steady_clock::now();
        QCOMPARE(run(shell("sleep 300 & echo done")).output, std::string("done\n"));
        guest::ExecSpec spec = shell("trap '' HUP; sleep 301 & echo done");
        spec.terminal = true;
        QCOMPARE(run(spec).output, std::string("done\r\n"));
        QVERIFY(std::chrono::steady_clock::now() - begin < 10s);
        output("pkill -KILL sleep");
    }

    void hangsUpWhatNobodyHolds()
    {
        auto process = start(shell("trap 'echo hup > /tmp/hup; exit' HUP; echo ready; "
                                   "while :; do sleep 0.1; done"));
        QVERIFY(process);
        await(readUntil(*process, "ready\n"));
        process.reset();
        QTRY_COMPARE_WITH_TIMEOUT(output("cat /tmp/hup 2>/dev/null"), std::string("hup\n"), 60000);
    }

    void streamsManyBytesIn()
    {
        constexpr std::size_t Blocks = 1024; // of 64 KiB
        const std::string block = pattern();
        guest::ExecSpec spec;
        spec.arguments = {"sh", "-c", "sleep 1; wc -c; echo done"}; // slow at first
        const auto process = start(spec);
        QVERIFY(process);
        const std::size_t before = residentBytes();
        std::size_t most = 0;
        const auto begin = std::chrono::steady_clock::now();
        for (std::size_t i = 0; i < Blocks; ++i) {
            QVERIFY(await(process->write(block)));
            most = std::max(most, residentBytes());
        }
        process->closeInput();
        const Finished result = await(finish(*process));
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        QCOMPARE(result.output, std::string("67108864\ndone\n"));
        QVERIFY(most - std::min(most, before) < 8 * 1024 * 1024);
        qInfo("64 MiB to the guest: %.0f MB/s", 67.1 / took.count());
    }

    void streamsManyBytesOutToASlowReader()
    {
        const auto process = start(shell("head -c 67108864 /dev/zero; echo end"));
        QVERIFY(process);
        // Nobody reads for a while: what comes meanwhile is one window, however fast the guest is.
        const std::size_t before = residentBytes();
        await([]() -> asio::awaitable<bool> {
            asio::steady_timer pause(co_await asio::this_coro::executor, 1500ms);
            co_await pause.async_wait(asio::use_awaitable);
            co_return true;
        }());
        QVERIFY(residentBytes() < before + 4 * 1024 * 1024);
        const auto stats = await(m_agent->stats()); // others are served meanwhile
        QVERIFY(stats);
        QVERIFY(stats->memoryUsed < stats->memoryTotal / 2);
        std::size_t total = 0;
        std::size_t most = 0;
        const auto begin = std::chrono::steady_clock::now();
        for (;;) {
            const auto chunk = await(process->read());
            QVERIFY(chunk);
            if (chunk->kind == guest::Chunk::Kind::Exited)
                break;
            total += chunk->data.size();
            most = std::max(most, residentBytes());
        }
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        QCOMPARE(total, std::size_t{67108864 + 4});
        QVERIFY(most < before + 8 * 1024 * 1024);
        qInfo("64 MiB from the guest: %.0f MB/s", 67.1 / took.count());
    }

    void echoesManyBytesUnchanged()
    {
        const auto process = start(shell("cat"));
        QVERIFY(process);
        const std::string block = pattern();
        bool writing = true;
        asio::co_spawn(
            m_io,
            [process, &block]() -> asio::awaitable<void> {
                for (int i = 0; i < 128; ++i)
                    if (const Status sent = co_await process->write(block); !sent)
                        co_return;
                process->closeInput();
            },
            [&writing](std::exception_ptr) { writing = false; });
        const Finished result = await(finish(*process));
        QVERIFY(!writing);
        QCOMPARE(result.output.size(), block.size() * 128);
        for (std::size_t i = 0; i < 128; ++i)
            QVERIFY(result.output.compare(i * block.size(), block.size(), block) == 0);
    }

    void dropsInputThatNobodyReads()
    {
        const auto process = start(shell("exec <&-; sleep 1; echo bye"));
        QVERIFY(process);
        for (int i = 0; i < 32; ++i)
            if (!await(process->write(pattern())))
                break;
        QCOMPARE(await(finish(*process)).output, std::string("bye\n"));
    }

    void runsManyAtOnceAndRefusesTooMany()
    {
        std::vector<std::shared_ptr<guest::Process>> all;
        for (std::size_t i = 0; i < guest::MaxChannels; ++i) {
            all.push_back(start(shell("read x; echo $x")));
            QVERIFY(all.back());
        }
        QCOMPARE(await(m_agent->exec(shell("true"))).error().code, Error::Code::Unavailable);
        for (std::size_t i = 0; i < all.size(); ++i)
            QVERIFY(await(all[i]->write(std::to_string(i) + "\n")));
        for (std::size_t i = 0; i < all.size(); ++i)
            QCOMPARE(await(finish(*all[i])).output, std::to_string(i) + "\n");
        all.clear();
        QCOMPARE(output("echo again"), std::string("again\n"));
    }

    void leavesNoZombies()
    {
        output("(sleep 0.1 &) ; (true &)");
        QTRY_COMPARE_WITH_TIMEOUT(output("ps -e -o stat= | grep -c Z"), std::string("0\n"), 60000);
    }

    void anotherEngineTakesThePortOver()
    {
        guest::ExecSpec detached = shell("echo $$ > /run/detached.pid; exec sleep 500");
        detached.detached = true;
        QVERIFY(start(detached));
        const auto old = start(shell("trap 'echo hup > /tmp/old; exit' HUP; echo ready; "
                                     "while :; do sleep 0.1; done"));
        QVERIFY(old);
        await(readUntil(*old, "ready\n"));
        // A stream in mid-flow, so that the guest's side is cut anywhere in a frame.
        const auto flood = start(shell("cat /dev/zero"));
        QVERIFY(flood);
        QVERIFY(await(flood->read()));
        m_agent.reset();
        m_agent = connected();
        QVERIFY(m_agent);
        QVERIFY(m_agent->hello().configured);
        QVERIFY(!await(old->read()));
        QTRY_COMPARE_WITH_TIMEOUT(output("cat /tmp/old 2>/dev/null"), std::string("hup\n"), 60000);
        QCOMPARE(output("kill -0 $(cat /run/detached.pid) && echo lives"), std::string("lives\n"));
    }

    void survivesManyTakeovers()
    {
        for (int i = 0; i < 20; ++i) {
            const auto flood = start(shell("cat /dev/zero"));
            QVERIFY(flood);
            QVERIFY(await(flood->read()));
            m_agent.reset();
            m_agent = connected();
            QVERIFY(m_agent);
        }
        QCOMPARE(output("echo well"), std::string("well\n"));
    }

    void announcesItsPowerOffAndKeepsTheDisk()
    {
        output(
            "echo kept > /root/kept; dd if=/dev/urandom of=/root/random bs=1M count=8 2>/dev/null; "
            "sha256sum /root/random > /root/sum");
        const auto stubborn =
            start(shell("trap '' TERM HUP; echo ready; while :; do sleep 1; done"));
        QVERIFY(stubborn);
        await(readUntil(*stubborn, "ready\n"));
        std::optional<guest::ClosedReason> closed;
        m_agent->setClosedHandler([&closed](guest::ClosedReason reason) { closed = reason; });
        const Status down = await(m_agent->shutdown());
        QVERIFY2(down, down ? "" : down.error().text.c_str());
        QVERIFY(m_machine->waitForEnd(10s));
        m_io.restart();
        m_io.poll();
        QCOMPARE(closed, std::optional(guest::ClosedReason::PoweredOff));
        QVERIFY(!m_agent->isOpen());
        m_agent.reset();

        boot();
        QCOMPARE(output("cat /root/kept; sha256sum --status -c /root/sum && echo whole"),
                 std::string("kept\nwhole\n"));
        QVERIFY(output("dmesg").find("recovery") == std::string::npos); // was unmounted cleanly
    }

    void powersOffByTheGuestsOwnCommand()
    {
        std::optional<guest::ClosedReason> closed;
        m_agent->setClosedHandler([&closed](guest::ClosedReason reason) { closed = reason; });
        const auto command = start(shell("reboot"));
        QVERIFY(command);
        QVERIFY(await([&]() -> asio::awaitable<bool> {
            asio::steady_timer pause(co_await asio::this_coro::executor);
            for (int i = 0; i < 100 && !closed; ++i) {
                pause.expires_after(100ms);
                co_await pause.async_wait(asio::use_awaitable);
            }
            co_return closed.has_value();
        }()));
        QCOMPARE(closed, std::optional(guest::ClosedReason::Reboot));
        QVERIFY(m_machine->waitForEnd(10s));
    }

    void saysWhatKeptItFromBooting()
    {
        m_agent.reset();
        const std::filesystem::path broken = m_directory / "broken.qcow2";
        const std::filesystem::path empty = m_directory / "empty.ext4";
        std::ofstream(empty).put('\0');
        std::filesystem::resize_file(empty, 16 * 1024 * 1024);
        QVERIFY(image::createOverlay(empty, broken, 64));
        auto machine = test::GuestMachine::start(*m_image, broken, m_directory);
        QVERIFY(machine);
        const auto agent = await(guest::Agent::connect(machine->channel(), BootPatience), 90s);
        QVERIFY(!agent);
        QVERIFY2(agent.error().text.find("cannot mount the root disk") != std::string::npos,
                 agent.error().text.c_str());
    }
};

QTEST_GUILESS_MAIN(GuestBootTest)
#include "guest_boot_test.moc"

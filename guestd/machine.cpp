#include "guestd/machine.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <linux/random.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "engine/base/unique_fd.h"
#include "guestd/files.h"
#include "guestd/java_trust.h"
#include "guestd/log.h"
#include "guestd/network.h"
#include "guestd/power.h"
#include "guestd/trust.h"

namespace sallyport::guestd {

namespace {

constexpr std::size_t MaxEntropy = 512;

// Mixes the engine's random bytes in, counts them, and makes the generator take them up at once: a
// guest restored from a saved state has the same state as its siblings until then.
bool addEntropy(std::string_view bytes)
{
    if (bytes.empty())
        return true;
    struct
    {
        int entropyBits;
        int size;
        char bytes[MaxEntropy];
    } pool{};
    static_assert(sizeof(rand_pool_info) == offsetof(decltype(pool), bytes));
    bytes = bytes.substr(0, MaxEntropy);
    pool.entropyBits = static_cast<int>(bytes.size() * 8);
    pool.size = static_cast<int>(bytes.size());
    std::memcpy(pool.bytes, bytes.data(), bytes.size());
    const UniqueFd device(::open("/dev/urandom", O_RDWR | O_CLOEXEC));
    return device.isOpen() && ::ioctl(device.get(), RNDADDENTROPY, &pool) == 0 &&
           ::ioctl(device.get(), RNDRESEEDCRNG) == 0;
}

std::string trimmed(std::string text)
{
    while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
        text.pop_back();
    return text;
}

// The number after `key` in a file like /proc/meminfo; 0 where there is none.
std::uint64_t numberAfter(std::string_view text, std::string_view key)
{
    const std::size_t at = text.find(key);
    if (at == std::string_view::npos)
        return 0;
    text.remove_prefix(at + key.size());
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// "0.25 0.10 0.05 1/87 412": the first load as hundredths, the number of tasks after the slash.
void readLoad(guest::StatsMessage& stats)
{
    const std::string text = readFile("/proc/loadavg");
    const std::uint64_t whole = numberAfter(text, "");
    const std::uint64_t hundredths = numberAfter(text, ".");
    stats.loadHundredths = static_cast<std::uint32_t>(whole * 100 + hundredths);
    stats.processes = static_cast<std::uint32_t>(numberAfter(text, "/"));
}

} // namespace

guest::HelloMessage GuestMachine::hello() const
{
    guest::HelloMessage hello;
    hello.version = guest::ProtocolVersion;
    hello.build = SALLYPORT_VERSION;
    hello.bootId = trimmed(readFile("/proc/sys/kernel/random/boot_id"));
    utsname system{};
    if (::uname(&system) == 0)
        hello.kernel = system.release;
    hello.configured = m_configured;
    hello.problem = m_problem;
    return hello;
}

guest::StatsMessage GuestMachine::stats() const
{
    guest::StatsMessage stats;
    const std::string memory = readFile("/proc/meminfo");
    stats.memoryTotal = numberAfter(memory, "MemTotal:") * 1024;
    const std::uint64_t available = numberAfter(memory, "MemAvailable:") * 1024;
    stats.memoryUsed = stats.memoryTotal - std::min(available, stats.memoryTotal);
    struct statvfs disk
    {
    };
    if (::statvfs("/", &disk) == 0) {
        stats.diskTotal = disk.f_blocks * disk.f_frsize;
        stats.diskUsed = (disk.f_blocks - disk.f_bfree) * disk.f_frsize;
    }
    readLoad(stats);
    timespec uptime{};
    ::clock_gettime(CLOCK_BOOTTIME, &uptime);
    stats.uptimeMilliseconds = static_cast<std::uint64_t>(uptime.tv_sec) * 1000 +
                               static_cast<std::uint64_t>(uptime.tv_nsec) / 1'000'000;
    return stats;
}

guest::OutcomeMessage GuestMachine::configure(const guest::ConfigureMessage& settings)
{
    // Random state and clock first: everything after may depend on them.
    if (!addEntropy(settings.entropy))
        return {static_cast<std::uint32_t>(errno), errnoText("cannot add entropy", errno)};
    if (settings.unixNanoseconds != 0) {
        guest::OutcomeMessage outcome = setTime(settings.unixNanoseconds);
        if (outcome.errorNumber != 0)
            return outcome;
    }
    guest::OutcomeMessage outcome = configureNetwork(settings);
    if (outcome.errorNumber != 0)
        return outcome;
    outcome = installCertificate(settings.certificate);
    if (outcome.errorNumber != 0)
        return outcome;
    m_trustsCa = !settings.certificate.empty();
    m_configured = true;
    return {};
}

guest::OutcomeMessage GuestMachine::setTime(std::uint64_t unixNanoseconds)
{
    timespec now{};
    now.tv_sec = static_cast<time_t>(unixNanoseconds / 1'000'000'000);
    now.tv_nsec = static_cast<long>(unixNanoseconds % 1'000'000'000);
    if (::clock_settime(CLOCK_REALTIME, &now) != 0)
        return {static_cast<std::uint32_t>(errno), errnoText("cannot set the clock", errno)};
    return {};
}

void GuestMachine::prepareExec()
{
    if (m_trustsCa)
        updateJavaTrust();
}

void GuestMachine::stop()
{
    stopProcesses();
    saveDisks();
}

} // namespace sallyport::guestd

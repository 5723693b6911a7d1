#include "engine/vm/accelerator.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/base/unique_fd.h"

namespace sallyport::vm {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds TscWindow{50};
constexpr milliseconds ConsoleInterval{50};
constexpr std::size_t MaxConsole = 256UL * 1024;
constexpr std::size_t MaxReason = 300;
constexpr const char* ProbeName = "sallyport-kvm-probe";
// The kernel's last word before user space has the machine.
constexpr std::string_view SignOfLife = "Run /init as init process";

std::string readWhole(const fs::path& path)
{
    std::ifstream file(path, std::ios::binary);
    std::string text(MaxConsole, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    return text;
}

std::string firstLine(const fs::path& path)
{
    const std::string text = readWhole(path);
    return text.substr(0, text.find('\n'));
}

// "boot id", "kvm" or "tcg", reason: a line each.
std::optional<AcceleratorChoice> recall(const AcceleratorProbe& probe)
{
    std::istringstream lines(readWhole(probe.memory));
    std::string bootId;
    std::string name;
    std::string reason;
    std::getline(lines, bootId);
    std::getline(lines, name);
    std::getline(lines, reason);
    if (probe.bootId.empty() || bootId != probe.bootId || (name != "kvm" && name != "tcg"))
        return std::nullopt;
    return AcceleratorChoice{name == "kvm" ? Accelerator::Kvm : Accelerator::Tcg, reason};
}

void remember(const AcceleratorProbe& probe, const AcceleratorChoice& choice)
{
    const fs::path fresh = probe.memory.string() + ".new";
    std::ofstream file(fresh);
    file << probe.bootId << '\n'
         << acceleratorName(choice.accelerator) << '\n'
         << text::escapeControls(choice.reason) << '\n';
    file.close();
    std::error_code error;
    fs::rename(fresh, probe.memory, error);
    if (!file || error)
        log::warning("vm", "can't keep the choice of accelerator in " + probe.memory.string());
}

#if defined(__x86_64__)
struct Moment
{
    std::uint64_t ticks;
    std::int64_t nanoseconds;
};

// Both clocks at one time: of some tries the one in which least time lay between the readings.
Moment readClocks()
{
    Moment best{};
    std::uint64_t narrowest = ~std::uint64_t{0};
    for (int i = 0; i < 8; ++i) {
        timespec now{};
        const std::uint64_t before = __rdtsc();
        (void)::clock_gettime(CLOCK_MONOTONIC, &now);
        const std::uint64_t width = __rdtsc() - before;
        if (width >= narrowest)
            continue;
        narrowest = width;
        best = {before + width / 2, now.tv_sec * 1'000'000'000 + now.tv_nsec};
    }
    return best;
}
#endif

} // namespace

std::uint32_t measureTscKhz()
{
#if defined(__x86_64__)
    const Moment start = readClocks();
    std::this_thread::sleep_for(TscWindow);
    const Moment end = readClocks();
    const auto elapsed = static_cast<double>(end.nanoseconds - start.nanoseconds);
    return elapsed <= 0 ? 0
                        : static_cast<std::uint32_t>(static_cast<double>(end.ticks - start.ticks) *
                                                     1e6 / elapsed);
#else
    return 0;
#endif
}

Result<bool> kvmBoots(Hypervisor& hypervisor,
                      const fs::path& kernel,
                      const fs::path& initramfs,
                      const fs::path& runDirectory,
                      milliseconds deadline)
{
    VmSpec spec;
    spec.name = ProbeName;
    spec.memoryMib = 256;
    spec.kernel = kernel;
    spec.initramfs = initramfs;
    spec.commandLine = "loglevel=7";
    spec.channelSocket = runDirectory / "kvm-probe.sock";
    spec.consoleLog = runDirectory / "kvm-probe.log";
    spec.accelerator = Accelerator::Kvm;
    std::error_code ignored;
    fs::remove(spec.consoleLog, ignored);
    (void)hypervisor.destroy(ProbeName); // of an engine that was killed while it tried
    if (auto started = hypervisor.start(spec); !started)
        return tl::unexpected(started.error());
    const auto end = steady_clock::now() + deadline;
    bool lives = false;
    while (!lives && steady_clock::now() < end) {
        std::this_thread::sleep_for(ConsoleInterval);
        lives = readWhole(spec.consoleLog).find(SignOfLife) != std::string::npos;
        if (!lives && !hypervisor.stats(ProbeName))
            break; // it is gone: a triple fault, or QEMU gave up
    }
    (void)hypervisor.destroy(ProbeName);
    fs::remove(spec.consoleLog, ignored);
    fs::remove(spec.channelSocket, ignored);
    return lives;
}

AcceleratorProbe AcceleratorProbe::system(const fs::path& runtimeDirectory,
                                          std::function<Result<bool>()> tryBoot)
{
    AcceleratorProbe probe;
    probe.memory = runtimeDirectory / "accelerator";
    probe.bootId = firstLine("/proc/sys/kernel/random/boot_id");
    probe.openKvm = [] {
        const UniqueFd kvm(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
        return kvm.isOpen() ? 0 : errno;
    };
    probe.tryBoot = std::move(tryBoot);
    return probe;
}

AcceleratorChoice chooseAccelerator(const AcceleratorProbe& probe, std::string_view override)
{
    if (override == "kvm" || override == "tcg")
        return {override == "kvm" ? Accelerator::Kvm : Accelerator::Tcg,
                "SALLYPORT_ACCELERATOR says so"};
    // Permissions can change at any time, and looking costs nothing: not remembered.
    if (const int problem = probe.openKvm(); problem != 0)
        return {Accelerator::Tcg, fmt::format("/dev/kvm can't be opened: {}",
                                              std::generic_category().message(problem))};
    if (auto known = recall(probe); known)
        return *known;
    const auto boots = probe.tryBoot();
    if (!boots)
        return {Accelerator::Tcg,
                "QEMU does not start with KVM: " +
                    text::elide(text::escapeControls(boots.error().text), MaxReason)};
    const AcceleratorChoice choice =
        *boots ? AcceleratorChoice{Accelerator::Kvm, "a guest kernel starts under KVM"}
               : AcceleratorChoice{Accelerator::Tcg,
                                   "/dev/kvm opens, but a guest kernel does not start under it"};
    remember(probe, choice);
    return choice;
}

} // namespace sallyport::vm

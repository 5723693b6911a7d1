#include "guest_machine.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

namespace sallyport::test {

namespace {

using namespace std::chrono_literals;

struct ClockReading
{
    std::chrono::steady_clock::time_point time;
    unsigned long long ticks = 0;
};

// Both clocks at one moment: of several tries the one that was not interrupted.
ClockReading readClocks()
{
    ClockReading best;
    auto narrowest = std::chrono::steady_clock::duration::max();
    for (int i = 0; i < 100; ++i) {
        const auto before = std::chrono::steady_clock::now();
        const unsigned long long ticks = __rdtsc();
        const auto after = std::chrono::steady_clock::now();
        if (after - before < narrowest) {
            narrowest = after - before;
            best = {before, ticks};
        }
    }
    return best;
}

// What TCG shows the guest as the rate of its time-stamp counter: the host's.
std::uint64_t tscKilohertz()
{
    const ClockReading first = readClocks();
    std::this_thread::sleep_for(100ms);
    const ClockReading last = readClocks();
    const std::chrono::duration<double, std::milli> elapsed = last.time - first.time;
    return static_cast<std::uint64_t>(static_cast<double>(last.ticks - first.ticks) /
                                      elapsed.count());
}

Result<pid_t> spawn(std::vector<std::string> arguments)
{
    std::vector<char*> pointers;
    for (std::string& argument : arguments)
        pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid < 0)
        return failErrno("cannot fork", errno);
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that crashes leaves no machine behind
        ::execvp(pointers[0], pointers.data());
        ::_exit(127);
    }
    return pid;
}

std::filesystem::path imagesDirectory()
{
    // The variable names the image's own directory.
    if (const char* own = std::getenv("SALLYPORT_IMAGE_DIR"); own != nullptr)
        return std::filesystem::path(own).parent_path();
    if (const char* data = std::getenv("XDG_DATA_HOME"); data != nullptr)
        return std::filesystem::path(data) / "sallyport/images";
    const char* home = std::getenv("HOME");
    return std::filesystem::path(home != nullptr ? home : "/") / ".local/share/sallyport/images";
}

} // namespace

Result<GuestMachine> GuestMachine::start(const image::GuestImage& image,
                                         const std::filesystem::path& disk,
                                         const std::filesystem::path& directory)
{
    static const std::uint64_t kilohertz = tscKilohertz();
    GuestMachine machine;
    machine.m_directory = directory;
    std::filesystem::remove(machine.channel());
    machine.m_spawned = std::chrono::steady_clock::now();
    const Result<pid_t> pid =
        spawn({"qemu-system-x86_64",
               "-M",
               "microvm,acpi=on",
               "-accel",
               "tcg",
               "-m",
               "512",
               "-smp",
               "1",
               "-nodefaults",
               "-no-user-config",
               "-display",
               "none",
               "-no-reboot",
               "-kernel",
               image.kernel.string(),
               "-initrd",
               image.initramfs.string(),
               "-append",
               "quiet console=ttyS0 cryptomgr.notests "
               "initcall_blacklist=init_kprobe_trace,crypto_kdf108_init,init_encrypted panic=-1 "
               "tsc_early_khz=" +
                   std::to_string(kilohertz) + " tsc=reliable lpj=4000000 no_timer_check",
               "-chardev",
               "file,id=console,path=" + (directory / "console.log").string(),
               "-serial",
               "chardev:console",
               "-drive",
               "if=none,id=disk,format=qcow2,file=" + disk.string(),
               "-device",
               "virtio-blk-device,drive=disk",
               "-device",
               "virtio-serial-device",
               "-chardev",
               "socket,id=agent,server=on,wait=off,path=" + machine.channel().string(),
               "-device",
               "virtserialport,chardev=agent,name=org.sallyport.agent.0",
               "-netdev",
               "user,id=net,restrict=on",
               "-device",
               "virtio-net-device,netdev=net"});
    if (!pid)
        return tl::unexpected(pid.error());
    machine.m_pid = *pid;
    return machine;
}

GuestMachine::GuestMachine(GuestMachine&& other) noexcept
    : m_pid(std::exchange(other.m_pid, -1))
    , m_directory(std::move(other.m_directory))
    , m_spawned(other.m_spawned)
{
}

GuestMachine::~GuestMachine()
{
    if (m_pid < 0)
        return;
    ::kill(m_pid, SIGKILL);
    ::waitpid(m_pid, nullptr, 0);
}

std::string GuestMachine::console() const
{
    std::ostringstream text;
    text << std::ifstream(m_directory / "console.log").rdbuf();
    return text.str();
}

bool GuestMachine::waitForEnd(std::chrono::milliseconds patience)
{
    const auto until = std::chrono::steady_clock::now() + patience;
    int status = 0;
    while (::waitpid(m_pid, &status, WNOHANG) == 0) {
        if (std::chrono::steady_clock::now() > until)
            return false;
        std::this_thread::sleep_for(10ms);
    }
    m_pid = -1;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

Result<image::GuestImage> testImage()
{
    const std::filesystem::path images = imagesDirectory();
    const Result<pid_t> builder = spawn({SALLYPORT_IMAGE_BUILDER, "--guestd", SALLYPORT_GUESTD,
                                         (images / image::DefaultImage).string()});
    if (!builder)
        return tl::unexpected(builder.error());
    int status = 0;
    while (::waitpid(*builder, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return fail(Error::Code::Unavailable, "the guest image could not be built");
    return image::findImageIn(images);
}

} // namespace sallyport::test

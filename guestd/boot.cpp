#include "guestd/boot.h"

#include <cerrno>
#include <ctime>
#include <string_view>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/unique_fd.h"
#include "guestd/files.h"
#include "guestd/log.h"
#include "guestd/power.h"

namespace sallyport::guestd {

namespace {

constexpr const char* RootDevice = "/dev/vda";
constexpr const char* NewRoot = "/newroot";

// From linux/ext4.h of newer kernels: grow to this many blocks, while mounted.
constexpr unsigned long ResizeExt4 = _IOW('f', 16, std::uint64_t);

bool mountAt(const char* type, const char* at, unsigned long flags, const char* options = nullptr)
{
    makeDirectory(at, 0755);
    if (::mount(type, at, type, flags, options) == 0 || errno == EBUSY)
        return true;
    log(LogLevel::Warning, errnoText(std::string("cannot mount ") + at, errno));
    return false;
}

void loadModule(const std::string& name)
{
    const UniqueFd file(::open(("/modules/" + name).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.isOpen() || (::syscall(SYS_finit_module, file.get(), "", 0) != 0 && errno != EEXIST))
        log(LogLevel::Warning, errnoText("cannot load module " + name, errno));
    ::unlink(("/modules/" + name).c_str()); // its memory is better used by the guest
}

// "/modules.order" names a module a line, in the order of loading; "pci NAME" only where there is a
// PCI bus, "mmio NAME" only where there is none.
void loadModules()
{
    const bool hasPci = fileExists("/sys/bus/pci/devices/0000:00:00.0");
    const std::string order = readFile("/modules.order");
    std::string_view rest = order;
    while (!rest.empty()) {
        std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : line.size());
        if (line.substr(0, 4) == "pci ") {
            line = hasPci ? line.substr(4) : std::string_view{};
        } else if (line.substr(0, 5) == "mmio ") {
            line = hasPci ? std::string_view{} : line.substr(5);
        }
        if (!line.empty())
            loadModule(std::string(line));
    }
}

bool waitFor(const char* path, int milliseconds)
{
    constexpr int StepMilliseconds = 5;
    for (int waited = 0; !fileExists(path); waited += StepMilliseconds) {
        if (waited >= milliseconds)
            return false;
        const timespec step{0, StepMilliseconds * 1'000'000};
        ::nanosleep(&step, nullptr);
    }
    return true;
}

// The disk of a sandbox is larger than the image it began as.
void growRoot()
{
    const UniqueFd device(::open(RootDevice, O_RDONLY | O_CLOEXEC));
    const UniqueFd root(::open(NewRoot, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    std::uint64_t bytes = 0;
    struct statfs info
    {
    };
    if (!device.isOpen() || !root.isOpen() || ::ioctl(device.get(), BLKGETSIZE64, &bytes) != 0 ||
        ::fstatfs(root.get(), &info) != 0 || info.f_bsize <= 0) {
        log(LogLevel::Warning, errnoText("cannot learn the disk's size", errno));
        return;
    }
    std::uint64_t blocks = bytes / static_cast<std::uint64_t>(info.f_bsize);
    if (::ioctl(root.get(), ResizeExt4, &blocks) != 0)
        log(LogLevel::Warning, errnoText("cannot grow the file system", errno));
}

std::string mountRoot()
{
    if (!waitFor(RootDevice, 3000))
        return "the root disk /dev/vda did not appear";
    makeDirectory(NewRoot, 0755);
    if (::mount(RootDevice, NewRoot, "ext4", MS_NOATIME, nullptr) != 0)
        return errnoText("cannot mount the root disk /dev/vda", errno);
    growRoot();
    return {};
}

std::string enterRoot()
{
    for (const char* name : {"/dev", "/proc", "/sys"}) {
        const std::string to = std::string(NewRoot) + name;
        makeDirectory(to, 0755);
        if (::mount(name, to.c_str(), nullptr, MS_MOVE, nullptr) != 0)
            return errnoText("cannot move " + std::string(name) + " into the root disk", errno);
    }
    ::unlink("/init");
    if (::chdir(NewRoot) != 0 || ::mount(".", "/", nullptr, MS_MOVE, nullptr) != 0 ||
        ::chroot(".") != 0 || ::chdir("/") != 0)
        return errnoText("cannot enter the root disk", errno);
    return {};
}

void mountRest()
{
    mountAt("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=620,ptmxmode=666");
    mountAt("tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777");
    mountAt("tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=755,size=25%");
    mountAt("cgroup2", "/sys/fs/cgroup", MS_NOSUID | MS_NODEV | MS_NOEXEC);
    makeDirectory("/run/lock", 01777);
    // On the disk, not in memory: small sandboxes build things there.
    makeDirectory("/tmp", 01777);
    ::chmod("/tmp", 01777);
    for (const auto& [target, link] :
         {std::pair{"/proc/self/fd", "/dev/fd"}, std::pair{"/proc/self/fd/0", "/dev/stdin"},
          std::pair{"/proc/self/fd/1", "/dev/stdout"}, std::pair{"/proc/self/fd/2", "/dev/stderr"}})
        if (::symlink(target, link) != 0 && errno != EEXIST)
            log(LogLevel::Warning, errnoText(std::string("cannot make ") + link, errno));
}

} // namespace

std::string boot()
{
    ::umask(022);
    mountAt("devtmpfs", "/dev", MS_NOSUID, "mode=755");
    mountAt("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC);
    mountAt("sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC);
    writeFile("/proc/self/oom_score_adj", "-1000"); // without PID 1 there is no guest
    loadModules();
    std::string problem = mountRoot();
    if (problem.empty())
        problem = enterRoot();
    mountRest();
    if (problem.empty())
        providePowerCommands();
    else
        log(LogLevel::Error, problem);
    return problem;
}

} // namespace sallyport::guestd

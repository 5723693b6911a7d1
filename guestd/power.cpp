#include "guestd/power.h"

#include <cerrno>
#include <csignal>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guestd/files.h"
#include "guestd/log.h"

namespace sallyport::guestd {

namespace {

// True once there is no process left but us: all others are our children or theirs.
bool reapAll(int milliseconds)
{
    constexpr int StepMilliseconds = 10;
    for (int waited = 0;; waited += StepMilliseconds) {
        pid_t pid = 0;
        while ((pid = ::waitpid(-1, nullptr, WNOHANG)) > 0) {
        }
        if (pid < 0 && errno == ECHILD)
            return true;
        if (waited >= milliseconds)
            return false;
        const timespec step{0, StepMilliseconds * 1'000'000};
        ::nanosleep(&step, nullptr);
    }
}

// The mount points of /proc/self/mounts, in the order of mounting, with its octal escapes undone.
std::vector<std::string> mountPoints()
{
    std::vector<std::string> points;
    const std::string table = readFile("/proc/self/mounts", 256 * 1024);
    std::string_view rest = table;
    while (!rest.empty()) {
        std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : line.size());
        const std::size_t begin = line.find(' ');
        if (begin == std::string_view::npos)
            continue;
        line.remove_prefix(begin + 1);
        line = line.substr(0, line.find(' '));
        std::string point;
        for (std::size_t i = 0; i < line.size(); ++i) {
            if (line[i] == '\\' && i + 3 < line.size()) {
                point += static_cast<char>((line[i + 1] - '0') * 64 + (line[i + 2] - '0') * 8 +
                                           (line[i + 3] - '0'));
                i += 3;
            } else {
                point += line[i];
            }
        }
        points.push_back(point);
    }
    return points;
}

bool isOurs(std::string_view point)
{
    for (const std::string_view kept : {"/", "/proc", "/sys", "/dev"})
        if (point == kept)
            return true;
    return false;
}

} // namespace

void stopProcesses()
{
    ::kill(-1, SIGTERM);
    ::kill(-1, SIGHUP);
    ::kill(-1, SIGCONT); // a stopped process can't end
    if (reapAll(2000))
        return;
    log(LogLevel::Info, "some processes did not end in time, killing them");
    ::kill(-1, SIGKILL);
    reapAll(1000);
}

void saveDisks()
{
    ::sync();
    const std::vector<std::string> points = mountPoints();
    for (auto point = points.rbegin(); point != points.rend(); ++point)
        if (!isOurs(*point))
            ::umount2(point->c_str(), 0);
    if (::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0) {
        log(LogLevel::Warning, errnoText("cannot make the disk read-only", errno));
        writeFile("/proc/sysrq-trigger", "u"); // the kernel's emergency way
    }
    ::sync();
}

void endMachine()
{
    ::reboot(RB_POWER_OFF);
    log(LogLevel::Error, errnoText("power-off failed", errno));
    ::reboot(RB_AUTOBOOT);
    for (;;)
        ::pause();
}

void providePowerCommands()
{
    struct Command
    {
        const char* name;
        const char* signal;
    };
    for (const Command& command :
         {Command{"poweroff", "USR2"}, Command{"halt", "USR1"}, Command{"reboot", "TERM"}}) {
        const std::string path = std::string("/usr/sbin/") + command.name;
        if (fileExists(path) || fileExists(std::string("/sbin/") + command.name))
            continue;
        const std::string script =
            std::string("#!/bin/sh\nexec kill -s ") + command.signal + " 1\n";
        if (!replaceFile(path, script, 0755))
            log(LogLevel::Warning, errnoText("cannot write " + path, errno));
    }
    const std::string shutdown = "/usr/sbin/shutdown";
    if (!fileExists(shutdown) && !fileExists("/sbin/shutdown"))
        (void)replaceFile(shutdown,
                          "#!/bin/sh\n# shutdown [-r] [anything]: at once\n"
                          "for a; do [ \"$a\" = -r ] && exec kill -s TERM 1; done\n"
                          "exec kill -s USR2 1\n",
                          0755);
}

} // namespace sallyport::guestd

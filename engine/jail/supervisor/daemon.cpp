#include "engine/jail/supervisor/daemon.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>

#include "engine/base/child_process.h"
#include "engine/base/log.h"
#include "engine/base/unique_fd.h"
#include "engine/jail/supervisor/namespaces.h"

namespace sallyport::jail {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds FirstDelay{50};
constexpr milliseconds LongestDelay{5000};
constexpr std::chrono::seconds GoodLife{10};

constexpr std::array<DaemonProgram, 3> Programs = {{
    {"/usr/sbin/libvirtd", "libvirt/libvirt-sock", "libvirt/libvirtd.conf"},
    {"/usr/sbin/virtqemud", "libvirt/virtqemud-sock", "libvirt/virtqemud.conf"},
    {"/usr/bin/virtqemud", "libvirt/virtqemud-sock", "libvirt/virtqemud.conf"},
}};

constexpr std::string_view DaemonSettings = R"(log_level = 3
log_outputs = "3:stderr"
auth_unix_rw = "none"
max_clients = 64
)";

// Console logs go through virtlogd, so that they are bounded; no core dumps with a guest's memory.
constexpr std::string_view QemuSettings = R"(stdio_handler = "logd"
security_driver = "none"
seccomp_sandbox = 1
cgroup_controllers = [ ]
max_core = 0
)";

constexpr std::string_view LogSettings = R"(max_size = 1048576
max_backups = 1
)";

Status writeSettings(const fs::path& path, std::string_view text)
{
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    std::ofstream file(path);
    file << text;
    file.flush();
    return file ? Status() : fail(Error::Code::Io, "can't write " + path.string());
}

} // namespace

const DaemonProgram& installedDaemon()
{
    const auto* found = std::find_if(Programs.begin(), Programs.end(), [](const auto& program) {
        return ::access(program.path, X_OK) == 0;
    });
    return found == Programs.end() ? Programs.front() : *found;
}

Daemon::Daemon(LibvirtPlaces places)
    : m_places(std::move(places))
    , m_program(installedDaemon())
    , m_delay(FirstDelay)
{
}

Status Daemon::prepare() const
{
    std::error_code error;
    for (const fs::path& path :
         {m_places.runtime(), m_places.config(), m_places.cache(), m_places.data()})
        if (fs::create_directories(path, error); error)
            return fail(Error::Code::Io,
                        fmt::format("create {}: {}", path.string(), error.message()));
    const fs::path settings = m_places.config() / "libvirt";
    auto done = writeSettings(m_places.config() / m_program.settings, DaemonSettings);
    if (done)
        done = writeSettings(settings / "qemu.conf", QemuSettings);
    if (done)
        done = writeSettings(settings / "virtlogd.conf", LogSettings);
    return done;
}

Status Daemon::start()
{
    m_restartAt.reset();
    if (::access(m_program.path, X_OK) != 0)
        return fail(Error::Code::Unavailable,
                    fmt::format("{} is not installed (package libvirt-daemon)", m_program.path));
    // All strings before the fork: the child may only call what is async-signal-safe.
    std::vector<std::string> environment = {
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG=C.UTF-8",
        "HOME=" + m_places.run.string(),
        "XDG_RUNTIME_DIR=" + m_places.runtime().string(),
        "XDG_CONFIG_HOME=" + m_places.config().string(),
        "XDG_CACHE_HOME=" + m_places.cache().string(),
        "XDG_DATA_HOME=" + m_places.data().string(),
        "XDG_STATE_HOME=" + m_places.data().string(),
    };
    std::vector<char*> environmentPointers;
    for (std::string& entry : environment)
        environmentPointers.push_back(entry.data());
    environmentPointers.push_back(nullptr);
    std::array<char*, 2> arguments = {const_cast<char*>(m_program.path), nullptr};
    const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));

    const pid_t child = ::fork();
    if (child < 0)
        return failErrno("fork for libvirtd", errno);
    if (child == 0) {
        resetSignals();
        dropPrivilegesForExec();
        (void)::dup2(null.get(), STDIN_FILENO);
        (void)::dup2(STDERR_FILENO, STDOUT_FILENO);
        (void)::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
        (void)::setsid();
        ::execve(m_program.path, arguments.data(), environmentPointers.data());
        ::_exit(127);
    }
    m_pid = child;
    m_startedAt = Clock::now();
    return {};
}

bool Daemon::isReady() const
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = socket().string();
    if (path.size() >= sizeof address.sun_path)
        return false;
    std::copy(path.begin(), path.end(), std::begin(address.sun_path));
    const UniqueFd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    return ::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
           0;
}

void Daemon::kill() const
{
    if (m_pid > 0)
        (void)::kill(m_pid, SIGKILL);
}

bool Daemon::noteExit(pid_t pid)
{
    if (pid != m_pid)
        return false;
    m_pid = -1;
    const auto now = Clock::now();
    m_delay = now - m_startedAt > GoodLife ? FirstDelay : std::min(m_delay * 2, LongestDelay);
    m_restartAt = now + m_delay;
    log::warning("jail",
                 fmt::format("libvirtd ended; starting it again in {} ms", m_delay.count()));
    return true;
}

} // namespace sallyport::jail

#pragma once

// The jail's private libvirtd: its settings, its start, and its restart when it dies. QEMUs outlive
// it; a new one finds them by the state in the run directory.

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include <sys/types.h>

#include "engine/base/result.h"

namespace sallyport::jail {

// Where libvirt's parts lie below the run directory. Short names: sockets have 107 bytes.
struct LibvirtPlaces
{
    std::filesystem::path run;

    [[nodiscard]] std::filesystem::path runtime() const { return run / "rt"; }
    [[nodiscard]] std::filesystem::path config() const { return run / "c"; }
    [[nodiscard]] std::filesystem::path cache() const { return run / "k"; }
    [[nodiscard]] std::filesystem::path data() const { return run / "d"; }
    [[nodiscard]] std::filesystem::path pidFile(const std::string& domain) const
    {
        return runtime() / "libvirt/qemu/run" / (domain + ".pid");
    }
};

// The one daemon of all drivers, or, where a distribution has split it, the one for QEMU.
struct DaemonProgram
{
    const char* path;
    const char* socket;   // below LibvirtPlaces::runtime()
    const char* settings; // below LibvirtPlaces::config()
};
// The first that is installed; libvirtd's where none is.
[[nodiscard]] const DaemonProgram& installedDaemon();

class Daemon
{
public:
    using Clock = std::chrono::steady_clock;

    explicit Daemon(LibvirtPlaces places);

    // Writes the settings. Once, before the first start.
    [[nodiscard]] Status prepare() const;
    // Forks and executes it without capabilities. Unavailable when it is not installed.
    [[nodiscard]] Status start();
    // Whether its socket takes connections.
    [[nodiscard]] bool isReady() const;
    // Ends it, so that it is started again.
    void kill() const;
    // To be told of each child that ended; true if it was this one, and then restartAt() is set.
    bool noteExit(pid_t pid);
    // When start() is due again; later and later when it dies at once each time.
    [[nodiscard]] std::optional<Clock::time_point> restartAt() const { return m_restartAt; }
    [[nodiscard]] pid_t pid() const { return m_pid; }
    [[nodiscard]] std::filesystem::path socket() const
    {
        return m_places.runtime() / m_program.socket;
    }

private:
    LibvirtPlaces m_places;
    DaemonProgram m_program;
    pid_t m_pid = -1;
    Clock::time_point m_startedAt;
    std::optional<Clock::time_point> m_restartAt;
    std::chrono::milliseconds m_delay;
};

} // namespace sallyport::jail

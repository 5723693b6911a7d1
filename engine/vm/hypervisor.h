#pragma once

// The jail's libvirt, with its XML, callbacks and reconnections hidden.
//
// Owns one thread, which runs libvirt's event loop and watches the QEMU processes. That loop is
// GLib's default main context: nothing else of the process may run it (Qt's event loop would), and
// there is one Hypervisor at a time. Ignores SIGPIPE for the process, since libvirt does not mask
// it. Thread-safe: all other calls block until libvirtd has answered (milliseconds; start() up to
// some seconds), so call them from a worker thread, never from the network loop. When libvirtd
// dies, the guests go on; the supervisor starts a new one, and this reconnects by itself (calls
// meanwhile fail with Unavailable) and lists the domains again, since events can have been lost.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/vm/domain_xml.h"

namespace sallyport::vm {

struct DomainEvent
{
    enum class Kind
    {
        Started, // also for one found running at open()
        Stopped, // QEMU ended by itself or by destroy(). libvirt can't tell a power-off of the
                 // guest from a panic: ask the agent's goodbye.
        Crashed, // QEMU was killed or failed
    };
    std::string name;
    Kind kind = Kind::Stopped;
    std::string reason; // "shutdown", "destroyed", "failed", "process ended", …
};

struct DomainStats
{
    std::uint64_t cpuTimeNs = 0;        // of QEMU, all threads
    std::uint64_t residentBytes = 0;    // of QEMU
    std::uint64_t guestMemoryBytes = 0; // what the guest has now (balloon)
    bool isFrozen = false; // its CPUs stand still: suspend(), or QEMU could not write to its disk
};

// Whether the libvirtd at this address answers. Blocks until it does or has ended, so call it from a
// thread that can wait.
[[nodiscard]] Status pingLibvirt(const std::string& uri);

class Hypervisor
{
public:
    using EventHandler = std::function<void(const DomainEvent&)>;
    using ProcessLookup = std::function<Result<UniqueFd>(std::string_view name)>;

    // Connects (Jail::libvirtUri()). The lookup gives a pidfd of a domain's QEMU
    // (Jail::domainProcess()); with it a killed QEMU is noticed at once, without it when libvirt
    // says so. The handler runs on the libvirt thread and must not call back into this. Exactly one
    // Stopped or Crashed comes for each Started.
    [[nodiscard]] static Result<std::unique_ptr<Hypervisor>>
    open(std::string uri, ProcessLookup lookup, EventHandler handler);

    ~Hypervisor(); // disconnects; domains go on
    Hypervisor(const Hypervisor&) = delete;
    Hypervisor& operator=(const Hypervisor&) = delete;

    // Starts a transient domain. Exists when the name runs already.
    [[nodiscard]] Status start(const VmSpec& spec);
    // Kills the domain's QEMU. NotFound when it does not run.
    [[nodiscard]] Status destroy(std::string_view name);
    // Names of the running domains, sorted.
    [[nodiscard]] Result<std::vector<std::string>> list();
    [[nodiscard]] Result<DomainStats> stats(std::string_view name);
    // Freezes and resumes the guest's CPUs.
    [[nodiscard]] Status suspend(std::string_view name);
    [[nodiscard]] Status resume(std::string_view name);
    // libvirt's version as 9000000 for 9.0.0.
    [[nodiscard]] Result<unsigned long> libvirtVersion();

private:
    struct Private;
    explicit Hypervisor(std::unique_ptr<Private> state);
    std::unique_ptr<Private> m;
};

} // namespace sallyport::vm

#include "engine/vm/hypervisor.h"

#include <fstream>

#include <fmt/format.h>
#include <unistd.h>

#include "engine/base/log.h"
#include "engine/vm/domain_watch.h"
#include "engine/vm/libvirt_handles.h"

namespace sallyport::vm {
namespace {

// 0 where it can't be known: the process has ended, or this system hides it.
std::uint64_t residentBytes(int pidfd)
{
    pid_t pid = -1;
    std::ifstream info("/proc/self/fdinfo/" + std::to_string(pidfd));
    for (std::string key; pid < 0 && info >> key;)
        if (key == "Pid:")
            info >> pid;
    std::uint64_t sizePages = 0;
    std::uint64_t residentPages = 0;
    std::ifstream memory(fmt::format("/proc/{}/statm", pid));
    if (pid <= 0 || !(memory >> sizePages >> residentPages))
        return 0;
    return residentPages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

} // namespace

Status pingLibvirt(const std::string& uri)
{
    prepareLibvirt();
    const ConnectionHandle connection(::virConnectOpen(uri.c_str()));
    unsigned long version = 0;
    if (!connection || ::virConnectGetLibVersion(connection.get(), &version) != 0)
        return failLibvirt("ask libvirtd for its version");
    return {};
}

// The connection that all calls share, and the watch that repairs it.
struct Hypervisor::Private
{
    Private(std::string uri, ProcessLookup processLookup, EventHandler handler)
        : lookup(std::move(processLookup))
        , watch(std::move(uri), lookup, std::move(handler))
    {
    }

    // Calls `work` with the running domain of that name.
    template <typename Work>
    [[nodiscard]] auto withDomain(std::string_view doing, std::string_view name, Work work)
        -> decltype(work(virDomainPtr{}))
    {
        const auto connection = watch.connection();
        if (!connection)
            return tl::unexpected(connection.error());
        const std::string terminated(name);
        const DomainHandle domain(::virDomainLookupByName(connection->get(), terminated.c_str()));
        if (!domain)
            return failLibvirt(fmt::format("{} {}", doing, name));
        return work(domain.get());
    }

    const ProcessLookup lookup;
    DomainWatch watch;
};

Hypervisor::Hypervisor(std::unique_ptr<Private> state)
    : m(std::move(state))
{
}
Hypervisor::~Hypervisor() = default;

Result<std::unique_ptr<Hypervisor>>
Hypervisor::open(std::string uri, ProcessLookup lookup, EventHandler handler)
{
    prepareLibvirt();
    auto state = std::make_unique<Private>(std::move(uri), std::move(lookup), std::move(handler));
    if (auto done = state->watch.start(); !done)
        return tl::unexpected(done.error());
    return std::unique_ptr<Hypervisor>(new Hypervisor(std::move(state)));
}

Status Hypervisor::start(const VmSpec& spec)
{
    const auto xml = domainXml(spec);
    const auto connection = m->watch.connection();
    if (!xml || !connection)
        return tl::unexpected(xml ? connection.error() : xml.error());
    // Libvirt's own answer to a name in use is the general "operation failed".
    if (const DomainHandle existing(::virDomainLookupByName(connection->get(), spec.name.c_str()));
        existing)
        return fail(Error::Code::Exists, "a microVM named " + spec.name + " runs already");
    const DomainHandle domain(
        ::virDomainCreateXML(connection->get(), xml->c_str(), VIR_DOMAIN_NONE));
    if (!domain)
        return failLibvirt("start " + spec.name);
    return {};
}

Status Hypervisor::destroy(std::string_view name)
{
    m->watch.expectDestroy(name);
    auto done = m->withDomain("end", name, [&](virDomainPtr domain) -> Status {
        if (::virDomainDestroy(domain) != 0)
            return failLibvirt(fmt::format("end {}", name));
        return {};
    });
    if (!done)
        (void)m->watch.takeExpectedDestroy(std::string(name));
    return done;
}

Result<std::vector<std::string>> Hypervisor::list()
{
    const auto connection = m->watch.connection();
    if (!connection)
        return tl::unexpected(connection.error());
    return runningDomains(connection->get());
}

Result<DomainStats> Hypervisor::stats(std::string_view name)
{
    return m->withDomain("measure", name, [&](virDomainPtr domain) -> Result<DomainStats> {
        virDomainInfo info{};
        if (::virDomainGetInfo(domain, &info) != 0)
            return failLibvirt(fmt::format("measure {}", name));
        DomainStats stats;
        stats.cpuTimeNs = info.cpuTime;
        stats.guestMemoryBytes = std::uint64_t{info.memory} * 1024;
        stats.isFrozen = info.state == VIR_DOMAIN_PAUSED;
        // Not virDomainMemoryStats(): on every call it logs that it can't find the balloon of a microvm.
        if (m->lookup)
            if (const auto process = m->lookup(name); process)
                stats.residentBytes = residentBytes(process->get());
        return stats;
    });
}

Status Hypervisor::suspend(std::string_view name)
{
    return m->withDomain("freeze", name, [&](virDomainPtr domain) -> Status {
        return ::virDomainSuspend(domain) == 0 ? Status()
                                               : failLibvirt(fmt::format("freeze {}", name));
    });
}

Status Hypervisor::resume(std::string_view name)
{
    return m->withDomain("resume", name, [&](virDomainPtr domain) -> Status {
        return ::virDomainResume(domain) == 0 ? Status()
                                              : failLibvirt(fmt::format("resume {}", name));
    });
}

Result<unsigned long> Hypervisor::libvirtVersion()
{
    const auto connection = m->watch.connection();
    if (!connection)
        return tl::unexpected(connection.error());
    unsigned long version = 0;
    if (::virConnectGetLibVersion(connection->get(), &version) != 0)
        return failLibvirt("ask for libvirt's version");
    return version;
}

} // namespace sallyport::vm

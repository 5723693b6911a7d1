#include "engine/vm/domain_watch.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "engine/base/log.h"

namespace sallyport::vm {
namespace {

using std::chrono::milliseconds;

// libvirtd is started again within 50 ms when it dies.
constexpr milliseconds ReconnectInterval{100};
// How long after QEMU's end libvirt may take to say why.
constexpr milliseconds ReasonGrace{400};

} // namespace

Result<std::vector<std::string>> runningDomains(virConnectPtr connection)
{
    virDomainPtr* list = nullptr;
    const int count =
        ::virConnectListAllDomains(connection, &list, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    if (count < 0)
        return failLibvirt("list the microVMs");
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) {
        const DomainHandle domain(list[i]);
        names.emplace_back(::virDomainGetName(domain.get()));
    }
    std::free(list); // NOLINT: libvirt allocated it
    std::sort(names.begin(), names.end());
    return names;
}

DomainEvent stoppedEvent(std::string name, int detail)
{
    using Kind = DomainEvent::Kind;
    switch (detail) {
    case VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN:
        return {std::move(name), Kind::Stopped, "shutdown"};
    case VIR_DOMAIN_EVENT_STOPPED_DESTROYED:
        return {std::move(name), Kind::Stopped, "destroyed"};
    case VIR_DOMAIN_EVENT_STOPPED_CRASHED:
        return {std::move(name), Kind::Crashed, "crashed"};
    case VIR_DOMAIN_EVENT_STOPPED_FAILED:
        return {std::move(name), Kind::Crashed, "QEMU failed or was killed"};
    default:
        return {std::move(name), Kind::Crashed, fmt::format("stopped ({})", detail)};
    }
}

DomainWatch::DomainWatch(std::string uri,
                         Hypervisor::ProcessLookup lookup,
                         Hypervisor::EventHandler handler)
    : m_uri(std::move(uri))
    , m_lookup(std::move(lookup))
    , m_handler(std::move(handler))
{
}

DomainWatch::~DomainWatch()
{
    m_isStopping = true;
    if (m_timer >= 0)
        ::virEventUpdateTimeout(m_timer, 0); // wakes the loop
    if (m_thread.joinable())
        m_thread.join();
    for (auto& [name, running] : m_running)
        if (running.handle >= 0)
            ::virEventRemoveHandle(running.handle);
    if (m_timer >= 0)
        ::virEventRemoveTimeout(m_timer);
    disconnect();
}

Status DomainWatch::start()
{
    if (auto done = connect(); !done)
        return done;
    m_timer = ::virEventAddTimeout(0, onTimer, this, nullptr);
    if (m_timer < 0)
        return failLibvirt("set up libvirt's event loop");
    m_thread = std::thread([this] { loop(); });
    return {};
}

Result<ConnectionHandle> DomainWatch::connection()
{
    const std::lock_guard lock(m_mutex);
    if (!m_connection)
        return fail(Error::Code::Unavailable, "libvirtd is not there at the moment");
    ::virConnectRef(m_connection.get());
    return ConnectionHandle(m_connection.get());
}

void DomainWatch::expectDestroy(std::string_view name)
{
    const std::lock_guard lock(m_mutex);
    m_expected.emplace(name);
}

bool DomainWatch::takeExpectedDestroy(const std::string& name)
{
    const std::lock_guard lock(m_mutex);
    return m_expected.erase(name) > 0;
}

void DomainWatch::loop()
{
    while (!m_isStopping)
        (void)::virEventRunDefaultImpl();
}

// Runs at start, while there is no connection, and while an end has to be told.
void DomainWatch::tick()
{
    if (m_isLost) {
        m_isLost = false;
        disconnect();
    }
    if (!m_connection) {
        if (connect()) {
            log::info("vm", "connected to libvirtd again");
            m_mustReconcile = true;
        }
    }
    if (m_connection && m_mustReconcile)
        reconcile();
    tellOverdue();
    adjustTimer();
}

void DomainWatch::adjustTimer()
{
    const bool isWaiting = m_isLost || !m_connection || m_mustReconcile ||
                           std::any_of(m_running.begin(), m_running.end(), [](const auto& entry) {
                               return entry.second.tellAt.has_value();
                           });
    ::virEventUpdateTimeout(m_timer, isWaiting ? static_cast<int>(ReconnectInterval.count()) : -1);
}

Status DomainWatch::connect()
{
    ConnectionHandle fresh(::virConnectOpen(m_uri.c_str()));
    if (!fresh)
        return failLibvirt("connect to libvirtd");
    m_callback =
        ::virConnectDomainEventRegisterAny(fresh.get(), nullptr, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                           VIR_DOMAIN_EVENT_CALLBACK(onLifecycle), this, nullptr);
    if (m_callback < 0 ||
        ::virConnectRegisterCloseCallback(fresh.get(), onClose, this, nullptr) != 0)
        return failLibvirt("listen to libvirtd");
    const std::lock_guard lock(m_mutex);
    m_connection = std::move(fresh);
    return {};
}

void DomainWatch::disconnect()
{
    ConnectionHandle old;
    {
        const std::lock_guard lock(m_mutex);
        old = std::move(m_connection);
    }
    if (!old)
        return;
    (void)::virConnectUnregisterCloseCallback(old.get(), onClose);
    (void)::virConnectDomainEventDeregisterAny(old.get(), m_callback);
}

// What libvirt lists against what we believe: events can have been lost.
void DomainWatch::reconcile()
{
    const auto names = runningDomains(m_connection.get());
    if (!names)
        return; // the connection is going: the next tick tries again
    m_mustReconcile = false;
    std::vector<std::string> gone;
    for (const auto& [name, running] : m_running)
        if (!std::binary_search(names->begin(), names->end(), name))
            gone.push_back(name);
    for (const std::string& name : gone)
        noteStopped({name, DomainEvent::Kind::Crashed, "ended while libvirtd was away"});
    for (const std::string& name : *names)
        noteStarted(name);
    if (names->empty())
        warmUp();
}

// libvirt asks QEMU what it can do before its first domain (one to four seconds, then cached until
// the host boots again): better now than when a person waits for a sandbox.
void DomainWatch::warmUp() const
{
    std::free(::virConnectGetDomainCapabilities(m_connection.get(), EmulatorPath, "x86_64",
                                                "microvm", "qemu", 0)); // NOLINT
}

void DomainWatch::noteStarted(const std::string& name)
{
    if (m_running.contains(name))
        return;
    (void)takeExpectedDestroy(name); // of its predecessor
    Running& running = m_running[name];
    if (m_lookup) {
        if (auto process = m_lookup(name); process) {
            running.process = std::move(*process);
            running.handle = ::virEventAddHandle(running.process.get(), VIR_EVENT_HANDLE_READABLE,
                                                 onProcess, this, nullptr);
        } else {
            log::warning("vm", "can't watch QEMU: " + process.error().text);
        }
    }
    m_handler({name, DomainEvent::Kind::Started, "started"});
}

void DomainWatch::noteStopped(const DomainEvent& event)
{
    const auto found = m_running.find(event.name);
    if (found == m_running.end())
        return;
    DomainEvent told = event;
    // QEMU's end by destroy() can look like a failure when it is seen before libvirt's word.
    const bool hasShutDown = found->second.hasShutDown;
    if (takeExpectedDestroy(event.name))
        told = {event.name, DomainEvent::Kind::Stopped, "destroyed"};
    else if (hasShutDown && told.kind == DomainEvent::Kind::Crashed)
        told = {event.name, DomainEvent::Kind::Stopped, "shutdown"};
    if (found->second.handle >= 0)
        ::virEventRemoveHandle(found->second.handle);
    m_running.erase(found);
    m_handler(told);
}

void DomainWatch::noteProcessEnd(int handle)
{
    for (auto& [name, running] : m_running) {
        if (running.handle != handle)
            continue;
        ::virEventRemoveHandle(handle); // it would stay readable
        running.handle = -1;
        running.tellAt = Clock::now() + ReasonGrace;
    }
    adjustTimer();
}

void DomainWatch::tellOverdue()
{
    std::vector<std::string> overdue;
    for (const auto& [name, running] : m_running)
        if (running.tellAt && *running.tellAt <= Clock::now())
            overdue.push_back(name);
    for (const std::string& name : overdue)
        noteStopped({name, DomainEvent::Kind::Crashed, "QEMU's process ended"});
}

int DomainWatch::onLifecycle(virConnectPtr, virDomainPtr domain, int event, int detail, void* self)
{
    auto* watch = static_cast<DomainWatch*>(self);
    const std::string name = ::virDomainGetName(domain);
    if (event == VIR_DOMAIN_EVENT_STARTED)
        watch->noteStarted(name);
    if (event == VIR_DOMAIN_EVENT_SHUTDOWN)
        if (const auto found = watch->m_running.find(name); found != watch->m_running.end())
            found->second.hasShutDown = true;
    if (event == VIR_DOMAIN_EVENT_STOPPED)
        watch->noteStopped(stoppedEvent(name, detail));
    return 0;
}

// Comes from inside libvirt's own use of the connection: only noted here, handled by the next tick.
void DomainWatch::onClose(virConnectPtr, int reason, void* self)
{
    auto* watch = static_cast<DomainWatch*>(self);
    if (reason == VIR_CONNECT_CLOSE_REASON_CLIENT)
        return;
    log::warning("vm", "the connection to libvirtd has ended");
    watch->m_isLost = true;
    ::virEventUpdateTimeout(watch->m_timer, 0);
}

void DomainWatch::onProcess(int handle, int, int, void* self)
{
    static_cast<DomainWatch*>(self)->noteProcessEnd(handle);
}

void DomainWatch::onTimer(int, void* self)
{
    static_cast<DomainWatch*>(self)->tick();
}

} // namespace sallyport::vm

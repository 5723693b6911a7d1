#pragma once

// Keeps the connection to libvirtd and knows which domains run. Of engine/vm alone.
//
// One thread runs libvirt's event loop, and all bookkeeping happens on it: events of libvirt,
// QEMU's death (pidfd), the connection's end, and the comparison with libvirt's list after each
// reconnection. Whichever says first that a domain has ended, it is told once.

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/vm/hypervisor.h"
#include "engine/vm/libvirt_handles.h"

namespace sallyport::vm {

// Names of the domains that run, sorted.
[[nodiscard]] Result<std::vector<std::string>> runningDomains(virConnectPtr connection);

// What libvirt's detail of a lifecycle event means to us.
[[nodiscard]] DomainEvent stoppedEvent(std::string name, int detail);

class DomainWatch
{
public:
    DomainWatch(std::string uri,
                Hypervisor::ProcessLookup lookup,
                Hypervisor::EventHandler handler);
    ~DomainWatch();
    DomainWatch(const DomainWatch&) = delete;
    DomainWatch& operator=(const DomainWatch&) = delete;

    // Connects, blocking, and starts the thread. Once.
    [[nodiscard]] Status start();

    // A reference of the caller's own to the connection; Unavailable while there is none. Any
    // thread.
    [[nodiscard]] Result<ConnectionHandle> connection();

    // The next end of this domain is our doing. Any thread.
    void expectDestroy(std::string_view name);
    // Takes that back; whether it was set.
    bool takeExpectedDestroy(const std::string& name);

private:
    using Clock = std::chrono::steady_clock;

    struct Running
    {
        UniqueFd process; // pidfd
        int handle = -1;  // libvirt's watch of it
        bool hasShutDown = false;
        // QEMU is gone; libvirt's word about it is awaited until then.
        std::optional<Clock::time_point> tellAt;
    };

    void loop();
    void tick();
    void adjustTimer();
    [[nodiscard]] Status connect();
    void disconnect();
    void reconcile();
    void warmUp() const;
    void noteStarted(const std::string& name);
    void noteStopped(const DomainEvent& event);
    void noteProcessEnd(int handle);
    void tellOverdue();

    static int onLifecycle(virConnectPtr, virDomainPtr domain, int event, int detail, void* self);
    static void onClose(virConnectPtr, int reason, void* self);
    static void onProcess(int handle, int fd, int events, void* self);
    static void onTimer(int timer, void* self);

    const std::string m_uri;
    const Hypervisor::ProcessLookup m_lookup;
    const Hypervisor::EventHandler m_handler;

    std::mutex m_mutex;               // guards m_connection's value and m_expected
    ConnectionHandle m_connection;    // set on the loop thread (and in start())
    std::set<std::string> m_expected; // destroy() was called

    // The loop thread's own.
    std::map<std::string, Running> m_running;
    std::atomic<bool> m_isLost = false; // the connection's end was told; by any thread
    bool m_mustReconcile = true;
    int m_callback = -1;
    int m_timer = -1;

    std::atomic<bool> m_isStopping = false;
    std::thread m_thread;
};

} // namespace sallyport::vm

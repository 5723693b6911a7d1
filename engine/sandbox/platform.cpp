#include "engine/sandbox/platform.h"

#include <chrono>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "engine/base/log.h"
#include "engine/api/offload.h"

namespace sallyport::sandbox
{
namespace asio = boost::asio;

using api::offload;

namespace
{

// A kernel that runs shows a sign of life within a second under KVM, on any machine that has it.
constexpr std::chrono::seconds KvmTrialDeadline{8};
constexpr std::chrono::milliseconds BusyPoll{50};
// The supervisor waits up to five seconds before it starts a libvirtd again.
constexpr std::chrono::seconds LibvirtPatience{20};
constexpr std::chrono::milliseconds LibvirtPause{200};
// How often libvirtd is asked whether it is alive, and when its silence means that it hangs.
constexpr std::chrono::seconds PingInterval{10};
constexpr std::chrono::seconds PingPatience{30};

} // namespace

Platform::Platform(asio::io_context& network, asio::thread_pool& workers, Options options)
    : m_network(network)
    , m_workers(workers)
    , m_options(std::move(options))
{
}

Platform::~Platform()
{
    *m_alive = false;
}

jail::JailOptions Platform::jailOptions() const
{
    jail::JailOptions options;
    options.binary = m_options.jailBinary;
    options.directory = m_options.paths.jailDirectory();
    options.images = m_options.paths.images();
    options.disks = m_options.paths.sandboxes();
    return options;
}

asio::awaitable<Result<std::vector<std::string>>> Platform::adopt()
{
    m_isBusy = true; // nobody starts another jail meanwhile
    auto domains = co_await adoptJail();
    m_isBusy = false;
    co_return domains;
}

asio::awaitable<Result<std::vector<std::string>>> Platform::adoptJail()
{
    using Domains = std::vector<std::string>;
    const jail::JailOptions options = jailOptions();
    auto found = co_await offload(m_workers, [&] { return jail::Jail::adopt(options); });
    if (!found) {
        if (found.error().code == Error::Code::NotFound)
            co_return Domains{};
        co_return fail("adopt the running jail", found.error());
    }
    m_jail = std::move(*found);
    m_proved = true; // by the engine that started it; a guest runs in it already
    watchJail();
    // libvirtd may have died with the engine before; the supervisor starts it again. What runs is not known without it,
    // and what is not known must not be called ended.
    asio::steady_timer pause(m_network);
    Result<Domains> domains = Domains{};
    for (const auto end = std::chrono::steady_clock::now() + LibvirtPatience; m_jail != nullptr;) {
        Status connected = m_hypervisor ? Status{} : co_await connectHypervisor();
        if (connected) {
            const auto hypervisor = m_hypervisor;
            domains = co_await offload(m_workers, [&] { return hypervisor->list(); });
        } else {
            domains = tl::unexpected(connected.error());
        }
        if (domains)
            co_return domains;
        if (std::chrono::steady_clock::now() > end)
            break;
        pause.expires_after(LibvirtPause);
        co_await pause.async_wait(asio::use_awaitable);
    }
    if (m_jail == nullptr)
        co_return fail(Error::Code::Unavailable, "the jail ended while it was taken over");
    // Guests that nobody can stop or watch would keep their disks: they end with their jail.
    const Error reason = domains.error();
    if (auto ended = co_await quit(); !ended)
        log::error("platform", ended.error().text);
    co_return fail("the jail's libvirtd does not answer, so the jail was ended; supervisor.log in " + options.directory.string() + " says more", reason);
}

asio::awaitable<Status> Platform::ensure(const image::GuestImage& guestImage)
{
    asio::steady_timer pause(m_network);
    while (m_isBusy) {
        pause.expires_after(BusyPoll);
        co_await pause.async_wait(asio::use_awaitable);
    }
    m_isBusy = true;
    auto done = co_await bringUp(guestImage);
    m_isBusy = false;
    co_return done;
}

asio::awaitable<Status> Platform::bringUp(const image::GuestImage& guestImage)
{
    if (m_jail == nullptr) {
        const jail::JailOptions options = jailOptions();
        auto started = co_await offload(m_workers, [&] { return jail::Jail::startOrAdopt(options); });
        if (!started)
            co_return fail("start the jail", started.error());
        m_jail = std::move(*started);
        m_proved = false;
        watchJail();
    }
    if (!m_proved) {
        const auto jail = m_jail;
        auto proof = co_await offload(m_workers, [&] { return jail->selfTest(); });
        if (!proof)
            co_return fail("the jail's self-test failed, so no sandbox may run", proof.error());
        m_proved = true;
    }
    if (m_hypervisor == nullptr)
        if (auto connected = co_await connectHypervisor(); !connected)
            co_return connected;
    if (!m_accelerator)
        co_return co_await chooseAccelerator(guestImage);
    co_return Status{};
}

asio::awaitable<Status> Platform::connectHypervisor()
{
    const auto jail = m_jail;
    auto onEvent = [this, alive = m_alive](const vm::DomainEvent& event) {
        asio::post(m_network, [this, alive, event] {
            if (*alive && m_onDomain)
                m_onDomain(event);
        });
    };
    auto lookup = [jail](std::string_view name) { return jail->domainProcess(name); };
    auto opened = co_await offload(m_workers, [&] {
        return vm::Hypervisor::open(jail->libvirtUri(), lookup, onEvent);
    });
    if (!opened)
        co_return fail("connect to the jail's libvirt", opened.error());
    m_hypervisor = std::move(*opened);
    co_return Status{};
}

asio::awaitable<Status> Platform::chooseAccelerator(const image::GuestImage& guestImage)
{
    const auto jail = m_jail;
    const auto hypervisor = m_hypervisor;
    auto choice = co_await offload(m_workers, [&] {
        const auto tryBoot = [&] {
            return vm::kvmBoots(*hypervisor, guestImage.kernel, guestImage.initramfs, jail->runDirectory(), KvmTrialDeadline);
        };
        return vm::chooseAccelerator(vm::AcceleratorProbe::system(m_options.paths.runtime, tryBoot), m_options.acceleratorOverride);
    });
    log::info("platform", fmt::format("guests run by {}: {}", vm::acceleratorName(choice.accelerator), choice.reason));
    m_accelerator = std::move(choice);
    co_return Status{};
}

void Platform::watchJail()
{
    const int fd = ::fcntl(m_jail->deathFd(), F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return log::error("platform", "the jail's death can't be watched: no descriptor left");
    m_death = std::make_unique<asio::posix::stream_descriptor>(m_network, fd);
    asio::co_spawn(m_network, watchLibvirtd(m_jail), asio::detached);
    m_death->async_wait(asio::posix::stream_descriptor::wait_read, [this, alive = m_alive](const boost::system::error_code& error) {
        if (!error && *alive)
            jailDied();
    });
}

// A libvirtd that hangs would hold every start and stop for good. The supervisor starts another in its place.
asio::awaitable<void> Platform::watchLibvirtd(std::shared_ptr<jail::Jail> jail)
{
    const auto alive = m_alive;
    const auto timer = std::make_shared<asio::steady_timer>(m_network);
    const std::weak_ptr<jail::Jail> watched = jail;
    const std::string uri = jail->libvirtUri();
    jail.reset();
    for (;;) {
        timer->expires_after(PingInterval);
        co_await timer->async_wait(asio::use_awaitable);
        if (!*alive || m_jail == nullptr || m_jail != watched.lock())
            co_return;
        const auto answered = std::make_shared<bool>(false);
        timer->expires_after(PingPatience);
        asio::post(m_watchers, [&network = m_network, uri, timer, answered] {
            (void)vm::pingLibvirt(uri); // an error is an answer, too: it has ended, and is started again
            asio::post(network, [timer, answered] {
                *answered = true;
                timer->cancel();
            });
        });
        boost::system::error_code ignored;
        co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        if (!*alive)
            co_return;
        const auto held = watched.lock();
        if (*answered || held == nullptr)
            continue;
        log::error("platform", fmt::format("libvirtd has not answered for {} s and is started again; running sandboxes go on", PingPatience.count()));
        if (auto done = co_await offload(m_watchers, [&] { return held->restartLibvirtd(); }); !done)
            log::error("platform", done.error().text);
    }
}

void Platform::jailDied()
{
    log::error("platform", "the jail has ended, and every sandbox in it; starting a sandbox makes a new one");
    m_death.reset();
    // Their last user may be a blocking call on a worker thread, and closing them can block: not here.
    asio::post(m_workers, [jail = std::move(m_jail), hypervisor = std::move(m_hypervisor)]() mutable {
        hypervisor.reset();
        jail.reset();
    });
    m_jail.reset();
    m_hypervisor.reset();
    m_proved = false;
    if (m_onJailDeath)
        m_onJailDeath();
}

asio::awaitable<Status> Platform::quit()
{
    if (m_jail == nullptr)
        co_return Status{};
    m_death.reset(); // this death is no news
    const auto jail = std::exchange(m_jail, nullptr);
    const auto hypervisor = std::exchange(m_hypervisor, nullptr);
    co_return co_await offload(m_workers, [&] { return jail->quit(); });
}

} // namespace sallyport::sandbox

#include "engine/sandbox/machine.h"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <openssl/rand.h>

#include "engine/base/log.h"
#include "engine/image/backing_file.h"
#include "engine/image/overlay.h"
#include "engine/sandbox/manager.h"
#include "engine/sandbox/names.h"
#include "engine/api/offload.h"

namespace sallyport::sandbox
{
namespace asio = boost::asio;

using api::offload;

namespace
{

constexpr std::size_t EntropyBytes = 256;
constexpr std::chrono::seconds DestroyDeadline{20};
constexpr std::uint64_t ThawFreeMib = 64;

std::string randomBytes(std::size_t count)
{
    std::string bytes(count, '\0');
    // Fails only where the library has no random source at all; a guest then starts with its own entropy.
    if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1)
        bytes.clear();
    return bytes;
}

std::filesystem::path channelSocket(const jail::Jail& jail, api::SandboxId id)
{
    return jail.runDirectory() / fmt::format("agent-{}.sock", id);
}

} // namespace

Machine::Machine(Platform& platform, egress::Door& door, store::Store& store, api::Sandbox sandbox, std::filesystem::path disk, MachineLimits limits)
    : m_platform(platform)
    , m_door(door)
    , m_store(store)
    , m_sandbox(std::move(sandbox))
    , m_disk(std::move(disk))
    , m_limits(limits)
    , m_ended(platform.network(), asio::steady_timer::time_point::max())
{
}

Machine::~Machine() = default;

// ---- Start

asio::awaitable<Status> Machine::start(const image::GuestImage& guestImage)
{
    m_store.removePoolNames(m_sandbox.id);
    if (auto ready = co_await prepareNetwork(true); !ready)
        co_return ready;
    if (auto booted = co_await boot(guestImage); !booted)
        co_return booted;
    auto answered = co_await connectAgent();
    if (answered) {
        auto configured = co_await m_agent->configure(guestConfig());
        if (configured)
            co_return configured;
        answered = fail("set the guest up", configured.error());
    }
    if (auto stopped = co_await stop(true); !stopped)
        log::error("sandbox", stopped.error().text);
    co_return answered;
}

asio::awaitable<Status> Machine::adopt()
{
    if (auto ready = co_await prepareNetwork(false); !ready)
        co_return ready;
    co_return co_await connectAgent();
}

// Tap, keys and door, in that order: the door is open before the guest can send its first byte.
asio::awaitable<Status> Machine::prepareNetwork(bool isNewRun)
{
    const auto jail = m_platform.jail();
    const unsigned number = tapNumber(m_sandbox.id);
    auto tap = co_await offload(m_platform.workers(), [&] { return jail->addTap(number); });
    if (!tap)
        co_return fail("make the network device", tap.error());
    m_tap = std::move(*tap);
    if (auto loaded = co_await loadAuthority(isNewRun); !loaded)
        co_return loaded;
    auto sockets = co_await offload(m_platform.workers(), [&] { return jail->sockets(number); });
    if (!sockets)
        co_return fail("get the door's sockets", sockets.error());
    co_return openDoor(std::move(*sockets));
}

asio::awaitable<Status> Machine::loadAuthority(bool isNewRun)
{
    const auto jail = m_platform.jail();
    const unsigned number = m_tap.number;
    if (!isNewRun) {
        auto kept = co_await offload(m_platform.workers(), [&] { return jail->fetchSecret(number); });
        if (!kept)
            co_return fail("fetch the sandbox's keys from the jail", kept.error());
        const tls::SecretBytes bytes(std::move(*kept));
        auto restored = tls::CertificateAuthority::restore(bytes.view());
        if (!restored)
            co_return fail("read the sandbox's keys", restored.error());
        m_authority = std::make_shared<tls::CertificateAuthority>(std::move(*restored));
        co_return Status{};
    }
    auto made = tls::CertificateAuthority::create(m_sandbox.name, nowUnixMillis());
    if (!made)
        co_return fail("make the sandbox's certificate authority", made.error());
    auto secret = made->serialize();
    if (!secret)
        co_return fail("make the sandbox's certificate authority", secret.error());
    m_authority = std::make_shared<tls::CertificateAuthority>(std::move(*made));
    co_return co_await offload(m_platform.workers(), [&] { return jail->keepSecret(number, secret->view()); });
}

Status Machine::openDoor(jail::TapSockets sockets)
{
    m_pool = std::make_shared<dns::AddressPool>();
    auto names = m_store.loadPoolNames(m_sandbox.id);
    if (!names)
        return fail("read the names that the sandbox knows", names.error());
    dns::AddressPool::Saved saved;
    for (const store::PoolName& name : *names)
        saved.emplace_back(name.name, static_cast<std::uint32_t>(name.slot));
    m_pool->restore(saved);
    // A guest keeps the addresses that it was told, so a new engine must know them too.
    m_pool->setAssignedHandler([this](const std::string& name, std::uint32_t number) {
        m_store.savePoolName(m_sandbox.id, {name, number});
    });
    egress::DoorSockets handed{std::move(sockets.tcp4), std::move(sockets.tcp6), std::move(sockets.dns4), std::move(sockets.dns6)};
    handed.refuseUdp = [weak = weak_from_this()](const egress::UdpRefusal& refusal) {
        if (const auto self = weak.lock())
            self->refuseUdp(refusal);
    };
    if (auto opened = m_door.open(m_sandbox.id, m_sandbox.name, std::move(handed), m_authority, m_pool); !opened)
        return opened;
    m_hasDoor = true;
    setUdpPorts({m_wantedUdp.begin(), m_wantedUdp.end()});
    return {};
}

// ---- UDP

void Machine::setUdpPorts(std::vector<int> ports)
{
    m_wantedUdp = {ports.begin(), ports.end()};
    if (!m_hasDoor || m_isSettlingUdp || m_openUdp == m_wantedUdp)
        return;
    m_isSettlingUdp = true;
    asio::co_spawn(
        m_platform.network(), [self = shared_from_this()] { return self->settleUdp(); }, asio::detached);
}

asio::awaitable<void> Machine::settleUdp()
{
    const unsigned number = m_tap.number;
    while (m_hasDoor && m_openUdp != m_wantedUdp) {
        const auto jail = m_platform.jail();
        if (jail == nullptr)
            break;
        const auto differs = [](const std::set<int>& one, const std::set<int>& other) {
            return std::find_if(one.begin(), one.end(), [&other](int port) { return !other.contains(port); });
        };
        if (const auto closing = differs(m_openUdp, m_wantedUdp); closing != m_openUdp.end()) {
            const int port = *closing;
            m_openUdp.erase(closing);
            m_door.closeUdp(m_sandbox.id, port);
            if (auto closed = co_await offload(m_platform.workers(), [&] { return jail->closeUdp(number, static_cast<std::uint16_t>(port)); }); !closed)
                log::warning("sandbox", fmt::format("close UDP port {} of {}: {}", port, m_sandbox.name, closed.error().text));
            continue;
        }
        const int port = *differs(m_wantedUdp, m_openUdp);
        auto sockets = co_await offload(m_platform.workers(), [&] { return jail->openUdp(number, static_cast<std::uint16_t>(port)); });
        auto opened = sockets && m_hasDoor ? m_door.openUdp(m_sandbox.id, port, std::move(sockets->udp4), std::move(sockets->udp6))
                                           : sockets ? Status() : tl::unexpected(sockets.error());
        if (opened) {
            m_openUdp.insert(port);
            continue;
        }
        // It stays refused, until the rules change.
        m_wantedUdp.erase(port);
        log::warning("sandbox", fmt::format("open UDP port {} of {}: {}", port, m_sandbox.name, opened.error().text));
    }
    m_isSettlingUdp = false;
}

void Machine::refuseUdp(const egress::UdpRefusal& refusal)
{
    const auto jail = m_platform.jail();
    if (jail == nullptr)
        return;
    asio::post(m_platform.workers(), [jail, refusal, number = m_tap.number] {
        // A datagram may get lost, and so may what answers it.
        static_cast<void>(jail->refuseUdp(number, refusal.guestPort, refusal.asked.text(), static_cast<std::uint16_t>(refusal.port)));
    });
}

asio::awaitable<Status> Machine::boot(const image::GuestImage& guestImage)
{
    const auto jail = m_platform.jail();
    const auto hypervisor = m_platform.hypervisor();
    if (!jail || !hypervisor)
        co_return fail(Error::Code::Unavailable, "the jail has ended; start the sandbox again");
    const auto size = std::find_if(api::sizes().begin(), api::sizes().end(), [&](const api::Size& one) { return one.name == m_sandbox.size; });
    // The base that its disk was made over, which is not the newest once the image was built anew.
    const auto base = image::baseOf(m_disk);
    if (!base)
        co_return fail("read the sandbox's disk", base.error());
    vm::VmSpec spec;
    spec.name = domainName(m_sandbox.id);
    spec.memoryMib = size->memoryMib;
    spec.vcpus = size->vcpus;
    spec.kernel = guestImage.kernel;
    spec.initramfs = guestImage.initramfs;
    spec.disk = m_disk;
    spec.baseDisk = *base;
    spec.tap = m_tap.name;
    spec.mac = m_tap.guestMac;
    spec.channelSocket = channelSocket(*jail, m_sandbox.id);
    spec.consoleLog = jail->runDirectory() / fmt::format("console-{}.log", m_sandbox.id);
    spec.accelerator = m_platform.accelerator()->accelerator;
    auto started = co_await offload(m_platform.workers(), [&] {
        if (spec.accelerator == vm::Accelerator::Tcg)
            spec.tscKhz = vm::measureTscKhz();
        return hypervisor->start(spec);
    });
    if (!started)
        co_return fail("start the microVM", started.error());
    co_return Status{};
}

asio::awaitable<Status> Machine::connectAgent()
{
    const auto jail = m_platform.jail();
    if (!jail)
        co_return fail(Error::Code::Unavailable, "the jail has ended; start the sandbox again");
    auto connected = co_await guest::Agent::connect(channelSocket(*jail, m_sandbox.id), m_limits.agentAnswers);
    if (!connected)
        co_return fail("reach the guest's agent", connected.error());
    m_agent = std::move(*connected);
    m_agent->setClosedHandler([this](guest::ClosedReason reason) {
        m_saidGoodbye = reason == guest::ClosedReason::PoweredOff || reason == guest::ClosedReason::Reboot;
    });
    if (m_hasEnded)
        co_return fail(Error::Code::Unavailable, "the microVM ended while it started");
    co_return Status{};
}

guest::GuestConfig Machine::guestConfig() const
{
    guest::GuestConfig config;
    config.hostname = m_sandbox.name;
    config.ipv4 = {m_tap.guest4, static_cast<std::uint8_t>(m_tap.prefix4), m_tap.gateway4};
    config.ipv6 = {m_tap.guest6, static_cast<std::uint8_t>(m_tap.prefix6), m_tap.gateway6};
    config.nameServers = {m_tap.gateway4, m_tap.gateway6};
    config.mtu = static_cast<std::uint32_t>(m_tap.mtu);
    config.entropy = randomBytes(EntropyBytes);
    config.certificate = m_authority->caPem();
    return config;
}

// ---- Stop

void Machine::domainEnded()
{
    m_hasEnded = true;
    m_ended.cancel();
}

asio::awaitable<bool> Machine::waitForEnd(std::chrono::seconds most)
{
    if (!m_hasEnded) {
        m_ended.expires_after(most);
        boost::system::error_code ignored;
        co_await m_ended.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    co_return m_hasEnded;
}

asio::awaitable<Status> Machine::stop(bool force)
{
    if (!force && m_agent != nullptr && !m_hasEnded) {
        if (auto announced = co_await m_agent->shutdown(); !announced)
            log::warning("sandbox", fmt::format("{} does not power off in order: {}", m_sandbox.name, announced.error().text));
        else if (co_await waitForEnd(m_limits.powersOff))
            co_return Status{};
    }
    const auto hypervisor = m_platform.hypervisor();
    if (m_hasEnded || hypervisor == nullptr)
        co_return Status{};
    const std::string name = domainName(m_sandbox.id);
    auto destroyed = co_await offload(m_platform.workers(), [&] { return hypervisor->destroy(name); });
    if (!destroyed && destroyed.error().code != Error::Code::NotFound)
        co_return fail("end the microVM", destroyed.error());
    if (destroyed && !co_await waitForEnd(DestroyDeadline))
        log::warning("sandbox", m_sandbox.name + ": libvirt ended it without saying so");
    co_return Status{};
}

asio::awaitable<void> Machine::dismantle()
{
    m_hasDoor = false;
    m_door.close(m_sandbox.id);
    if (m_pool)
        m_pool->setAssignedHandler({}); // the door's last connections may outlive this
    m_agent.reset();
    m_authority.reset();
    const auto jail = m_platform.jail();
    if (jail == nullptr || m_tap.name.empty())
        co_return;
    // With the tap go its connections and the supervisor's copy of the keys.
    const unsigned number = m_tap.number;
    auto removed = co_await offload(m_platform.workers(), [&] { return jail->removeTap(number); });
    if (!removed)
        log::warning("sandbox", fmt::format("remove the network device of {}: {}", m_sandbox.name, removed.error().text));
}

// ---- Looking

asio::awaitable<void> Machine::thaw()
{
    if (auto room = image::checkFreeSpace(m_disk.parent_path(), ThawFreeMib); !room) {
        m_trouble = fmt::format("it stands still, since its disk can't grow: {}. Make room, and it goes on by itself", room.error().text);
        co_return;
    }
    const auto hypervisor = m_platform.hypervisor();
    const std::string name = domainName(m_sandbox.id);
    auto resumed = hypervisor == nullptr ? Status{} : co_await offload(m_platform.workers(), [&] { return hypervisor->resume(name); });
    if (!resumed)
        m_trouble = fmt::format("it stands still: {}", resumed.error().text);
}

asio::awaitable<api::SandboxStats> Machine::stats()
{
    api::SandboxStats stats;
    const auto hypervisor = m_platform.hypervisor();
    if (hypervisor == nullptr || m_hasEnded)
        co_return stats;
    const auto now = std::chrono::steady_clock::now();
    const std::string name = domainName(m_sandbox.id);
    auto measured = co_await offload(m_platform.workers(), [&] { return hypervisor->stats(name); });
    if (measured) {
        const auto elapsed = std::chrono::duration<double, std::nano>(now - m_lastStatsAt).count();
        if (m_lastStatsAt != std::chrono::steady_clock::time_point{} && measured->cpuTimeNs >= m_lastCpuTimeNs && elapsed > 0)
            stats.cpuPercent = 100.0 * static_cast<double>(measured->cpuTimeNs - m_lastCpuTimeNs) / elapsed;
        m_lastCpuTimeNs = measured->cpuTimeNs;
        m_lastStatsAt = now;
        stats.memoryUsedBytes = static_cast<std::int64_t>(measured->residentBytes);
        if (measured->isFrozen)
            co_await thaw();
        else
            m_trouble.clear();
    }
    stats.diskUsedBytes = static_cast<std::int64_t>(image::diskUsage(m_disk));
    co_return stats;
}

} // namespace sallyport::sandbox

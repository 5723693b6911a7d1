#include "engine/sandbox/manager.h"

#include <algorithm>
#include <charconv>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "engine/base/log.h"
#include "engine/image/overlay.h"
#include "engine/sandbox/names.h"
#include "engine/api/offload.h"

namespace sallyport::sandbox
{
namespace asio = boost::asio;

using api::offload;

using api::SandboxState;

namespace
{

constexpr std::chrono::seconds StatisticsInterval{2};
constexpr std::uint64_t LeastFreeMib = 256; // to create or start one

bool hasRun(SandboxState state)
{
    return state == SandboxState::Starting || state == SandboxState::Running || state == SandboxState::Stopping;
}

std::string_view stateWord(SandboxState state)
{
    switch (state) {
    case SandboxState::Created: return "not started";
    case SandboxState::Starting: return "starting";
    case SandboxState::Running: return "running";
    case SandboxState::Stopping: return "stopping";
    case SandboxState::Stopped: return "stopped";
    case SandboxState::Crashed: return "crashed";
    }
    return "unknown";
}

} // namespace

unsigned tapNumber(api::SandboxId id)
{
    return static_cast<unsigned>((id - 1) % jail::MaxNumber) + 1;
}

Manager::Manager(Platform& platform, egress::Door& door, store::Store& store, std::vector<api::Sandbox> known, Listener listener)
    : m_platform(platform)
    , m_door(door)
    , m_store(store)
    , m_listener(std::move(listener))
{
    for (api::Sandbox& sandbox : known) {
        Record& record = m_records[sandbox.id];
        record.sandbox = std::move(sandbox);
        // Until adoptRunning() knows better: it may run, but nobody can reach it yet.
        if (hasRun(record.sandbox.state)) {
            record.sandbox.state = SandboxState::Starting;
            record.sandbox.stateReason = "being taken over from the engine before";
            record.isBusy = true;
        }
    }
    m_platform.setDomainHandler([this](const vm::DomainEvent& event) { domainChanged(event); });
    m_platform.setJailDeathHandler([this] { jailDied(); });
    asio::co_spawn(m_platform.network(), watchStatistics(), asio::detached);
}

Manager::~Manager() = default;

std::filesystem::path Manager::directory(api::SandboxId id) const
{
    return m_platform.paths().sandboxes() / std::to_string(id);
}

std::filesystem::path Manager::disk(api::SandboxId id) const
{
    return directory(id) / "disk.qcow2";
}

// ---- Looking

std::vector<api::Sandbox> Manager::list() const
{
    std::vector<api::Sandbox> all;
    all.reserve(m_records.size());
    for (const auto& [id, record] : m_records)
        all.push_back(record.sandbox);
    return all;
}

Result<api::SandboxId> Manager::find(std::string_view idOrName) const
{
    api::SandboxId id = 0;
    const auto [end, error] = std::from_chars(idOrName.data(), idOrName.data() + idOrName.size(), id);
    if (error == std::errc{} && end == idOrName.data() + idOrName.size() && m_records.contains(id))
        return id;
    for (const auto& [known, record] : m_records)
        if (record.sandbox.name == idOrName)
            return known;
    return fail(Error::Code::NotFound, fmt::format("no sandbox \"{}\"", idOrName.substr(0, 80)));
}

Result<api::Sandbox> Manager::get(api::SandboxId id) const
{
    const auto found = m_records.find(id);
    if (found == m_records.end())
        return fail(Error::Code::NotFound, fmt::format("no sandbox with id {}", id));
    return found->second.sandbox;
}

guest::Agent* Manager::agent(api::SandboxId id) const
{
    const auto found = m_records.find(id);
    const bool runs = found != m_records.end() && found->second.sandbox.state == SandboxState::Running;
    return runs && found->second.machine ? found->second.machine->agent() : nullptr;
}

bool Manager::isAnyRunning() const
{
    return std::any_of(m_records.begin(), m_records.end(), [](const auto& entry) { return hasRun(entry.second.sandbox.state); });
}

bool Manager::isNumberTaken(api::SandboxId id) const
{
    return std::any_of(m_records.begin(), m_records.end(), [&](const auto& entry) {
        return entry.first != id && entry.second.machine && tapNumber(entry.first) == tapNumber(id);
    });
}

// A sandbox that nothing is being done with.
Result<Manager::Record*> Manager::idle(api::SandboxId id)
{
    const auto found = m_records.find(id);
    if (found == m_records.end())
        return fail(Error::Code::NotFound, fmt::format("no sandbox with id {}", id));
    const api::Sandbox& sandbox = found->second.sandbox;
    if (found->second.isBusy)
        return fail(Error::Code::Conflict, fmt::format("{} is {}; wait until that is done", sandbox.name, stateWord(sandbox.state)));
    return &found->second;
}

// ---- Changing

void Manager::announce(const Record& record)
{
    if (m_listener.onChanged)
        m_listener.onChanged(record.sandbox);
}

void Manager::setState(Record& record, SandboxState state, std::string reason)
{
    api::Sandbox& sandbox = record.sandbox;
    log::info("sandbox", fmt::format("{}: {} -> {}{}{}", sandbox.name, stateWord(sandbox.state), stateWord(state), reason.empty() ? "" : ": ", reason));
    sandbox.state = state;
    sandbox.stateReason = std::move(reason);
    // It may have run before: taken over from another engine, or not stopped after all.
    if (state == SandboxState::Running && !sandbox.startedAt)
        sandbox.startedAt = nowUnixMillis();
    if (!hasRun(state)) {
        sandbox.startedAt.reset();
        sandbox.accelerator.clear();
        sandbox.stats = {};
    }
    m_store.saveSandbox(sandbox);
    announce(record);
}

Result<api::Sandbox> Manager::change(api::SandboxId id, const std::function<void(api::Sandbox&)>& change)
{
    const auto found = m_records.find(id);
    if (found == m_records.end())
        return fail(Error::Code::NotFound, fmt::format("no sandbox with id {}", id));
    change(found->second.sandbox);
    m_store.saveSandbox(found->second.sandbox);
    if (m_listener.onPolicyChanged)
        m_listener.onPolicyChanged(found->second.sandbox);
    announce(found->second);
    return found->second.sandbox;
}

Result<api::Sandbox> Manager::rename(api::SandboxId id, const std::string& name)
{
    if (auto good = checkName(name); !good)
        return tl::unexpected(good.error());
    if (const auto other = find(name); other && *other != id)
        return fail(Error::Code::Exists, fmt::format("there is a sandbox \"{}\" already", name));
    return change(id, [&](api::Sandbox& sandbox) { sandbox.name = name; });
}

asio::awaitable<Result<api::Sandbox>> Manager::create(api::NewSandbox wanted)
{
    const auto isTaken = [&](const std::string& name) { return find(name).has_value(); };
    if (wanted.name.empty())
        wanted.name = nextName(isTaken);
    if (auto good = checkNew(wanted); !good)
        co_return tl::unexpected(good.error());
    if (isTaken(wanted.name))
        co_return fail(Error::Code::Exists, fmt::format("there is a sandbox \"{}\" already", wanted.name));

    const api::SandboxId id = m_store.newSandboxId();
    Record& record = m_records[id];
    api::Sandbox& sandbox = record.sandbox;
    sandbox.id = id;
    sandbox.name = wanted.name;
    sandbox.size = wanted.size;
    sandbox.image = wanted.image;
    sandbox.diskMib = wanted.diskMib;
    sandbox.defaultAction = wanted.defaultAction;
    sandbox.createdAt = nowUnixMillis();
    record.isBusy = true; // nobody starts it before its disk is there
    const api::Sandbox wantedDisk = sandbox; // the worker's own copy
    auto made = co_await offload(m_platform.workers(), [&]() -> Status {
        const auto guestImage = image::findImage(m_platform.paths(), wantedDisk.image);
        if (!guestImage)
            return tl::unexpected(guestImage.error());
        std::error_code error;
        std::filesystem::create_directories(directory(wantedDisk.id), error);
        if (auto room = image::checkFreeSpace(m_platform.paths().sandboxes(), LeastFreeMib); !room && !error)
            return room;
        if (error)
            return fail(Error::Code::Io, fmt::format("create {}: {}", directory(wantedDisk.id).string(), error.message()));
        return image::createOverlay(guestImage->base, disk(wantedDisk.id), static_cast<std::uint64_t>(wantedDisk.diskMib));
    });
    record.isBusy = false;
    if (!made) {
        const std::string name = sandbox.name;
        m_records.erase(id);
        std::error_code ignored;
        std::filesystem::remove_all(directory(id), ignored);
        co_return fail("create " + name, made.error());
    }
    m_store.saveSandbox(sandbox);
    if (m_listener.onPolicyChanged)
        m_listener.onPolicyChanged(sandbox);
    announce(record);
    co_return sandbox;
}

asio::awaitable<Result<api::Sandbox>> Manager::start(api::SandboxId id)
{
    auto found = idle(id);
    if (!found)
        co_return tl::unexpected(found.error());
    Record& record = **found;
    if (record.sandbox.state == SandboxState::Running)
        co_return fail(Error::Code::Conflict, record.sandbox.name + " is running already");
    if (isNumberTaken(id))
        co_return fail(Error::Code::Conflict, record.sandbox.name + " shares its network number with a running sandbox; stop one of those first");
    record.isBusy = true;
    setState(record, SandboxState::Starting);
    auto started = co_await startMachine(record);
    if (started) {
        record.sandbox.accelerator = vm::acceleratorName(m_platform.accelerator()->accelerator);
        setState(record, SandboxState::Running);
        record.isBusy = false;
        co_return record.sandbox;
    }
    co_await endRun(record, SandboxState::Stopped, started.error().text);
    record.isBusy = false;
    co_return fail("start " + record.sandbox.name, started.error());
}

asio::awaitable<Status> Manager::startMachine(Record& record)
{
    const std::string name = record.sandbox.image;
    auto guestImage = co_await offload(m_platform.workers(), [&] { return image::findImage(m_platform.paths(), name); });
    if (!guestImage)
        co_return tl::unexpected(guestImage.error());
    // QEMU freezes a guest whose disk can't grow; better not to begin.
    if (auto room = image::checkFreeSpace(directory(record.sandbox.id), LeastFreeMib); !room)
        co_return room;
    if (auto ready = co_await m_platform.ensure(*guestImage); !ready)
        co_return ready;
    record.machine = std::make_shared<Machine>(m_platform, m_door, m_store, record.sandbox, disk(record.sandbox.id), MachineLimits{});
    udpPortsChanged();
    co_return co_await record.machine->start(*guestImage);
}

asio::awaitable<Result<api::Sandbox>> Manager::stop(api::SandboxId id, bool force)
{
    auto found = idle(id);
    if (!found)
        co_return tl::unexpected(found.error());
    Record& record = **found;
    if (record.sandbox.state != SandboxState::Running || !record.machine)
        co_return fail(Error::Code::Conflict, record.sandbox.name + " is not running");
    record.isBusy = true;
    setState(record, SandboxState::Stopping);
    auto stopped = co_await record.machine->stop(force);
    if (!stopped) {
        // Its domain is still there: it is no more stopped than before.
        setState(record, SandboxState::Running, stopped.error().text);
        record.isBusy = false;
        co_return fail("stop " + record.sandbox.name, stopped.error());
    }
    co_await endRun(record, SandboxState::Stopped, {});
    record.isBusy = false;
    co_return record.sandbox;
}

// After its domain has ended, or was never there.
asio::awaitable<void> Manager::endRun(Record& record, SandboxState state, std::string reason)
{
    if (record.machine)
        co_await record.machine->dismantle();
    record.machine.reset();
    setState(record, state, std::move(reason));
    if (m_listener.onStopped)
        m_listener.onStopped(record.sandbox.id, !isAnyRunning());
}

asio::awaitable<Status> Manager::remove(api::SandboxId id, bool force)
{
    auto found = idle(id);
    if (!found)
        co_return tl::unexpected(found.error());
    Record& record = **found;
    if (record.sandbox.state == SandboxState::Running) {
        if (!force)
            co_return fail(Error::Code::Conflict, record.sandbox.name + " is running; stop it first, or remove it with force");
        if (auto stopped = co_await stop(id, true); !stopped)
            co_return tl::unexpected(stopped.error());
    }
    record.isBusy = true;
    const auto folder = directory(id);
    auto removed = co_await offload(m_platform.workers(), [&]() -> Status {
        std::error_code error;
        std::filesystem::remove_all(folder, error);
        return error ? fail(Error::Code::Io, fmt::format("remove {}: {}", folder.string(), error.message())) : Status{};
    });
    if (!removed) {
        record.isBusy = false;
        co_return removed;
    }
    m_store.removeSandbox(id);
    m_records.erase(id);
    if (m_listener.onRemoved)
        m_listener.onRemoved(id);
    co_return Status{};
}

asio::awaitable<void> Manager::stopAll()
{
    std::vector<api::SandboxId> running;
    for (const auto& [id, record] : m_records)
        if (record.sandbox.state == SandboxState::Running)
            running.push_back(id);
    for (const api::SandboxId id : running)
        if (auto stopped = co_await stop(id, false); !stopped)
            log::warning("sandbox", stopped.error().text);
}

// ---- What happens by itself

void Manager::domainChanged(const vm::DomainEvent& event)
{
    const auto id = sandboxOfDomain(event.name);
    const auto found = id ? m_records.find(*id) : m_records.end();
    if (found == m_records.end() || !found->second.machine || event.kind == vm::DomainEvent::Kind::Started)
        return;
    Record& record = found->second;
    record.machine->domainEnded();
    if (record.isBusy)
        return; // whoever is at work with it looks at hasEnded()
    if (event.kind == vm::DomainEvent::Kind::Stopped && record.machine->saidGoodbye())
        ended(*id, SandboxState::Stopped, {});
    else if (event.kind == vm::DomainEvent::Kind::Stopped)
        ended(*id, SandboxState::Crashed, "the guest's kernel stopped without a power-off; its disk is kept, start it again");
    else
        ended(*id, SandboxState::Crashed, fmt::format("its QEMU ended ({}); its disk is kept, start it again", event.reason));
}

void Manager::jailDied()
{
    for (auto& [id, record] : m_records) {
        if (!record.machine)
            continue;
        record.machine->domainEnded();
        if (!record.isBusy)
            ended(id, SandboxState::Crashed, "the jail that it ran in has ended; its disk is kept, start it again");
    }
}

void Manager::ended(api::SandboxId id, SandboxState state, std::string reason)
{
    Record& record = m_records.at(id);
    record.isBusy = true;
    asio::co_spawn(
        m_platform.network(),
        [this, id, state, reason = std::move(reason)]() -> asio::awaitable<void> {
            Record& one = m_records.at(id);
            co_await endRun(one, state, reason);
            one.isBusy = false;
        },
        asio::detached);
}

void Manager::udpPortsChanged()
{
    for (const auto& [id, record] : m_records)
        if (record.machine && m_listener.udpPorts)
            record.machine->setUdpPorts(m_listener.udpPorts(id));
}

asio::awaitable<void> Manager::adoptRunning()
{
    // Those that ran are busy since the start. What a client creates or starts meanwhile is its own business.
    std::vector<api::SandboxId> before;
    std::vector<api::SandboxId> others;
    for (const auto& [id, record] : m_records)
        (record.isBusy ? before : others).push_back(id);
    const auto domains = co_await m_platform.adopt();
    if (!domains)
        log::error("sandbox", domains.error().text);
    const auto runs = [&domains](api::SandboxId id) {
        return domains && std::find(domains->begin(), domains->end(), domainName(id)) != domains->end();
    };
    // Its start was not stored yet when the engine before was killed.
    for (const api::SandboxId id : others)
        if (const auto found = m_records.find(id); found != m_records.end() && !found->second.isBusy && runs(id)) {
            found->second.isBusy = true;
            before.push_back(id);
        }
    for (const api::SandboxId id : before) {
        Record& record = m_records.at(id); // busy: nobody removes it
        if (runs(id)) {
            co_await adoptOne(record);
            continue;
        }
        co_await endRun(record, SandboxState::Crashed,
                        domains ? "it ended while the engine was away; its disk is kept, start it again"
                                : fmt::format("it could not be taken over from the engine before: {}; its disk is kept, start it again", domains.error().text));
        record.isBusy = false;
    }
    if (domains)
        co_await removeStrangers(*domains);
}

asio::awaitable<void> Manager::adoptOne(Record& record)
{
    record.machine = std::make_shared<Machine>(m_platform, m_door, m_store, record.sandbox, disk(record.sandbox.id), MachineLimits{});
    udpPortsChanged();
    auto adopted = co_await record.machine->adopt();
    if (adopted) {
        setState(record, SandboxState::Running);
    } else {
        log::error("sandbox", fmt::format("take over {}: {}", record.sandbox.name, adopted.error().text));
        if (auto stopped = co_await record.machine->stop(true); !stopped)
            log::error("sandbox", stopped.error().text);
        co_await endRun(record, SandboxState::Crashed, fmt::format("it could not be taken over from the engine before: {}; its disk is kept, start it again", adopted.error().text));
    }
    record.isBusy = false;
}

// Domains of sandboxes that are no more: an engine was killed while it removed them.
asio::awaitable<void> Manager::removeStrangers(const std::vector<std::string>& domains)
{
    for (const std::string& domain : domains) {
        const auto id = sandboxOfDomain(domain);
        if (id && m_records.contains(*id))
            continue;
        log::warning("sandbox", fmt::format("ending {}, which no sandbox knows", domain));
        const auto hypervisor = m_platform.hypervisor();
        auto destroyed = co_await offload(m_platform.workers(), [&] { return hypervisor->destroy(domain); });
        if (!destroyed)
            log::warning("sandbox", destroyed.error().text);
    }
}

asio::awaitable<void> Manager::watchStatistics()
{
    asio::steady_timer timer(m_platform.network());
    for (;;) {
        timer.expires_after(StatisticsInterval);
        co_await timer.async_wait(asio::use_awaitable);
        // Copies: machines come and go while one is asked.
        std::vector<std::pair<api::SandboxId, std::shared_ptr<Machine>>> running;
        for (const auto& [id, record] : m_records)
            if (record.sandbox.state == SandboxState::Running && !record.isBusy && record.machine)
                running.emplace_back(id, record.machine);
        for (const auto& [id, machine] : running) {
            const std::string before = machine->trouble();
            const api::SandboxStats stats = co_await machine->stats();
            const auto found = m_records.find(id);
            if (found == m_records.end() || found->second.machine != machine || found->second.sandbox.state != SandboxState::Running)
                continue;
            found->second.sandbox.stats = stats;
            if (const std::string& trouble = machine->trouble(); trouble != before) {
                log::warning("sandbox", fmt::format("{}: {}", found->second.sandbox.name, trouble.empty() ? "it goes on" : trouble));
                found->second.sandbox.stateReason = trouble;
            }
            announce(found->second);
        }
    }
}

} // namespace sallyport::sandbox

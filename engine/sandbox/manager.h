#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/api/types.h"
#include "engine/base/result.h"
#include "engine/egress/door.h"
#include "engine/sandbox/machine.h"
#include "engine/sandbox/platform.h"
#include "engine/store/store.h"

namespace sallyport::sandbox
{

// All sandboxes: created -> starting -> running -> stopping -> stopped | crashed. One operation on a sandbox at a time;
// a second one fails with Conflict. Every change is stored, then announced. Network thread only.
class Manager
{
public:
    struct Listener
    {
        std::function<void(const api::Sandbox&)> onChanged; // also with new statistics while it runs
        std::function<void(api::SandboxId)> onRemoved;
        // Before its first traffic; when its own part of the policy changed.
        std::function<void(const api::Sandbox&)> onPolicyChanged;
        // The UDP ports that its policy of now opens.
        std::function<std::vector<int>(api::SandboxId)> udpPorts;
        // Its run has ended, however: rules and questions that hold until then end too.
        std::function<void(api::SandboxId, bool isLastRunning)> onStopped;
    };

    // Everything outlives the manager. `known` are the sandboxes as they were stored.
    Manager(Platform& platform, egress::Door& door, store::Store& store, std::vector<api::Sandbox> known, Listener listener);
    ~Manager();

    // Takes over what an earlier engine left running; what should run and does not has crashed.
    [[nodiscard]] boost::asio::awaitable<void> adoptRunning();

    [[nodiscard]] std::vector<api::Sandbox> list() const; // oldest first
    // By id or by name, as a person says it.
    [[nodiscard]] Result<api::SandboxId> find(std::string_view idOrName) const;
    [[nodiscard]] Result<api::Sandbox> get(api::SandboxId id) const;
    // Null unless it runs.
    [[nodiscard]] guest::Agent* agent(api::SandboxId id) const;
    [[nodiscard]] bool isAnyRunning() const;

    [[nodiscard]] boost::asio::awaitable<Result<api::Sandbox>> create(api::NewSandbox wanted);
    [[nodiscard]] boost::asio::awaitable<Result<api::Sandbox>> start(api::SandboxId id);
    [[nodiscard]] boost::asio::awaitable<Result<api::Sandbox>> stop(api::SandboxId id, bool force);
    [[nodiscard]] boost::asio::awaitable<Status> remove(api::SandboxId id, bool force);
    [[nodiscard]] Result<api::Sandbox> rename(api::SandboxId id, const std::string& name);
    // Applies the change to a copy, stores and announces it.
    [[nodiscard]] Result<api::Sandbox> change(api::SandboxId id, const std::function<void(api::Sandbox&)>& change);
    // Some sandbox's policy opens other UDP ports now.
    void udpPortsChanged();
    // Stops all that run, side by side.
    [[nodiscard]] boost::asio::awaitable<void> stopAll();

private:
    struct Record
    {
        api::Sandbox sandbox;
        std::shared_ptr<Machine> machine; // while it runs, and on the way there and back
        bool isBusy = false;              // an operation is under way: the record stays
    };

    [[nodiscard]] Result<Record*> idle(api::SandboxId id);
    [[nodiscard]] boost::asio::awaitable<Status> startMachine(Record& record);
    [[nodiscard]] boost::asio::awaitable<void> endRun(Record& record, api::SandboxState state, std::string reason);
    [[nodiscard]] boost::asio::awaitable<void> adoptOne(Record& record);
    [[nodiscard]] boost::asio::awaitable<void> removeStrangers(const std::vector<std::string>& domains);
    [[nodiscard]] boost::asio::awaitable<void> watchStatistics();
    void domainChanged(const vm::DomainEvent& event);
    void jailDied();
    void ended(api::SandboxId id, api::SandboxState state, std::string reason);
    void setState(Record& record, api::SandboxState state, std::string reason = {});
    void announce(const Record& record);
    [[nodiscard]] std::filesystem::path directory(api::SandboxId id) const;
    [[nodiscard]] std::filesystem::path disk(api::SandboxId id) const;
    [[nodiscard]] bool isNumberTaken(api::SandboxId id) const;

    Platform& m_platform;
    egress::Door& m_door;
    store::Store& m_store;
    Listener m_listener;
    std::map<api::SandboxId, Record> m_records;
};

// The tap that a sandbox uses. Two sandboxes that share one can't run at once.
[[nodiscard]] unsigned tapNumber(api::SandboxId id);

} // namespace sallyport::sandbox

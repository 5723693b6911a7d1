#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/api/types.h"
#include "engine/base/result.h"
#include "engine/dns/address_pool.h"
#include "engine/egress/door.h"
#include "engine/guest/agent.h"
#include "engine/image/guest_image.h"
#include "engine/jail/address_plan.h"
#include "engine/sandbox/platform.h"
#include "engine/store/store.h"
#include "engine/tls/certificate_authority.h"

namespace sallyport::sandbox
{

// Seconds that a person waits at most; a machine under emulation and load can take most of them.
struct MachineLimits
{
    std::chrono::seconds agentAnswers{120}; // from QEMU's start to the agent's hello
    std::chrono::seconds powersOff{30};     // orderly, before it is destroyed
};

// One running microVM with all that belongs to its run: tap, CA, name pool, door, domain, agent. Made for a start, or for
// taking over what an earlier engine left running; thrown away at the end of the run. Network thread only.
class Machine : public std::enable_shared_from_this<Machine>
{
public:
    // The CA's private key lies in this object, in the jail's supervisor and nowhere else.
    Machine(Platform& platform, egress::Door& door, store::Store& store, api::Sandbox sandbox, std::filesystem::path disk, MachineLimits limits);
    ~Machine();
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    // Boots it and returns when its agent is configured. After a failure nothing of it is left running.
    [[nodiscard]] boost::asio::awaitable<Status> start(const image::GuestImage& guestImage);
    // Takes over a domain that runs already, with the keys that the supervisor kept.
    [[nodiscard]] boost::asio::awaitable<Status> adopt();
    // Powers it off in order; destroys it when it does not comply in time, or at once with `force`.
    [[nodiscard]] boost::asio::awaitable<Status> stop(bool force);
    // Its domain has ended (or the jail has): closes the door and forgets the keys.
    [[nodiscard]] boost::asio::awaitable<void> dismantle();

    // Null before it answered and after its connection was lost.
    [[nodiscard]] guest::Agent* agent() const { return m_agent.get(); }
    // True once the guest said that it powers off: the end of its domain is then no crash.
    [[nodiscard]] bool saidGoodbye() const { return m_saidGoodbye; }
    [[nodiscard]] bool hasEnded() const { return m_hasEnded; }
    void domainEnded();

    // Measures it; one that QEMU froze because its disk could not grow goes on as soon as there is room.
    [[nodiscard]] boost::asio::awaitable<api::SandboxStats> stats();
    // Why it stands still, as of the last stats(); empty while it runs.
    [[nodiscard]] const std::string& trouble() const { return m_trouble; }

    // The UDP ports that its rules open, from soon on; all others are refused.
    void setUdpPorts(std::vector<int> ports);

private:
    [[nodiscard]] boost::asio::awaitable<Status> prepareNetwork(bool isNewRun);
    [[nodiscard]] boost::asio::awaitable<Status> loadAuthority(bool isNewRun);
    [[nodiscard]] Status openDoor(jail::TapSockets sockets);
    [[nodiscard]] boost::asio::awaitable<void> settleUdp();
    void refuseUdp(const egress::UdpRefusal& refusal);
    [[nodiscard]] boost::asio::awaitable<Status> boot(const image::GuestImage& guestImage);
    [[nodiscard]] boost::asio::awaitable<Status> connectAgent();
    [[nodiscard]] guest::GuestConfig guestConfig() const;
    [[nodiscard]] boost::asio::awaitable<void> thaw();
    [[nodiscard]] boost::asio::awaitable<bool> waitForEnd(std::chrono::seconds most);

    Platform& m_platform;
    egress::Door& m_door;
    store::Store& m_store;
    api::Sandbox m_sandbox;
    std::filesystem::path m_disk;
    MachineLimits m_limits;
    jail::Tap m_tap;
    std::shared_ptr<tls::CertificateAuthority> m_authority;
    std::shared_ptr<dns::AddressPool> m_pool;
    std::unique_ptr<guest::Agent> m_agent;
    boost::asio::steady_timer m_ended; // expires when the domain has ended
    std::set<int> m_wantedUdp;
    std::set<int> m_openUdp;
    bool m_isSettlingUdp = false;
    bool m_hasDoor = false;
    bool m_hasEnded = false;
    bool m_saidGoodbye = false;
    std::string m_trouble;
    std::uint64_t m_lastCpuTimeNs = 0;
    std::chrono::steady_clock::time_point m_lastStatsAt;
};

} // namespace sallyport::sandbox

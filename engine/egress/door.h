#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "engine/base/unique_fd.h"
#include "engine/dns/address_pool.h"
#include "engine/egress/door_context.h"
#include "engine/tls/certificate_authority.h"

namespace sallyport::egress {

struct SandboxDoor;
struct HandlerFetchHead;
struct WholeAnswer;

// A datagram that may not pass: the jail answers it with ICMP.
struct UdpRefusal
{
    std::uint16_t guestPort = 0;
    policy::Address asked;
    int port = 0;
};

// The sockets on which one sandbox's traffic is caught, listening or bound, made in the jail. The
// local address of an accepted connection is where the guest meant to go. A socket that is not open
// is left out.
struct DoorSockets
{
    UniqueFd tcp4;
    UniqueFd tcp6;
    UniqueFd dns4;
    UniqueFd dns6;
    // Called on the network thread, at most some ten times a second. Empty: no answer.
    std::function<void(const UdpRefusal&)> refuseUdp = {};
};

// The one way out of all sandboxes (DESIGN, "The way of a request"). Lives on the thread that runs
// its io_context; every call is made there. The gatekeeper outlives the io_context's last run.
class Door
{
public:
    [[nodiscard]] static Result<std::unique_ptr<Door>> create(boost::asio::io_context& context,
                                                              Gatekeeper& gatekeeper,
                                                              const DoorLimits& limits,
                                                              const UpstreamOptions& upstream);
    ~Door();
    Door(const Door&) = delete;
    Door& operator=(const Door&) = delete;

    // For what begins from now on; what is under way may go by the former ones. What is held in
    // memory of a transfer does not change.
    void setLimits(const DoorLimits& limits);
    // How upstreams are reached from now on; kept connections are not used any more. Null:
    // directly.
    void setProxy(std::shared_ptr<const ProxyPlan> plan);
    // Trusted besides the system's authorities, for some hosts.
    [[nodiscard]] Status setAuthorities(const std::vector<tls::HostAuthorities>& authorities);
    // Runs the handlers that modules bring. `runtime` outlives the io_context's last run.
    void setHandlers(handler::Runtime& runtime, HandlerOperation operation);

    void setBindings(std::shared_ptr<binding::Bindings> bindings);

    // Begins to serve a sandbox. Exists when it is served already.
    [[nodiscard]] Status open(api::SandboxId sandbox,
                              const std::string& name,
                              DoorSockets sockets,
                              std::shared_ptr<const tls::CertificateAuthority> authority,
                              std::shared_ptr<dns::AddressPool> pool);
    // Ends everything of this sandbox: connections are closed, questions withdrawn. The coroutines
    // behind them end in the next turns of the loop.
    void close(api::SandboxId sandbox);

    // Closes all, and returns when nothing runs that would use the gatekeeper (or after two
    // seconds).
    [[nodiscard]] boost::asio::awaitable<void> shutdown();

    // Relays the datagrams that arrive on these sockets, bound to this port. Exists when one is
    // open.
    [[nodiscard]] Status openUdp(api::SandboxId sandbox, int port, UniqueFd udp4, UniqueFd udp6);
    // Ends its flows.
    void closeUdp(api::SandboxId sandbox, int port);

    // Ends running requests and tunnels that the policy of now denies; others go on.
    void cutDenied(api::SandboxId sandbox);

    // Serves one connection as if a listener had caught it on its way to this address.
    [[nodiscard]] Status
    serve(api::SandboxId sandbox, UniqueFd socket, const policy::Address& address, int port);

    // A fetch by the door of a sandbox that is served; NotFound when it is not. `body` may be
    // empty; the answer's is cut at `mostBytes`.
    [[nodiscard]] boost::asio::awaitable<Result<WholeAnswer>> fetchWhole(api::SandboxId sandbox,
                                                                         HandlerFetchHead head,
                                                                         std::string body,
                                                                         std::size_t mostBytes);

    // Open connections of a sandbox; zero when it is not served.
    [[nodiscard]] std::size_t connectionCount(api::SandboxId sandbox) const;

private:
    struct Opened;

    explicit Door(std::shared_ptr<DoorContext> context);

    std::shared_ptr<DoorContext> m_context;
    std::unordered_map<api::SandboxId, std::unique_ptr<Opened>> m_sandboxes;
    std::vector<std::weak_ptr<SandboxDoor>> m_closed; // until their last coroutine has ended
};

} // namespace sallyport::egress

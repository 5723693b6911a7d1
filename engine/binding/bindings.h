#pragma once

// The bindings at work: the depot, the threads that wait for its disk, and the way to services.
// Shared by all doors and the API. Network thread, but for what runs on workers().

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <nlohmann/json.hpp>

#include "engine/base/unique_fd.h"
#include "engine/binding/depot.h"

namespace sallyport::binding {

// Where a service of a sandbox's leads.
struct ServicePort
{
    std::string name;
    int port = 0;
    std::optional<api::SandboxId> owner; // unset: a port of this machine's loopback
};

class Bindings
{
public:
    // A connected socket to a port of a running sandbox.
    using Connect =
        std::function<boost::asio::awaitable<Result<UniqueFd>>(api::SandboxId, int port)>;
    using NameOf = std::function<std::string(api::SandboxId)>;

    explicit Bindings(std::shared_ptr<Depot> depot)
        : m_depot(std::move(depot))
    {
    }

    [[nodiscard]] const std::shared_ptr<Depot>& depot() const { return m_depot; }
    [[nodiscard]] boost::asio::thread_pool& workers() { return m_workers; }
    [[nodiscard]] std::shared_ptr<const Catalogue> catalogue() const
    {
        return m_depot->catalogue();
    }

    void setSandboxes(NameOf nameOf, Connect connect);
    // Whom `sandbox` means by NAME.service.sallyport.internal, or by
    // SANDBOX.sandbox.sallyport.internal and a port; the error says why nobody.
    [[nodiscard]] Result<ServicePort>
    service(api::SandboxId sandbox, std::string_view host, int port) const;
    // What a service reads as its name: "localhost:PORT". The host where it is none.
    [[nodiscard]] std::string
    authorityAt(api::SandboxId sandbox, const std::string& host, int port) const;
    [[nodiscard]] boost::asio::awaitable<Result<UniqueFd>> connect(api::SandboxId owner, int port);
    [[nodiscard]] std::string nameOf(api::SandboxId sandbox) const;

    // What the sandbox's bindings put on its ladder (docs/policy.md).
    [[nodiscard]] std::vector<api::Handler> rungsOf(api::SandboxId sandbox) const;
    // What they put into its handlers' env, by its names: {kind, name}; for SANDBOXES {kind:
    // "sandboxes", ports: {sandbox: [port]}}.
    [[nodiscard]] nlohmann::json environmentOf(api::SandboxId sandbox) const;

private:
    std::shared_ptr<Depot> m_depot;
    boost::asio::thread_pool m_workers{2};
    NameOf m_nameOf;
    Connect m_connect;
};

} // namespace sallyport::binding

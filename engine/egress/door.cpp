#include "engine/egress/door.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "engine/base/log.h"
#include "engine/egress/connection.h"
#include "engine/egress/dns_service.h"
#include "engine/egress/fetch_whole.h"
#include "engine/egress/log_row.h"
#include "engine/egress/sandbox_door.h"
#include "engine/egress/udp_relay.h"

namespace sallyport::egress {

namespace {

using Descriptor = asio::posix::stream_descriptor;

constexpr int AcceptsATurn = 32;
// After running out of descriptors or memory.
constexpr std::chrono::milliseconds AcceptPause{100};

struct Endpoint
{
    policy::Address address;
    int port = 0;
};

// Where an accepted connection was going.
std::optional<Endpoint> originalDestination(int socket)
{
    sockaddr_storage local{};
    socklen_t size = sizeof local;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&local), &size) < 0)
        return std::nullopt;
    const auto endpoint = [](const void* bytes, std::size_t count, in_port_t port) {
        const auto address =
            policy::Address::fromBytes({static_cast<const std::uint8_t*>(bytes), count});
        return address ? std::optional(Endpoint{address->unmapped(), ntohs(port)}) : std::nullopt;
    };
    if (local.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(local);
        return endpoint(&v4.sin_addr, sizeof v4.sin_addr, v4.sin_port);
    }
    if (local.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(local);
        return endpoint(&v6.sin6_addr, sizeof v6.sin6_addr, v6.sin6_port);
    }
    return std::nullopt;
}

// Past the limit a connection is reset, and said so in the log now and then.
void refuseConnection(SandboxDoor& door, UniqueFd socket, const Endpoint& endpoint)
{
    const linger abort{1, 0};
    static_cast<void>(::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort));
    if (!door.refusedConnections.allows(FloodMeter::Clock::now()))
        return;
    LogRow log(door);
    log.row().protocol = log.row().scheme = "tcp";
    log.row().method = "TCP";
    log.row().host = endpoint.address.text();
    log.row().port = endpoint.port;
    log.refused(api::Step::Protocol, "too many connections of this sandbox at once", 0);
}

Status serveSocket(const std::shared_ptr<SandboxDoor>& door, UniqueFd socket, Endpoint endpoint)
{
    if (door->connections >= door->context->gatekeeper.mostConnections(door->id).value_or(
                                 door->context->limits.connectionsPerSandbox)) {
        refuseConnection(*door, std::move(socket), endpoint);
        return fail(Error::Code::TooLarge, "too many connections of this sandbox at once");
    }
    auto stream = std::make_unique<Stream>(door->context->context, door->context->deadlines);
    if (const Status adopted = stream->adopt(std::move(socket)); !adopted)
        return adopted;
    door->guestStreams.add(*stream);
    auto connection = std::make_unique<Connection>(door, std::move(stream));
    asio::co_spawn(
        door->context->context,
        [connection = std::move(connection), endpoint]() -> asio::awaitable<void> {
            return connection->run(endpoint.address, endpoint.port);
        },
        [](const std::exception_ptr& error) {
            // A coroutine that was cancelled ends by an exception; anything else is a bug, of
            // which the other connections should not die.
            try {
                if (error)
                    std::rethrow_exception(error);
            } catch (const std::exception& problem) {
                log::error("egress", std::string("a connection ended: ") + problem.what());
            }
        });
    return {};
}

asio::awaitable<void> acceptLoop(std::shared_ptr<SandboxDoor> door,
                                 std::shared_ptr<Descriptor> listener)
{
    asio::steady_timer pause(door->context->context);
    while (listener->is_open()) {
        const auto [error] = co_await listener->async_wait(Descriptor::wait_read,
                                                           asio::as_tuple(asio::use_awaitable));
        if (error || !listener->is_open())
            co_return;
        for (int count = 0; count < AcceptsATurn; ++count) {
            UniqueFd socket(::accept4(listener->native_handle(), nullptr, nullptr,
                                      SOCK_CLOEXEC | SOCK_NONBLOCK));
            if (!socket.isOpen()) {
                if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
                    log::warning("egress", "a connection waits: out of descriptors or memory");
                    pause.expires_after(AcceptPause);
                    co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
                }
                break;
            }
            if (const auto endpoint = originalDestination(socket.get()))
                static_cast<void>(serveSocket(door, std::move(socket), *endpoint));
        }
    }
}

} // namespace

struct Door::Opened
{
    std::shared_ptr<SandboxDoor> door;
    std::vector<std::shared_ptr<Descriptor>> sockets;
    std::function<void(const UdpRefusal&)> refuseUdp;
    std::map<int, std::shared_ptr<UdpRelay>> relays = {}; // by port
};

Door::Door(std::shared_ptr<DoorContext> context)
    : m_context(std::move(context))
{
}

Door::~Door()
{
    while (!m_sandboxes.empty())
        close(m_sandboxes.begin()->first);
}

Result<std::unique_ptr<Door>> Door::create(asio::io_context& context,
                                           Gatekeeper& gatekeeper,
                                           const DoorLimits& limits,
                                           const UpstreamOptions& upstream)
{
    auto trust = tls::UpstreamContext::create(upstream.trust);
    if (!trust)
        return fail("prepare TLS towards upstreams", trust.error());
    return std::unique_ptr<Door>(new Door(std::make_shared<DoorContext>(
        context, gatekeeper, limits, std::move(*trust), upstream.lookup)));
}

void Door::setLimits(const DoorLimits& limits)
{
    m_context->limits = limits;
    m_context->resolver.setMost(limits.lookups);
}

void Door::setProxy(std::shared_ptr<const ProxyPlan> plan)
{
    m_context->proxy = std::move(plan);
    for (const auto& [id, opened] : m_sandboxes)
        opened->door->upstreams.closeIdle();
}

Status Door::setAuthorities(const std::vector<tls::HostAuthorities>& authorities)
{
    Status set = m_context->upstreamTls->setAuthorities(authorities);
    for (const auto& [id, opened] : m_sandboxes)
        opened->door->upstreams.closeIdle();
    return set;
}

void Door::setHandlers(handler::Runtime& runtime, HandlerOperation operation)
{
    m_context->handlers = &runtime;
    m_context->handlerOperation = std::move(operation);
}

void Door::setBindings(std::shared_ptr<binding::Bindings> bindings)
{
    m_context->bindings = std::move(bindings);
}

Status Door::open(api::SandboxId sandbox,
                  const std::string& name,
                  DoorSockets sockets,
                  std::shared_ptr<const tls::CertificateAuthority> authority,
                  std::shared_ptr<dns::AddressPool> pool)
{
    if (m_sandboxes.contains(sandbox))
        return fail(Error::Code::Exists, "the door of " + name + " is open already");
    auto leaves = tls::LeafCache::create(std::move(authority));
    if (!leaves)
        return fail("open the door of " + name, leaves.error());
    auto opened = std::make_unique<Opened>();
    opened->door = std::make_shared<SandboxDoor>(m_context, sandbox, name, std::move(*leaves),
                                                 std::move(pool));
    opened->refuseUdp = std::move(sockets.refuseUdp);
    const auto adopt = [&](UniqueFd& socket) -> std::shared_ptr<Descriptor> {
        if (!socket.isOpen())
            return nullptr;
        auto descriptor = std::make_shared<Descriptor>(m_context->context, socket.release());
        descriptor->non_blocking(true);
        opened->sockets.push_back(descriptor);
        return descriptor;
    };
    for (UniqueFd* socket : {&sockets.tcp4, &sockets.tcp6})
        if (auto listener = adopt(*socket))
            asio::co_spawn(m_context->context, acceptLoop(opened->door, listener), asio::detached);
    for (UniqueFd* socket : {&sockets.dns4, &sockets.dns6})
        if (auto dns = adopt(*socket))
            asio::co_spawn(m_context->context, serveDnsDatagrams(opened->door, dns),
                           asio::detached);
    m_sandboxes.emplace(sandbox, std::move(opened));
    return {};
}

void Door::close(api::SandboxId sandbox)
{
    const auto found = m_sandboxes.find(sandbox);
    if (found == m_sandboxes.end())
        return;
    const std::unique_ptr<Opened> opened = std::move(found->second);
    m_sandboxes.erase(found);
    for (const auto& socket : opened->sockets) {
        boost::system::error_code ignored;
        socket->close(ignored);
    }
    for (const auto& [port, relay] : opened->relays)
        relay->close("the sandbox was closed");
    opened->door->close();
    std::erase_if(m_closed, [](const auto& door) { return door.expired(); });
    m_closed.push_back(opened->door);
}

asio::awaitable<void> Door::shutdown()
{
    while (!m_sandboxes.empty())
        close(m_sandboxes.begin()->first);
    asio::steady_timer pause(m_context->context);
    const auto isAlive = [](const auto& door) { return !door.expired(); };
    for (int i = 0; i < 200 && std::any_of(m_closed.begin(), m_closed.end(), isAlive); ++i) {
        pause.expires_after(std::chrono::milliseconds(10));
        co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

Status Door::openUdp(api::SandboxId sandbox, int port, UniqueFd udp4, UniqueFd udp6)
{
    const auto found = m_sandboxes.find(sandbox);
    if (found == m_sandboxes.end())
        return fail(Error::Code::NotFound, "no door is open for this sandbox");
    Opened& opened = *found->second;
    if (opened.relays.contains(port))
        return fail(Error::Code::Exists, "the UDP port is open already");
    auto relay = std::make_shared<UdpRelay>(opened.door, port, opened.refuseUdp);
    for (UniqueFd* socket : {&udp4, &udp6})
        if (socket->isOpen())
            relay->serve(std::move(*socket));
    opened.relays.emplace(port, std::move(relay));
    return {};
}

void Door::closeUdp(api::SandboxId sandbox, int port)
{
    const auto found = m_sandboxes.find(sandbox);
    if (found == m_sandboxes.end())
        return;
    const auto relay = found->second->relays.extract(port);
    if (!relay.empty())
        relay.mapped()->close("no rule opens the port any more");
}

void Door::cutDenied(api::SandboxId sandbox)
{
    const auto found = m_sandboxes.find(sandbox);
    if (found == m_sandboxes.end())
        return;
    auto& running = found->second->door->running;
    for (auto it = running.begin(); it != running.end();)
        (it++)->cutIfDenied();
}

Status
Door::serve(api::SandboxId sandbox, UniqueFd socket, const policy::Address& address, int port)
{
    const auto found = m_sandboxes.find(sandbox);
    if (found == m_sandboxes.end())
        return fail(Error::Code::NotFound, "no door is open for this sandbox");
    return serveSocket(found->second->door, std::move(socket), {address, port});
}

asio::awaitable<Result<WholeAnswer>> Door::fetchWhole(api::SandboxId sandbox,
                                                      HandlerFetchHead head,
                                                      std::string body,
                                                      std::size_t mostBytes)
{
    const auto found = m_sandboxes.find(sandbox);
    if (found == m_sandboxes.end())
        co_return fail(Error::Code::NotFound, "the sandbox does not run, so nothing can be sent by its door");
    auto fetching =
        egress::fetchWhole(found->second->door, std::move(head), std::move(body), mostBytes);
    co_return co_await std::move(fetching);
}

std::size_t Door::connectionCount(api::SandboxId sandbox) const
{
    const auto found = m_sandboxes.find(sandbox);
    return found == m_sandboxes.end() ? 0 : found->second->door->connections;
}

} // namespace sallyport::egress

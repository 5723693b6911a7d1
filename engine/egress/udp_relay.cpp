#include "engine/egress/udp_relay.h"

#include <cerrno>
#include <cstring>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

namespace sallyport::egress {

namespace {

constexpr int DatagramsATurn = 32;
constexpr std::size_t LargestDatagram = 65536;

std::optional<policy::Address> addressOf(const sockaddr_storage& from)
{
    const auto view = [](const void* bytes, std::size_t size) {
        return policy::Address::fromBytes({static_cast<const std::uint8_t*>(bytes), size});
    };
    if (from.ss_family == AF_INET)
        return view(&reinterpret_cast<const sockaddr_in&>(from).sin_addr, 4);
    if (from.ss_family == AF_INET6)
        return view(&reinterpret_cast<const sockaddr_in6&>(from).sin6_addr, 16);
    return std::nullopt;
}

std::uint16_t portOf(const sockaddr_storage& from)
{
    return ntohs(from.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(from).sin6_port
                                            : reinterpret_cast<const sockaddr_in&>(from).sin_port);
}

UniqueFd connectedSocket(const policy::Address& address, int port)
{
    sockaddr_storage to{};
    socklen_t size = sizeof(sockaddr_in);
    const auto bytes = address.bytes();
    if (address.isV4()) {
        auto& v4 = reinterpret_cast<sockaddr_in&>(to);
        v4.sin_family = AF_INET;
        v4.sin_port = htons(static_cast<std::uint16_t>(port));
        std::memcpy(&v4.sin_addr, bytes.data(), bytes.size());
    } else {
        auto& v6 = reinterpret_cast<sockaddr_in6&>(to);
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(static_cast<std::uint16_t>(port));
        std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
        size = sizeof(sockaddr_in6);
    }
    UniqueFd socket(::socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.isOpen() ||
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), size) != 0)
        return {};
    return socket;
}

} // namespace

// ---- One flow

UdpFlow::UdpFlow(std::shared_ptr<SandboxDoor> door,
                 const Destination& destination,
                 policy::Request request,
                 std::shared_ptr<Descriptor> guest,
                 const Datagram& first)
    : m_door(std::move(door))
    , m_destination(destination)
    , m_request(std::move(request))
    , m_guest(std::move(guest))
    , m_peer(first)
    , m_log(*m_door)
    , m_rate(static_cast<double>(m_door->context->limits.udpRate),
             static_cast<double>(m_door->context->limits.udpRate))
{
    ++m_door->udpFlows;
    m_door->running.push_back(*this);
    if (!m_destination.name.empty())
        m_door->pool->pin(m_destination.name);
}

UdpFlow::~UdpFlow()
{
    --m_door->udpFlows;
    if (!m_destination.name.empty())
        m_door->pool->unpin(m_destination.name);
}

void UdpFlow::start(const policy::Decision& decision, std::function<void()> refuse)
{
    m_refuse = std::move(refuse);
    api::Row& row = m_log.row();
    row.protocol = row.scheme = "udp";
    row.method = m_request.method;
    row.host = m_request.host.text();
    row.port = m_request.port;
    row.verdict = api::Action::Allow;
    m_log.decided(decision);
    m_log.write();
    asio::co_spawn(
        m_door->context->context, [self = shared_from_this()] { return self->run(); },
        asio::detached);
}

asio::awaitable<void> UdpFlow::run()
{
    auto socket = co_await connect();
    if (m_hasEnded)
        co_return;
    if (!socket) {
        end(socket.error().text);
        m_refuse();
        co_return;
    }
    m_upstream = std::make_unique<Descriptor>(m_door->context->context, socket->release());
    m_log.write();
    while (!m_waiting.empty() && !m_hasEnded) {
        if (!send(m_waiting.front()))
            co_return;
        m_waiting.pop_front();
    }
    while (!m_hasEnded) {
        const auto [error] = co_await m_upstream->async_wait(Descriptor::wait_read,
                                                             asio::as_tuple(asio::use_awaitable));
        if (error || m_hasEnded)
            co_return;
        receive();
        // A flood of answers leaves room for the rest.
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    }
}

asio::awaitable<Result<UniqueFd>> UdpFlow::connect()
{
    DoorContext& context = *m_door->context;
    const policy::Host& host = m_request.host;
    if (context.proxy && context.proxy->applies(host, m_request.port))
        co_return fail(Error::Code::Unavailable,
                       "the upstream proxy: datagrams can't be sent by it, so they don't pass");
    std::vector<policy::Address> addresses;
    if (host.isLiteral()) {
        addresses.push_back(*host.address);
    } else {
        auto found = co_await context.resolver.resolve(host.name, context.limits.resolve);
        if (!found)
            co_return tl::unexpected(found.error());
        addresses = std::move(*found);
    }
    std::string reason = "no address of it can be reached from here";
    for (const policy::Address& address : addresses) {
        const policy::Decision decision =
            context.gatekeeper.checkAddress(m_door->id, address, m_request.port);
        m_log.row().upstreamAddress = fmt::format("{}:{}", address.urlText(), m_request.port);
        if (decision.verdict != policy::Verdict::Allow) {
            m_log.row().step = decision.step;
            m_log.row().verdict = api::Action::Deny;
            reason = decision.reason;
            continue;
        }
        if (UniqueFd socket = connectedSocket(address, m_request.port); socket.isOpen()) {
            m_log.row().verdict = api::Action::Allow;
            co_return socket;
        }
    }
    co_return fail(Error::Code::Refused, reason);
}

bool UdpFlow::isOver(std::size_t more) const
{
    const auto moved = static_cast<std::uint64_t>(m_sentBytes + m_receivedBytes);
    return moved + more > m_door->context->limits.udpBytes;
}

bool UdpFlow::fromGuest(std::string_view datagram)
{
    if (m_hasEnded)
        return false;
    const policy::Decision now = m_door->context->gatekeeper.peek(m_door->id, m_request);
    if (now.verdict != policy::Verdict::Allow) {
        end("cut: " + now.reason);
        return false;
    }
    m_last = Clock::now();
    if (!m_rate.allows(m_last)) {
        ++m_dropped;
        return true;
    }
    if (m_upstream)
        return send(datagram);
    if (m_waiting.size() < MostWaiting)
        m_waiting.emplace_back(datagram);
    else
        ++m_dropped;
    return true;
}

bool UdpFlow::send(std::string_view datagram)
{
    if (isOver(datagram.size())) {
        end("cut: it has moved the bytes that one flow may (door.udpBytes)");
        return false;
    }
    if (::send(m_upstream->native_handle(), datagram.data(), datagram.size(), MSG_NOSIGNAL) >= 0) {
        ++m_sent;
        m_sentBytes += static_cast<std::int64_t>(datagram.size());
        return true;
    }
    if (errno == ECONNREFUSED) {
        // Of an earlier one: the upstream's host has said that nobody listens.
        end("the upstream refuses datagrams");
        return false;
    }
    ++m_dropped;
    return true;
}

void UdpFlow::receive()
{
    // One buffer for all: nothing here waits.
    static thread_local std::array<char, LargestDatagram> buffer;
    for (int count = 0; count < DatagramsATurn && !m_hasEnded; ++count) {
        const ssize_t got =
            ::recv(m_upstream->native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got < 0 && errno == ECONNREFUSED) {
            end("the upstream refuses datagrams");
            m_refuse();
        }
        if (got < 0)
            return;
        const auto size = static_cast<std::size_t>(got);
        if (isOver(size))
            return end("cut: it has moved the bytes that one flow may (door.udpBytes)");
        m_last = Clock::now();
        ++m_received;
        m_receivedBytes += got;
        if (m_guest->is_open())
            sendDatagram(m_guest->native_handle(), m_peer,
                         {reinterpret_cast<const std::uint8_t*>(buffer.data()), size});
    }
}

bool UdpFlow::isIdle(Clock::time_point now) const
{
    return now - m_last > m_door->context->limits.udpIdle;
}

void UdpFlow::end(const std::string& fault)
{
    if (m_hasEnded)
        return;
    m_hasEnded = true;
    m_last = Clock::now();
    charge();
    if (m_upstream) {
        boost::system::error_code ignored;
        m_upstream->close(ignored);
    }
    m_waiting.clear();
    api::Row& row = m_log.row();
    row.requestBytes = m_sentBytes;
    row.responseBytes = m_receivedBytes;
    if (row.verdict == api::Action::Deny) {
        const api::Step step = row.step;
        return m_log.refused(step, fault, 0);
    }
    row.reason += fmt::format("; {} datagrams out, {} in", m_sent, m_received);
    if (m_dropped > 0)
        row.reason += fmt::format(", {} dropped", m_dropped);
    m_log.end(fault.empty() ? api::RowState::Done : api::RowState::Failed, fault);
}

void UdpFlow::charge()
{
    const std::int64_t moved = m_sentBytes + m_receivedBytes - m_charged;
    if (moved <= 0)
        return;
    m_charged += moved;
    const auto over =
        m_door->context->gatekeeper.spend(m_door->id, m_request.host, m_request.port, moved);
    if (over && !m_hasEnded)
        end("cut: " + *over);
}

void UdpFlow::cutIfDenied()
{
    if (m_hasEnded)
        return;
    const policy::Decision now = m_door->context->gatekeeper.peek(m_door->id, m_request);
    if (now.verdict != policy::Verdict::Allow)
        end("cut: " + now.reason);
}

// ---- One port

UdpRelay::UdpRelay(std::shared_ptr<SandboxDoor> door,
                   int port,
                   std::function<void(const UdpRefusal&)> refuse)
    : m_door(std::move(door))
    , m_port(port)
    , m_refuse(std::move(refuse))
{
    m_door->context->deadlines.watch(*this);
}

void UdpRelay::serve(UniqueFd socket)
{
    auto descriptor =
        std::make_shared<Descriptor>(m_door->context->context, socket.release());
    descriptor->non_blocking(true);
    m_sockets.push_back(descriptor);
    asio::co_spawn(
        m_door->context->context,
        [self = shared_from_this(), descriptor] { return self->receive(descriptor); },
        asio::detached);
}

void UdpRelay::close(const std::string& why)
{
    for (const auto& socket : m_sockets) {
        boost::system::error_code ignored;
        socket->close(ignored);
    }
    m_sockets.clear();
    for (const auto& [key, flow] : m_flows)
        flow->end(why);
    m_flows.clear();
}

asio::awaitable<void> UdpRelay::receive(std::shared_ptr<Descriptor> socket)
{
    while (socket->is_open()) {
        const auto [error] = co_await socket->async_wait(Descriptor::wait_read,
                                                         asio::as_tuple(asio::use_awaitable));
        if (error || !socket->is_open())
            co_return;
        for (int count = 0; count < DatagramsATurn && socket->is_open(); ++count) {
            const auto datagram = receiveDatagram(socket->native_handle(), m_buffer);
            if (!datagram)
                break;
            take(socket, *datagram, {m_buffer.data(), datagram->size});
        }
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    }
}

void UdpRelay::take(const std::shared_ptr<Descriptor>& socket,
                    const Datagram& datagram,
                    std::string_view bytes)
{
    const auto asked = addressOf(datagram.asked);
    if (!asked || datagram.truncated)
        return;
    const auto address = asked->bytes();
    std::string key(reinterpret_cast<const char*>(address.data()), address.size());
    key += std::to_string(portOf(datagram.client));
    auto found = m_flows.find(key);
    if (found == m_flows.end()) {
        auto flow = open(socket, datagram, *asked);
        if (!flow)
            return refuse(datagram);
        found = m_flows.emplace(std::move(key), std::move(flow)).first;
    }
    if (!found->second->fromGuest(bytes))
        refuse(datagram);
}

std::shared_ptr<UdpFlow> UdpRelay::open(const std::shared_ptr<Descriptor>& socket,
                                        const Datagram& datagram,
                                        const policy::Address& asked)
{
    Destination destination{{}, asked.unmapped(), m_port};
    if (m_door->pool->contains(destination.address)) {
        auto name = m_door->pool->nameOf(destination.address);
        if (!name) {
            logRefused(destination.host(), api::Step::Protocol,
                       "the resolver has not given out this address");
            return nullptr;
        }
        destination.name = std::move(*name);
    }
    policy::Request request;
    request.protocol = request.scheme = "udp";
    request.method = "UDP";
    request.host = destination.host();
    request.port = m_port;
    if (m_door->udpFlows >= m_door->context->limits.udpFlows) {
        logRefused(request.host, api::Step::Protocol,
                   "too many UDP flows of this sandbox at once (door.udpFlows)");
        return nullptr;
    }
    const policy::Decision decision = m_door->context->gatekeeper.decide(m_door->id, request);
    if (decision.verdict != policy::Verdict::Allow) {
        logRefused(request.host, decision.step, decision.reason);
        return nullptr;
    }
    auto flow = std::make_shared<UdpFlow>(m_door, destination, request, socket, datagram);
    flow->start(decision, [weak = weak_from_this(), datagram] {
        if (const auto self = weak.lock())
            self->refuse(datagram);
    });
    return flow;
}

void UdpRelay::refuse(const Datagram& datagram)
{
    const auto asked = addressOf(datagram.asked);
    if (m_refuse && asked && m_refusals.allows(Deadlines::Clock::now()))
        m_refuse({portOf(datagram.client), *asked, m_port});
}

void UdpRelay::logRefused(const policy::Host& host, api::Step step, const std::string& reason)
{
    if (!m_rows.allows(Deadlines::Clock::now()))
        return;
    LogRow log(*m_door);
    log.row().protocol = log.row().scheme = "udp";
    log.row().method = "UDP";
    log.row().host = host.text();
    log.row().port = m_port;
    log.refused(step, reason, 0);
}

void UdpRelay::tick(Deadlines::Clock::time_point now)
{
    for (auto it = m_flows.begin(); it != m_flows.end();) {
        if (!it->second->isIdle(now)) {
            ++it;
            continue;
        }
        it->second->end({});
        it = m_flows.erase(it);
    }
}

} // namespace sallyport::egress

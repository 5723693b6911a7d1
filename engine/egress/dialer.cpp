#include "engine/egress/dialer.h"

#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "engine/binding/bindings.h"
#include "engine/policy/virtual_name.h"

namespace sallyport::egress {

namespace asio = boost::asio;

namespace {

// While other addresses wait to be tried.
constexpr std::chrono::milliseconds ImpatientConnect{3000};

UpstreamFailure failure(UpstreamFailure::Kind kind, std::string text, std::string address = {})
{
    return {kind, std::move(text), std::nullopt, std::move(address)};
}

socklen_t fill(sockaddr_storage& out, const policy::Address& address, int port)
{
    const auto bytes = address.bytes();
    if (address.isV4()) {
        auto* v4 = reinterpret_cast<sockaddr_in*>(&out);
        v4->sin_family = AF_INET;
        v4->sin_port = htons(static_cast<std::uint16_t>(port));
        std::memcpy(&v4->sin_addr, bytes.data(), bytes.size());
        return sizeof *v4;
    }
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(static_cast<std::uint16_t>(port));
    std::memcpy(&v6->sin6_addr, bytes.data(), bytes.size());
    return sizeof *v6;
}

asio::awaitable<UpstreamResult<Dialled>> connectTo(DoorContext& context,
                                                   Stream::Group& group,
                                                   policy::Address address,
                                                   int port,
                                                   std::chrono::milliseconds limit)
{
    using Kind = UpstreamFailure::Kind;
    Dialled dialled{std::make_unique<Stream>(context.context, context.deadlines),
                    fmt::format("{}:{}", address.urlText(), port), std::nullopt};
    const auto failed = [&](Kind kind, const std::string& why) {
        return tl::unexpected(
            failure(kind, fmt::format("connect to {}: {}", dialled.address, why), dialled.address));
    };
    UniqueFd socket(::socket(address.isV4() ? AF_INET : AF_INET6,
                             SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.isOpen())
        co_return failed(Kind::Connect, std::strerror(errno));
    sockaddr_storage target{};
    const socklen_t size = fill(target, address, port);
    const int started = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&target), size);
    if (started != 0 && errno != EINPROGRESS)
        co_return failed(Kind::Connect, std::strerror(errno));
    if (const Status adopted = dialled.stream->adopt(std::move(socket)); !adopted)
        co_return failed(Kind::Connect, adopted.error().text);
    group.add(*dialled.stream);
    const bool ready = co_await dialled.stream->waitWritable(limit);
    if (!ready) {
        if (dialled.stream->isTimedOut())
            co_return failed(Kind::TimedOut, "no answer in time");
        co_return failed(Kind::Connect, "the sandbox was closed");
    }
    int error = 0;
    socklen_t errorSize = sizeof error;
    static_cast<void>(::getsockopt(dialled.stream->fd(), SOL_SOCKET, SO_ERROR, &error, &errorSize));
    if (error != 0)
        co_return failed(Kind::Connect, std::strerror(error));
    co_return dialled;
}

UpstreamFailure refusedAddress(std::string text, policy::Decision decision, std::string address)
{
    UpstreamFailure refused =
        failure(UpstreamFailure::Kind::Refused, std::move(text), std::move(address));
    refused.decision = std::move(decision);
    return refused;
}

// The proxy resolves names, so nobody here can check the address that it will connect to. What
// only a private network could answer is refused; a literal address meets the floor as ever.
std::optional<UpstreamFailure>
floorByProxy(DoorContext& context, api::SandboxId sandbox, const policy::Host& host, int port)
{
    const std::string address = fmt::format("{}:{}", host.urlText(), port);
    if (host.isLiteral()) {
        policy::Decision decision = context.gatekeeper.checkAddress(sandbox, *host.address, port);
        if (decision.verdict == policy::Verdict::Allow)
            return std::nullopt;
        std::string reason = decision.reason;
        return refusedAddress(std::move(reason), std::move(decision), address);
    }
    if (!isPrivateName(host))
        return std::nullopt;
    policy::Decision decision;
    decision.step = api::Step::Floor;
    decision.reason =
        host.text() +
        " is a name of a private network, and an upstream proxy resolves names where "
        "their addresses can't be checked: name it in proxy.direct to reach it from here";
    std::string reason = decision.reason;
    return refusedAddress(std::move(reason), std::move(decision), address);
}

asio::awaitable<UpstreamResult<Dialled>> dialByProxy(DoorContext& context,
                                                     api::SandboxId sandbox,
                                                     Stream::Group& group,
                                                     policy::Host host,
                                                     int port,
                                                     ByProxy way)
{
    using Kind = UpstreamFailure::Kind;
    const std::shared_ptr<const ProxyPlan> plan = context.proxy;
    if (!plan->problem.empty())
        co_return tl::unexpected(
            failure(Kind::Connect, "the upstream proxy can't be used: " + plan->problem));
    if (auto refused = floorByProxy(context, sandbox, host, port))
        co_return tl::unexpected(std::move(*refused));
    const ProxyServer& proxy = *plan->server;
    const auto failed = [&](Kind kind, const std::string& why) {
        return tl::unexpected(failure(kind, "the upstream proxy: " + why, proxy.text()));
    };
    std::vector<policy::Address> addresses;
    if (proxy.host.isLiteral()) {
        addresses.push_back(*proxy.host.address);
    } else {
        auto found = co_await context.resolver.resolve(proxy.host.name, context.limits.resolve);
        if (!found)
            co_return failed(Kind::Name, found.error().text);
        addresses = std::move(*found);
    }
    UpstreamFailure last =
        failure(Kind::Name, "the upstream proxy: " + proxy.host.text() + " has no address");
    for (const policy::Address& address : addresses) {
        auto dialled =
            co_await connectTo(context, group, address, proxy.port, context.limits.connect);
        if (!dialled) {
            last = failure(dialled.error().kind, "the upstream proxy: " + dialled.error().text,
                           dialled.error().address);
            continue;
        }
        if (way == ByProxy::Forwarded) {
            dialled->forwardedBy = forwardedBy(proxy, host, port);
        } else {
            const Status led =
                co_await leadThrough(*dialled->stream, proxy, host, port, context.limits.connect);
            if (!led)
                co_return failed(led.error().code == Error::Code::TimedOut ? Kind::TimedOut
                                                                           : Kind::Connect,
                                 led.error().text);
        }
        dialled->address = fmt::format("{}:{} by {}", host.urlText(), port, dialled->address);
        co_return std::move(*dialled);
    }
    co_return tl::unexpected(std::move(last));
}

asio::awaitable<UpstreamResult<Dialled>>
dialService(DoorContext& context, Stream::Group& group, binding::ServicePort service)
{
    if (!service.owner)
        co_return co_await dialGranted(context, group, service.port);
    Dialled dialled{std::make_unique<Stream>(context.context, context.deadlines),
                    fmt::format("{}:{}", context.bindings->nameOf(*service.owner), service.port),
                    std::nullopt};
    const auto failed = [&](const Error& error) {
        const auto kind = error.code == Error::Code::TimedOut ? UpstreamFailure::Kind::TimedOut
                                                              : UpstreamFailure::Kind::Connect;
        return tl::unexpected(failure(
            kind, fmt::format("connect to {}: {}", dialled.address, error.text), dialled.address));
    };
    auto connecting = context.bindings->connect(*service.owner, service.port);
    auto socket = co_await std::move(connecting);
    if (!socket)
        co_return failed(socket.error());
    if (const Status adopted = dialled.stream->adopt(std::move(*socket)); !adopted)
        co_return failed(adopted.error());
    group.add(*dialled.stream);
    co_return dialled;
}

} // namespace

std::optional<UpstreamFailure> refuseService(const DoorContext& context,
                                             api::SandboxId sandbox,
                                             const policy::Host& host,
                                             int port)
{
    const auto service = context.bindings
                             ? context.bindings->service(sandbox, host.name, port)
                             : Result<binding::ServicePort>(
                                   fail(Error::Code::Unavailable, "nothing can be bound here"));
    if (service)
        return std::nullopt;
    UpstreamFailure refused = failure(UpstreamFailure::Kind::Refused, service.error().text);
    refused.decision.emplace();
    refused.decision->step = api::Step::Handler;
    refused.decision->ruleText = host.name;
    refused.decision->reason = service.error().text;
    return refused;
}

asio::awaitable<UpstreamResult<Dialled>> dial(DoorContext& context,
                                              api::SandboxId sandbox,
                                              Stream::Group& group,
                                              policy::Host host,
                                              int port,
                                              ByProxy byProxy)
{
    using Kind = UpstreamFailure::Kind;
    if (policy::isVirtualName(host.name)) {
        if (auto refused = refuseService(context, sandbox, host, port))
            co_return tl::unexpected(std::move(*refused));
        auto dialling =
            dialService(context, group, *context.bindings->service(sandbox, host.name, port));
        co_return co_await std::move(dialling);
    }
    if (context.proxy && context.proxy->applies(host, port))
        co_return co_await dialByProxy(context, sandbox, group, std::move(host), port, byProxy);
    std::vector<policy::Address> addresses;
    if (host.isLiteral()) {
        addresses.push_back(*host.address);
    } else {
        auto found = co_await context.resolver.resolve(host.name, context.limits.resolve);
        if (!found)
            co_return tl::unexpected(
                failure(found.error().code == Error::Code::TimedOut ? Kind::TimedOut : Kind::Name,
                        found.error().text));
        addresses = std::move(*found);
    }
    UpstreamFailure last = failure(Kind::Name, "the name " + host.text() + " has no address");
    if (addresses.size() > context.limits.addressesTried)
        addresses.resize(context.limits.addressesTried);
    std::optional<UpstreamFailure> refused;
    std::size_t left = addresses.size();
    for (const policy::Address& address : addresses) {
        --left;
        policy::Decision decision = context.gatekeeper.checkAddress(sandbox, address, port);
        if (decision.verdict != policy::Verdict::Allow) {
            refused = failure(Kind::Refused,
                              host.isLiteral() ? decision.reason
                                               : fmt::format("{} is at {}: {}", host.text(),
                                                             address.text(), decision.reason),
                              fmt::format("{}:{}", address.urlText(), port));
            refused->decision = std::move(decision);
            continue;
        }
        const std::chrono::milliseconds limit =
            left > 0 ? ImpatientConnect : std::chrono::milliseconds(context.limits.connect);
        auto dialled = co_await connectTo(context, group, address, port, limit);
        if (dialled)
            co_return std::move(*dialled);
        last = std::move(dialled.error());
    }
    // An address that was refused explains more than another that did not answer.
    co_return tl::unexpected(refused ? std::move(*refused) : std::move(last));
}

asio::awaitable<UpstreamResult<Dialled>>
dialGranted(DoorContext& context, Stream::Group& group, int port)
{
    return connectTo(context, group, *policy::Address::parse("127.0.0.1"), port,
                     context.limits.connect);
}

} // namespace sallyport::egress

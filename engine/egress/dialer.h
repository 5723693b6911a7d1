#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <tl/expected.hpp>

#include "engine/egress/door_context.h"
#include "engine/egress/stream.h"
#include "engine/policy/decision.h"

namespace sallyport::egress {

// Why nothing came of a way to an upstream.
struct UpstreamFailure
{
    enum class Kind
    {
        Refused, // by the floor; `decision` says by which part
        Name,
        Connect,
        Tls,
        Protocol,
        TimedOut,
    };
    Kind kind = Kind::Connect;
    std::string text;
    std::optional<policy::Decision> decision;
    std::string address; // that was tried last, with port
};
template <typename T> using UpstreamResult = tl::expected<T, UpstreamFailure>;

struct Dialled
{
    std::unique_ptr<Stream> stream;
    std::string address; // "203.0.113.7:443"
    std::optional<ForwardedBy> forwardedBy;
};

// How the upstream proxy, where there is one, leads to a host.
enum class ByProxy
{
    Tunnelled,
    Forwarded, // the stream ends at the proxy, which takes requests of plain HTTP
};

// By the upstream proxy where there is one for this host (then the proxy resolves names). Else
// resolves the host, has each address checked, and connects to exactly a checked one: what a name
// server says later has no effect on this connection. `group` is told about the stream at once, so
// that closing a sandbox ends a dial as well.
[[nodiscard]] boost::asio::awaitable<UpstreamResult<Dialled>> dial(DoorContext& context,
                                                                   api::SandboxId sandbox,
                                                                   Stream::Group& group,
                                                                   policy::Host host,
                                                                   int port,
                                                                   ByProxy byProxy);

// Why this sandbox can't reach the service that goes by a name of ours now; unset where it can.
[[nodiscard]] std::optional<UpstreamFailure> refuseService(const DoorContext& context,
                                                           api::SandboxId sandbox,
                                                           const policy::Host& host,
                                                           int port);

// The port of this machine's loopback that a handler leads to; the floor is not asked.
[[nodiscard]] boost::asio::awaitable<UpstreamResult<Dialled>>
dialGranted(DoorContext& context, Stream::Group& group, int port);

} // namespace sallyport::egress

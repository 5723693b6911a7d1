#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "engine/egress/deadlines.h"
#include "engine/egress/gatekeeper.h"
#include "engine/egress/limits.h"
#include "engine/egress/resolver.h"
#include "engine/egress/upstream_proxy.h"
#include "engine/handler/runtime.h"
#include "engine/tls/upstream_context.h"

namespace sallyport::binding {
class Bindings;
}

namespace sallyport::egress {

namespace asio = boost::asio;

// What handlers may do besides fetching, by name, with JSON in and out: changing their sandbox's
// handlers and hosts, and its bindings.
using HandlerOperation = std::function<asio::awaitable<Result<std::string>>(
    api::SandboxId sandbox, std::string name, std::string json)>;

struct UpstreamOptions
{
    tls::UpstreamContext::Options trust;
    Resolver::Lookup lookup; // empty: the system's
};

// What all sandboxes' doors share. Network thread only; outlives every connection, since whoever
// serves one holds it.
struct DoorContext
{
    DoorContext(asio::io_context& io,
                Gatekeeper& keeper,
                const DoorLimits& bounds,
                std::unique_ptr<tls::UpstreamContext> trust,
                Resolver::Lookup lookup)
        : context(io)
        , gatekeeper(keeper)
        , limits(bounds)
        , deadlines(io.get_executor())
        , resolver(bounds.lookups, std::move(lookup))
        , upstreamTls(std::move(trust))
    {
    }

    asio::io_context& context;
    Gatekeeper& gatekeeper;
    DoorLimits limits; // replaced as a whole, between two turns of the loop
    Deadlines deadlines;
    Resolver resolver;
    std::unique_ptr<tls::UpstreamContext> upstreamTls;
    std::shared_ptr<const ProxyPlan> proxy; // null: upstreams are reached directly
    // Runs the handlers of modules; null: every request that one stands for is denied.
    handler::Runtime* handlers = nullptr;
    HandlerOperation handlerOperation;
    // Null: nothing is bound.
    std::shared_ptr<binding::Bindings> bindings;
};

} // namespace sallyport::egress

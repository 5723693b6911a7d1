#pragma once

#include <memory>
#include <string>

#include "engine/dns/address_pool.h"
#include "engine/dns/query_watch.h"
#include "engine/egress/door_context.h"
#include "engine/egress/flood_meter.h"
#include "engine/egress/stream.h"
#include "engine/egress/upstreams.h"
#include "engine/tls/leaf_cache.h"

namespace sallyport::egress {

// Something that runs and can be told to ask the ladder again.
class Recheckable
{
public:
    Recheckable() = default;
    Recheckable(const Recheckable&) = delete;
    Recheckable& operator=(const Recheckable&) = delete;
    // Ends what the policy of now denies.
    virtual void cutIfDenied() = 0;
    // Puts what has moved since the last time on the budgets, and ends what uses one up.
    virtual void charge() = 0;

    using Hook = boost::intrusive::list_member_hook<
        boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
    Hook hook;

protected:
    virtual ~Recheckable() = default;
};

// One sandbox's side of the door. Held by every coroutine that serves it. Network thread only.
struct SandboxDoor final : std::enable_shared_from_this<SandboxDoor>, Deadlines::Watched
{
    SandboxDoor(std::shared_ptr<DoorContext> shared,
                api::SandboxId sandbox,
                std::string sandboxName,
                tls::LeafCache leafCache,
                std::shared_ptr<dns::AddressPool> addressPool)
        : context(std::move(shared))
        , id(sandbox)
        , name(std::move(sandboxName))
        , leaves(std::move(leafCache))
        , pool(std::move(addressPool))
        , upstreams(context, id, upstreamStreams)
    {
        context->deadlines.watch(*this);
    }

    void tick(Deadlines::Clock::time_point) override
    {
        for (auto it = running.begin(); it != running.end();)
            (it++)->charge();
    }

    // Ends everything of this sandbox; what waits returns soon.
    void close()
    {
        closing = true;
        guestStreams.closeAll();
        upstreamStreams.closeAll();
        upstreams.closeIdle();
    }

    std::shared_ptr<DoorContext> context;
    api::SandboxId id;
    std::string name;
    tls::LeafCache leaves;
    std::shared_ptr<dns::AddressPool> pool;
    Stream::Group guestStreams;
    Stream::Group upstreamStreams;
    Upstreams upstreams;
    boost::intrusive::list<
        Recheckable,
        boost::intrusive::member_hook<Recheckable, Recheckable::Hook, &Recheckable::hook>,
        boost::intrusive::constant_time_size<false>>
        running;
    std::size_t connections = 0;
    std::size_t udpFlows = 0;
    // Bound the rows that a guest can make us write without being served.
    FloodMeter refusedQueries{20, 1};
    dns::QueryWatch queries;
    FloodMeter refusedConnections{5, 0.2};
    bool closing = false;
};

} // namespace sallyport::egress

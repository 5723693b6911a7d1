// phases.*
#include "engine/service/engine.h"

namespace sallyport::service
{
namespace asio = boost::asio;

using api::Json;
using Reply = asio::awaitable<Result<Json>>;

namespace
{

HandlerBook::Wanted wantedOf(const api::Phase& phase)
{
    return {phase.handler, phase.params};
}

Result<Json> jsonOf(const Result<api::Phases>& phases)
{
    return phases ? Result<Json>(api::toJson(*phases)) : tl::unexpected(phases.error());
}

} // namespace

PhaseBook::Parts Engine::phaseParts()
{
    PhaseBook::Parts parts;
    parts.check = [this](api::SandboxId sandbox, const api::Phase& phase) -> Status {
        if (Status good = PolicyBook::checkHosts(phase.allowedHosts.value_or(std::vector<std::string>())); !good)
            return good;
        return phase.handler.empty() ? Status() : m_handlers->check(sandbox, wantedOf(phase));
    };
    parts.apply = [this](api::SandboxId sandbox, const api::Phase& phase) -> Status {
        const auto handler = phase.handler.empty() ? std::nullopt : std::optional(wantedOf(phase));
        if (Status set = m_handlers->setOutboundHandler(sandbox, handler); !set)
            return set;
        const auto changed = m_sandboxes->change(sandbox, [&](api::Sandbox& each) {
            each.defaultAction = phase.defaultAction;
            each.allowedHosts = phase.allowedHosts;
        });
        return changed ? Status() : tl::unexpected(changed.error());
    };
    parts.onChanged = [this](api::SandboxId sandbox, const api::Phases& phases) {
        broadcast("phases.changed", {{"sandbox", sandbox}, {"phases", api::toJson(phases)}});
    };
    return parts;
}

void Engine::bindPhaseMethods()
{
    m_server->registerMethod("phases.get", [this](api::Connection&, Json parameters) -> Reply {
        const auto id = sandboxIn(parameters);
        if (!id)
            co_return tl::unexpected(id.error());
        co_return api::toJson(m_phases->of(*id));
    });
    m_server->registerMethod("phases.set", [this](api::Connection&, Json parameters) -> Reply {
        const auto id = sandboxIn(parameters);
        auto phases = api::member<std::vector<api::Phase>>(parameters, "phases");
        if (!id || !phases)
            co_return tl::unexpected(!id ? id.error() : phases.error());
        co_return jsonOf(m_phases->set(*id, std::move(*phases)));
    });
    m_server->registerMethod("phases.enter", [this](api::Connection&, Json parameters) -> Reply {
        const auto id = sandboxIn(parameters);
        const auto name = api::member<std::string>(parameters, "phase");
        if (!id || !name)
            co_return tl::unexpected(!id ? id.error() : name.error());
        co_return jsonOf(m_phases->enter(*id, *name));
    });
}

} // namespace sallyport::service

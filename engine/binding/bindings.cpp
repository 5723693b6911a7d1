#include "engine/binding/bindings.h"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/api/json.h"
#include "engine/base/text.h"
#include "engine/policy/virtual_name.h"

namespace sallyport::binding {

namespace {

// The other sandboxes, as far as their ports are bound as services.
constexpr auto SandboxesVariable = "SANDBOXES";

api::Handler
rung(std::string host, std::string name, const nlohmann::json& params, UnixMillis setAt)
{
    api::Handler handler;
    handler.host = std::move(host);
    handler.origin = api::HandlerOrigin::Declared;
    handler.kind = api::HandlerKind::Native;
    handler.name = std::move(name);
    handler.params = params.dump();
    handler.setAt = setAt;
    return handler;
}

std::string below(std::string_view label, std::string_view domain)
{
    return fmt::format("{}.{}", label, domain);
}

} // namespace

void Bindings::setSandboxes(NameOf nameOf, Connect connect)
{
    m_nameOf = std::move(nameOf);
    m_connect = std::move(connect);
}

std::string Bindings::nameOf(api::SandboxId sandbox) const
{
    return m_nameOf ? m_nameOf(sandbox) : std::string();
}

boost::asio::awaitable<Result<UniqueFd>> Bindings::connect(api::SandboxId owner, int port)
{
    if (!m_connect)
        co_return fail(Error::Code::Unavailable, "no sandbox can be reached here");
    auto connecting = m_connect(owner, port);
    co_return co_await std::move(connecting);
}

Result<ServicePort> Bindings::service(api::SandboxId sandbox, std::string_view host, int port) const
{
    const auto known = catalogue();
    if (const auto name = policy::labelBelow(host, policy::ServiceDomain)) {
        const auto found = known->open(sandbox, api::BindingKind::Service, *name,
                                       api::BindingAccess::ReadOnly, Caller::Either);
        if (!found)
            return tl::unexpected(found.error());
        const api::Binding& binding = found->entry->binding;
        return ServicePort{binding.name, binding.port, binding.owner};
    }
    const auto owner = policy::labelBelow(host, policy::SandboxDomain);
    if (!owner)
        return fail(Error::Code::NotFound,
                    fmt::format("{} is no name of a service", text::escapeControls(host)));
    for (const Usable& each : known->usedBy(sandbox, Caller::Either)) {
        const api::Binding& binding = each.entry->binding;
        if (binding.kind == api::BindingKind::Service && binding.owner && binding.port == port &&
            nameOf(*binding.owner) == *owner)
            return ServicePort{binding.name, binding.port, binding.owner};
    }
    return fail(
        Error::Code::NotFound,
        fmt::format("no service at port {} of the sandbox {} is bound to this one", port, *owner));
}

std::string Bindings::authorityAt(api::SandboxId sandbox, const std::string& host, int port) const
{
    const auto found = service(sandbox, host, port);
    return found ? fmt::format("localhost:{}", found->port) : host;
}

std::vector<api::Handler> Bindings::rungsOf(api::SandboxId sandbox) const
{
    std::vector<api::Handler> rungs;
    const auto known = catalogue();
    bool hasKv = false;
    bool hasObjects = false;
    const auto none = nlohmann::json::object();
    for (const Usable& each : known->usedBy(sandbox, Caller::Guest)) {
        const api::Binding& binding = each.entry->binding;
        const UnixMillis at = binding.createdAt;
        switch (binding.kind) {
        case api::BindingKind::Kv:
            if (!std::exchange(hasKv, true))
                rungs.push_back(rung(std::string(policy::KvHost), "kv", none, at));
            break;
        case api::BindingKind::Objects:
            if (!std::exchange(hasObjects, true)) {
                rungs.push_back(rung(std::string(policy::ObjectsHost), "objects", none, at));
                rungs.push_back(rung(below("*", policy::ObjectsHost), "objects", none, at));
            }
            break;
        case api::BindingKind::Service: {
            const nlohmann::json params{{"service", binding.name}};
            rungs.push_back(
                rung(below(binding.name, policy::ServiceDomain), "redirectTo", params, at));
            const std::string owner = binding.owner ? nameOf(*binding.owner) : std::string();
            if (!owner.empty())
                rungs.push_back(
                    rung(fmt::format("{}:{}", below(owner, policy::SandboxDomain), binding.port),
                         "redirectTo", params, at));
            break;
        }
        }
    }
    return rungs;
}

nlohmann::json Bindings::environmentOf(api::SandboxId sandbox) const
{
    nlohmann::json all = nlohmann::json::object();
    nlohmann::json ports = nlohmann::json::object();
    const auto known = catalogue();
    for (const Usable& each : known->usedBy(sandbox, Caller::Handler)) {
        const api::Binding& binding = each.entry->binding;
        // A use of its own goes before everybody's of the same name.
        if (!all.contains(each.use.variable) || each.use.sandbox)
            all[each.use.variable] = {{"kind", api::enumName(binding.kind)},
                                      {"name", binding.name}};
        const std::string owner = binding.owner ? nameOf(*binding.owner) : std::string();
        if (!owner.empty())
            ports[owner].push_back(binding.port);
    }
    if (!all.contains(SandboxesVariable))
        all[SandboxesVariable] = {{"kind", "sandboxes"}, {"ports", std::move(ports)}};
    return all;
}

} // namespace sallyport::binding

// What a module may do to its own sandbox: the setters of the API, with the arguments in order.
#include <algorithm>
#include <map>

#include "engine/policy/pattern.h"
#include "engine/service/engine.h"

namespace sallyport::service
{
namespace asio = boost::asio;

using api::Json;

namespace
{

using Hosts = std::vector<std::string>;

Json at(const Json& arguments, std::size_t index)
{
    return arguments.size() > index ? arguments[index] : Json();
}

Result<HandlerBook::Wanted> wantedOf(const Json& name, const Json& params)
{
    if (!name.is_string())
        return fail(Error::Code::Invalid, "the name of a handler is a text");
    HandlerBook::Wanted wanted;
    wanted.name = name.get<std::string>();
    if (!params.is_null())
        wanted.params = params.dump(-1, ' ', false, Json::error_handler_t::replace);
    return wanted;
}

Status setByHosts(HandlerBook& book, api::SandboxId sandbox, const Json& handlers)
{
    if (!handlers.is_object())
        return fail(Error::Code::Invalid, "setOutboundByHosts takes an object of hosts and handlers");
    std::vector<std::pair<std::string, HandlerBook::Wanted>> all;
    for (const auto& [host, handler] : handlers.items()) {
        const bool isObject = handler.is_object();
        // Cloudflare's word for the name is "method".
        const Json name = isObject ? handler.value(handler.contains("method") ? "method" : "name", Json()) : handler;
        auto wanted = wantedOf(name, isObject ? handler.value("params", Json()) : Json());
        if (!wanted)
            return fail(host, wanted.error());
        all.emplace_back(host, std::move(*wanted));
    }
    return book.setOutboundByHosts(sandbox, all);
}

Status setHandler(HandlerBook& book, api::SandboxId sandbox, const Json& arguments)
{
    if (at(arguments, 0).is_null())
        return book.setOutboundHandler(sandbox, std::nullopt);
    const auto wanted = wantedOf(at(arguments, 0), at(arguments, 1));
    return wanted ? book.setOutboundHandler(sandbox, *wanted) : tl::unexpected(wanted.error());
}

Status setByHost(HandlerBook& book, api::SandboxId sandbox, const Json& arguments)
{
    const Json host = at(arguments, 0);
    const auto wanted = wantedOf(at(arguments, 1), at(arguments, 2));
    if (!host.is_string() || !wanted)
        return !wanted ? tl::unexpected(wanted.error()) : Status(fail(Error::Code::Invalid, "the host is a text"));
    return book.setOutboundByHost(sandbox, host.get<std::string>(), *wanted);
}

Status removeByHost(HandlerBook& book, api::SandboxId sandbox, const Json& arguments)
{
    const Json host = at(arguments, 0);
    if (!host.is_string())
        return fail(Error::Code::Invalid, "the host is a text");
    return book.removeOutboundByHost(sandbox, host.get<std::string>());
}

} // namespace

// {allowedHosts} or {deniedHosts} as policy.set takes them; unset where `name` is none of these.
Result<Json> Engine::hostChange(api::SandboxId sandbox, const std::string& name, const Json& argument) const
{
    const auto known = m_sandboxes->get(sandbox);
    if (!known)
        return tl::unexpected(known.error());
    if (name == "sandbox.setAllowedHosts" || name == "sandbox.setDeniedHosts")
        return Json{{name == "sandbox.setAllowedHosts" ? "allowedHosts" : "deniedHosts", argument}};
    if (!argument.is_string())
        return fail(Error::Code::Invalid, "the host is a text");
    const auto pattern = policy::Pattern::parse(argument.get<std::string>());
    if (!pattern)
        return tl::unexpected(pattern.error());
    const bool isAllowed = name == "sandbox.allowHost" || name == "sandbox.removeAllowedHost";
    const bool isRemoval = name == "sandbox.removeAllowedHost" || name == "sandbox.removeDeniedHost";
    if (!isAllowed && !isRemoval && name != "sandbox.denyHost")
        return fail(Error::Code::NotFound, "there is no " + name);
    // A list that takes the place of the class's begins as a copy of it.
    const auto allowed = known->allowedHosts ? known->allowedHosts : m_handlers->settings(sandbox).allowedHosts;
    if (isAllowed && isRemoval && !allowed)
        return Json::object();
    Hosts hosts = isAllowed ? allowed.value_or(Hosts{}) : known->deniedHosts;
    std::erase_if(hosts, [&](const std::string& each) {
        const auto other = policy::Pattern::parse(each);
        return other && other->text() == pattern->text();
    });
    if (!isRemoval)
        hosts.push_back(pattern->text());
    return Json{{isAllowed ? "allowedHosts" : "deniedHosts", hosts}};
}

Result<std::string> Engine::operateForHandler(api::SandboxId sandbox, const std::string& name, const std::string& json)
{
    using Deed = Status (*)(HandlerBook&, api::SandboxId, const Json&);
    static const std::map<std::string, Deed> deeds{
        {"sandbox.setOutboundHandler", setHandler},
        {"sandbox.setOutboundByHost", setByHost},
        {"sandbox.setOutboundByHosts",
         [](HandlerBook& book, api::SandboxId id, const Json& arguments) { return setByHosts(book, id, at(arguments, 0)); }},
        {"sandbox.removeOutboundByHost", removeByHost},
    };
    if (name == "sandbox.closeInternet") {
        const auto closed = setPolicy({{"sandbox", sandbox}, {"defaultAction", "deny"}});
        return closed ? Result<std::string>(std::string()) : tl::unexpected(closed.error());
    }
    const Json arguments = Json::parse(json, nullptr, false);
    if (!arguments.is_array())
        return fail(Error::Code::Invalid, name + ": no list of arguments");
    if (const auto found = deeds.find(name); found != deeds.end()) {
        if (const Status done = found->second(*m_handlers, sandbox, arguments); !done)
            return tl::unexpected(done.error());
        return std::string();
    }
    auto change = hostChange(sandbox, name, at(arguments, 0));
    if (!change)
        return tl::unexpected(change.error());
    (*change)["sandbox"] = sandbox;
    const auto changed = setPolicy(std::move(*change));
    if (!changed)
        return tl::unexpected(changed.error());
    return std::string();
}

} // namespace sallyport::service

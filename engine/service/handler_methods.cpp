// sandbox.setOutbound*, sandbox.*Host*, handlers.*, module.*
#include <algorithm>

#include "engine/api/await.h"
#include "engine/policy/built_in.h"
#include "engine/policy/handler_index.h"
#include "engine/policy/pattern.h"
#include "engine/service/engine.h"

namespace sallyport::service
{
namespace asio = boost::asio;

using api::Json;
using Reply = asio::awaitable<Result<Json>>;

namespace
{

constexpr int DefaultLines = 100;

using Hosts = std::vector<std::string>;

std::string dump(const Json& json)
{
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// {name, params?}, or the name alone.
Result<HandlerBook::Wanted> wantedIn(const Json& json)
{
    HandlerBook::Wanted wanted;
    if (json.is_string()) {
        wanted.name = json.get<std::string>();
        return wanted;
    }
    auto name = api::member<std::string>(json, "name");
    if (!name)
        return tl::unexpected(name.error());
    wanted.name = std::move(*name);
    if (const auto params = json.find("params"); params != json.end())
        wanted.params = dump(*params);
    return wanted;
}

Result<std::string> hostIn(const Json& parameters)
{
    const auto host = api::member<std::string>(parameters, "host");
    if (!host)
        return tl::unexpected(host.error());
    const auto pattern = policy::Pattern::parse(*host);
    if (!pattern)
        return tl::unexpected(pattern.error());
    return pattern->text();
}

bool isSameHost(const std::string& entry, const std::string& canonical)
{
    const auto pattern = policy::Pattern::parse(entry);
    return pattern && pattern->text() == canonical;
}

void addHost(Hosts& hosts, const std::string& host)
{
    if (std::none_of(hosts.begin(), hosts.end(), [&](const std::string& each) { return isSameHost(each, host); }))
        hosts.push_back(host);
}

void removeHost(Hosts& hosts, const std::string& host)
{
    std::erase_if(hosts, [&](const std::string& each) { return isSameHost(each, host); });
}

} // namespace

Json Engine::moduleJson(const api::Module& module) const
{
    Json json = api::toJson(module);
    json["settings"] = api::toJson(m_handlers->settings(module.sandbox));
    return json;
}

Json Engine::handlersOf(api::SandboxId sandbox) const
{
    std::vector<std::string> problems;
    Json list = Json::array();
    for (const auto& entry : policy::HandlerIndex(handlersOnLadder(sandbox), problems).inOrder())
        list.push_back(api::toJson(entry->slot));
    return {{"handlers", std::move(list)}};
}

void Engine::bindHandlerMethods()
{
    // A change of a sandbox's handlers; answered with the handlers as they are then.
    const auto bind = [this](std::string_view name, Status (*deed)(HandlerBook&, api::SandboxId, const Json&)) {
        m_server->registerMethod(name, [this, deed](api::Connection&, Json parameters) -> Reply {
            const auto id = sandboxIn(parameters);
            if (!id)
                co_return tl::unexpected(id.error());
            if (auto done = deed(*m_handlers, *id, parameters); !done)
                co_return tl::unexpected(done.error());
            co_return handlersOf(*id);
        });
    };
    bind("handlers.list", [](HandlerBook&, api::SandboxId, const Json&) { return Status(); });
    bind("sandbox.setOutboundHandler", [](HandlerBook& book, api::SandboxId id, const Json& parameters) -> Status {
        const auto name = parameters.find("name");
        if (name != parameters.end() && name->is_null())
            return book.setOutboundHandler(id, std::nullopt);
        const auto wanted = wantedIn(parameters);
        return wanted ? book.setOutboundHandler(id, *wanted) : tl::unexpected(wanted.error());
    });
    bind("sandbox.setOutboundByHost", [](HandlerBook& book, api::SandboxId id, const Json& parameters) -> Status {
        const auto host = api::member<std::string>(parameters, "host");
        if (!host)
            return tl::unexpected(host.error());
        const auto wanted = wantedIn(parameters);
        return wanted ? book.setOutboundByHost(id, *host, *wanted) : tl::unexpected(wanted.error());
    });
    bind("sandbox.setOutboundByHosts", [](HandlerBook& book, api::SandboxId id, const Json& parameters) -> Status {
        const auto handlers = parameters.find("handlers");
        if (handlers == parameters.end() || !handlers->is_object())
            return fail(Error::Code::Invalid, "handlers: not an object of hosts and handlers");
        std::vector<std::pair<std::string, HandlerBook::Wanted>> all;
        for (const auto& [host, handler] : handlers->items()) {
            auto wanted = wantedIn(handler);
            if (!wanted)
                return fail(host, wanted.error());
            all.emplace_back(host, std::move(*wanted));
        }
        return book.setOutboundByHosts(id, all);
    });
    bind("sandbox.removeOutboundByHost", [](HandlerBook& book, api::SandboxId id, const Json& parameters) -> Status {
        const auto host = api::member<std::string>(parameters, "host");
        return host ? book.removeOutboundByHost(id, *host) : tl::unexpected(host.error());
    });

    m_server->registerMethod("handlers.builtIns", [](api::Connection&, Json) -> Reply {
        co_return Json{{"builtIns", api::toJson(policy::builtIns())}};
    });
    m_server->registerMethod("handlers.log", [this](api::Connection&, Json parameters) -> Reply {
        store::handlers::LineQuery query;
        if (parameters.contains("sandbox")) {
            const auto id = sandboxIn(parameters);
            if (!id)
                co_return tl::unexpected(id.error());
            query.sandbox = *id;
        }
        const auto row = api::optionalMember<std::int64_t>(parameters, "row");
        const auto before = api::optionalMember<std::int64_t>(parameters, "before");
        const auto limit = api::optionalMember<int>(parameters, "limit");
        if (!row || !before || !limit)
            co_return tl::unexpected(!row ? row.error() : !before ? before.error() : limit.error());
        query.row = *row;
        query.before = *before;
        query.limit = limit->value_or(DefaultLines);
        auto pending = api::awaitCallback<Result<api::HandlerLinePage>>([&](auto done) { m_handlerLog->list(query, std::move(done)); });
        auto page = co_await std::move(pending);
        if (!page)
            co_return tl::unexpected(page.error());
        co_return api::toJson(*page);
    });

    m_server->registerMethod("module.get", [this](api::Connection&, Json parameters) -> Reply {
        const auto id = sandboxIn(parameters);
        if (!id)
            co_return tl::unexpected(id.error());
        co_return moduleJson(m_handlers->module(*id));
    });
    m_server->registerMethod("module.set", [this](api::Connection&, Json parameters) -> Reply {
        const auto id = sandboxIn(parameters);
        auto source = api::member<std::string>(parameters, "source");
        if (!id || !source)
            co_return tl::unexpected(!id ? id.error() : source.error());
        auto saving = m_handlers->saveModule(*id, std::move(*source));
        const auto module = co_await std::move(saving);
        if (!module)
            co_return tl::unexpected(module.error());
        co_return moduleJson(*module);
    });
    bindHostMethods();
}

// The lists of hosts, an entry at a time; policy.set changes them as a whole.
void Engine::bindHostMethods()
{
    using Declared = api::ModuleSettings;
    const auto bind = [this](std::string_view name, void (*deed)(api::Sandbox&, const Declared&, const std::string&)) {
        m_server->registerMethod(name, [this, deed](api::Connection&, Json parameters) -> Reply {
            const auto id = sandboxIn(parameters);
            const auto host = hostIn(parameters);
            if (!id || !host)
                co_return tl::unexpected(!id ? id.error() : host.error());
            const auto known = m_sandboxes->get(*id);
            if (!known)
                co_return tl::unexpected(known.error());
            if (known->deniedHosts.size() + known->allowedHosts.value_or(Hosts{}).size() >= PolicyBook::MostHostEntries)
                co_return fail(Error::Code::TooLarge, "too many hosts in one list; use rules with patterns");
            const auto changed = m_sandboxes->change(*id, [&](api::Sandbox& sandbox) { deed(sandbox, m_handlers->settings(*id), *host); });
            if (!changed)
                co_return tl::unexpected(changed.error());
            co_return api::toJson(withQuestions(*changed));
        });
    };
    // A list that takes the place of the class's begins as a copy of it.
    bind("sandbox.allowHost", [](api::Sandbox& sandbox, const Declared& module, const std::string& host) {
        if (!sandbox.allowedHosts)
            sandbox.allowedHosts = module.allowedHosts.value_or(Hosts{});
        addHost(*sandbox.allowedHosts, host);
    });
    bind("sandbox.denyHost", [](api::Sandbox& sandbox, const Declared&, const std::string& host) { addHost(sandbox.deniedHosts, host); });
    bind("sandbox.removeAllowedHost", [](api::Sandbox& sandbox, const Declared& module, const std::string& host) {
        if (!sandbox.allowedHosts)
            sandbox.allowedHosts = module.allowedHosts;
        if (sandbox.allowedHosts)
            removeHost(*sandbox.allowedHosts, host);
    });
    bind("sandbox.removeDeniedHost",
         [](api::Sandbox& sandbox, const Declared&, const std::string& host) { removeHost(sandbox.deniedHosts, host); });
    // The whole list, by the names of the setters; the work is policy.set's.
    const auto bindList = [this](std::string_view name, std::string member) {
        m_server->registerMethod(name, [this, member = std::move(member)](api::Connection&, Json parameters) -> Reply {
            const auto hosts = parameters.find("hosts");
            if (hosts == parameters.end())
                co_return fail(Error::Code::Invalid, "hosts: missing");
            Json change{{member, *hosts}};
            change["sandbox"] = parameters["sandbox"];
            co_return setPolicy(std::move(change));
        });
    };
    bindList("sandbox.setAllowedHosts", "allowedHosts");
    bindList("sandbox.setDeniedHosts", "deniedHosts");
}

} // namespace sallyport::service

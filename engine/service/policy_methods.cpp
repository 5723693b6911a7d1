// policy.*, rules.*, approvals.*
#include "engine/policy/ladder.h"
#include "engine/policy/pattern.h"
#include "engine/service/engine.h"

namespace sallyport::service
{
namespace asio = boost::asio;

using api::Json;
using Reply = asio::awaitable<Result<Json>>;

namespace
{

template <typename T> Json listOf(const std::vector<T>& values)
{
    Json list = Json::array();
    for (const T& value : values)
        list.push_back(api::toJson(value));
    return list;
}

Status checkGrants(const std::vector<std::string>& grants)
{
    for (const std::string& grant : grants)
        if (auto parsed = policy::Grant::parse(grant); !parsed)
            return tl::unexpected(parsed.error());
    return {};
}

// What policy.set names. An allowedHosts of null takes the gate away; an absent one leaves it.
struct PolicyChange
{
    std::optional<api::DefaultAction> defaultAction;
    bool hasAllowedHosts = false;
    std::optional<std::vector<std::string>> allowedHosts;
    std::optional<std::vector<std::string>> deniedHosts;
    std::optional<std::vector<std::string>> grants;

    void apply(api::Sandbox& sandbox) const
    {
        if (defaultAction)
            sandbox.defaultAction = *defaultAction;
        if (hasAllowedHosts)
            sandbox.allowedHosts = allowedHosts;
        if (deniedHosts)
            sandbox.deniedHosts = *deniedHosts;
        if (grants)
            sandbox.grants = *grants;
    }
};

Result<PolicyChange> readPolicyChange(Json parameters)
{
    PolicyChange change;
    const auto allowed = parameters.find("allowedHosts");
    change.hasAllowedHosts = allowed != parameters.end();
    if (change.hasAllowedHosts && allowed->is_null())
        parameters.erase(allowed);
    using Hosts = std::vector<std::string>;
    auto action = api::optionalMember<api::DefaultAction>(parameters, "defaultAction");
    auto allowedHosts = api::optionalMember<Hosts>(parameters, "allowedHosts");
    auto deniedHosts = api::optionalMember<Hosts>(parameters, "deniedHosts");
    auto grants = api::optionalMember<Hosts>(parameters, "grants");
    if (!action)
        return tl::unexpected(action.error());
    for (const auto* hosts : {&allowedHosts, &deniedHosts}) {
        if (!*hosts)
            return tl::unexpected(hosts->error());
        if (auto good = PolicyBook::checkHosts((*hosts)->value_or(Hosts{})); !good)
            return tl::unexpected(good.error());
    }
    if (!grants)
        return tl::unexpected(grants.error());
    if (auto good = checkGrants(grants->value_or(Hosts{})); !good)
        return tl::unexpected(good.error());
    change.defaultAction = *action;
    change.allowedHosts = std::move(*allowedHosts);
    change.deniedHosts = std::move(*deniedHosts);
    change.grants = std::move(*grants);
    return change;
}

} // namespace

Result<Json> Engine::setPolicy(Json parameters)
{
    const auto id = sandboxIn(parameters);
    if (!id)
        return tl::unexpected(id.error());
    const auto change = readPolicyChange(std::move(parameters));
    if (!change)
        return tl::unexpected(change.error());
    const auto changed = m_sandboxes->change(*id, [&](api::Sandbox& sandbox) { change->apply(sandbox); });
    if (!changed)
        return tl::unexpected(changed.error());
    return api::toJson(withQuestions(*changed));
}

void Engine::bindPolicyMethods()
{
    m_server->registerMethod("policy.get", [this](api::Connection&, Json parameters) -> Reply {
        const auto id = sandboxIn(parameters);
        if (!id)
            co_return tl::unexpected(id.error());
        co_return Json{{"steps", listOf(m_book->ladder(*id))}};
    });

    m_server->registerMethod("policy.set", [this](api::Connection&, Json parameters) -> Reply {
        co_return setPolicy(std::move(parameters));
    });

    m_server->registerMethod("rules.list", [this](api::Connection&, Json parameters) -> Reply {
        if (!parameters.contains("sandbox"))
            co_return Json{{"rules", listOf(m_book->rules())}};
        const auto id = sandboxIn(parameters);
        if (!id)
            co_return tl::unexpected(id.error());
        co_return Json{{"rules", listOf(m_book->rulesOf(*id))}};
    });

    const auto bindRule = [this](std::string_view name, Result<api::Rule> (*deed)(PolicyBook&, const api::Rule&)) {
        m_server->registerMethod(name, [this, deed](api::Connection&, Json parameters) -> Reply {
            const auto rule = api::member<api::Rule>(parameters, "rule");
            if (!rule)
                co_return tl::unexpected(rule.error());
            const auto stored = deed(*m_book, *rule);
            if (!stored)
                co_return tl::unexpected(stored.error());
            co_return api::toJson(*stored);
        });
    };
    bindRule("rules.add", [](PolicyBook& book, const api::Rule& rule) { return book.add(rule); });
    bindRule("rules.update", [](PolicyBook& book, const api::Rule& rule) { return book.update(rule); });

    m_server->registerMethod("rules.remove", [this](api::Connection&, Json parameters) -> Reply {
        const auto rule = api::member<std::int64_t>(parameters, "rule");
        if (!rule)
            co_return tl::unexpected(rule.error());
        if (auto removed = m_book->remove(*rule); !removed)
            co_return tl::unexpected(removed.error());
        co_return Json::object();
    });
}

void Engine::bindApprovalMethods()
{
    m_server->registerMethod("approvals.list", [this](api::Connection&, Json) -> Reply {
        co_return Json{{"questions", listOf(m_desk->questions())}};
    });

    m_server->registerMethod("approvals.answer", [this](api::Connection&, Json parameters) -> Reply {
        const auto answer = api::fromJson<api::Answer>(parameters);
        if (!answer)
            co_return tl::unexpected(answer.error());
        const auto rule = m_desk->answer(*answer);
        if (!rule)
            co_return tl::unexpected(rule.error());
        Json reply = Json::object();
        if (*rule)
            reply["rule"] = api::toJson(**rule);
        co_return reply;
    });

    m_server->registerMethod("approvals.preview", [this](api::Connection&, Json parameters) -> Reply {
        const auto answer = api::fromJson<api::Answer>(parameters);
        if (!answer)
            co_return tl::unexpected(answer.error());
        const auto rules = m_desk->preview(*answer);
        if (!rules)
            co_return tl::unexpected(rules.error());
        Json reply = Json::object();
        if (!rules->empty())
            reply["rule"] = api::toJson(rules->front());
        co_return reply;
    });
}

} // namespace sallyport::service

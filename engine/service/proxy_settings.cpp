#include "engine/service/proxy_settings.h"

#include <fmt/format.h>

namespace sallyport::service
{
namespace
{

constexpr std::string_view FromEnvironment = "environment";

std::string variable(const Environment& environment, std::initializer_list<const char*> names)
{
    for (const char* name : names)
        if (const char* value = environment(name); value != nullptr && *value != '\0')
            return value;
    return {};
}

void addDirect(egress::ProxyPlan& plan, std::string_view entry, std::string_view from)
{
    auto direct = egress::DirectHost::parse(entry);
    if (direct)
        plan.direct.push_back(std::move(*direct));
    else if (plan.problem.empty())
        plan.problem = fmt::format("{} is not understood: {}", from, direct.error().text);
}

} // namespace

std::shared_ptr<const egress::ProxyPlan>
proxyPlan(const SettingsBook& settings, const Environment& environment, const CredentialValue& credential)
{
    std::string url = settings.text("proxy.url");
    auto plan = std::make_shared<egress::ProxyPlan>();
    std::string from = "proxy.url";
    if (url == FromEnvironment) {
        from = "the proxy of the environment";
        url = variable(environment, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy"});
        const std::string direct = variable(environment, {"no_proxy", "NO_PROXY"});
        if (const auto entries = api::settingFromText(api::SettingType::List, direct); entries && !url.empty())
            for (const api::Json& entry : *entries)
                addDirect(*plan, entry.get_ref<const std::string&>(), "no_proxy");
    }
    if (url.empty())
        return nullptr;
    for (const std::string& entry : settings.list("proxy.direct"))
        addDirect(*plan, entry, "proxy.direct");
    auto server = egress::parseProxy(url);
    if (!server) {
        plan->problem = from + " is not understood: " + server.error().text;
        return plan;
    }
    if (const std::string name = settings.text("proxy.credential"); !name.empty()) {
        const auto value = credential(name);
        if (!value) {
            plan->problem = "the proxy's password can't be had: " + value.error().text;
            return plan;
        }
        const std::size_t colon = value->find(':');
        if (server->user.empty() && colon != std::string::npos) {
            server->user = value->substr(0, colon);
            server->password = value->substr(colon + 1);
        } else {
            server->password = *value;
        }
        if (server->user.empty() || server->user.size() > 255 || server->password.size() > 255)
            plan->problem = "the credential " + name + " is to hold USER:PASSWORD for the proxy, at most 255 bytes each";
    }
    plan->server = std::move(*server);
    return plan;
}

Status checkProxyUrl(const api::Json& value)
{
    const auto& url = value.get_ref<const std::string&>();
    if (url.empty() || url == FromEnvironment)
        return {};
    const auto server = egress::parseProxy(url);
    if (!server)
        return tl::unexpected(server.error());
    if (!server->password.empty())
        return fail(Error::Code::Invalid, "settings hold no passwords: add a credential with the value USER:PASSWORD and name it in proxy.credential");
    return {};
}

Status checkDirectHosts(const api::Json& value)
{
    for (const api::Json& entry : value)
        if (const auto direct = egress::DirectHost::parse(entry.get_ref<const std::string&>()); !direct)
            return tl::unexpected(direct.error());
    return {};
}

} // namespace sallyport::service

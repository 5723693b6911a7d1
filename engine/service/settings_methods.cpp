// settings.*
#include "engine/service/engine.h"

namespace sallyport::service
{
namespace asio = boost::asio;

using api::Json;
using Reply = asio::awaitable<Result<Json>>;

void Engine::bindSettingsMethods()
{
    // The sandbox of a call, where it names one.
    const auto ownerIn = [this](const Json& parameters) -> Result<SettingsBook::Owner> {
        if (!parameters.is_object() || !parameters.contains("sandbox"))
            return SettingsBook::Owner();
        const auto sandbox = sandboxIn(parameters);
        if (!sandbox)
            return tl::unexpected(sandbox.error());
        return SettingsBook::Owner(*sandbox);
    };

    m_server->registerMethod("settings.list", [this, ownerIn](api::Connection&, Json parameters) -> Reply {
        const auto owner = ownerIn(parameters);
        if (!owner)
            co_return tl::unexpected(owner.error());
        co_return Json{{"settings", api::toJson(m_settings->all(*owner))}};
    });

    m_server->registerMethod("budgets.list", [this](api::Connection&, Json parameters) -> Reply {
        const auto sandbox = sandboxIn(parameters);
        if (!sandbox)
            co_return tl::unexpected(sandbox.error());
        co_return Json{{"budgets", api::toJson(m_budgets->uses(*sandbox, nowUnixMillis()))}};
    });

    using Deed = std::function<Result<api::Setting>(const std::string& name, const Json& parameters, SettingsBook::Owner owner)>;
    const auto bind = [&](std::string_view method, Deed deed) {
        m_server->registerMethod(method, [ownerIn, deed = std::move(deed)](api::Connection&, Json parameters) -> Reply {
            const auto name = api::member<std::string>(parameters, "name");
            if (!name)
                co_return tl::unexpected(name.error());
            const auto owner = ownerIn(parameters);
            if (!owner)
                co_return tl::unexpected(owner.error());
            auto setting = deed(*name, parameters, *owner);
            if (!setting)
                co_return tl::unexpected(setting.error());
            co_return api::toJson(*setting);
        });
    };
    bind("settings.get", [this](const std::string& name, const Json&, SettingsBook::Owner owner) { return m_settings->get(name, owner); });
    bind("settings.set", [this](const std::string& name, const Json& parameters, SettingsBook::Owner owner) -> Result<api::Setting> {
        const auto value = parameters.find("value");
        if (value == parameters.end())
            return fail(Error::Code::Invalid, "value: missing");
        return m_settings->set(name, *value, owner);
    });
    bind("settings.reset", [this](const std::string& name, const Json&, SettingsBook::Owner owner) { return m_settings->reset(name, owner); });
}

} // namespace sallyport::service

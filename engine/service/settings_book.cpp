#include "engine/service/settings_book.h"

#include <stdexcept>

#include <fmt/format.h>

#include "engine/base/log.h"
#include "engine/base/text.h"

namespace sallyport::service
{

using api::Json;

SettingsBook::SettingsBook(store::Store& store, const std::vector<store::StoredSetting>& stored)
    : m_store(store)
{
    for (const api::SettingInfo& info : api::settingsTable())
        m_defaults.emplace(info.name, api::defaultOf(info));
    for (const store::StoredSetting& each : stored) {
        // Of another version, or with other bounds there.
        const api::SettingInfo* info = api::findSetting(each.name);
        auto value = info ? api::checkedSetting(*info, Json::parse(each.value, nullptr, false)) : fail(Error::Code::NotFound, "there is no such setting");
        if (value)
            m_values.emplace(Key(each.name, each.sandbox), std::move(*value));
        else
            log::warning("settings", fmt::format("the stored value of {} is not used: {}", each.name, value.error().text));
    }
}

void SettingsBook::setCheck(std::string_view name, Check check)
{
    m_checks.insert_or_assign(std::string(name), std::move(check));
}

void SettingsBook::setDefault(std::string_view name, Json value)
{
    m_defaults.insert_or_assign(std::string(name), std::move(value));
}

const Json& SettingsBook::valueOf(std::string_view name, Owner sandbox) const
{
    if (sandbox)
        if (const auto own = m_values.find(Key(name, *sandbox)); own != m_values.end())
            return own->second;
    if (const auto set = m_values.find(Key(name, 0)); set != m_values.end())
        return set->second;
    const auto standard = m_defaults.find(name);
    if (standard == m_defaults.end())
        throw std::logic_error("not in the table of settings: " + std::string(name));
    return standard->second;
}

bool SettingsBook::flag(std::string_view name, Owner sandbox) const
{
    return valueOf(name, sandbox).get<bool>();
}

std::int64_t SettingsBook::number(std::string_view name, Owner sandbox) const
{
    return valueOf(name, sandbox).get<std::int64_t>();
}

std::string SettingsBook::text(std::string_view name, Owner sandbox) const
{
    return valueOf(name, sandbox).get<std::string>();
}

std::vector<std::string> SettingsBook::list(std::string_view name, Owner sandbox) const
{
    return valueOf(name, sandbox).get<std::vector<std::string>>();
}

Result<const api::SettingInfo*> SettingsBook::find(std::string_view name, Owner sandbox)
{
    const api::SettingInfo* info = api::findSetting(name);
    if (!info)
        return fail(Error::Code::NotFound, fmt::format("there is no setting {}; `sallyctl settings list` names all",
                                                       text::escapeControls(text::elide(name, 80))));
    if (sandbox && info->reach != api::SettingReach::Sandbox)
        return fail(Error::Code::Invalid, fmt::format("{} has one value for all sandboxes: set it without one", name));
    return info;
}

api::Setting SettingsBook::describe(const api::SettingInfo& info, Owner sandbox) const
{
    api::Setting setting;
    setting.name = info.name;
    setting.title = info.title;
    setting.type = info.type;
    setting.reach = info.reach;
    setting.sandbox = sandbox;
    setting.reason = info.reason;
    if (info.type == api::SettingType::Count || info.type == api::SettingType::Bytes || info.type == api::SettingType::Time) {
        setting.least = info.least;
        setting.most = info.most;
    }
    for (std::string_view rest = info.choices; !rest.empty();) {
        const std::size_t end = std::min(rest.find('|'), rest.size());
        setting.choices.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    setting.value = valueOf(info.name, sandbox).dump();
    setting.defaultValue = m_defaults.find(info.name)->second.dump();
    setting.inherited = sandbox ? valueOf(info.name, {}).dump() : setting.defaultValue;
    if (sandbox && m_values.contains(Key(info.name, *sandbox)))
        setting.origin = api::SettingOrigin::Sandbox;
    else if (m_values.contains(Key(info.name, 0)))
        setting.origin = api::SettingOrigin::Engine;
    return setting;
}

std::vector<api::Setting> SettingsBook::all(Owner sandbox) const
{
    std::vector<api::Setting> settings;
    for (const api::SettingInfo& info : api::settingsTable())
        if (!sandbox || info.reach == api::SettingReach::Sandbox)
            settings.push_back(describe(info, sandbox));
    return settings;
}

Result<api::Setting> SettingsBook::get(std::string_view name, Owner sandbox) const
{
    const auto info = find(name, sandbox);
    if (!info)
        return tl::unexpected(info.error());
    return describe(**info, sandbox);
}

Result<api::Setting> SettingsBook::set(std::string_view name, const Json& value, Owner sandbox)
{
    const auto info = find(name, sandbox);
    if (!info)
        return tl::unexpected(info.error());
    auto kept = api::checkedSetting(**info, value);
    if (!kept)
        return tl::unexpected(kept.error());
    if (const auto check = m_checks.find(name); check != m_checks.end())
        if (Status good = check->second(*kept); !good)
            return fail(name, good.error());
    m_store.write([row = store::StoredSetting{std::string(name), sandbox.value_or(0), kept->dump()}](
                      store::Database& database) { return store::settings::save(database, row); });
    m_values.insert_or_assign(Key(name, sandbox.value_or(0)), std::move(*kept));
    tell(**info, sandbox);
    return describe(**info, sandbox);
}

Result<api::Setting> SettingsBook::reset(std::string_view name, Owner sandbox)
{
    const auto info = find(name, sandbox);
    if (!info)
        return tl::unexpected(info.error());
    if (m_values.erase(Key(name, sandbox.value_or(0))) > 0) {
        m_store.write([name = std::string(name), id = sandbox.value_or(0)](store::Database& database) {
            return store::settings::remove(database, name, id);
        });
        tell(**info, sandbox);
    }
    return describe(**info, sandbox);
}

void SettingsBook::removeSandbox(api::SandboxId sandbox)
{
    std::erase_if(m_values, [&](const auto& each) { return each.first.second == sandbox; });
}

void SettingsBook::tell(const api::SettingInfo& info, Owner sandbox)
{
    if (m_listener)
        m_listener(describe(info, sandbox), sandbox);
}

} // namespace sallyport::service

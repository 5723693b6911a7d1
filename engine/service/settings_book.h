#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/json.h"
#include "engine/api/settings.h"
#include "engine/store/store.h"

namespace sallyport::service
{

// The settings of api::settingsTable() as they stand: stored values, and the table's defaults. Network thread only.
//
// A value is asked for by its name in the table (another name is a bug and throws), for a sandbox where its reach allows
// that: the sandbox's own value, else the engine's, else the default.
class SettingsBook
{
public:
    using Owner = std::optional<api::SandboxId>;
    using Check = std::function<Status(const api::Json& value)>;
    // `owner` is unset where the value for all has changed.
    using Listener = std::function<void(const api::Setting& setting, Owner owner)>;

    SettingsBook(store::Store& store, const std::vector<store::StoredSetting>& stored);

    void setListener(Listener listener) { m_listener = std::move(listener); }
    // What the text of a setting must say besides having its type.
    void setCheck(std::string_view name, Check check);
    // An option of the program's line: what holds while nothing is set.
    void setDefault(std::string_view name, api::Json value);

    [[nodiscard]] bool flag(std::string_view name, Owner sandbox = {}) const;
    [[nodiscard]] std::int64_t number(std::string_view name, Owner sandbox = {}) const;
    [[nodiscard]] std::string text(std::string_view name, Owner sandbox = {}) const;
    [[nodiscard]] std::vector<std::string> list(std::string_view name, Owner sandbox = {}) const;

    // With a sandbox: what holds there, of those that a sandbox may have for itself.
    [[nodiscard]] std::vector<api::Setting> all(Owner sandbox) const;
    [[nodiscard]] Result<api::Setting> get(std::string_view name, Owner sandbox) const;
    [[nodiscard]] Result<api::Setting> set(std::string_view name, const api::Json& value, Owner sandbox);
    [[nodiscard]] Result<api::Setting> reset(std::string_view name, Owner sandbox);
    void removeSandbox(api::SandboxId sandbox);

private:
    using Key = std::pair<std::string, api::SandboxId>; // 0: the whole engine

    [[nodiscard]] static Result<const api::SettingInfo*> find(std::string_view name, Owner sandbox);
    [[nodiscard]] const api::Json& valueOf(std::string_view name, Owner sandbox) const;
    [[nodiscard]] api::Setting describe(const api::SettingInfo& info, Owner sandbox) const;
    void tell(const api::SettingInfo& info, Owner sandbox);

    store::Store& m_store;
    std::map<std::string, api::Json, std::less<>> m_defaults; // of every setting
    std::map<Key, api::Json> m_values;
    std::map<std::string, Check, std::less<>> m_checks;
    Listener m_listener;
};

} // namespace sallyport::service

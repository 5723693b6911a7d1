#pragma once

// What fields.h is for types.h, for settings.h. Included by json.cpp and reference.cpp only.

#include "engine/api/fields.h"
#include "engine/api/settings.h"

namespace sallyport::api {

template <> struct Names<SettingType>
{
    static constexpr std::string_view Type = "SettingType";
    static constexpr auto List = std::to_array<std::pair<SettingType, std::string_view>>({
        {SettingType::Flag, "flag"},
        {SettingType::Count, "count"},
        {SettingType::Bytes, "bytes"},
        {SettingType::Time, "time"},
        {SettingType::Choice, "choice"},
        {SettingType::Text, "text"},
        {SettingType::LongText, "longText"},
        {SettingType::List, "list"},
    });
};

template <> struct Names<SettingReach>
{
    static constexpr std::string_view Type = "SettingReach";
    static constexpr auto List = std::to_array<std::pair<SettingReach, std::string_view>>({
        {SettingReach::Engine, "engine"},
        {SettingReach::Sandbox, "sandbox"},
    });
};

template <> struct Names<SettingOrigin>
{
    static constexpr std::string_view Type = "SettingOrigin";
    static constexpr auto List = std::to_array<std::pair<SettingOrigin, std::string_view>>({
        {SettingOrigin::Default, "default"},
        {SettingOrigin::Engine, "engine"},
        {SettingOrigin::Sandbox, "sandbox"},
    });
};

template <> struct Fields<Setting>
{
    static constexpr std::string_view Type = "Setting";
    static constexpr auto List = std::tuple(need("name", &Setting::name),
                                            need("title", &Setting::title),
                                            need("type", &Setting::type),
                                            need("reach", &Setting::reach),
                                            may("sandbox", &Setting::sandbox),
                                            JsonField<Setting>{"value", &Setting::value},
                                            JsonField<Setting>{"default", &Setting::defaultValue},
                                            JsonField<Setting>{"inherited", &Setting::inherited},
                                            need("origin", &Setting::origin),
                                            may("least", &Setting::least),
                                            may("most", &Setting::most),
                                            may("choices", &Setting::choices),
                                            need("reason", &Setting::reason));
};

using SettingEnums = TypeList<SettingType, SettingReach, SettingOrigin>;
using SettingTypes = TypeList<Setting>;

} // namespace sallyport::api

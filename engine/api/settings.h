#pragma once

// The named settings: what can be tuned, between which bounds, and why the default is what it is.
// One table for the engine, the command line, the window and docs/settings.md. To add one, add a
// line to the table in settings.cpp and ask for it by name (engine/service/settings_book.h).

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/types.h"
#include "engine/base/result.h"

#include <nlohmann/json_fwd.hpp>

namespace sallyport::api {

enum class SettingType
{
    Flag,     // true or false
    Count,    // a whole number
    Bytes,    // a size
    Time,     // milliseconds
    Choice,   // one of a few words
    Text,     // a line
    LongText, // lines
    List,     // of lines
};

enum class SettingReach
{
    Engine,  // one value for all
    Sandbox, // a sandbox may have a value of its own
};

enum class SettingOrigin
{
    Default,
    Engine,  // set for all
    Sandbox, // set for the sandbox that was asked for
};

// A line of the table.
struct SettingInfo
{
    std::string_view name; // "door.headTime": the part before the dot is its group
    std::string_view title;
    SettingType type = SettingType::Count;
    SettingReach reach = SettingReach::Engine;
    std::int64_t number = 0; // default of Flag, Count, Bytes and Time, and their bounds
    std::int64_t least = 0;
    std::int64_t most = 0;
    std::string_view reason;
    std::string_view text = {};    // default of Choice, Text and LongText; a List begins empty
    std::string_view choices = {}; // of Choice, "a|b|c"
};

[[nodiscard]] std::span<const SettingInfo> settingsTable();
// Null: there is none of this name.
[[nodiscard]] const SettingInfo* findSetting(std::string_view name);
// What the groups are called, in the order in which they are shown: "door", "The door".
[[nodiscard]] std::span<const std::pair<std::string_view, std::string_view>> settingGroups();

// A setting as it stands, in the whole engine or for a sandbox. On the wire values are JSON: bool,
// number, string or list of strings.
struct Setting
{
    std::string name;
    std::string title;
    SettingType type = SettingType::Count;
    SettingReach reach = SettingReach::Engine;
    std::optional<SandboxId> sandbox; // whose value this is; unset: the engine's
    std::string value = "null";
    std::string defaultValue = "null";
    std::string inherited = "null"; // what holds once it is reset
    SettingOrigin origin = SettingOrigin::Default;
    std::optional<std::int64_t> least;
    std::optional<std::int64_t> most;
    std::vector<std::string> choices;
    std::string reason;
};

[[nodiscard]] nlohmann::json defaultOf(const SettingInfo& info);

// The value where it has the type and keeps the bounds of the setting; else why not. What a text
// must say beyond that is for whoever uses it.
[[nodiscard]] Result<nlohmann::json> checkedSetting(const SettingInfo& info,
                                                    const nlohmann::json& value);

// As a person writes and reads it: "30s", "64 KiB", "on", "a, b". A list is one line an entry where
// the text has line ends, else parted by commas.
[[nodiscard]] Result<nlohmann::json> settingFromText(SettingType type, std::string_view text);
[[nodiscard]] std::string settingText(SettingType type, const nlohmann::json& value);

} // namespace sallyport::api

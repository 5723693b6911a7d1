#include "engine/api/reference.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/api/settings.h"

namespace sallyport::api {
namespace {

std::string rangeText(const SettingInfo& info)
{
    switch (info.type) {
    case SettingType::Flag:
        return "on, off";
    case SettingType::Count:
    case SettingType::Bytes:
    case SettingType::Time:
        return settingText(info.type, info.least) + " – " + settingText(info.type, info.most);
    case SettingType::Choice: {
        std::string text(info.choices);
        for (std::size_t bar = text.find('|'); bar != std::string::npos; bar = text.find('|', bar))
            text.replace(bar, 1, ", ");
        return text;
    }
    case SettingType::Text:
        return "a text";
    case SettingType::LongText:
        return "lines";
    case SettingType::List:
        return "a list";
    }
    return {};
}

std::string line(const SettingInfo& info)
{
    const std::string standard = settingText(info.type, defaultOf(info));
    return fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", info.name, info.title,
                       standard.empty() ? "empty" : standard, rangeText(info),
                       info.reach == SettingReach::Sandbox ? "yes" : "", info.reason);
}

} // namespace

std::string settingsReference()
{
    std::string out = R"md(# Settings

This page is made by `api_docs --settings` from `engine/api/settings_table.cpp`; a test compares it.

`sallyctl settings list` shows what holds, `sallyctl settings set NAME VALUE` changes it at once, `sallyctl settings reset NAME` takes
the change back; in the window it is *Settings…* (Ctrl+,). With `--sandbox NAME` a setting that says so below has a value for one sandbox,
which beats the one for all. What is under way when a setting changes may end by the former value. They are kept in the database.

)md";
    for (const auto& [group, title] : settingGroups()) {
        out += fmt::format("## {}\n\n| name | what | default | range | per sandbox | why |\n"
                           "|---|---|---|---|---|---|\n",
                           title);
        for (const SettingInfo& info : settingsTable())
            if (info.name.substr(0, info.name.find('.')) == group)
                out += line(info);
        out += "\n";
    }
    return out;
}

} // namespace sallyport::api

#include "engine/api/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"

namespace sallyport::api {
namespace {

using Json = nlohmann::json;

constexpr std::size_t MostTextBytes = 4096;
constexpr std::size_t MostLongTextBytes = std::size_t{256} * 1024;
constexpr std::size_t MostListLines = 512;

struct Unit
{
    std::string_view name;
    std::int64_t factor;
};

// The largest first, as values are shown by the first that fits.
constexpr std::array ByteUnits = {Unit{"TiB", std::int64_t{1} << 40U}, Unit{"GiB", 1 << 30U},
                                  Unit{"MiB", 1 << 20U}, Unit{"KiB", 1 << 10U}, Unit{"B", 1}};
constexpr std::array TimeUnits = {Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"min", 60'000},
                                  Unit{"s", 1000}, Unit{"ms", 1}};

tl::unexpected<Error> invalid(std::string text)
{
    return fail(Error::Code::Invalid, std::move(text));
}

bool isNumber(SettingType type)
{
    return type == SettingType::Count || type == SettingType::Bytes || type == SettingType::Time;
}

std::vector<std::string> split(std::string_view text, char by)
{
    std::vector<std::string> parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(by), text.size());
        parts.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view Blanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(Blanks);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(Blanks) - first + 1);
}

template <std::size_t N> std::string withUnit(std::int64_t number, const std::array<Unit, N>& units)
{
    for (const Unit& unit : units)
        if (number != 0 && number % unit.factor == 0)
            return fmt::format("{} {}", number / unit.factor, unit.name);
    return fmt::format("{} {}", number, units.back().name);
}

std::optional<std::int64_t> factorOf(SettingType type, std::string_view unit)
{
    if (type == SettingType::Count)
        return unit.empty() ? std::optional<std::int64_t>(1) : std::nullopt;
    // What people also write.
    static constexpr std::array More = {Unit{"k", 1 << 10U}, Unit{"kb", 1 << 10U},
                                        Unit{"m", 1 << 20U}, Unit{"mb", 1 << 20U},
                                        Unit{"g", 1 << 30U}, Unit{"gb", 1 << 30U}};
    const auto in = [&](std::span<const Unit> units) -> std::optional<std::int64_t> {
        for (const Unit& each : units)
            if (text::equalsIgnoringCase(unit, each.name))
                return each.factor;
        return std::nullopt;
    };
    if (type == SettingType::Time) {
        if (unit == "m")
            return 60'000;
        return unit.empty() ? std::optional<std::int64_t>() : in(TimeUnits);
    }
    if (unit.empty())
        return 1;
    const auto exact = in(ByteUnits);
    return exact ? exact : in(More);
}

Result<Json> numberFromText(SettingType type, std::string_view given)
{
    std::string_view rest = trimmed(given);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const auto factor = factorOf(type, trimmed(rest));
    std::int64_t value = 0;
    if (error != std::errc{} || !factor || __builtin_mul_overflow(number, *factor, &value))
        return invalid(fmt::format("'{}' is no {}", text::escapeControls(text::elide(given, 40)),
                                   type == SettingType::Time    ? "time; write it as 30s or 5min"
                                   : type == SettingType::Bytes ? "size; write it as 64KiB"
                                                                : "whole number"));
    return Json(value);
}

std::size_t mostBytes(SettingType type)
{
    return type == SettingType::LongText ? MostLongTextBytes : MostTextBytes;
}

Status checkText(SettingType type, const Json& value)
{
    if (!value.is_string())
        return invalid("not a text");
    const auto& held = value.get_ref<const std::string&>();
    if (held.size() > mostBytes(type))
        return invalid(fmt::format("longer than {} bytes", mostBytes(type)));
    const auto isBad = [&](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte == 0x7f || (byte < 0x20 && (type != SettingType::LongText ||
                                                (c != '\n' && c != '\t' && c != '\r')));
    };
    if (std::any_of(held.begin(), held.end(), isBad))
        return invalid("it holds a control character");
    return {};
}

Result<Json> checkedList(const Json& value)
{
    if (!value.is_array())
        return invalid("not a list");
    if (value.size() > MostListLines)
        return invalid(fmt::format("more than {} entries", MostListLines));
    Json kept = Json::array();
    for (const Json& line : value) {
        if (Status checked = checkText(SettingType::List, line); !checked)
            return tl::unexpected<Error>(checked.error());
        const std::string_view entry = trimmed(line.get_ref<const std::string&>());
        if (!entry.empty())
            kept.push_back(entry);
    }
    return kept;
}

Result<Json> checkedNumber(const SettingInfo& info, const Json& value)
{
    if (!value.is_number_integer())
        return invalid("not a whole number");
    // What is unsigned and past the signed range is past every bound.
    const std::int64_t number = value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX
                                    ? INT64_MAX
                                    : value.get<std::int64_t>();
    if (number < info.least || number > info.most)
        return invalid(fmt::format("{} is not from {} to {}", settingText(info.type, number),
                                   settingText(info.type, info.least),
                                   settingText(info.type, info.most)));
    return Json(number);
}

Result<Json> checked(const SettingInfo& info, const Json& value)
{
    if (isNumber(info.type))
        return checkedNumber(info, value);
    if (info.type == SettingType::Flag)
        return value.is_boolean() ? Result<Json>(value) : invalid("not true or false");
    if (info.type == SettingType::List)
        return checkedList(value);
    if (Status text = checkText(info.type, value); !text)
        return tl::unexpected<Error>(text.error());
    if (info.type == SettingType::Choice) {
        const auto choices = split(info.choices, '|');
        if (std::find(choices.begin(), choices.end(), value.get_ref<const std::string&>()) ==
            choices.end())
            return invalid(fmt::format("none of {}", fmt::join(choices, ", ")));
    }
    return value;
}

} // namespace

Json defaultOf(const SettingInfo& info)
{
    switch (info.type) {
    case SettingType::Flag:
        return info.number != 0;
    case SettingType::Count:
    case SettingType::Bytes:
    case SettingType::Time:
        return info.number;
    case SettingType::Choice:
    case SettingType::Text:
    case SettingType::LongText:
        return std::string(info.text);
    case SettingType::List:
        break;
    }
    return Json::array();
}

Result<Json> checkedSetting(const SettingInfo& info, const Json& value)
{
    auto kept = checked(info, value);
    if (!kept)
        return fail(info.name, kept.error());
    return kept;
}

Result<Json> settingFromText(SettingType type, std::string_view text)
{
    if (isNumber(type))
        return numberFromText(type, text);
    if (type == SettingType::Flag) {
        const std::string_view word = trimmed(text);
        if (word == "on" || word == "true" || word == "yes")
            return Json(true);
        if (word == "off" || word == "false" || word == "no")
            return Json(false);
        return invalid("write on or off");
    }
    if (type != SettingType::List)
        return Json(type == SettingType::LongText ? text : trimmed(text));
    Json list = Json::array();
    const bool isLines = text.find('\n') != std::string_view::npos;
    for (const std::string& entry : split(text, isLines ? '\n' : ','))
        if (const std::string_view kept = trimmed(entry); !kept.empty())
            list.push_back(kept);
    return list;
}

std::string settingText(SettingType type, const Json& value)
{
    if (value.is_boolean())
        return value.get<bool>() ? "on" : "off";
    if (value.is_number_integer()) {
        const auto number = value.get<std::int64_t>();
        if (type == SettingType::Bytes)
            return withUnit(number, ByteUnits);
        return type == SettingType::Time ? withUnit(number, TimeUnits) : std::to_string(number);
    }
    if (value.is_array()) {
        std::string text;
        for (const Json& entry : value)
            if (entry.is_string())
                text += (text.empty() ? "" : ", ") + entry.get_ref<const std::string&>();
        return text;
    }
    return value.is_string() ? value.get<std::string>() : std::string();
}

} // namespace sallyport::api

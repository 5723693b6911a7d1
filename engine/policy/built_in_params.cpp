#include "engine/policy/built_in_params.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace sallyport::policy {
namespace {

constexpr std::size_t MostHosts = 1000;
constexpr std::size_t MostHeaders = 64;
constexpr std::size_t MostHeaderBytes = 8 * 1024;

tl::unexpected<Error> invalid(std::string text)
{
    return fail(Error::Code::Invalid, std::move(text));
}

bool isFieldName(std::string_view name)
{
    constexpr std::string_view Marks = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               Marks.find(c) != std::string_view::npos;
    });
}

bool isFieldValue(std::string_view value)
{
    return std::none_of(value.begin(), value.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte == 0x7f;
    });
}

// Fields that say where a message ends, who it is for or how it is carried. They are the door's.
bool isReserved(std::string_view name)
{
    constexpr auto Reserved = std::to_array<std::string_view>(
        {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te",
         "trailer", "proxy-connection", "expect", "http2-settings", "alt-svc",
         "sallyport-decision"});
    const std::string lower = text::toLower(name);
    return std::find(Reserved.begin(), Reserved.end(), lower) != Reserved.end();
}

Status checkField(std::string_view name, std::string_view value)
{
    if (!isFieldName(name))
        return invalid(fmt::format("'{}' is no name of a header",
                                   text::escapeControls(text::elide(name, 60))));
    if (isReserved(name))
        return invalid(fmt::format("{} can't be set: it belongs to the connection", name));
    if (name.size() + value.size() > MostHeaderBytes)
        return fail(Error::Code::TooLarge,
                    fmt::format("{} is longer than {} bytes", name, MostHeaderBytes));
    if (!isFieldValue(value))
        return invalid(
            fmt::format("the value of {} holds a line break or a control character", name));
    return {};
}

} // namespace

Params::Params(nlohmann::json json, const api::BuiltIn& known)
    : m_json(std::move(json))
    , m_known(&known)
{
}

Result<Params> Params::parse(std::string_view source, const api::BuiltIn& known)
{
    if (source.size() > MostParameterBytes)
        return fail(Error::Code::TooLarge,
                    fmt::format("the parameters are longer than {} bytes", MostParameterBytes));
    nlohmann::json json = nlohmann::json::object();
    if (!source.empty())
        json = nlohmann::json::parse(source, nullptr, false);
    if (json.is_null())
        json = nlohmann::json::object();
    if (!json.is_object())
        return invalid("the parameters are no JSON object");
    for (const auto& [name, value] : json.items()) {
        const auto isNamed = [&name = name](const auto& known) { return known.name == name; };
        if (std::none_of(known.parameters.begin(), known.parameters.end(), isNamed))
            return invalid(fmt::format("{} has no parameter '{}'", known.name,
                                       text::escapeControls(text::elide(name, 60))));
    }
    for (const api::HandlerParameter& parameter : known.parameters)
        if (parameter.required && !json.contains(parameter.name))
            return invalid(fmt::format("{} needs the parameter '{}'", known.name, parameter.name));
    return Params(std::move(json), known);
}

Result<bool> Params::flag(std::string_view name) const
{
    const auto found = m_json.find(name);
    if (found == m_json.end())
        return false;
    if (!found->is_boolean())
        return invalid(fmt::format("{}: not true or false", name));
    return found->get<bool>();
}

Result<int> Params::number(std::string_view name, int least, int most, int absent) const
{
    const auto found = m_json.find(name);
    if (found == m_json.end())
        return absent;
    if (!found->is_number_integer() || *found < least || *found > most)
        return invalid(fmt::format("{}: not a number from {} to {}", name, least, most));
    return found->get<int>();
}

Result<std::string> Params::text(std::string_view name, std::size_t mostBytes) const
{
    const auto found = m_json.find(name);
    if (found == m_json.end())
        return std::string();
    if (!found->is_string())
        return invalid(fmt::format("{}: not a text", name));
    auto value = found->get<std::string>();
    if (value.size() > mostBytes)
        return fail(Error::Code::TooLarge,
                    fmt::format("{}: longer than {} bytes", name, mostBytes));
    return value;
}

Result<std::string> Params::choice(std::string_view name) const
{
    const auto parameter =
        std::find_if(m_known->parameters.begin(), m_known->parameters.end(),
                     [name](const api::HandlerParameter& each) { return each.name == name; });
    const auto found = m_json.find(name);
    if (found == m_json.end())
        return parameter->choices.front();
    const std::vector<std::string>& choices = parameter->choices;
    const std::string value = found->is_string() ? found->get<std::string>() : std::string();
    if (std::find(choices.begin(), choices.end(), value) == choices.end())
        return invalid(fmt::format("{}: none of {}", name, fmt::join(choices, ", ")));
    return value;
}

Result<std::vector<Pattern>> Params::hosts(std::string_view name) const
{
    std::vector<Pattern> hosts;
    const auto found = m_json.find(name);
    if (found == m_json.end())
        return hosts;
    if (!found->is_array())
        return invalid(fmt::format("{}: not a list of hosts", name));
    if (found->size() > MostHosts)
        return fail(Error::Code::TooLarge, fmt::format("{}: more than {} hosts", name, MostHosts));
    for (const nlohmann::json& each : *found) {
        if (!each.is_string())
            return invalid(fmt::format("{}: not a list of hosts", name));
        auto pattern = Pattern::parse(each.get_ref<const std::string&>());
        if (!pattern)
            return fail(name, pattern.error());
        hosts.push_back(std::move(*pattern));
    }
    return hosts;
}

Result<HeaderChanges> Params::headers(std::string_view name) const
{
    HeaderChanges changes;
    const auto found = m_json.find(name);
    if (found == m_json.end())
        return changes;
    if (!found->is_object())
        return invalid(fmt::format("{}: not an object of names and values", name));
    if (found->size() > MostHeaders)
        return fail(Error::Code::TooLarge,
                    fmt::format("{}: more than {} headers", name, MostHeaders));
    for (const auto& [field, value] : found->items()) {
        if (!value.is_string() && !value.is_null())
            return invalid(
                fmt::format("{}: the value of a header is a text, or null to remove it", name));
        std::optional<std::string> kept;
        if (value.is_string())
            kept = value.get<std::string>();
        if (auto good = checkField(field, kept.value_or("")); !good)
            return fail(name, good.error());
        changes.emplace_back(field, std::move(kept));
    }
    return changes;
}

} // namespace sallyport::policy

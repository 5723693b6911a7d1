#include "engine/api/json.h"

#include <cmath>
#include <concepts>
#include <limits>
#include <type_traits>

#include "engine/api/binding_fields.h"
#include "engine/api/budget_fields.h"
#include "engine/api/fields.h"
#include "engine/api/phase_fields.h"
#include "engine/api/setting_fields.h"
#include "engine/base/text.h"

namespace sallyport::api {
namespace {

tl::unexpected<Error> invalid(std::string text)
{
    return fail(Error::Code::Invalid, std::move(text));
}

using Headers = std::vector<std::pair<std::string, std::string>>;

template <typename T> struct IsVector : std::false_type
{
};
template <typename T> struct IsVector<std::vector<T>> : std::true_type
{
};
template <typename T> struct IsOptional : std::false_type
{
};
template <typename T> struct IsOptional<std::optional<T>> : std::true_type
{
};

template <typename T>
concept Listed = requires
{
    Fields<T>::List;
};

// ---- Writing

template <typename T, typename M> void writeField(Json& out, const T& value, Field<T, M> field)
{
    const M& part = value.*field.pointer;
    if constexpr (IsOptional<M>::value) {
        if (part)
            out[std::string(field.name)] = toJson(*part);
    } else {
        out[std::string(field.name)] = toJson(part);
    }
}

template <typename T> void writeField(Json& out, const T& value, BytesField<T> field)
{
    out[std::string(field.name)] = text::toBase64(value.*field.pointer);
}

template <typename T> void writeField(Json& out, const T& value, JsonField<T> field)
{
    Json parsed = Json::parse(value.*field.pointer, nullptr, false);
    out[std::string(field.name)] = parsed.is_discarded() ? Json() : std::move(parsed);
}

// ---- Reading

template <std::integral N> Status readValue(const Json& json, N& out)
{
    if constexpr (std::is_same_v<N, bool>) {
        if (!json.is_boolean())
            return invalid("not a boolean");
        out = json.get<bool>();
    } else {
        constexpr auto Most = static_cast<std::uint64_t>(std::numeric_limits<N>::max());
        if (!json.is_number_integer())
            return invalid("not an integer");
        if (json.is_number_unsigned() && json.get<std::uint64_t>() > Most)
            return invalid("out of range");
        const auto wide = json.get<std::int64_t>();
        if (wide < std::numeric_limits<N>::min() || wide > std::numeric_limits<N>::max())
            return invalid("out of range");
        out = static_cast<N>(wide);
    }
    return {};
}

Status readValue(const Json& json, double& out)
{
    if (!json.is_number())
        return invalid("not a number");
    out = json.get<double>();
    return {};
}

Status readValue(const Json& json, std::string& out)
{
    if (!json.is_string())
        return invalid("not a string");
    out = json.get_ref<const std::string&>();
    return {};
}

Status readValue(const Json& json, std::pair<std::string, std::string>& out)
{
    if (!json.is_array() || json.size() != 2 || !json[0].is_string() || !json[1].is_string())
        return invalid("not a pair of strings");
    out = {json[0].get_ref<const std::string&>(), json[1].get_ref<const std::string&>()};
    return {};
}

template <typename T>
requires std::is_enum_v<T> Status readValue(const Json& json, T& out)
{
    if (!json.is_string())
        return invalid("not a string");
    auto parsed = enumFromName<T>(json.get_ref<const std::string&>());
    if (!parsed)
        return tl::unexpected<Error>(std::move(parsed.error()));
    out = *parsed;
    return {};
}

template <Listed T> Status readValue(const Json& json, T& out);

template <typename T>
requires IsVector<T>::value Status readValue(const Json& json, T& out)
{
    if (!json.is_array())
        return invalid("not a list");
    out.clear();
    out.reserve(json.size());
    for (const Json& item : json) {
        if (auto read = readValue(item, out.emplace_back()); !read)
            return fail(std::to_string(out.size() - 1), std::move(read.error()));
    }
    return {};
}

template <typename T, typename M> Status readField(const Json& json, T& out, Field<T, M> field)
{
    M& part = out.*field.pointer;
    const auto found = json.find(field.name);
    if (found == json.end()) {
        if (field.presence == Presence::Required)
            return fail(Error::Code::Invalid, std::string(field.name) + ": missing");
        return {};
    }
    Status read;
    if constexpr (IsOptional<M>::value)
        read = readValue(*found, part.emplace());
    else
        read = readValue(*found, part);
    if (!read)
        return fail(field.name, std::move(read.error()));
    return {};
}

template <typename T> Status readField(const Json& json, T& out, BytesField<T> field)
{
    const auto found = json.find(field.name);
    if (found == json.end())
        return fail(Error::Code::Invalid, std::string(field.name) + ": missing");
    if (!found->is_string() ||
        !text::fromBase64(found->template get_ref<const std::string&>(), out.*field.pointer))
        return fail(Error::Code::Invalid, std::string(field.name) + ": not base64");
    return {};
}

template <typename T> Status readField(const Json& json, T& out, JsonField<T> field)
{
    if (const auto found = json.find(field.name); found != json.end())
        out.*field.pointer = found->dump(-1, ' ', false, Json::error_handler_t::replace);
    return {};
}

template <Listed T> Status readValue(const Json& json, T& out)
{
    if (!json.is_object())
        return invalid("not an object");
    return std::apply(
        [&](const auto&... fields) {
            Status status;
            (void)((status = readField(json, out, fields), status.has_value()) && ...);
            return status;
        },
        Fields<T>::List);
}

} // namespace

template <typename T> Json toJson(const T& value)
{
    if constexpr (std::is_enum_v<T>) {
        return enumName(value);
    } else if constexpr (Listed<T>) {
        Json out = Json::object();
        std::apply([&](const auto&... fields) { (writeField(out, value, fields), ...); },
                   Fields<T>::List);
        return out;
    } else if constexpr (std::is_same_v<T, Headers>) {
        Json out = Json::array();
        for (const auto& [name, text] : value)
            out.push_back(Json::array({name, text}));
        return out;
    } else if constexpr (IsVector<T>::value) {
        Json out = Json::array();
        for (const auto& item : value)
            out.push_back(toJson(item));
        return out;
    } else if constexpr (std::is_same_v<T, double>) {
        return std::isfinite(value) ? value : 0.0; // JSON has no other numbers
    } else {
        return value;
    }
}

template <typename T> Result<T> fromJson(const Json& json)
{
    T value{};
    if (auto read = readValue(json, value); !read)
        return tl::unexpected<Error>(std::move(read.error()));
    return value;
}

template <typename E> std::string_view enumName(E value)
{
    for (const auto& [enumerator, name] : Names<E>::List)
        if (enumerator == value)
            return name;
    return {};
}

template <typename E> Result<E> enumFromName(std::string_view name)
{
    std::string known;
    for (const auto& [enumerator, text] : Names<E>::List) {
        if (text == name)
            return enumerator;
        known += (known.empty() ? "" : ", ") + std::string(text);
    }
    return invalid("'" + text::escapeControls(text::elide(name, 40)) + "' is none of " + known);
}

#define SALLYPORT_JSON(T)                                                                          \
    template Json toJson<T>(const T&);                                                             \
    template Result<T> fromJson<T>(const Json&)
#define SALLYPORT_ENUM(E)                                                                          \
    template std::string_view enumName<E>(E);                                                      \
    template Result<E> enumFromName<E>(std::string_view);                                          \
    SALLYPORT_JSON(E)

SALLYPORT_ENUM(SandboxState);
SALLYPORT_ENUM(DefaultAction);
SALLYPORT_ENUM(SizeName);
SALLYPORT_ENUM(Action);
SALLYPORT_ENUM(RuleOrigin);
SALLYPORT_ENUM(HandlerKind);
SALLYPORT_ENUM(HandlerOrigin);
SALLYPORT_ENUM(ParameterType);
SALLYPORT_ENUM(LineLevel);
SALLYPORT_ENUM(Step);
SALLYPORT_ENUM(QuestionState);
SALLYPORT_ENUM(Reach);
SALLYPORT_ENUM(Lifetime);
SALLYPORT_ENUM(Scope);
SALLYPORT_ENUM(RowState);
SALLYPORT_ENUM(OutputStream);
SALLYPORT_ENUM(CheckState);
SALLYPORT_ENUM(CredentialSource);
SALLYPORT_ENUM(CredentialUse);
SALLYPORT_ENUM(CredentialState);
SALLYPORT_ENUM(VaultKind);
SALLYPORT_ENUM(BindingKind);
SALLYPORT_ENUM(BindingAccess);
SALLYPORT_ENUM(BindingReach);
SALLYPORT_JSON(BindingUse);
SALLYPORT_JSON(Binding);
SALLYPORT_JSON(KvKey);
SALLYPORT_JSON(KvPage);
SALLYPORT_JSON(ObjectInfo);
SALLYPORT_JSON(ObjectPage);
SALLYPORT_JSON(ContentPiece);
SALLYPORT_JSON(std::vector<Binding>);
SALLYPORT_JSON(std::vector<BindingUse>);
SALLYPORT_JSON(std::vector<KvKey>);
SALLYPORT_JSON(std::vector<ObjectInfo>);
SALLYPORT_JSON(BudgetUse);
SALLYPORT_JSON(std::vector<BudgetUse>);
SALLYPORT_JSON(Phase);
SALLYPORT_JSON(Phases);
SALLYPORT_JSON(std::vector<Phase>);
SALLYPORT_JSON(Credential);
SALLYPORT_JSON(Vault);
SALLYPORT_JSON(CredentialAlarm);
SALLYPORT_JSON(Size);
SALLYPORT_JSON(SandboxStats);
SALLYPORT_JSON(Sandbox);
SALLYPORT_JSON(NewSandbox);
SALLYPORT_JSON(Match);
SALLYPORT_JSON(Rule);
SALLYPORT_JSON(Handler);
SALLYPORT_JSON(HandlerParameter);
SALLYPORT_JSON(BuiltIn);
SALLYPORT_JSON(ModuleProblem);
SALLYPORT_JSON(Module);
SALLYPORT_JSON(ModuleSettings);
SALLYPORT_JSON(TrialRequest);
SALLYPORT_JSON(TrialStep);
SALLYPORT_JSON(TrialResult);
SALLYPORT_JSON(HandlerLine);
SALLYPORT_JSON(HandlerLinePage);
SALLYPORT_JSON(LadderStep);
SALLYPORT_JSON(Question);
SALLYPORT_JSON(Answer);
SALLYPORT_JSON(Row);
SALLYPORT_JSON(WebSocketFrame);
SALLYPORT_JSON(WebSocketLog);
SALLYPORT_JSON(RowDetail);
SALLYPORT_JSON(RowFilter);
SALLYPORT_JSON(RowPage);
SALLYPORT_JSON(ExecRequest);
SALLYPORT_JSON(ExecOutput);
SALLYPORT_JSON(ExecExit);
SALLYPORT_JSON(Check);
SALLYPORT_JSON(EngineInfo);
SALLYPORT_JSON(bool);
SALLYPORT_JSON(int);
SALLYPORT_JSON(std::int64_t);
SALLYPORT_JSON(double);
SALLYPORT_JSON(std::string);
SALLYPORT_JSON(std::vector<std::string>);
SALLYPORT_JSON(std::vector<std::int64_t>);
SALLYPORT_JSON(std::vector<Credential>);
SALLYPORT_JSON(std::vector<Sandbox>);
SALLYPORT_JSON(std::vector<Rule>);
SALLYPORT_JSON(std::vector<LadderStep>);
SALLYPORT_JSON(std::vector<Handler>);
SALLYPORT_JSON(std::vector<BuiltIn>);
SALLYPORT_JSON(std::vector<ModuleProblem>);
SALLYPORT_JSON(std::vector<TrialStep>);
SALLYPORT_JSON(std::vector<HandlerLine>);
SALLYPORT_JSON(std::vector<Question>);
SALLYPORT_JSON(std::vector<Row>);
SALLYPORT_JSON(std::vector<Check>);
SALLYPORT_JSON(Headers);
SALLYPORT_ENUM(SettingType);
SALLYPORT_ENUM(SettingReach);
SALLYPORT_ENUM(SettingOrigin);
SALLYPORT_JSON(Setting);
SALLYPORT_JSON(std::vector<Setting>);

#undef SALLYPORT_ENUM
#undef SALLYPORT_JSON

} // namespace sallyport::api

#pragma once

// JSON forms of engine/api/types.h. Members have the names of the C++ members; enumerators are
// lower camel case ("methodAndHost"); an unset optional is absent; times are numbers; pairs are
// arrays of two. Reading is strict: a member of the wrong type, a number out of range, an unknown
// enumerator or a missing required member is an Invalid error that names it; unknown members are
// ignored. docs/api.md says which members may be left out.

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "engine/api/types.h"
#include "engine/base/result.h"

namespace sallyport::api {

using Json = nlohmann::json;

// For every type T of types.h, and for bool, int, int64_t, double, string, vector<string>,
// vector<Rule>, vector<Row>, vector<Sandbox>, vector<Question>, vector<LadderStep>, vector<Check>.
template <typename T> [[nodiscard]] Json toJson(const T& value);
template <typename T> [[nodiscard]] Result<T> fromJson(const Json& json);

// The wire name of an enumerator, and back. Defined for every enum of types.h.
template <typename E> [[nodiscard]] std::string_view enumName(E value);
template <typename E> [[nodiscard]] Result<E> enumFromName(std::string_view name);

// A member of a request's parameters or of a result, unset when it is absent. Null is not absent
// and fails like any wrong type.
template <typename T>
[[nodiscard]] Result<std::optional<T>> optionalMember(const Json& object, std::string_view name)
{
    if (!object.is_object())
        return fail(Error::Code::Invalid, "not an object");
    const auto found = object.find(name);
    if (found == object.end())
        return std::optional<T>{};
    auto value = fromJson<T>(*found);
    if (!value)
        return fail(name, value.error());
    return std::optional<T>(std::move(*value));
}

// The same for a member that must be there.
template <typename T> [[nodiscard]] Result<T> member(const Json& object, std::string_view name)
{
    auto value = optionalMember<T>(object, name);
    if (!value)
        return tl::unexpected<Error>(std::move(value.error()));
    if (!*value)
        return fail(Error::Code::Invalid, std::string(name) + ": missing");
    return std::move(**value);
}

} // namespace sallyport::api

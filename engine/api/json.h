#pragma once

// JSON forms of engine/api/types.h. Members have the names of the C++ members; enumerators are
// lower camel case
// ("methodAndHost"); an unset optional is absent; times are numbers. Reading is strict: a member of
// the wrong type, an unknown enumerator or a missing required member is an Invalid error that names
// it; unknown members are ignored.

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "engine/api/types.h"
#include "engine/base/result.h"

namespace sallyport::api {

using Json = nlohmann::json;

// For every type T of types.h.
template <typename T> [[nodiscard]] Json toJson(const T& value);
template <typename T> [[nodiscard]] Result<T> fromJson(const Json& json);

// The wire name of an enumerator, and back. Defined for every enum of types.h.
template <typename E> [[nodiscard]] std::string_view enumName(E value);
template <typename E> [[nodiscard]] Result<E> enumFromName(std::string_view name);

} // namespace sallyport::api

#pragma once

// Values as people type them on the command line.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/json.h"
#include "engine/base/result.h"

namespace sallyport::ctl {

// "method-and-host" to "methodAndHost" and back.
[[nodiscard]] std::string camelCase(std::string_view kebab);
[[nodiscard]] std::string kebabCase(std::string_view camel);

template <typename E> [[nodiscard]] Result<E> enumFromText(std::string_view text)
{
    return api::enumFromName<E>(camelCase(text));
}

template <typename E> [[nodiscard]] std::string enumText(E value)
{
    return kebabCase(api::enumName(value));
}

// "90s", "15m", "2h", "3d", in milliseconds.
[[nodiscard]] Result<std::int64_t> durationFromText(std::string_view text);

// "a,b, c"; the empty text is the empty list.
[[nodiscard]] std::vector<std::string> listFromText(std::string_view text);

} // namespace sallyport::ctl

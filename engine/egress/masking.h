#pragma once

// What of a request is kept in the log: everything but what would let its reader act as the guest.
// Pure.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/egress/fields.h"

namespace sallyport::egress {

// "••• (23 bytes)"
[[nodiscard]] std::string maskedValue(std::string_view value);

[[nodiscard]] bool isSecretField(std::string_view name);
// "key", "access_token", "X-Amz-Signature", …
[[nodiscard]] bool isSecretParameter(std::string_view name);

[[nodiscard]] std::vector<std::pair<std::string, std::string>> maskedFields(const Fields& fields);

// A request target whose query has the values of secret parameters masked.
[[nodiscard]] std::string maskedPath(std::string_view path);

} // namespace sallyport::egress

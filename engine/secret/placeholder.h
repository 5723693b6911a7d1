#pragma once

// Placeholders: what a guest has in place of a secret. Pure.

#include <string>
#include <string_view>

#include "engine/api/types.h"

namespace sallyport::secret {

inline constexpr int ShortestPlaceholder = 28; // 25 random characters: 148 bits
inline constexpr int LongestPlaceholder = 256;
inline constexpr int UsualPlaceholder = 40;
inline constexpr std::size_t PlaceholderKeyBytes = 32;

// As long as the value, within the bounds: then bodies keep their length where one stands in for
// the other.
[[nodiscard]] int placeholderBytesFor(std::size_t valueBytes);

// "sp_…", letters and digits. It says nothing about the value; who has no key can't guess it; it is
// another one for each start of a sandbox, and the same again for a new engine.
[[nodiscard]] std::string makePlaceholder(std::string_view key,
                                          api::SandboxId sandbox,
                                          UnixMillis startedAt,
                                          const api::Credential& credential);

} // namespace sallyport::secret

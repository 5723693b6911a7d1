#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/base/clock.h"

namespace sallyport::text {

// "2026-01-02T03:04:05.678Z"
[[nodiscard]] std::string isoTime(UnixMillis time);

// The text with C0/C1 controls, DEL, bidirectional controls (U+202A–202E, U+2066–2069, U+200E/F,
// U+061C), zero-width characters and invalid UTF-8 shown as escapes ("\x1b", "\u202e"), so that
// what a guest sent can be shown or logged.
[[nodiscard]] std::string escapeControls(std::string_view text);

// The text with every byte that is not part of valid UTF-8 as "\xNN", and nothing else changed.
[[nodiscard]] std::string escapeInvalidUtf8(std::string_view text);

// At most `most` bytes, cut at a UTF-8 boundary with "…" at the end where something was left out.
[[nodiscard]] std::string elide(std::string_view text, std::size_t most);

[[nodiscard]] std::string toLower(std::string_view ascii);
[[nodiscard]] bool equalsIgnoringCase(std::string_view a, std::string_view b);

[[nodiscard]] std::string toBase64(std::string_view bytes);
// Empty optional semantics are avoided: returns false and leaves `out` alone when the input is not
// base64 (RFC 4648, padded).
[[nodiscard]] bool fromBase64(std::string_view text, std::string& out);

} // namespace sallyport::text

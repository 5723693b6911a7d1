#pragma once

// What there is to say about one row of the log.

#include <QString>

#include "engine/api/types.h"

namespace sallyport::ui::egress {

// "Rule: POST api.example.com", "Default", "Floor". `rule` is null where none decided or it has
// gone.
[[nodiscard]] QString decidedByText(const api::Row& row, const api::Rule* rule);

// Why it was decided so, in sentences: the step, the rule in words, who made it and when, how long
// the request was held.
[[nodiscard]] QString whyText(const api::Row& row, const api::Rule* rule);

// "↑ 3  ↓ 40" and the last frames of a WebSocket, a line each.
[[nodiscard]] QString framesText(const api::WebSocketLog& log);

// "↑ 1.2 kB  ↓ 34 kB"; the way up only where something went up.
[[nodiscard]] QString trafficText(const api::Row& row);

// The request as a curl command, each part quoted for a POSIX shell. Masked header values stay
// masked, and bodies are not kept: the command says so in a comment.
[[nodiscard]] QString curlCommand(const api::RowDetail& detail);

} // namespace sallyport::ui::egress

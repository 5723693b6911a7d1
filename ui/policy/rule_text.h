#pragma once

// A rule in words, the same everywhere: in the table, in the question window, in the log.

#include <QString>

#include "engine/api/types.h"

namespace sallyport::ui::policy {

// "GET https://api.example.com:8443/v1/**", as the engine writes it: parts that match anything are
// left out, ":*" is any port of a scheme.
[[nodiscard]] QString matchText(const api::Match& match);

// "Allow", "Deny"
[[nodiscard]] QString actionText(api::Action action);

// "until agent-1 stops", "for 12 min", "always". `sandboxName` may be empty.
[[nodiscard]] QString
lifetimeText(const api::Rule& rule, const QString& sandboxName, UnixMillis now);

// "in agent-1", "in all sandboxes"
[[nodiscard]] QString scopeText(const api::Rule& rule, const QString& sandboxName);

// "Allow GET api.example.com/v1/** in agent-1, until agent-1 stops"
[[nodiscard]] QString
ruleSentence(const api::Rule& rule, const QString& sandboxName, UnixMillis now);

} // namespace sallyport::ui::policy

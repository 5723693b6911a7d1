#pragma once

// A first judgement of what is typed into a rule, while it is typed, and a preview of what it would
// match. The engine has the last word on both; patterns as in docs/policy.md.

#include <string_view>

#include <QString>

#include "engine/api/types.h"

namespace sallyport::ui::policy {

// Empty when the pattern can stand in a rule or a host list; else what is wrong with it.
[[nodiscard]] QString hostPatternProblem(const QString& pattern);

// The same for "ADDRESS[/BITS]:PORT", an opening of the floor.
[[nodiscard]] QString grantProblem(const QString& grant);

// The first thing that is wrong with a rule; empty when nothing is.
[[nodiscard]] QString ruleProblem(const api::Rule& rule);

// As typed, to what is stored: lower case, no trailing dot, IDNA.
[[nodiscard]] QString canonicalHostPattern(const QString& pattern);

// Whether a rule with this match would have matched the row's request.
[[nodiscard]] bool wouldMatch(const api::Match& match, const api::Row& row);

[[nodiscard]] bool hostMatches(std::string_view pattern, std::string_view host, int port);
[[nodiscard]] bool pathMatches(std::string_view glob, std::string_view path);

} // namespace sallyport::ui::policy

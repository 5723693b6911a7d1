#pragma once

// Rules as a person writes them and as answers make them. Pure; any thread.

#include <string>
#include <vector>

#include "engine/api/types.h"
#include "engine/base/result.h"

namespace sallyport::policy {

// Whether the rule can be stored: its patterns parse, its fields are in bounds and agree with each
// other. The error is for the person who wrote it and names the field.
[[nodiscard]] Status validateRule(const api::Rule& rule);

// The rule in one line: "allow GET https://api.example.com/v1/**".
[[nodiscard]] std::string ruleText(const api::Rule& rule);
[[nodiscard]] std::string matchText(const api::Match& match);

// Applies to this sandbox: scope only, not time or the enabled switch.
[[nodiscard]] bool appliesTo(const api::Rule& rule, api::SandboxId sandbox);
[[nodiscard]] bool isExpired(const api::Rule& rule, UnixMillis now);

// The rules that an answer to this question makes, ids 0, origin Answer; all of them are to be
// stored, and the first is the one to show. None for Lifetime::Once or Reach::ThisRequest (the
// answer serves this question only). Two where the reach is MethodAndPath (the path, and what is
// below) or Domain (the registrable domain, and "*." of it). Refused where the reach makes no
// sense: the domain of an address or of a public suffix ("co.uk"), the path prefix of a path that
// servers read in more than one way.
[[nodiscard]] Result<std::vector<api::Rule>>
rulesForAnswer(const api::Question& question, const api::Answer& answer, UnixMillis now);

// "example.co.uk" for "a.b.example.co.uk" by the Public Suffix List; Refused for a public suffix
// itself and for single labels.
[[nodiscard]] Result<std::string> registrableDomain(std::string_view canonicalName);

} // namespace sallyport::policy

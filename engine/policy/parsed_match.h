#pragma once

// A rule's match taken apart once, for the files that need its parts. Use rules.h from outside.

#include <string>

#include "engine/api/types.h"
#include "engine/base/result.h"
#include "engine/policy/path_glob.h"
#include "engine/policy/pattern.h"

namespace sallyport::policy {

struct ParsedMatch
{
    Pattern host;
    PathGlob path;
};

// The errors are those of validateRule().
[[nodiscard]] Result<ParsedMatch> parseMatch(const api::Match& match);
// What validateRule() checks besides the match.
[[nodiscard]] Status validateTexts(const api::Rule& rule);
// nullptr: the host can't be parsed and is shown as it is.
[[nodiscard]] std::string matchText(const api::Match& match, const Pattern* pattern);

} // namespace sallyport::policy

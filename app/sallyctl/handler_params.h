#pragma once

// Parameters of a handler as people type them: NAME=VALUE, several times.

#include <string>
#include <vector>

#include "engine/api/json.h"
#include "engine/api/types.h"
#include "engine/base/result.h"

namespace sallyport::ctl {

// By what the built-in handler's parameters are: lists "a,b", headers "Name: value" or "-Name"
// (repeated ones add up), numbers, true and false. `known` is null for a handler of a module: then
// JSON is JSON and the rest is text.
[[nodiscard]] Result<api::Json> paramsFromText(const std::vector<std::string>& assignments,
                                               const api::BuiltIn* known);

} // namespace sallyport::ctl

#pragma once

// What each sandbox has used of its budgets: values in and out of a Database.

#include <map>
#include <string>

#include "engine/api/types.h"
#include "engine/store/database.h"

namespace sallyport::store::budgets {

// Each a JSON text, which the budget book reads and writes.
[[nodiscard]] Result<std::map<api::SandboxId, std::string>> load(Database& database);
[[nodiscard]] Status save(Database& database, api::SandboxId sandbox, const std::string& used);
[[nodiscard]] Status remove(Database& database, api::SandboxId sandbox);

} // namespace sallyport::store::budgets

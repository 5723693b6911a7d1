#pragma once

// Each sandbox's phases: values in and out of a Database.

#include <map>

#include "engine/api/phases.h"
#include "engine/store/database.h"

namespace sallyport::store::phases {

[[nodiscard]] Result<std::map<api::SandboxId, api::Phases>> load(Database& database);
[[nodiscard]] Status save(Database& database, api::SandboxId sandbox, const api::Phases& phases);

} // namespace sallyport::store::phases

#pragma once

// The settings that were set: values in and out of a Database. What is not here has its default.

#include <string>
#include <vector>

#include "engine/api/types.h"
#include "engine/store/database.h"

namespace sallyport::store {

struct StoredSetting
{
    std::string name;
    api::SandboxId sandbox = 0; // 0: of the whole engine
    std::string value;          // a JSON text
};

namespace settings {

[[nodiscard]] Result<std::vector<StoredSetting>> load(Database& database);
[[nodiscard]] Status save(Database& database, const StoredSetting& setting);
[[nodiscard]] Status remove(Database& database, const std::string& name, api::SandboxId sandbox);

} // namespace settings
} // namespace sallyport::store

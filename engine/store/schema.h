#pragma once

#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/store/database.h"

namespace sallyport::store {

// The steps from an empty file to the newest schema: step N takes version N to N + 1
// (PRAGMA user_version). A step that was released is never changed; new ones are added at the end.
[[nodiscard]] const std::vector<std::string_view>& schemaSteps();

// Brings a database to the newest version, each step in a transaction of its own. Refuses, without
// changing anything, a file that is damaged, that another program made, or that a newer version
// wrote.
[[nodiscard]] Status migrate(Database& database);

} // namespace sallyport::store

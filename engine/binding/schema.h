#pragma once

#include "engine/store/database.h"

namespace sallyport::binding {

// Makes the bindings' database, or brings it up to date. One that is not ours or newer is refused.
[[nodiscard]] Status prepareSchema(store::Database& database);

} // namespace sallyport::binding

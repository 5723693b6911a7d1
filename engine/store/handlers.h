#pragma once

// The tables of outbound handlers: who stands on which sandbox's ladder, the modules, and the
// handlers' log.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/api/handlers.h"
#include "engine/api/types.h"
#include "engine/store/database.h"

namespace sallyport::store {

// A module with what runs of it. The two differ where the last save was wrong.
struct StoredModule
{
    api::Module module;
    std::string good; // the text in force; empty: none was ever good
    api::ModuleSettings settings; // of the one in force
};

namespace handlers {

[[nodiscard]] Result<std::map<api::SandboxId, std::vector<api::Handler>>>
loadHandlers(Database& database);
// All that the sandbox has, in place of what is stored.
[[nodiscard]] Status save(Database& database,
                          api::SandboxId sandbox,
                          const std::vector<api::Handler>& handlers);

[[nodiscard]] Result<std::vector<StoredModule>> loadModules(Database& database);
[[nodiscard]] Status save(Database& database, const StoredModule& module);
[[nodiscard]] Status removeModule(Database& database, api::SandboxId sandbox);

// Inserts; the line has its id.
[[nodiscard]] Status save(Database& database, const api::HandlerLine& line);

struct LineQuery
{
    std::optional<api::SandboxId> sandbox;
    std::optional<api::RowId> row;
    std::optional<std::int64_t> before;
    int limit = 100;
    std::size_t mostBytes = 0; // of text, about; at least one line is returned
};
// Newest first.
[[nodiscard]] Result<api::HandlerLinePage> list(Database& database, const LineQuery& query);
// Removes what is older, and the oldest past `mostLines`.
[[nodiscard]] Status trim(Database& database, UnixMillis oldest, std::int64_t mostLines);

} // namespace handlers
} // namespace sallyport::store

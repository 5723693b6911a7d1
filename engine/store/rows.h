#pragma once

// The egress log's tables. The text of rows is stored as given: EgressLog bounds it.

#include <optional>
#include <span>
#include <vector>

#include "engine/api/types.h"
#include "engine/store/database.h"

namespace sallyport::store::rows {

struct Range
{
    std::optional<api::RowId> before; // newest first
    std::optional<api::RowId> after;  // oldest first
    int limit = 256;
    std::size_t mostBytes = 0; // of JSON text, about; at least one row is returned
};

// Inserts, or replaces the row with this id.
[[nodiscard]] Status save(Database& database, const api::Row& row);
// Inserts rows that are not there yet, many by one statement: several times cheaper than save().
// When it fails, some of them may be there.
[[nodiscard]] Status insert(Database& database, std::span<const api::Row* const> rows);
// Inserts, or replaces, what the row has beside itself.
[[nodiscard]] Status saveHeaders(Database& database,
                                 std::span<const api::RowDetail* const> details);
[[nodiscard]] Status saveHeaders(Database& database, const api::RowDetail& detail);

// `before` of the page is set when there may be more in the direction of reading back.
[[nodiscard]] Result<api::RowPage>
list(Database& database, const api::RowFilter& filter, const Range& range);
[[nodiscard]] Result<api::RowDetail> get(Database& database, api::RowId row); // or NotFound

// Rows of an engine that was killed: held ones were never let through, open ones were cut.
[[nodiscard]] Status closeUnfinished(Database& database);

struct Limits
{
    UnixMillis oldest = 0;
    std::int64_t mostRows = 0;
    std::int64_t mostBytes = 0;
};

// Removes at most `most` of the oldest rows that are past a limit, with their headers and hosts
// that no other row names. Returns how many.
[[nodiscard]] Result<std::int64_t>
trim(Database& database, const Limits& limits, std::int64_t count, std::int64_t most);

} // namespace sallyport::store::rows

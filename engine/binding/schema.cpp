#include "engine/binding/schema.h"

#include <array>
#include <string>
#include <string_view>

namespace sallyport::binding {

namespace {

// "SALB", in the file's header.
constexpr std::int64_t ApplicationId = 0x53414c42;

// The value of a small item lies in its row, at the end, so that a listing does not read it. A
// larger one consists of segments: files, which copies share. A file that no segment and no part
// names is loose and goes.
constexpr std::string_view First = R"sql(
CREATE TABLE bindings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    most_bytes INTEGER NOT NULL,
    port INTEGER NOT NULL,
    owner INTEGER,
    note TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    UNIQUE (kind, name)
) STRICT;
CREATE TABLE uses (
    binding INTEGER NOT NULL,
    sandbox INTEGER NOT NULL, -- 0: every
    access TEXT NOT NULL,
    variable TEXT NOT NULL,
    PRIMARY KEY (binding, sandbox)
) STRICT, WITHOUT ROWID;
CREATE TABLE items (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    store INTEGER NOT NULL,
    key TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    etag TEXT NOT NULL,
    metadata TEXT NOT NULL,
    http TEXT NOT NULL,
    expires_at INTEGER,
    stored_at INTEGER NOT NULL,
    value BLOB NOT NULL,
    UNIQUE (store, key)
) STRICT;
CREATE INDEX items_by_expiry ON items (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE segments (
    item INTEGER NOT NULL,
    number INTEGER NOT NULL,
    file TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (item, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX segments_by_file ON segments (file);
CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    store INTEGER NOT NULL,
    key TEXT NOT NULL,
    metadata TEXT NOT NULL,
    http TEXT NOT NULL,
    started_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_by_store ON uploads (store, key);
CREATE TABLE parts (
    upload TEXT NOT NULL,
    number INTEGER NOT NULL,
    file TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    etag TEXT NOT NULL,
    stored_at INTEGER NOT NULL,
    PRIMARY KEY (upload, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE loose (file TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
)sql";

constexpr std::string_view Second = R"sql(
ALTER TABLE uses ADD COLUMN reach TEXT NOT NULL DEFAULT 'sandbox';
)sql";

constexpr std::array Steps = {First, Second};

} // namespace

Status prepareSchema(store::Database& database)
{
    const auto version = database.integer("PRAGMA user_version");
    const auto application = database.integer("PRAGMA application_id");
    const auto tables = database.integer("SELECT count(*) FROM sqlite_schema");
    for (const auto* value : {&version, &application, &tables})
        if (!*value)
            return tl::unexpected(value->error());
    const bool isNew = *version == 0 && *tables == 0 && *application == 0;
    if (!isNew && *application != ApplicationId)
        return fail(Error::Code::Invalid, "this database was not made by Sallyport");
    if (*version > static_cast<std::int64_t>(Steps.size()))
        return fail(Error::Code::Invalid,
                    "it was written by a newer version of Sallyport: install that one again");
    if (const Status set = database.execute("PRAGMA journal_mode = WAL"); !set)
        return set;
    for (auto at = static_cast<std::size_t>(*version); at < Steps.size(); ++at) {
        const Status applied =
            database.execute("BEGIN IMMEDIATE;" + std::string(Steps.at(at)) +
                             "PRAGMA application_id = " + std::to_string(ApplicationId) +
                             "; PRAGMA user_version = " + std::to_string(at + 1) + "; COMMIT;");
        if (!applied) {
            if (database.isInTransaction())
                static_cast<void>(database.execute("ROLLBACK"));
            return applied;
        }
    }
    return {};
}

} // namespace sallyport::binding

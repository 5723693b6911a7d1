#include "engine/store/schema.h"

#include <string>

namespace sallyport::store {
namespace {

// "SALP", in the file's header: tells our database from anybody else's.
constexpr std::int64_t ApplicationId = 0x53414c50;

constexpr std::string_view SandboxesRulesQuestions = R"sql(
CREATE TABLE sandboxes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    size TEXT NOT NULL,
    image TEXT NOT NULL,
    disk_mib INTEGER NOT NULL,
    state TEXT NOT NULL,
    state_reason TEXT NOT NULL,
    default_action TEXT NOT NULL,
    allowed_hosts TEXT,
    denied_hosts TEXT NOT NULL,
    grants TEXT NOT NULL,
    accelerator TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER
) STRICT;
CREATE TABLE rules (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sandbox INTEGER,
    action TEXT NOT NULL,
    host TEXT NOT NULL,
    port INTEGER,
    scheme TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    expires_at INTEGER,
    until_stop INTEGER NOT NULL,
    origin TEXT NOT NULL,
    reason TEXT NOT NULL,
    note TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    hits INTEGER NOT NULL,
    last_hit_at INTEGER
) STRICT;
CREATE TABLE questions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sandbox INTEGER NOT NULL,
    sandbox_name TEXT NOT NULL,
    method TEXT NOT NULL,
    scheme TEXT NOT NULL,
    host TEXT NOT NULL,
    port INTEGER NOT NULL,
    path TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body_bytes INTEGER,
    why TEXT NOT NULL,
    claimed_process TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    times_asked INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE TABLE pool_names (
    sandbox INTEGER NOT NULL,
    name TEXT NOT NULL,
    slot INTEGER NOT NULL,
    PRIMARY KEY (sandbox, name),
    UNIQUE (sandbox, slot)
) STRICT, WITHOUT ROWID;
)sql";

// Hosts repeat, so rows hold their number. Every index ends in the row's id, so that each filter
// reads a page in order without sorting.
constexpr std::string_view EgressLog = R"sql(
CREATE TABLE hosts (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE rows (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time INTEGER NOT NULL,
    sandbox INTEGER NOT NULL,
    sandbox_name TEXT NOT NULL,
    protocol TEXT NOT NULL,
    method TEXT NOT NULL,
    scheme TEXT NOT NULL,
    host INTEGER NOT NULL,
    port INTEGER NOT NULL,
    path TEXT NOT NULL,
    state TEXT NOT NULL,
    verdict TEXT,
    step TEXT NOT NULL,
    rule INTEGER,
    question INTEGER,
    reason TEXT NOT NULL,
    status INTEGER NOT NULL,
    request_bytes INTEGER NOT NULL,
    response_bytes INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    held_ms INTEGER NOT NULL,
    upstream_address TEXT NOT NULL,
    error TEXT NOT NULL
) STRICT;
CREATE INDEX rows_by_host ON rows (host);
CREATE INDEX rows_by_sandbox ON rows (sandbox);
CREATE INDEX rows_by_sandbox_verdict ON rows (sandbox, verdict);
CREATE INDEX rows_by_verdict ON rows (verdict);
CREATE INDEX rows_unfinished ON rows (id) WHERE state IN ('held', 'open');
CREATE TABLE headers (
    row INTEGER PRIMARY KEY,
    request TEXT NOT NULL,
    response TEXT NOT NULL,
    upstream_tls TEXT NOT NULL
) STRICT;
CREATE TABLE seen_hosts (
    sandbox INTEGER NOT NULL,
    host TEXT NOT NULL,
    PRIMARY KEY (sandbox, host)
) STRICT, WITHOUT ROWID;
)sql";

// A question's method and path are cut for the eye; the whole ones serve retries and make rules. Of
// those that were cut already, only the eye's is left, which would match nothing.
constexpr std::string_view WholeQuestions = R"sql(
ALTER TABLE questions ADD COLUMN whole_method TEXT NOT NULL DEFAULT '';
ALTER TABLE questions ADD COLUMN whole_target TEXT NOT NULL DEFAULT '';
DELETE FROM questions WHERE path LIKE '%…' OR method LIKE '%…';
)sql";

constexpr std::string_view Handlers = R"sql(
CREATE TABLE handlers (
    sandbox INTEGER NOT NULL,
    host TEXT NOT NULL,
    origin TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    params TEXT NOT NULL,
    set_at INTEGER NOT NULL,
    PRIMARY KEY (sandbox, origin, host)
) STRICT, WITHOUT ROWID;
CREATE TABLE modules (
    sandbox INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    good TEXT NOT NULL,
    in_force INTEGER NOT NULL,
    problems TEXT NOT NULL,
    handlers TEXT NOT NULL,
    saved_at INTEGER
) STRICT;
CREATE TABLE handler_lines (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time INTEGER NOT NULL,
    sandbox INTEGER NOT NULL,
    row INTEGER,
    handler TEXT NOT NULL,
    level TEXT NOT NULL,
    text TEXT NOT NULL,
    line INTEGER NOT NULL,
    column_ INTEGER NOT NULL
) STRICT;
CREATE INDEX handler_lines_by_sandbox ON handler_lines (sandbox);
CREATE INDEX handler_lines_by_row ON handler_lines (row) WHERE row IS NOT NULL;
CREATE INDEX handler_lines_by_time ON handler_lines (time);
)sql";

// What passed a WebSocket, as JSON; empty where there was none.
constexpr std::string_view WebSockets = R"sql(
ALTER TABLE headers ADD COLUMN web_socket TEXT NOT NULL DEFAULT '';
)sql";

// References to secrets; the values lie in the vault.
constexpr std::string_view Credentials = R"sql(
CREATE TABLE credentials (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    command TEXT NOT NULL,
    cache_seconds INTEGER NOT NULL,
    hosts TEXT NOT NULL,
    plain_http INTEGER NOT NULL,
    use TEXT NOT NULL,
    header TEXT NOT NULL,
    user TEXT NOT NULL,
    parameter TEXT NOT NULL,
    variable TEXT NOT NULL,
    in_bodies INTEGER NOT NULL,
    sandboxes TEXT,
    note TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    placeholder_bytes INTEGER NOT NULL,
    uses INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT;
ALTER TABLE questions ADD COLUMN credentials TEXT NOT NULL DEFAULT '[]';
ALTER TABLE rows ADD COLUMN credentials TEXT NOT NULL DEFAULT '';
)sql";

// What a module's class says of its sandbox, as JSON.
constexpr std::string_view ModuleSettings = R"sql(
ALTER TABLE modules ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
)sql";

// What a person set; 0 is the whole engine.
constexpr std::string_view Settings = R"sql(
CREATE TABLE settings (
    name TEXT NOT NULL,
    sandbox INTEGER NOT NULL,
    value TEXT NOT NULL,
    set_at INTEGER NOT NULL,
    PRIMARY KEY (name, sandbox)
) STRICT, WITHOUT ROWID;
)sql";

// api::Phases as JSON.
constexpr std::string_view Phases = R"sql(
CREATE TABLE phases (
    sandbox INTEGER PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
)sql";

// What each sandbox has used of its budgets, as JSON.
constexpr std::string_view Budgets = R"sql(
CREATE TABLE budgets (
    sandbox INTEGER PRIMARY KEY,
    used TEXT NOT NULL
) STRICT;
)sql";

Result<std::int64_t> versionOf(Database& database)
{
    const auto version = database.integer("PRAGMA user_version");
    const auto application = database.integer("PRAGMA application_id");
    const auto tables = database.integer("SELECT count(*) FROM sqlite_schema");
    for (const auto* value : {&version, &application, &tables})
        if (!*value)
            return *value;
    const bool isNew = *version == 0 && *tables == 0 && *application == 0;
    if (!isNew && *application != ApplicationId)
        return fail(Error::Code::Invalid, "this database was not made by Sallyport");
    return version;
}

// Reads every page of the tables that the engine cannot do without. The log is too long for that;
// damage there shows when it is read.
Status checkSmallTables(Database& database)
{
    for (const char* table : {"sandboxes", "rules", "questions", "pool_names", "handlers",
                              "modules", "credentials", "settings", "phases", "budgets"}) {
        auto check = database.statement("PRAGMA quick_check(" + std::string(table) + ")");
        if (!check)
            return tl::unexpected<Error>(std::move(check.error()));
        const auto row = check->step();
        if (!row)
            return tl::unexpected<Error>(row.error());
        std::string answer;
        if (auto read = check->read(answer); !read)
            return read;
        if (answer != "ok")
            return fail(Error::Code::Io, "the database is damaged (" + answer +
                                             "): restore it from a backup, or move it away to "
                                             "begin with no sandboxes, rules and log");
    }
    return {};
}

Status applyStep(Database& database, std::int64_t version)
{
    const std::string step(schemaSteps().at(static_cast<std::size_t>(version)));
    auto applied = database.execute(
        "BEGIN IMMEDIATE;" + step + "PRAGMA application_id = " + std::to_string(ApplicationId) +
        "; PRAGMA user_version = " + std::to_string(version + 1) + "; COMMIT;");
    if (!applied && database.isInTransaction())
        (void)database.execute("ROLLBACK");
    return applied;
}

} // namespace

const std::vector<std::string_view>& schemaSteps()
{
    static const std::vector<std::string_view> steps = {
        SandboxesRulesQuestions, EgressLog, WholeQuestions, Handlers, WebSockets, Credentials,
        ModuleSettings,          Settings,  Phases,     Budgets};
    return steps;
}

Status migrate(Database& database)
{
    const auto version = versionOf(database);
    if (!version)
        return tl::unexpected<Error>(version.error());
    const auto newest = static_cast<std::int64_t>(schemaSteps().size());
    if (*version > newest)
        return fail(Error::Code::Invalid,
                    "the database was written by a newer version of Sallyport (schema " +
                        std::to_string(*version) + ", this one knows " + std::to_string(newest) +
                        "): install that version again");
    if (auto set = database.execute("PRAGMA journal_mode = WAL"); !set)
        return set;
    for (std::int64_t at = *version; at < newest; ++at)
        if (auto applied = applyStep(database, at); !applied)
            return fail("bring the database to schema " + std::to_string(at + 1),
                        std::move(applied.error()));
    return checkSmallTables(database);
}

} // namespace sallyport::store

#include "engine/store/tables.h"

#include <string>
#include <tuple>

namespace sallyport::store::tables {
namespace {

// What stands in which column, once for both directions.
template <typename S>
auto columns(S& s) requires std::is_same_v<std::remove_const_t<S>, api::Sandbox>
{
    return std::tie(s.id, s.name, s.size, s.image, s.diskMib, s.state, s.stateReason,
                    s.defaultAction, s.allowedHosts, s.deniedHosts, s.grants, s.accelerator,
                    s.createdAt, s.startedAt);
}

template <typename R> auto columns(R& r) requires std::is_same_v<std::remove_const_t<R>, api::Rule>
{
    return std::tie(r.id, r.sandbox, r.action, r.match.host, r.match.port, r.match.scheme,
                    r.match.method, r.match.path, r.enabled, r.expiresAt, r.untilStop, r.origin,
                    r.reason, r.note, r.createdAt, r.hits, r.lastHitAt);
}

template <typename Q>
auto columns(Q& q) requires std::is_same_v<std::remove_const_t<Q>, SavedQuestion>
{
    auto& shown = q.question;
    return std::tie(shown.id, shown.sandbox, shown.sandboxName, shown.method, shown.scheme,
                    shown.host, shown.port, shown.path, shown.contentType, shown.bodyBytes,
                    shown.why, shown.claimedProcess, shown.askedAt, shown.timesAsked,
                    shown.firstSeen, shown.credentials, shown.state, q.method, q.target);
}

template <typename C>
auto columns(C& c) requires std::is_same_v<std::remove_const_t<C>, api::Credential>
{
    return std::tie(c.id, c.name, c.source, c.command, c.cacheSeconds, c.hosts, c.plainHttp, c.use,
                    c.header, c.user, c.parameter, c.variable, c.inBodies, c.sandboxes, c.note,
                    c.createdAt, c.placeholderBytes, c.uses, c.lastUsedAt);
}

template <typename T> struct Table;

template <> struct Table<api::Sandbox>
{
    static constexpr auto Name = "sandboxes";
    static constexpr auto Columns = {
        "id",     "name",         "size",           "image",         "disk_mib",
        "state",  "state_reason", "default_action", "allowed_hosts", "denied_hosts",
        "grants", "accelerator",  "created_at",     "started_at"};
};

template <> struct Table<api::Rule>
{
    static constexpr auto Name = "rules";
    static constexpr auto Columns = {"id",         "sandbox",    "action", "host",    "port",
                                     "scheme",     "method",     "path",   "enabled", "expires_at",
                                     "until_stop", "origin",     "reason", "note",    "created_at",
                                     "hits",       "last_hit_at"};
};

template <> struct Table<SavedQuestion>
{
    static constexpr auto Name = "questions";
    static constexpr auto Columns = {
        "id",          "sandbox",     "sandbox_name", "method",      "scheme", "host",
        "port",        "path",        "content_type", "body_bytes",  "why",    "claimed_process",
        "asked_at",    "times_asked", "first_seen",   "credentials", "state",  "whole_method",
        "whole_target"};
};

template <> struct Table<api::Credential>
{
    static constexpr auto Name = "credentials";
    static constexpr auto Columns = {
        "id",          "name",      "source", "command",    "cache_seconds",     "hosts",
        "plain_http",  "use",       "header", "user",       "parameter",         "variable",
        "in_bodies",   "sandboxes", "note",   "created_at", "placeholder_bytes", "uses",
        "last_used_at"};
};

template <typename T> std::string columnList()
{
    std::string list;
    for (const char* column : Table<T>::Columns)
        list += (list.empty() ? "" : ", ") + std::string(column);
    return list;
}

// Not INSERT OR REPLACE: that would delete another row that has the same name.
template <typename T> std::string upsert()
{
    std::string places;
    std::string updates;
    for (const char* column : Table<T>::Columns) {
        places += places.empty() ? "?" : ", ?";
        if (column != std::string_view("id"))
            updates +=
                (updates.empty() ? "" : ", ") + std::string(column) + " = excluded." + column;
    }
    return "INSERT INTO " + std::string(Table<T>::Name) + " (" + columnList<T>() + ") VALUES (" +
           places + ") ON CONFLICT (id) DO UPDATE SET " + updates;
}

template <typename T> Status saveRow(Database& database, const T& value)
{
    static const std::string sql = upsert<T>();
    return std::apply([&](const auto&... values) { return run(database, sql, values...); },
                      columns(value));
}

template <typename T> Result<std::vector<T>> loadAll(Database& database)
{
    static const std::string sql =
        "SELECT " + columnList<T>() + " FROM " + Table<T>::Name + " ORDER BY id";
    auto query = database.statement(sql);
    if (!query)
        return tl::unexpected<Error>(std::move(query.error()));
    std::vector<T> all;
    for (;;) {
        const auto row = query->step();
        if (!row)
            return fail("read " + std::string(Table<T>::Name), row.error());
        if (!*row)
            return all;
        auto read = std::apply([&](auto&... values) { return query->read(values...); },
                               columns(all.emplace_back()));
        if (!read)
            return fail("read " + std::string(Table<T>::Name), std::move(read.error()));
    }
}

} // namespace

Result<std::vector<api::Sandbox>> loadSandboxes(Database& database)
{
    return loadAll<api::Sandbox>(database);
}

Result<std::vector<api::Rule>> loadRules(Database& database)
{
    return loadAll<api::Rule>(database);
}

Result<std::vector<SavedQuestion>> loadQuestions(Database& database)
{
    return loadAll<SavedQuestion>(database);
}

Result<std::vector<api::Credential>> loadCredentials(Database& database)
{
    return loadAll<api::Credential>(database);
}

Result<std::vector<PoolName>> loadPoolNames(Database& database, api::SandboxId sandbox)
{
    auto query =
        database.statement("SELECT name, slot FROM pool_names WHERE sandbox = ? ORDER BY slot");
    if (!query)
        return tl::unexpected<Error>(std::move(query.error()));
    query->bind(sandbox);
    std::vector<PoolName> all;
    for (;;) {
        const auto row = query->step();
        if (!row)
            return tl::unexpected<Error>(row.error());
        if (!*row)
            return all;
        PoolName& next = all.emplace_back();
        if (auto read = query->read(next.name, next.slot); !read)
            return tl::unexpected<Error>(std::move(read.error()));
    }
}

Status save(Database& database, const api::Sandbox& sandbox)
{
    return saveRow(database, sandbox);
}

Status save(Database& database, const api::Rule& rule)
{
    return saveRow(database, rule);
}

Status save(Database& database, const SavedQuestion& question)
{
    return saveRow(database, question);
}

Status save(Database& database, const api::Credential& credential)
{
    return saveRow(database, credential);
}

// REPLACE also forgets the name that had this slot before.
Status save(Database& database, api::SandboxId sandbox, const PoolName& name)
{
    return run(database, "INSERT OR REPLACE INTO pool_names (sandbox, name, slot) VALUES (?, ?, ?)",
               sandbox, name.name, name.slot);
}

Status removeSandbox(Database& database, api::SandboxId sandbox)
{
    for (const char* sql :
         {"DELETE FROM sandboxes WHERE id = ?", "DELETE FROM rules WHERE sandbox = ?",
          "DELETE FROM questions WHERE sandbox = ?", "DELETE FROM pool_names WHERE sandbox = ?",
          "DELETE FROM seen_hosts WHERE sandbox = ?", "DELETE FROM handlers WHERE sandbox = ?",
          "DELETE FROM modules WHERE sandbox = ?", "DELETE FROM handler_lines WHERE sandbox = ?",
          "DELETE FROM settings WHERE sandbox = ?", "DELETE FROM phases WHERE sandbox = ?"})
        if (auto removed = run(database, sql, sandbox); !removed)
            return removed;
    return {};
}

Status removeRule(Database& database, api::RuleId rule)
{
    return run(database, "DELETE FROM rules WHERE id = ?", rule);
}

Status removeQuestion(Database& database, api::QuestionId question)
{
    return run(database, "DELETE FROM questions WHERE id = ?", question);
}

Status removeCredential(Database& database, api::CredentialId credential)
{
    return run(database, "DELETE FROM credentials WHERE id = ?", credential);
}

Status removePoolNames(Database& database, api::SandboxId sandbox)
{
    return run(database, "DELETE FROM pool_names WHERE sandbox = ?", sandbox);
}

Status addRuleHits(Database& database, api::RuleId rule, std::int64_t hits, UnixMillis lastHitAt)
{
    return run(database, "UPDATE rules SET hits = hits + ?, last_hit_at = ? WHERE id = ?", hits,
               lastHitAt, rule);
}

} // namespace sallyport::store::tables

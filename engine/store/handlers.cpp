#include "engine/store/handlers.h"

#include "engine/store/tables.h"

namespace sallyport::store::handlers {
namespace {

using tables::run;

// Calls `read` for each row of the statement.
template <typename Read> Status eachRow(Statement& query, Read read)
{
    for (;;) {
        const auto row = query.step();
        if (!row)
            return tl::unexpected<Error>(row.error());
        if (!*row)
            return {};
        if (Status done = read(query); !done)
            return done;
    }
}

template <typename T> std::string jsonText(const T& value)
{
    return api::toJson(value).dump(-1, ' ', false, api::Json::error_handler_t::replace);
}

template <typename T> Status readJson(const std::string& text, T& out)
{
    auto read = api::fromJson<T>(api::Json::parse(text, nullptr, false));
    if (!read)
        return tl::unexpected<Error>(std::move(read.error()));
    out = std::move(*read);
    return {};
}

} // namespace

Result<std::map<api::SandboxId, std::vector<api::Handler>>> loadHandlers(Database& database)
{
    auto query = database.statement("SELECT sandbox, host, origin, kind, name, params, set_at FROM "
                                    "handlers ORDER BY sandbox, origin, host");
    if (!query)
        return tl::unexpected<Error>(std::move(query.error()));
    std::map<api::SandboxId, std::vector<api::Handler>> all;
    const Status done = eachRow(*query, [&](Statement& row) {
        api::SandboxId sandbox = 0;
        api::Handler handler;
        Status read = row.read(sandbox, handler.host, handler.origin, handler.kind, handler.name,
                               handler.params, handler.setAt);
        if (read)
            all[sandbox].push_back(std::move(handler));
        return read;
    });
    if (!done)
        return fail("read handlers", done.error());
    return all;
}

Status save(Database& database, api::SandboxId sandbox, const std::vector<api::Handler>& handlers)
{
    if (auto removed = run(database, "DELETE FROM handlers WHERE sandbox = ?", sandbox); !removed)
        return removed;
    for (const api::Handler& handler : handlers) {
        auto saved = run(database,
                         "INSERT INTO handlers (sandbox, host, origin, kind, name, params, set_at) "
                         "VALUES (?, ?, ?, ?, ?, ?, ?)",
                         sandbox, handler.host, handler.origin, handler.kind, handler.name,
                         handler.params, handler.setAt);
        if (!saved)
            return saved;
    }
    return {};
}

Result<std::vector<StoredModule>> loadModules(Database& database)
{
    auto query = database.statement("SELECT sandbox, source, good, in_force, problems, handlers, "
                                    "saved_at, settings FROM modules");
    if (!query)
        return tl::unexpected<Error>(std::move(query.error()));
    std::vector<StoredModule> all;
    const Status done = eachRow(*query, [&](Statement& row) {
        StoredModule& next = all.emplace_back();
        std::string problems;
        std::string settings;
        Status read =
            row.read(next.module.sandbox, next.module.source, next.good, next.module.inForce,
                     problems, next.module.handlers, next.module.savedAt, settings);
        if (read)
            read = readJson(settings, next.settings);
        return read ? readJson(problems, next.module.problems) : read;
    });
    if (!done)
        return fail("read modules", done.error());
    return all;
}

Status save(Database& database, const StoredModule& module)
{
    return run(database,
               "INSERT OR REPLACE INTO modules (sandbox, source, good, in_force, problems, "
               "handlers, saved_at, settings) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
               module.module.sandbox, module.module.source, module.good, module.module.inForce,
               jsonText(module.module.problems), module.module.handlers, module.module.savedAt,
               jsonText(module.settings));
}

Status removeModule(Database& database, api::SandboxId sandbox)
{
    return run(database, "DELETE FROM modules WHERE sandbox = ?", sandbox);
}

Status save(Database& database, const api::HandlerLine& line)
{
    return run(database,
               "INSERT INTO handler_lines (id, time, sandbox, row, handler, level, text, line, "
               "column_) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
               line.id, line.time, line.sandbox, line.row, line.handler, line.level, line.text,
               line.line, line.column);
}

Result<api::HandlerLinePage> list(Database& database, const LineQuery& query)
{
    std::string sql = "SELECT id, time, sandbox, row, handler, level, text, line, column_ FROM "
                      "handler_lines WHERE id < ?";
    if (query.sandbox)
        sql += " AND sandbox = ?";
    if (query.row)
        sql += " AND row = ?";
    sql += " ORDER BY id DESC LIMIT ?";
    auto statement = database.statement(sql);
    if (!statement)
        return tl::unexpected<Error>(std::move(statement.error()));
    statement->bind(query.before.value_or(INT64_MAX));
    if (query.sandbox)
        statement->bind(*query.sandbox);
    if (query.row)
        statement->bind(*query.row);
    statement->bind(query.limit);
    api::HandlerLinePage page;
    std::size_t bytes = 0;
    bool isCut = false;
    const Status done = eachRow(*statement, [&](Statement& row) {
        api::HandlerLine line;
        Status read = row.read(line.id, line.time, line.sandbox, line.row, line.handler, line.level,
                               line.text, line.line, line.column);
        bytes += line.text.size() + line.handler.size() + 160;
        isCut = isCut || (bytes > query.mostBytes && !page.lines.empty());
        if (read && !isCut)
            page.lines.push_back(std::move(line));
        return read;
    });
    if (!done)
        return fail("read the handlers' log", done.error());
    if (isCut || static_cast<int>(page.lines.size()) == query.limit)
        page.before = page.lines.back().id;
    return page;
}

Status trim(Database& database, UnixMillis oldest, std::int64_t mostLines)
{
    if (auto done = run(database, "DELETE FROM handler_lines WHERE time < ?", oldest); !done)
        return done;
    return run(database,
               "DELETE FROM handler_lines WHERE id <= (SELECT id FROM handler_lines ORDER BY id "
               "DESC LIMIT 1 OFFSET ?)",
               mostLines);
}

} // namespace sallyport::store::handlers

#include "engine/store/rows.h"

#include <algorithm>
#include <array>
#include <string>
#include <tuple>
#include <unordered_map>

#include "engine/store/tables.h"

namespace sallyport::store::rows {
namespace {

using tables::run;
using HeaderList = std::vector<std::pair<std::string, std::string>>;

constexpr auto Columns =
    "id, time, sandbox, sandbox_name, protocol, method, scheme, host, port, path, state, verdict, "
    "step, rule, question, reason, status, request_bytes, response_bytes, duration_ms, held_ms, "
    "upstream_address, error, credentials";
constexpr auto HeaderColumns = "row, request, response, upstream_tls, web_socket";

// As Columns, with the host's name in place of its number. A subquery, since a join would let
// SQLite choose to walk the hosts first.
const std::string Select =
    "SELECT id, time, sandbox, sandbox_name, protocol, method, scheme, "
    "(SELECT name FROM hosts WHERE hosts.id = rows.host), port, path, state, verdict, step, rule, "
    "question, reason, status, request_bytes, response_bytes, duration_ms, held_ms, "
    "upstream_address, error, credentials FROM rows";

Status readRow(Statement& query, api::Row& r)
{
    return query.read(r.id, r.time, r.sandbox, r.sandboxName, r.protocol, r.method, r.scheme,
                      r.host, r.port, r.path, r.state, r.verdict, r.step, r.rule, r.question,
                      r.reason, r.status, r.requestBytes, r.responseBytes, r.durationMs, r.heldMs,
                      r.upstreamAddress, r.error, r.credentials);
}

// 0: no such host.
Result<std::int64_t> findHost(Database& database, const std::string& name)
{
    auto query = database.statement("SELECT id FROM hosts WHERE name = ?");
    if (!query)
        return tl::unexpected<Error>(std::move(query.error()));
    const auto row = query->bind(name).step();
    if (!row)
        return tl::unexpected<Error>(row.error());
    std::int64_t id = 0;
    if (*row)
        if (auto read = query->read(id); !read)
            return tl::unexpected<Error>(std::move(read.error()));
    return id;
}

// The numbers of hosts, each looked up once; for use within one transaction.
class HostNumbers
{
public:
    explicit HostNumbers(Database& database)
        : m_database(database)
    {
    }

    [[nodiscard]] Result<std::int64_t> of(const std::string& name)
    {
        if (const auto known = m_known.find(name); known != m_known.end())
            return known->second;
        auto number = findHost(m_database, name);
        if (number && *number == 0) {
            if (auto added = run(m_database, "INSERT INTO hosts (name) VALUES (?)", name); !added)
                return tl::unexpected<Error>(std::move(added.error()));
            number = findHost(m_database, name);
        }
        if (number)
            m_known.emplace(name, *number);
        return number;
    }

private:
    Database& m_database;
    std::unordered_map<std::string, std::int64_t> m_known;
};

// Rows that one statement inserts. Opening the indexes and noting the highest id is paid once.
constexpr std::size_t AtOnce = 16;

std::string insertion(const std::string& into, const std::string& columns, std::size_t rows)
{
    const auto count = 1 + std::count(columns.begin(), columns.end(), ',');
    std::string places = "(?";
    for (auto i = count; i > 1; --i)
        places += ", ?";
    places += ')';
    std::string sql = into;
    sql.append(" (").append(columns).append(") VALUES ").append(places);
    for (; rows > 1; --rows)
        sql.append(", ").append(places);
    return sql;
}

void bindRow(Statement& statement, const api::Row& r, std::int64_t host)
{
    statement.bindBorrowed(r.id, r.time, r.sandbox, r.sandboxName, r.protocol, r.method, r.scheme,
                           host, r.port, r.path, r.state, r.verdict, r.step, r.rule, r.question,
                           r.reason, r.status, r.requestBytes, r.responseBytes, r.durationMs,
                           r.heldMs, r.upstreamAddress, r.error, r.credentials);
}

void appendJson(std::string& out, const std::string& text)
{
    const bool isPlain = std::all_of(text.begin(), text.end(), [](char c) {
        return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
    });
    if (isPlain)
        out.append("\"").append(text).append("\"");
    else
        out += api::Json(text).dump(-1, ' ', false, api::Json::error_handler_t::replace);
}

// The text of api::toJson(headers), without the tree of values: it is made for each row.
std::string headerText(const HeaderList& headers)
{
    std::string out = "[";
    for (const auto& [name, value] : headers) {
        out += out.size() > 1 ? ",[" : "[";
        appendJson(out, name);
        out += ',';
        appendJson(out, value);
        out += ']';
    }
    return out + ']';
}

Status readHeaders(const std::string& text, HeaderList& out)
{
    auto read = api::fromJson<HeaderList>(api::Json::parse(text, nullptr, false));
    if (!read)
        return tl::unexpected<Error>(std::move(read.error()));
    out = std::move(*read);
    return {};
}

Status readWebSocket(const std::string& text, std::optional<api::WebSocketLog>& out)
{
    auto read = api::fromJson<api::WebSocketLog>(api::Json::parse(text, nullptr, false));
    if (!read)
        return tl::unexpected<Error>(std::move(read.error()));
    out = std::move(*read);
    return {};
}

// '%' and '_' of what the person typed mean themselves.
std::string containsPattern(std::string_view text)
{
    std::string pattern = "%";
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '\\')
            pattern += '\\';
        pattern += c;
    }
    return pattern + "%";
}

// One SQL text for each combination of filters, so that SQLite sees which indexes serve it. The
// '+' keeps it from starting at the hosts or paths, which would need a sort.
std::string listSql(const api::RowFilter& filter, const Range& range)
{
    std::string sql = Select + (range.after ? " WHERE id > ?" : " WHERE id < ?");
    if (filter.sandbox)
        sql += " AND sandbox = ?";
    if (filter.verdict)
        sql += " AND verdict = ?";
    if (filter.state)
        sql += " AND +state = ?";
    if (!filter.method.empty())
        sql += " AND +method = ?";
    if (filter.status)
        sql += " AND +status = ?";
    if (!filter.text.empty())
        sql += " AND (+host IN (SELECT id FROM hosts WHERE name LIKE ? ESCAPE '\\') OR +path LIKE "
               "? ESCAPE '\\')";
    return sql + (range.after ? " ORDER BY id ASC" : " ORDER BY id DESC") + " LIMIT ?";
}

void bindList(Statement& query, const api::RowFilter& filter, const Range& range)
{
    query.bind(range.after ? *range.after : range.before.value_or(INT64_MAX));
    if (filter.sandbox)
        query.bind(*filter.sandbox);
    if (filter.verdict)
        query.bind(*filter.verdict);
    if (filter.state)
        query.bind(*filter.state);
    if (!filter.method.empty())
        query.bind(filter.method);
    if (filter.status)
        query.bind(*filter.status);
    if (!filter.text.empty()) {
        const std::string pattern = containsPattern(filter.text);
        query.bind(pattern, pattern);
    }
    query.bind(range.limit);
}

// How long the text is in JSON, where a control character takes six bytes.
std::size_t jsonBytes(std::string_view text)
{
    return text.size() +
           5 * static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
               return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' || c == 0x7f;
           }));
}

std::size_t jsonBytes(const api::Row& row)
{
    constexpr std::size_t NamesAndNumbers = 600;
    std::size_t bytes = NamesAndNumbers;
    for (const std::string* text :
         {&row.sandboxName, &row.protocol, &row.method, &row.scheme, &row.host, &row.path,
          &row.reason, &row.upstreamAddress, &row.error, &row.credentials})
        bytes += jsonBytes(*text);
    return bytes;
}

// Oldest row first.
Result<std::int64_t> removeOldest(Database& database, std::int64_t most, UnixMillis olderThan)
{
    auto remove = database.statement(
        "DELETE FROM rows WHERE id IN (SELECT id FROM rows ORDER BY id LIMIT ?) AND time < ? "
        "RETURNING id, host");
    if (!remove)
        return tl::unexpected<Error>(std::move(remove.error()));
    remove->bind(most, olderThan);
    std::vector<std::pair<std::int64_t, std::int64_t>> removed;
    for (;;) {
        const auto row = remove->step();
        if (!row)
            return tl::unexpected<Error>(row.error());
        if (!*row)
            break;
        auto& [id, host] = removed.emplace_back();
        if (auto read = remove->read(id, host); !read)
            return tl::unexpected<Error>(std::move(read.error()));
    }
    for (const auto& [id, host] : removed) {
        if (auto done = run(database, "DELETE FROM headers WHERE row = ?", id); !done)
            return tl::unexpected<Error>(std::move(done.error()));
        if (auto done = run(database,
                            "DELETE FROM hosts WHERE id = ?1 AND NOT EXISTS "
                            "(SELECT 1 FROM rows WHERE host = ?1)",
                            host);
            !done)
            return tl::unexpected<Error>(std::move(done.error()));
    }
    return static_cast<std::int64_t>(removed.size());
}

Result<std::int64_t> usedBytes(Database& database)
{
    const auto pages = database.integer("PRAGMA page_count");
    const auto unused = database.integer("PRAGMA freelist_count");
    const auto size = database.integer("PRAGMA page_size");
    for (const auto* value : {&pages, &unused, &size})
        if (!*value)
            return *value;
    return (*pages - *unused) * *size;
}

} // namespace

Status save(Database& database, const api::Row& row)
{
    HostNumbers hosts(database);
    const auto host = hosts.of(row.host);
    if (!host)
        return tl::unexpected<Error>(host.error());
    static const std::string sql = insertion("INSERT OR REPLACE INTO rows", Columns, 1);
    auto statement = database.statement(sql);
    if (!statement)
        return tl::unexpected<Error>(std::move(statement.error()));
    bindRow(*statement, row, *host);
    return statement->run();
}

Status insert(Database& database, std::span<const api::Row* const> rows)
{
    static const std::string several = insertion("INSERT INTO rows", Columns, AtOnce);
    static const std::string one = insertion("INSERT INTO rows", Columns, 1);
    HostNumbers hosts(database);
    while (!rows.empty()) {
        const std::size_t count = rows.size() < AtOnce ? 1 : AtOnce;
        // Before the statement is used: a host may have to be inserted first.
        std::array<std::int64_t, AtOnce> numbers{};
        for (std::size_t i = 0; i < count; ++i) {
            const auto host = hosts.of(rows[i]->host);
            if (!host)
                return tl::unexpected<Error>(host.error());
            numbers[i] = *host;
        }
        auto statement = database.statement(count == 1 ? one : several);
        if (!statement)
            return tl::unexpected<Error>(std::move(statement.error()));
        for (std::size_t i = 0; i < count; ++i)
            bindRow(*statement, *rows[i], numbers[i]);
        if (auto inserted = statement->run(); !inserted)
            return inserted;
        rows = rows.subspan(count);
    }
    return {};
}

Status saveHeaders(Database& database, std::span<const api::RowDetail* const> details)
{
    static constexpr auto Into = "INSERT OR REPLACE INTO headers";
    static const std::string several = insertion(Into, HeaderColumns, AtOnce);
    static const std::string one = insertion(Into, HeaderColumns, 1);
    while (!details.empty()) {
        const std::size_t count = details.size() < AtOnce ? 1 : AtOnce;
        std::array<std::array<std::string, 3>, AtOnce> texts;
        auto statement = database.statement(count == 1 ? one : several);
        if (!statement)
            return tl::unexpected<Error>(std::move(statement.error()));
        for (std::size_t i = 0; i < count; ++i) {
            const api::RowDetail& detail = *details[i];
            auto& [request, response, webSocket] = texts[i];
            request = headerText(detail.requestHeaders);
            response = headerText(detail.responseHeaders);
            if (detail.webSocket)
                webSocket = api::toJson(*detail.webSocket).dump();
            statement->bindBorrowed(detail.row.id, request, response, detail.upstreamTls,
                                    webSocket);
        }
        if (auto saved = statement->run(); !saved)
            return saved;
        details = details.subspan(count);
    }
    return {};
}

Status saveHeaders(Database& database, const api::RowDetail& detail)
{
    const api::RowDetail* const only = &detail;
    return saveHeaders(database, std::span(&only, 1));
}

Result<api::RowPage> list(Database& database, const api::RowFilter& filter, const Range& range)
{
    auto query = database.statement(listSql(filter, range));
    if (!query)
        return tl::unexpected<Error>(std::move(query.error()));
    bindList(*query, filter, range);
    api::RowPage page;
    std::size_t bytes = 0;
    bool isCut = false;
    for (;;) {
        const auto found = query->step();
        if (!found)
            return tl::unexpected<Error>(found.error());
        if (!*found)
            break;
        api::Row row;
        if (auto read = readRow(*query, row); !read)
            return tl::unexpected<Error>(std::move(read.error()));
        bytes += jsonBytes(row);
        if (isCut = bytes > range.mostBytes && !page.rows.empty(); isCut)
            break;
        page.rows.push_back(std::move(row));
    }
    const bool isFull = static_cast<int>(page.rows.size()) == range.limit;
    if (!range.after && (isFull || isCut))
        page.before = page.rows.back().id;
    return page;
}

Result<api::RowDetail> get(Database& database, api::RowId row)
{
    auto query = database.statement(Select + " WHERE id = ?");
    auto headers =
        database.statement("SELECT request, response, upstream_tls, web_socket FROM headers "
                           "WHERE row = ?");
    for (auto* statement : {&query, &headers})
        if (!*statement)
            return tl::unexpected<Error>(std::move(statement->error()));
    const auto found = query->bind(row).step();
    if (!found)
        return tl::unexpected<Error>(found.error());
    if (!*found)
        return fail(Error::Code::NotFound, "no row " + std::to_string(row) + " in the log");
    api::RowDetail detail;
    if (auto read = readRow(*query, detail.row); !read)
        return tl::unexpected<Error>(std::move(read.error()));
    const auto hasHeaders = headers->bind(row).step();
    if (!hasHeaders)
        return tl::unexpected<Error>(hasHeaders.error());
    if (*hasHeaders) {
        std::string request;
        std::string response;
        std::string webSocket;
        auto read = headers->read(request, response, detail.upstreamTls, webSocket);
        if (read)
            read = readHeaders(request, detail.requestHeaders);
        if (read)
            read = readHeaders(response, detail.responseHeaders);
        if (read && !webSocket.empty())
            read = readWebSocket(webSocket, detail.webSocket);
        if (!read)
            return tl::unexpected<Error>(std::move(read.error()));
    }
    return detail;
}

Status closeUnfinished(Database& database)
{
    // The list in WHERE is that of the partial index; SQLite uses it only when it reads the same.
    return database.execute(R"sql(
        UPDATE rows SET
            verdict = CASE state WHEN 'held' THEN 'deny' ELSE verdict END,
            reason = CASE state WHEN 'held' THEN 'the engine ended while this was held' ELSE reason END,
            error = CASE state WHEN 'open' THEN 'the engine ended' ELSE error END,
            state = CASE state WHEN 'held' THEN 'denied' ELSE 'failed' END
        WHERE state IN ('held', 'open');
    )sql");
}

Result<std::int64_t>
trim(Database& database, const Limits& limits, std::int64_t count, std::int64_t most)
{
    const auto used = usedBytes(database);
    if (!used)
        return used;
    const std::int64_t tooMany = count - limits.mostRows;
    if (*used > limits.mostBytes && count > 0) {
        // About as many as make up the excess.
        const std::int64_t excess =
            (*used - limits.mostBytes) / std::max(*used / count, INT64_C(1));
        return removeOldest(database, std::clamp(excess, INT64_C(1), most), INT64_MAX);
    }
    if (tooMany > 0)
        return removeOldest(database, std::min(most, tooMany), INT64_MAX);
    return removeOldest(database, most, limits.oldest);
}

} // namespace sallyport::store::rows

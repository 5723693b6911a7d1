#include "engine/store/database.h"

#include <chrono>
#include <mutex>

#include <fcntl.h>
#include <sqlite3.h>

#include "engine/base/unique_fd.h"

namespace sallyport::store {
namespace {

using Clock = std::chrono::steady_clock;

Error sqliteError(sqlite3* database, int code)
{
    const std::string text = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
    const char* file = database != nullptr ? sqlite3_db_filename(database, "main") : nullptr;
    const std::string name = file != nullptr ? file : "the database";
    switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return {Error::Code::Io, name + " is damaged (" + text +
                                     "): restore it from a backup, or move it away to begin "
                                     "with no sandboxes, rules and log"};
    case SQLITE_FULL:
        return {Error::Code::Unavailable, name + ": the disk is full"};
    case SQLITE_INTERRUPT:
        return {Error::Code::TimedOut, "the search took too long: narrow the filter"};
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
        return {Error::Code::Unavailable, "cannot use " + name + ": " + text};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return {Error::Code::Unavailable, name + " is locked by another process"};
    default:
        return {Error::Code::Io, name + ": " + text};
    }
}

// SQLite itself would create it with the umask's rights.
Status createPrivate(const std::filesystem::path& file)
{
    const UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd.isOpen())
        return failErrno("open " + file.string(), errno);
    return {};
}

} // namespace

// ---- Statement

Statement::~Statement()
{
    if (m_statement == nullptr)
        return;
    sqlite3_reset(m_statement);
    sqlite3_clear_bindings(m_statement);
}

void Statement::spoil(Error error)
{
    if (!m_error)
        m_error = std::move(error);
}

void Statement::put(int index, std::int64_t value)
{
    sqlite3_bind_int64(m_statement, index, value);
}

void Statement::put(int index, double value)
{
    sqlite3_bind_double(m_statement, index, value);
}

void Statement::put(int index, std::string_view value)
{
    putText(index, value, m_borrows);
}

void Statement::putText(int index, std::string_view value, bool stays)
{
    // A null pointer would be NULL, not the empty text.
    const char* text = value.data() != nullptr ? value.data() : "";
    if (sqlite3_bind_text64(m_statement, index, text, value.size(),
                            stays ? SQLITE_STATIC : SQLITE_TRANSIENT, SQLITE_UTF8) != SQLITE_OK)
        spoil({Error::Code::TooLarge, "a text is too large for the database"});
}

void Statement::put(int index, const std::vector<std::string>& value)
{
    const std::string text =
        api::toJson(value).dump(-1, ' ', false, api::Json::error_handler_t::replace);
    putText(index, text, false);
}

void Statement::put(int index, const std::vector<std::int64_t>& value)
{
    putText(index, api::toJson(value).dump(), false);
}

void Statement::putNull(int index)
{
    sqlite3_bind_null(m_statement, index);
}

Result<bool> Statement::step()
{
    if (m_error)
        return tl::unexpected<Error>(*m_error);
    const int code = sqlite3_step(m_statement);
    if (code == SQLITE_ROW)
        return true;
    if (code == SQLITE_DONE)
        return false;
    return tl::unexpected<Error>(sqliteError(sqlite3_db_handle(m_statement), code));
}

Status Statement::run()
{
    auto stepped = step();
    if (!stepped)
        return tl::unexpected<Error>(std::move(stepped.error()));
    return {};
}

void Statement::get(int column, std::int64_t& value)
{
    if (sqlite3_column_type(m_statement, column) != SQLITE_INTEGER)
        spoil({Error::Code::Io, std::string("not an integer in the database: ") +
                                    sqlite3_column_name(m_statement, column)});
    value = sqlite3_column_int64(m_statement, column);
}

void Statement::get(int column, int& value)
{
    std::int64_t wide = 0;
    get(column, wide);
    value = static_cast<int>(wide);
    if (value != wide)
        spoil({Error::Code::Io, std::string("out of range in the database: ") +
                                    sqlite3_column_name(m_statement, column)});
}

void Statement::get(int column, bool& value)
{
    std::int64_t wide = 0;
    get(column, wide);
    value = wide != 0;
}

void Statement::get(int column, double& value)
{
    value = sqlite3_column_double(m_statement, column);
}

void Statement::get(int column, std::string& value)
{
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(m_statement, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(m_statement, column));
    value.assign(text != nullptr ? text : "", text != nullptr ? size : 0);
}

template <typename T> void Statement::getList(int column, std::vector<T>& value)
{
    std::string text;
    get(column, text);
    auto list = api::fromJson<std::vector<T>>(api::Json::parse(text, nullptr, false));
    if (list)
        value = std::move(*list);
    else
        spoil(std::move(list.error()));
}

void Statement::get(int column, std::vector<std::string>& value)
{
    getList(column, value);
}

void Statement::get(int column, std::vector<std::int64_t>& value)
{
    getList(column, value);
}

bool Statement::isNull(int column) const
{
    return sqlite3_column_type(m_statement, column) == SQLITE_NULL;
}

// ---- Database

struct Database::Handle
{
    Handle() = default;
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle()
    {
        for (const auto& [sql, statement] : statements)
            sqlite3_finalize(statement);
        sqlite3_close_v2(database);
    }

    sqlite3* database = nullptr;
    std::map<std::string, sqlite3_stmt*> statements;
    Clock::time_point deadline;
};

Database::Database(std::unique_ptr<Handle> handle)
    : m_handle(std::move(handle))
{
}

Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database> Database::open(const std::filesystem::path& file, Access access)
{
    // Counting every allocation costs a mutex each time, and nobody reads the counts. Refused, and
    // so left as it is, once SQLite has been used.
    static std::once_flag once;
    std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
    if (access == Access::ReadWrite) {
        if (auto created = createPrivate(file); !created)
            return tl::unexpected<Error>(std::move(created.error()));
    }
    auto handle = std::make_unique<Handle>();
    const int code = sqlite3_open_v2(file.c_str(), &handle->database,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    if (code != SQLITE_OK)
        return fail("open " + file.string(), sqliteError(handle->database, code));
    sqlite3_extended_result_codes(handle->database, 1);
    sqlite3_busy_timeout(handle->database, 5000);
    sqlite3_db_config(handle->database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle->database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    Database database(std::move(handle));
    // NORMAL: a commit survives the death of the process at once, that of the machine after the
    // next checkpoint. A checkpoint waits for the disk, so they come seldom (16 MiB of pages).
    const std::string settings = "PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;"
                                 "PRAGMA cell_size_check = ON; PRAGMA cache_size = -8192;"
                                 "PRAGMA wal_autocheckpoint = 4096;"
                                 "PRAGMA journal_size_limit = 33554432;";
    const std::string mode = access == Access::ReadOnly ? "PRAGMA query_only = ON;" : "";
    if (auto set = database.execute(settings + mode); !set)
        return tl::unexpected<Error>(std::move(set.error()));
    return database;
}

Status Database::execute(const std::string& sql)
{
    const int code = sqlite3_exec(m_handle->database, sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK)
        return tl::unexpected<Error>(sqliteError(m_handle->database, code));
    return {};
}

Result<Statement> Database::statement(const std::string& sql)
{
    sqlite3_stmt*& prepared = m_handle->statements[sql];
    if (prepared == nullptr) {
        const int code =
            sqlite3_prepare_v3(m_handle->database, sql.c_str(), static_cast<int>(sql.size()) + 1,
                               SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
        if (code != SQLITE_OK)
            return tl::unexpected<Error>(sqliteError(m_handle->database, code));
    }
    return Statement(prepared);
}

Result<std::int64_t> Database::integer(const std::string& sql)
{
    auto query = statement(sql);
    if (!query)
        return tl::unexpected<Error>(std::move(query.error()));
    const auto row = query->step();
    if (!row)
        return tl::unexpected<Error>(row.error());
    std::optional<std::int64_t> value;
    if (*row) {
        if (auto read = query->read(value); !read)
            return tl::unexpected<Error>(std::move(read.error()));
    }
    return value.value_or(0);
}

std::int64_t Database::changes() const
{
    return sqlite3_changes64(m_handle->database);
}

bool Database::isInTransaction() const
{
    return sqlite3_get_autocommit(m_handle->database) == 0;
}

void Database::setDeadline(std::int64_t milliseconds)
{
    m_handle->deadline = Clock::now() + std::chrono::milliseconds(milliseconds);
    constexpr int InstructionsBetweenLooks = 20000; // a millisecond or so
    sqlite3_progress_handler(
        m_handle->database, InstructionsBetweenLooks,
        [](void* handle) { return Clock::now() > static_cast<Handle*>(handle)->deadline ? 1 : 0; },
        m_handle.get());
}

void Database::clearDeadline()
{
    sqlite3_progress_handler(m_handle->database, 0, nullptr, nullptr);
}

} // namespace sallyport::store

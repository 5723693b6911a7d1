#pragma once

// SQLite's C interface in C++ clothes: one connection and its prepared statements. A Database and
// its statements belong to one thread at a time.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/api/json.h"
#include "engine/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sallyport::store {

// A prepared statement being used: bind, then step, then read. Columns and parameters are C++
// values: integers, doubles, bools, strings, enums of api/types.h (as their wire names), optionals
// (as NULL) and lists of strings (as JSON). The first failure sticks and step() returns it.
class Statement
{
public:
    explicit Statement(sqlite3_stmt* statement)
        : m_statement(statement)
    {
    }
    Statement(Statement&& other) noexcept
        : m_statement(std::exchange(other.m_statement, nullptr))
        , m_error(std::move(other.m_error))
    {
    }
    Statement& operator=(Statement&&) = delete;
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    ~Statement(); // resets it for the next use

    // The next parameters, from the left.
    template <typename... Values> Statement& bind(const Values&... values)
    {
        (put(++m_bound, values), ...);
        return *this;
    }

    // The same without copies: the texts must stay until the statement has run.
    template <typename... Values> Statement& bindBorrowed(const Values&... values)
    {
        m_borrows = true;
        bind(values...);
        m_borrows = false;
        return *this;
    }

    // True: a row can be read. False: done.
    [[nodiscard]] Result<bool> step();
    // For statements that return no rows.
    [[nodiscard]] Status run();

    // All columns of the current row, from the left.
    template <typename... Values> [[nodiscard]] Status read(Values&... values)
    {
        int column = 0;
        (get(column++, values), ...);
        if (m_error)
            return tl::unexpected<Error>(*m_error);
        return {};
    }

private:
    void put(int index, std::int64_t value);
    void put(int index, int value) { put(index, std::int64_t{value}); }
    void put(int index, bool value) { put(index, std::int64_t{value}); }
    void put(int index, double value);
    void put(int index, std::string_view value);
    void put(int index, const std::string& value) { put(index, std::string_view(value)); }
    void put(int index, const char* value) { put(index, std::string_view(value)); }
    void put(int index, const std::vector<std::string>& value);
    void put(int index, const std::vector<std::int64_t>& value);
    void putText(int index, std::string_view value, bool stays);
    void putNull(int index);
    template <typename T> void put(int index, const std::optional<T>& value)
    {
        if (value)
            put(index, *value);
        else
            putNull(index);
    }
    template <typename E>
    requires std::is_enum_v<E>
    void put(int index, E value) { put(index, api::enumName(value)); }

    void get(int column, std::int64_t& value);
    void get(int column, int& value);
    void get(int column, bool& value);
    void get(int column, double& value);
    void get(int column, std::string& value);
    void get(int column, std::vector<std::string>& value);
    void get(int column, std::vector<std::int64_t>& value);
    template <typename T> void getList(int column, std::vector<T>& value);
    [[nodiscard]] bool isNull(int column) const;
    template <typename T> void get(int column, std::optional<T>& value)
    {
        if (isNull(column)) {
            value.reset();
            return;
        }
        get(column, value.emplace());
    }
    template <typename E>
    requires std::is_enum_v<E>
    void get(int column, E& value)
    {
        std::string name;
        get(column, name);
        if (auto parsed = api::enumFromName<E>(name))
            value = *parsed;
        else
            spoil(parsed.error());
    }
    void spoil(Error error);

    sqlite3_stmt* m_statement;
    int m_bound = 0;
    bool m_borrows = false;
    std::optional<Error> m_error;
};

class Database
{
public:
    enum class Access
    {
        ReadWrite, // creates the file
        ReadOnly,  // the file is there already
    };

    // The file is created readable by its owner only.
    [[nodiscard]] static Result<Database> open(const std::filesystem::path& file, Access access);
    Database(Database&&) noexcept;
    Database& operator=(Database&&) noexcept;
    ~Database();

    // Several statements, without parameters or rows.
    [[nodiscard]] Status execute(const std::string& sql);
    // Prepared once and kept; `sql` is one of a fixed set of texts, never built from input.
    [[nodiscard]] Result<Statement> statement(const std::string& sql);
    // The single integer that a query returns; 0 for NULL or no row.
    [[nodiscard]] Result<std::int64_t> integer(const std::string& sql);
    // Rows that the last statement changed.
    [[nodiscard]] std::int64_t changes() const;

    // False after a failure that made SQLite roll the transaction back by itself.
    [[nodiscard]] bool isInTransaction() const;

    // Every statement from now until clearDeadline() fails with TimedOut once this many
    // milliseconds have passed.
    void setDeadline(std::int64_t milliseconds);
    void clearDeadline();

private:
    struct Handle;
    explicit Database(std::unique_ptr<Handle> handle);
    std::unique_ptr<Handle> m_handle;
};

} // namespace sallyport::store

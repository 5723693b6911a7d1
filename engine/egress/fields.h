#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::egress {

struct Field
{
    std::string_view name;
    std::string_view value;
};

// Header fields in the order and with the case in which they came. All text lies in one buffer, so
// that a message costs two allocations and a reused object none. Views into it hold until the next
// add() or clear(). Names compare without case (RFC 9110, 5.1).
class Fields
{
public:
    void add(std::string_view name, std::string_view value);
    void clear();
    // Removes every field of that name.
    void remove(std::string_view name);

    [[nodiscard]] std::size_t size() const { return m_slots.size(); }
    [[nodiscard]] bool isEmpty() const { return m_slots.empty(); }
    // Bytes of names and values together.
    [[nodiscard]] std::size_t bytes() const { return m_text.size(); }
    [[nodiscard]] Field operator[](std::size_t index) const;

    [[nodiscard]] std::size_t count(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view name) const { return find(name).has_value(); }
    // The first field of that name.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    // Whether a comma-separated list, over all fields of that name, holds the token.
    [[nodiscard]] bool hasToken(std::string_view name, std::string_view token) const;

    class Iterator
    {
    public:
        Iterator(const Fields& fields, std::size_t index)
            : m_fields(&fields)
            , m_index(index)
        {
        }
        Field operator*() const { return (*m_fields)[m_index]; }
        Iterator& operator++()
        {
            ++m_index;
            return *this;
        }
        bool operator!=(const Iterator& other) const { return m_index != other.m_index; }

    private:
        const Fields* m_fields;
        std::size_t m_index;
    };
    [[nodiscard]] Iterator begin() const { return {*this, 0}; }
    [[nodiscard]] Iterator end() const { return {*this, m_slots.size()}; }

private:
    [[nodiscard]] std::size_t seek(std::string_view name, std::size_t from) const;

    struct Slot
    {
        std::uint32_t start;
        std::uint32_t nameSize;
        std::uint32_t valueSize;
    };
    std::string m_text;
    std::vector<Slot> m_slots;
};

// Whether two field names or tokens are the same, ignoring ASCII case.
[[nodiscard]] bool sameToken(std::string_view a, std::string_view b);

// Calls `use` with each element of a comma-separated list, without surrounding blanks; empty
// elements are skipped.
template <typename Use> void forEachToken(std::string_view list, Use use)
{
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        std::string_view token = list.substr(0, comma);
        list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
        while (!token.empty() && (token.front() == ' ' || token.front() == '\t'))
            token.remove_prefix(1);
        while (!token.empty() && (token.back() == ' ' || token.back() == '\t'))
            token.remove_suffix(1);
        if (!token.empty())
            use(token);
    }
}

} // namespace sallyport::egress

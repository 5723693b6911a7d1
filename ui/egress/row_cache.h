#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "engine/api/types.h"

namespace sallyport::ui::egress {

// The rows that were looked at last. When it is full the older half goes at once, so that the cost
// of forgetting is spread thin.
class RowCache
{
public:
    explicit RowCache(std::size_t capacity)
        : m_capacity(capacity)
    {
    }

    void put(const api::Row& row);
    // Null when it is not here. Valid until the next put.
    [[nodiscard]] const api::Row* find(api::RowId id);
    void erase(api::RowId id) { m_entries.erase(id); }
    void clear() { m_entries.clear(); }
    [[nodiscard]] std::size_t size() const { return m_entries.size(); }

private:
    struct Entry
    {
        api::Row row;
        std::uint64_t lastUse = 0;
    };

    void forgetOlderHalf();

    std::size_t m_capacity;
    std::uint64_t m_uses = 0;
    std::unordered_map<api::RowId, Entry> m_entries;
};

} // namespace sallyport::ui::egress

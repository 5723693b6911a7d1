#include "ui/egress/row_cache.h"

#include <algorithm>

namespace sallyport::ui::egress {

void RowCache::put(const api::Row& row)
{
    if (m_entries.size() >= m_capacity && !m_entries.contains(row.id))
        forgetOlderHalf();
    Entry& entry = m_entries[row.id];
    entry.row = row;
    entry.lastUse = ++m_uses;
}

const api::Row* RowCache::find(api::RowId id)
{
    const auto found = m_entries.find(id);
    if (found == m_entries.end())
        return nullptr;
    found->second.lastUse = ++m_uses;
    return &found->second.row;
}

void RowCache::forgetOlderHalf()
{
    std::vector<std::uint64_t> uses;
    uses.reserve(m_entries.size());
    for (const auto& [id, entry] : m_entries)
        uses.push_back(entry.lastUse);
    const auto middle = uses.begin() + static_cast<std::ptrdiff_t>(uses.size() / 2);
    std::nth_element(uses.begin(), middle, uses.end());
    std::erase_if(m_entries,
                  [limit = *middle](const auto& each) { return each.second.lastUse < limit; });
}

} // namespace sallyport::ui::egress

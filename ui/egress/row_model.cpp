#include "ui/egress/row_model.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/policy/rule_book.h"

namespace sallyport::ui::egress {

namespace {

constexpr int PageRows = 256;
constexpr std::size_t KeptPages = 32;
constexpr int OlderRows = 1000;             // a page of the engine at most
constexpr std::size_t LoadedUnasked = 5000; // of a filtered log
constexpr int BatchMs = 100;
constexpr std::size_t MostArrived = 20'000; // in one batch; past that the log is listed anew
constexpr api::RowId MostKnownIds = 50'000'000;

} // namespace

RowModel::RowModel(EngineLink& link, const policy::RuleBook& rules, QObject* parent)
    : QAbstractTableModel(parent)
    , m_link(link)
    , m_rules(rules)
    , m_cache(PageRows * KeptPages)
{
    m_fetch.setSingleShot(true);
    m_fetch.setInterval(0);
    connect(&m_fetch, &QTimer::timeout, this, &RowModel::fetchWanted);
    m_batch.setSingleShot(true);
    m_batch.setInterval(BatchMs);
    connect(&m_batch, &QTimer::timeout, this, &RowModel::flush);
    connect(&link, &EngineLink::connected, this, &RowModel::reload);
    connect(&link, &EngineLink::rowsMissed, this, &RowModel::reload);
    connect(&link, &EngineLink::rowStored, this, &RowModel::receive);
    if (link.isConnected())
        reload();
}

void RowModel::setFilter(const Filter& filter)
{
    m_filter = filter;
    reload();
}

api::Json RowModel::listParameters(int limit) const
{
    api::Json parameters = {{"limit", limit}};
    if (!m_filter.isEverything())
        parameters["filter"] = api::toJson(m_filter.wire);
    return parameters;
}

void RowModel::reload()
{
    ++m_generation;
    m_isFetching = false;
    m_isFetchingOlder = false;
    m_arrived.clear();
    m_wanted.reset();
    if (!m_link.isConnected())
        return;
    m_isLoading = true;
    loadNewest();
}

void RowModel::loadNewest()
{
    const auto take = [this, generation = m_generation](const Result<api::Json>& reply) {
        if (generation != m_generation)
            return;
        m_isLoading = false;
        const auto page = reply ? api::fromJson<api::RowPage>(*reply)
                                : Result<api::RowPage>(tl::unexpected<Error>(reply.error()));
        if (!page) {
            emit failed(toQt(page.error().text));
            return;
        }
        beginResetModel();
        m_ids.clear();
        m_cache.clear();
        for (auto row = page->rows.rbegin(); row != page->rows.rend(); ++row) {
            if (!m_filter.matches(*row))
                continue;
            m_ids.push_back(row->id);
            m_cache.put(*row);
        }
        m_isComplete = !page->before;
        m_olderBefore = page->before;
        endResetModel();
        emit loaded();
        flush();
        if (m_isComplete)
            return;
        if (m_filter.isEverything())
            loadExtent();
        else
            fetchOlder();
    };
    m_link.call("log.list", listParameters(PageRows), this, take);
}

// Without a filter every id between the oldest and the newest is a row; the few that are not show
// when their page is fetched, and go.
void RowModel::loadExtent()
{
    m_link.call("log.list", {{"after", 0}, {"limit", 1}}, this,
                [this, generation = m_generation](const Result<api::Json>& reply) {
                    if (generation != m_generation || !reply || m_ids.empty())
                        return;
                    const auto page = api::fromJson<api::RowPage>(*reply);
                    if (!page || page->rows.empty())
                        return;
                    const api::RowId oldest = page->rows.front().id;
                    const api::RowId count = m_ids.front() - oldest;
                    if (count <= 0 || count > MostKnownIds) {
                        fetchOlder();
                        return;
                    }
                    std::vector<api::RowId> ids(static_cast<std::size_t>(count));
                    std::iota(ids.begin(), ids.end(), oldest);
                    m_isComplete = true;
                    prependIds(ids);
                });
}

void RowModel::fetchOlder()
{
    if (m_isComplete || m_isLoading || m_isFetchingOlder || !m_link.isConnected())
        return;
    m_isFetchingOlder = true;
    api::Json parameters = listParameters(OlderRows);
    if (m_olderBefore)
        parameters["before"] = *m_olderBefore;
    m_link.call("log.list", parameters, this,
                [this, generation = m_generation](const Result<api::Json>& reply) {
                    if (generation != m_generation)
                        return;
                    m_isFetchingOlder = false;
                    if (!reply)
                        return;
                    if (const auto page = api::fromJson<api::RowPage>(*reply))
                        takeOlder(*page);
                });
}

void RowModel::takeOlder(const api::RowPage& page)
{
    std::vector<api::RowId> ids;
    for (auto row = page.rows.rbegin(); row != page.rows.rend(); ++row) {
        const bool isOlder = m_ids.empty() || row->id < m_ids.front();
        if (!isOlder || !m_filter.matches(*row))
            continue;
        ids.push_back(row->id);
        m_cache.put(*row);
    }
    m_isComplete = !page.before;
    m_olderBefore = page.before;
    prependIds(ids);
    // A page that the engine's coarser filter let through whole may hold none of ours: read on.
    if (m_ids.size() < LoadedUnasked || ids.empty())
        fetchOlder();
}

void RowModel::prependIds(const std::vector<api::RowId>& ids)
{
    if (!ids.empty()) {
        beginInsertRows({}, 0, static_cast<int>(ids.size()) - 1);
        m_ids.insert(m_ids.begin(), ids.begin(), ids.end());
        endInsertRows();
    }
    emit prepended(static_cast<int>(ids.size()));
}

const api::Row* RowModel::rowAt(int row) const
{
    if (row < 0 || row >= rowCount())
        return nullptr;
    const api::Row* found = m_cache.find(m_ids[static_cast<std::size_t>(row)]);
    if (found == nullptr)
        want(row);
    return found;
}

api::RowId RowModel::idAt(int row) const
{
    return row < 0 || row >= rowCount() ? 0 : m_ids[static_cast<std::size_t>(row)];
}

int RowModel::rowOf(api::RowId id) const
{
    const auto found = std::lower_bound(m_ids.begin(), m_ids.end(), id);
    return found == m_ids.end() || *found != id ? -1 : static_cast<int>(found - m_ids.begin());
}

// Only the latest wish counts: what was scrolled past is not fetched.
void RowModel::want(int row) const
{
    m_wanted = row;
    if (!m_isFetching)
        m_fetch.start();
}

void RowModel::fetchWanted()
{
    if (!m_wanted || m_isFetching || !m_link.isConnected())
        return;
    const int row = std::min(*m_wanted, rowCount() - 1);
    m_wanted.reset();
    if (row < 0)
        return;
    // The page that the row lies in, from the newest id of it that is not here.
    int last = std::min((row / PageRows + 1) * PageRows, rowCount()) - 1;
    while (last > row && m_cache.find(idAt(last)) != nullptr)
        --last;
    const api::RowId before = idAt(last) + 1;
    api::Json parameters = listParameters(PageRows);
    parameters["before"] = before;
    m_isFetching = true;
    m_link.call("log.list", parameters, this,
                [this, before, generation = m_generation](const Result<api::Json>& reply) {
                    if (generation != m_generation)
                        return;
                    m_isFetching = false;
                    if (!reply)
                        return;
                    if (const auto page = api::fromJson<api::RowPage>(*reply))
                        takePage(*page, before);
                    if (m_wanted)
                        m_fetch.start();
                });
}

void RowModel::takePage(const api::RowPage& page, api::RowId before)
{
    for (const api::Row& row : page.rows) {
        if (m_filter.matches(row))
            m_cache.put(row);
    }
    const api::RowId from = page.before && !page.rows.empty() ? page.rows.back().id : 0;
    removeMissing(from, before);
    const auto first = std::lower_bound(m_ids.begin(), m_ids.end(), from);
    const auto end = std::lower_bound(m_ids.begin(), m_ids.end(), before);
    if (first == end)
        return;
    emit dataChanged(index(static_cast<int>(first - m_ids.begin()), 0),
                     index(static_cast<int>(end - m_ids.begin()) - 1, ColumnCount - 1));
}

// Ids of a range that was just fetched and did not come: rows that are no longer kept, or match no
// longer. Removed in runs, from the end.
void RowModel::removeMissing(api::RowId from, api::RowId before)
{
    auto end =
        static_cast<int>(std::lower_bound(m_ids.begin(), m_ids.end(), before) - m_ids.begin());
    const auto first =
        static_cast<int>(std::lower_bound(m_ids.begin(), m_ids.end(), from) - m_ids.begin());
    while (end > first) {
        int begin = end;
        while (begin > first && m_cache.find(idAt(begin - 1)) == nullptr)
            --begin;
        if (begin < end) {
            beginRemoveRows({}, begin, end - 1);
            m_ids.erase(m_ids.begin() + begin, m_ids.begin() + end);
            endRemoveRows();
        }
        end = begin - 1;
    }
}

void RowModel::removeRow(int row)
{
    beginRemoveRows({}, row, row);
    m_cache.erase(idAt(row));
    m_ids.erase(m_ids.begin() + row);
    endRemoveRows();
}

void RowModel::receive(const api::Row& row)
{
    m_arrived.push_back(row);
    if (m_arrived.size() > MostArrived)
        reload();
    else if (!m_batch.isActive())
        m_batch.start();
}

void RowModel::flush()
{
    if (m_isLoading || m_arrived.empty())
        return;
    // A row that changed several times within a batch counts once, as it is now.
    std::map<api::RowId, const api::Row*> latest;
    for (const api::Row& row : m_arrived)
        latest[row.id] = &row;
    std::vector<api::RowId> fresh;
    for (const auto& [id, row] : latest)
        insertOrChange(*row, fresh);
    m_arrived.clear();
    if (fresh.empty())
        return;
    beginInsertRows({}, rowCount(), rowCount() + static_cast<int>(fresh.size()) - 1);
    m_ids.insert(m_ids.end(), fresh.begin(), fresh.end());
    endInsertRows();
    emit appended(static_cast<int>(fresh.size()));
}

void RowModel::insertOrChange(const api::Row& row, std::vector<api::RowId>& fresh)
{
    const bool isOurs = m_filter.matches(row);
    const bool isNewest = m_ids.empty() || row.id > m_ids.back();
    if (isNewest) {
        if (isOurs) {
            m_cache.put(row);
            fresh.push_back(row.id);
        }
        return;
    }
    const int at = rowOf(row.id);
    if (at >= 0 && !isOurs) {
        removeRow(at);
    } else if (at >= 0) {
        m_cache.put(row);
        emit dataChanged(index(at, 0), index(at, ColumnCount - 1));
    } else if (isOurs && (row.id > m_ids.front() || m_isComplete)) {
        const auto place = std::lower_bound(m_ids.begin(), m_ids.end(), row.id);
        const auto position = static_cast<int>(place - m_ids.begin());
        beginInsertRows({}, position, position);
        m_ids.insert(place, row.id);
        m_cache.put(row);
        endInsertRows();
    }
}

int RowModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_ids.size());
}

int RowModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

} // namespace sallyport::ui::egress

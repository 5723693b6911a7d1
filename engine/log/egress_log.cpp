#include "engine/log/egress_log.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/log/bounded_text.h"
#include "engine/store/rows.h"
#include "engine/store/tables.h"

namespace sallyport::log {
namespace {

namespace rows = store::rows;

// A page with its JSON-RPC frame fits into one message (api::MostMessageBytes).
constexpr std::size_t MostPageBytes = std::size_t{900} << 10U;
constexpr int MostRowsOfPage = 1000;
constexpr std::int64_t AddsBetweenTrims = 256;
constexpr std::int64_t TrimStep = 500;

// Changes that wait to be written; whoever adds more waits too.
constexpr std::size_t MostPending = 4096;

constexpr std::size_t MostHeaders = 200;
constexpr std::size_t MostHeaderBytes = std::size_t{32} << 10U; // of one direction

void bound(api::Row& row)
{
    boundText(row.sandboxName, 64);
    boundText(row.protocol, 16);
    boundText(row.method, 32);
    boundText(row.scheme, 16);
    boundText(row.host, 256);
    boundText(row.path, 2048);
    boundText(row.reason, 512);
    boundText(row.upstreamAddress, 128);
    boundText(row.error, 512);
}

void bound(std::vector<std::pair<std::string, std::string>>& headers)
{
    const std::size_t count = headers.size();
    headers.resize(std::min(count, MostHeaders));
    std::size_t bytes = 0;
    std::size_t kept = 0;
    for (auto& [name, value] : headers) {
        boundText(name, 256);
        boundText(value, 4096);
        bytes += name.size() + value.size();
        if (bytes > MostHeaderBytes)
            break;
        ++kept;
    }
    headers.resize(kept);
    if (kept < count)
        headers.emplace_back("…", std::to_string(count - kept) + " more are not shown");
}

Status checkQuery(const RowQuery& query)
{
    if (query.limit < 1 || query.limit > MostRowsOfPage)
        return fail(Error::Code::Invalid, "limit: from 1 to " + std::to_string(MostRowsOfPage));
    if (query.before && query.after)
        return fail(Error::Code::Invalid, "either before or after");
    if (query.filter.text.size() > 256)
        return fail(Error::Code::Invalid, "text: at most 256 bytes");
    return {};
}

} // namespace

Result<std::unique_ptr<EgressLog>> EgressLog::open(store::Store& store, Retention retention)
{
    auto log = std::unique_ptr<EgressLog>(new EgressLog(store, retention));
    if (auto loaded = log->load(); !loaded)
        return fail("open the egress log", std::move(loaded.error()));
    log->trim();
    return log;
}

EgressLog::EgressLog(store::Store& store, Retention retention)
    : m_store(store)
    , m_retention(retention)
{
}

EgressLog::~EgressLog()
{
    m_isClosing = true;
    m_store.flush();
    // The step that ran meanwhile may have queued one more.
    m_store.flush();
}

Status EgressLog::load()
{
    Status outcome;
    m_store.write(
        [this](store::Database& database) -> Status {
            if (auto closed = rows::closeUnfinished(database); !closed)
                return closed;
            const auto last =
                database.integer("SELECT seq FROM sqlite_sequence WHERE name = 'rows'");
            const auto count = database.integer("SELECT count(*) FROM rows");
            for (const auto* value : {&last, &count})
                if (!*value)
                    return tl::unexpected<Error>(value->error());
            m_lastId = *last;
            m_count = *count;
            auto query = database.statement("SELECT sandbox, host FROM seen_hosts");
            if (!query)
                return tl::unexpected<Error>(std::move(query.error()));
            for (;;) {
                const auto row = query->step();
                if (!row || !*row)
                    return row ? Status() : tl::unexpected<Error>(row.error());
                api::SandboxId sandbox = 0;
                std::string host;
                if (auto read = query->read(sandbox, host); !read)
                    return read;
                m_seen[sandbox].insert(std::move(host));
            }
        },
        [&outcome](Status stored) { outcome = std::move(stored); });
    m_store.flush();
    return outcome;
}

void EgressLog::setListener(Listener listener)
{
    m_listener = std::move(listener);
}

api::RowId EgressLog::add(api::Row row)
{
    bound(row);
    Change change;
    change.detail.row = std::move(row);
    change.isNew = true;
    const std::lock_guard lock(m_orderMutex);
    const api::RowId id = ++m_lastId;
    change.detail.row.id = id;
    queue(std::move(change));
    if (++m_addedSinceTrim >= AddsBetweenTrims) {
        m_addedSinceTrim = 0;
        trim();
    }
    return id;
}

void EgressLog::update(api::RowDetail detail)
{
    bound(detail.row);
    bound(detail.requestHeaders);
    bound(detail.responseHeaders);
    boundText(detail.upstreamTls, 512);
    Change change;
    change.hasHeaders = !detail.requestHeaders.empty() || !detail.responseHeaders.empty() ||
                        !detail.upstreamTls.empty();
    change.detail = std::move(detail);
    const std::lock_guard lock(m_orderMutex);
    queue(std::move(change));
}

// One write at a time waits in the store's queue and takes all that has come until it runs: under
// load, a row that begins and ends meanwhile costs one insertion.
void EgressLog::queue(Change change)
{
    {
        std::unique_lock lock(m_pendingMutex);
        m_room.wait(lock, [this] { return m_pending.size() < MostPending; });
        m_pending.push_back(std::move(change));
        if (std::exchange(m_isQueued, true))
            return;
    }
    const auto batch = std::make_shared<Batch>();
    m_store.write(
        [this, batch](store::Database& database) {
            take(*batch);
            return save(database, *batch);
        },
        [this, batch](const Status& stored) {
            take(*batch); // where no transaction could be begun
            finish(stored, *batch);
        });
}

void EgressLog::take(Batch& batch)
{
    if (std::exchange(batch.isTaken, true))
        return;
    {
        const std::lock_guard lock(m_pendingMutex);
        batch.changes = std::exchange(m_pending, {});
        m_pending.reserve(batch.changes.size());
        m_isQueued = false;
    }
    m_room.notify_all();
}

// Rows in the order of their ids, each as the last change has it.
Status EgressLog::save(store::Database& database, Batch& batch)
{
    std::vector<Change>& changes = batch.changes;
    std::vector<std::size_t> order(changes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto idAt = [&](std::size_t at) { return changes[at].detail.row.id; };
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return idAt(a) < idAt(b); });
    // The changes of one row.
    struct OfRow
    {
        std::vector<std::size_t>::iterator begin;
        std::vector<std::size_t>::iterator end;
        bool isNew = false;
        const api::RowDetail* headers = nullptr;
    };
    std::vector<OfRow> all;
    std::vector<const api::Row*> fresh;
    std::vector<const api::RowDetail*> headers;
    for (auto at = order.begin(); at != order.end();) {
        OfRow& one = all.emplace_back();
        one.begin = at;
        one.end = std::find_if(at, order.end(),
                               [&](std::size_t other) { return idAt(other) != idAt(*at); });
        for (; at != one.end; ++at) {
            // Counted inside the batch, where the next step of trimming may run already.
            if (changes[*at].isNew) {
                ++batch.added;
                ++m_count;
                one.isNew = true;
            }
            if (changes[*at].hasHeaders)
                one.headers = &changes[*at].detail;
        }
        if (one.isNew)
            fresh.push_back(&changes[*(one.end - 1)].detail.row);
        if (one.headers != nullptr)
            headers.push_back(one.headers);
    }
    // Where one row can't be stored, the others are stored one by one.
    const Status inserted = rows::insert(database, fresh);
    if (!inserted && !database.isInTransaction())
        return inserted;
    const Status described = rows::saveHeaders(database, headers);
    if (!described && !database.isInTransaction())
        return described;
    for (const OfRow& one : all) {
        const std::size_t last = *(one.end - 1);
        Status saved;
        if (!inserted || !one.isNew)
            saved = rows::save(database, changes[last].detail.row);
        if (saved && one.headers != nullptr && !described)
            saved = rows::saveHeaders(database, *one.headers);
        if (!saved && !database.isInTransaction())
            return saved;
        if (!saved)
            log::error("log", "row " + std::to_string(idAt(last)) +
                                  " was not stored: " + saved.error().text);
        for (auto at = one.begin; at != one.end; ++at)
            changes[*at].isStored = saved.has_value();
    }
    return {};
}

void EgressLog::finish(const Status& stored, const Batch& batch)
{
    if (!stored)
        m_count -= batch.added;
    if (!stored || !m_listener)
        return;
    for (const Change& change : batch.changes)
        if (change.isStored)
            m_listener(change.detail.row);
}

void EgressLog::list(RowQuery query, std::function<void(Result<api::RowPage>)> done) const
{
    if (auto checked = checkQuery(query); !checked) {
        done(tl::unexpected<Error>(std::move(checked.error())));
        return;
    }
    const rows::Range range{query.before, query.after, query.limit, MostPageBytes};
    if (!m_store.read([filter = std::move(query.filter), range, done](store::Database& database) {
            done(rows::list(database, filter, range));
        }))
        done(fail(Error::Code::Unavailable, "too many searches at once: try again"));
}

void EgressLog::get(api::RowId row, std::function<void(Result<api::RowDetail>)> done) const
{
    if (!m_store.read([row, done](store::Database& database) { done(rows::get(database, row)); }))
        done(fail(Error::Code::Unavailable, "too many searches at once: try again"));
}

bool EgressLog::isFirstTime(api::SandboxId sandbox, std::string_view host)
{
    {
        const std::lock_guard lock(m_seenMutex);
        auto& seen = m_seen[sandbox];
        if (seen.contains(host) || seen.size() >= MostSeenHosts)
            return false;
        seen.emplace(host);
    }
    m_store.write([sandbox, name = std::string(host)](store::Database& database) {
        return store::tables::run(database,
                                  "INSERT OR IGNORE INTO seen_hosts (sandbox, host) VALUES (?, ?)",
                                  sandbox, name);
    });
    return true;
}

void EgressLog::forgetSandbox(api::SandboxId sandbox)
{
    const std::lock_guard lock(m_seenMutex);
    m_seen.erase(sandbox);
}

void EgressLog::trim()
{
    if (m_isTrimming.exchange(true)) {
        m_trimAgain = true; // the step that waits may run before the rows that were just added
        return;
    }
    const auto removed = std::make_shared<std::int64_t>(0);
    m_store.write(
        [this, removed](store::Database& database) -> Status {
            const rows::Limits limits{nowUnixMillis() - m_retention.mostAgeMs, m_retention.mostRows,
                                      m_retention.mostBytes};
            auto step = rows::trim(database, limits, m_count, TrimStep);
            if (!step)
                return tl::unexpected<Error>(std::move(step.error()));
            *removed = *step;
            m_count -= *step;
            return {};
        },
        [this, removed](const Status& stored) {
            if (!stored)
                m_count += *removed;
            m_isTrimming = false;
            const bool more =
                (*removed > 0 || m_trimAgain.exchange(false)) && stored && !m_isClosing;
            if (more)
                trim();
        });
}

} // namespace sallyport::log

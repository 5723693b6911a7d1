#pragma once

// The record of what every sandbox tried to send, and what became of it. Ids only grow, also across
// restarts, and are known at once; a row is shown (listener, list) only after it was committed, so
// nothing that was shown is lost when a process is killed.
//
// Threads: any thread may add, update and ask. The listener runs on the store's writer thread, the
// callbacks of list and get on its reader thread; neither may wait for the log or the store.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/types.h"
#include "engine/base/result.h"
#include "engine/store/store.h"

namespace sallyport::log {

// How long and how much is kept. Trimmed in small steps as rows are added.
struct Retention
{
    std::int64_t mostAgeMs = std::int64_t{7} * 24 * 60 * 60 * 1000;
    std::int64_t mostRows = 1000000;
    std::int64_t mostBytes = std::int64_t{1} << 30U; // of the database's pages in use
};

struct RowQuery
{
    api::RowFilter filter;
    std::optional<api::RowId> before; // ids below this, newest first
    std::optional<api::RowId> after;  // ids above this, oldest first; not with before
    int limit = 256;                  // 1 to 1000
};

class EgressLog
{
public:
    using Listener = std::function<void(const api::Row&)>;

    // Marks rows that a killed engine left Held as Denied and Open as Failed, "the engine ended".
    // `store` outlives the log.
    [[nodiscard]] static Result<std::unique_ptr<EgressLog>> open(store::Store& store,
                                                                 Retention retention = {});

    // Waits until what was added is committed; the listener is not called after that.
    ~EgressLog();
    EgressLog(const EgressLog&) = delete;
    EgressLog& operator=(const EgressLog&) = delete;

    // Called with each row after it was stored, new or changed, in the order of the calls. What
    // happens to a row within one transaction is stored once and told one by one. Set it before the
    // first row.
    void setListener(Listener listener);

    // Stores the row and returns its id (that of `row` is ignored). Text is bounded (a cut one ends
    // in "…") and kept as it was sent, to be escaped where it is shown; only bytes that are not
    // UTF-8 become "\xNN".
    api::RowId add(api::Row row);
    // Replaces the row with detail.row.id; headers and TLS text when any are given.
    void update(api::RowDetail detail);

    // Both answer at once, on the calling thread, when the query is invalid or too many wait.
    //
    // A page. Fewer rows than the limit do not mean the end: pages are also bounded in bytes and
    // `before` (or, reading forward, the last id) says where to go on.
    void list(RowQuery query, std::function<void(Result<api::RowPage>)> done) const;
    void get(api::RowId row, std::function<void(Result<api::RowDetail>)> done) const;

    // How many rows are kept.
    [[nodiscard]] std::int64_t count() const { return m_count; }

    // True the first time this sandbox names the host, false from then on, also after a restart.
    // Notes the host as seen. (Past MostSeenHosts of a sandbox it says false: it is a hint, not a
    // decision.)
    [[nodiscard]] bool isFirstTime(api::SandboxId sandbox, std::string_view host);
    // Forgets what a removed sandbox has seen.
    void forgetSandbox(api::SandboxId sandbox);

    // Starts to remove what the retention no longer keeps. Done at open and as rows are added; an
    // engine that runs for days without traffic calls it now and then.
    void trim();

    static constexpr std::size_t MostSeenHosts = 5000;

private:
    // A row as one call gave it.
    struct Change
    {
        api::RowDetail detail;
        bool isNew = false;
        bool hasHeaders = false;
        bool isStored = false;
    };
    struct Batch
    {
        std::vector<Change> changes;
        std::int64_t added = 0;
        bool isTaken = false;
    };

    EgressLog(store::Store& store, Retention retention);
    [[nodiscard]] Status load();
    void queue(Change change);
    void take(Batch& batch);
    [[nodiscard]] Status save(store::Database& database, Batch& batch);
    void finish(const Status& stored, const Batch& batch);

    store::Store& m_store;
    const Retention m_retention;
    Listener m_listener;
    std::atomic<std::int64_t> m_count = 0;
    std::atomic<bool> m_isTrimming = false;
    std::atomic<bool> m_trimAgain = false;
    std::atomic<bool> m_isClosing = false;

    std::mutex m_orderMutex; // makes the order of ids that of the writes
    api::RowId m_lastId = 0;
    std::int64_t m_addedSinceTrim = 0;

    std::mutex m_pendingMutex; // guards m_pending and m_isQueued; taken last
    std::condition_variable m_room;
    std::vector<Change> m_pending;
    bool m_isQueued = false; // a write that takes m_pending waits

    std::mutex m_seenMutex; // guards m_seen
    std::map<api::SandboxId, std::set<std::string, std::less<>>> m_seen;
};

} // namespace sallyport::log

#pragma once

// The handlers' log: what handlers wrote and what went wrong in them, beside the egress log's row
// that caused it. Threads and callbacks as in egress_log.h.

#include <functional>
#include <memory>
#include <mutex>

#include "engine/api/types.h"
#include "engine/base/result.h"
#include "engine/store/handlers.h"
#include "engine/store/store.h"

namespace sallyport::log {

class HandlerLog
{
public:
    using Listener = std::function<void(const api::HandlerLine&)>;

    static constexpr std::size_t MostTextBytes = std::size_t{8} * 1024;
    static constexpr std::int64_t MostLines = 100000;
    static constexpr int MostLinesOfPage = 500;

    // `store` outlives the log.
    [[nodiscard]] static Result<std::unique_ptr<HandlerLog>> open(store::Store& store);
    // Waits until what was added is committed; the listener is not called after that.
    ~HandlerLog();
    HandlerLog(const HandlerLog&) = delete;
    HandlerLog& operator=(const HandlerLog&) = delete;

    // Called with each line after it was stored, on the store's writer thread. Before the first.
    void setListener(Listener listener) { m_listener = std::move(listener); }

    // Stores the line; id and time are the log's. Long text is cut.
    void add(api::HandlerLine line);

    void list(store::handlers::LineQuery query,
              std::function<void(Result<api::HandlerLinePage>)> done) const;

private:
    explicit HandlerLog(store::Store& store)
        : m_store(store)
    {
    }
    void trim();

    store::Store& m_store;
    Listener m_listener;
    std::mutex m_orderMutex; // makes the order of ids that of the writes
    std::int64_t m_lastId = 0;
    std::int64_t m_addedSinceTrim = 0;
};

} // namespace sallyport::log

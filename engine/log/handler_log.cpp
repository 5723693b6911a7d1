#include "engine/log/handler_log.h"

#include <utility>

#include "engine/base/clock.h"
#include "engine/log/bounded_text.h"

namespace sallyport::log {
namespace {

constexpr std::size_t MostPageBytes = std::size_t{900} << 10U;
constexpr std::int64_t AddsBetweenTrims = 1000;
constexpr std::int64_t MostAgeMs = std::int64_t{7} * 24 * 60 * 60 * 1000;

} // namespace

Result<std::unique_ptr<HandlerLog>> HandlerLog::open(store::Store& store)
{
    auto log = std::unique_ptr<HandlerLog>(new HandlerLog(store));
    Status outcome;
    store.write(
        [&log](store::Database& database) -> Status {
            const auto last =
                database.integer("SELECT seq FROM sqlite_sequence WHERE name = 'handler_lines'");
            if (!last)
                return tl::unexpected<Error>(last.error());
            log->m_lastId = *last;
            return {};
        },
        [&outcome](Status stored) { outcome = std::move(stored); });
    store.flush();
    if (!outcome)
        return fail("open the handlers' log", std::move(outcome.error()));
    log->trim();
    return log;
}

HandlerLog::~HandlerLog()
{
    m_store.flush();
}

void HandlerLog::add(api::HandlerLine line)
{
    boundText(line.handler, 128);
    boundText(line.text, MostTextBytes);
    line.time = nowUnixMillis();
    const std::lock_guard lock(m_orderMutex);
    line.id = ++m_lastId;
    const auto shared = std::make_shared<const api::HandlerLine>(std::move(line));
    m_store.write(
        [shared](store::Database& database) { return store::handlers::save(database, *shared); },
        [this, shared](const Status& stored) {
            if (stored && m_listener)
                m_listener(*shared);
        });
    if (++m_addedSinceTrim >= AddsBetweenTrims)
        trim();
}

void HandlerLog::trim()
{
    m_addedSinceTrim = 0;
    m_store.write([oldest = nowUnixMillis() - MostAgeMs](store::Database& database) {
        return store::handlers::trim(database, oldest, MostLines);
    });
}

void HandlerLog::list(store::handlers::LineQuery query,
                      std::function<void(Result<api::HandlerLinePage>)> done) const
{
    if (query.limit < 1 || query.limit > MostLinesOfPage) {
        done(fail(Error::Code::Invalid, "limit: from 1 to " + std::to_string(MostLinesOfPage)));
        return;
    }
    query.mostBytes = MostPageBytes;
    if (!m_store.read([query, done](store::Database& database) {
            done(store::handlers::list(database, query));
        }))
        done(fail(Error::Code::Unavailable, "too many searches at once: try again"));
}

} // namespace sallyport::log

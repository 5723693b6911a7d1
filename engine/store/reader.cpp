#include "engine/store/reader.h"

#include <utility>

namespace sallyport::store {

Store::Reader::Reader(Database database)
    : m_database(std::move(database))
    , m_thread([this] { run(); })
{
}

void Store::Reader::stop()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stopping = true;
    }
    m_work.notify_all();
    if (m_thread.joinable())
        m_thread.join();
}

bool Store::Reader::add(std::function<void(Database&)> job)
{
    const std::lock_guard lock(m_mutex);
    if (m_stopping || m_queue.size() >= MostReads)
        return false;
    m_queue.push_back(std::move(job));
    m_work.notify_one();
    return true;
}

void Store::Reader::run()
{
    for (;;) {
        std::unique_lock lock(m_mutex);
        m_work.wait(lock, [this] { return m_stopping || !m_queue.empty(); });
        if (m_queue.empty())
            return;
        const auto job = std::move(m_queue.front());
        m_queue.pop_front();
        // At the end nobody waits for a long search.
        m_database.setDeadline(m_stopping ? 0 : MostMilliseconds);
        lock.unlock();
        job(m_database);
    }
}

} // namespace sallyport::store

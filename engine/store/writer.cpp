#include "engine/store/writer.h"

#include <chrono>
#include <utility>

#include "engine/base/log.h"

namespace sallyport::store {
namespace {

constexpr std::size_t MostInBatch = 512;

// From one transaction to the next while somebody writes all the time: a burst gathers into few
// commits. The first write after a rest is stored at once.
constexpr std::chrono::milliseconds BetweenBatches{10};

} // namespace

Store::Writer::Writer(Database database)
    : m_database(std::move(database))
    , m_thread([this] { run(); })
{
}

void Store::Writer::stop()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stopping = true;
    }
    m_work.notify_all();
    m_gathered.notify_all();
    if (m_thread.joinable())
        m_thread.join();
}

void Store::Writer::add(Job job, Done done)
{
    std::unique_lock lock(m_mutex);
    if (std::this_thread::get_id() != m_thread.get_id())
        m_room.wait(lock, [this] { return m_queue.size() < MostQueued || m_isStopped; });
    if (m_isStopped) {
        lock.unlock();
        if (done)
            done(fail(Error::Code::Unavailable, "the store is closed"));
        return;
    }
    m_queue.push_back({std::move(job), std::move(done), {}});
    if (m_queue.size() == 1)
        m_work.notify_one();
    if (m_queue.size() == MostInBatch)
        m_gathered.notify_one();
}

void Store::Writer::hurry()
{
    {
        const std::lock_guard lock(m_mutex);
        m_isHurried = true;
    }
    m_gathered.notify_one();
}

std::optional<Error> Store::Writer::problem() const
{
    const std::lock_guard lock(m_mutex);
    return m_problem;
}

void Store::Writer::run()
{
    for (;;) {
        std::vector<Item> batch = take();
        if (batch.empty())
            return;
        const auto begin = std::chrono::steady_clock::now();
        carryOut(batch);
        for (Item& item : batch)
            if (item.done)
                item.done(std::move(item.outcome));
        std::unique_lock lock(m_mutex);
        m_gathered.wait_until(lock, begin + BetweenBatches, [this] {
            return m_stopping || m_isHurried || m_queue.size() >= MostInBatch;
        });
        m_isHurried = false;
    }
}

// Empty: nothing is left and the end has come.
std::vector<Store::Writer::Item> Store::Writer::take()
{
    std::unique_lock lock(m_mutex);
    m_work.wait(lock, [this] { return m_stopping || !m_queue.empty(); });
    m_isStopped = m_queue.empty();
    std::vector<Item> batch;
    while (!m_queue.empty() && batch.size() < MostInBatch) {
        batch.push_back(std::move(m_queue.front()));
        m_queue.pop_front();
    }
    m_room.notify_all();
    return batch;
}

void Store::Writer::carryOut(std::vector<Item>& batch)
{
    Status committed = m_database.execute("BEGIN IMMEDIATE");
    for (Item& item : batch) {
        if (!committed)
            break;
        item.outcome = carryOut(item);
        // A full disk or a read error has ended the whole transaction.
        if (!m_database.isInTransaction())
            committed = item.outcome ? fail(Error::Code::Internal, "a job ended the transaction")
                                     : item.outcome;
    }
    if (committed)
        committed = m_database.execute("COMMIT");
    if (committed) {
        setProblem(std::nullopt);
        return;
    }
    if (m_database.isInTransaction())
        (void)m_database.execute("ROLLBACK");
    for (Item& item : batch)
        item.outcome = committed;
    setProblem(committed.error());
}

Status Store::Writer::carryOut(Item& item)
{
    if (auto begun = m_database.execute("SAVEPOINT job"); !begun)
        return begun;
    Status outcome = item.job(m_database);
    if (!m_database.isInTransaction())
        return outcome;
    const Status ended =
        m_database.execute(outcome ? "RELEASE job" : "ROLLBACK TO job; RELEASE job");
    if (outcome && !ended)
        return ended;
    if (!outcome)
        log::error("store", "a write failed: " + outcome.error().text);
    return outcome;
}

void Store::Writer::setProblem(std::optional<Error> problem)
{
    const std::lock_guard lock(m_mutex);
    if (problem && !m_problem)
        log::error("store", "nothing can be stored: " + problem->text);
    m_problem = std::move(problem);
}

} // namespace sallyport::store

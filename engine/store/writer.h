#pragma once

// The one thread that changes the database. Jobs run in the order in which they came, many in one
// transaction, so that a burst costs few commits and a single row is stored at once.

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "engine/store/store.h"

namespace sallyport::store {

class Store::Writer
{
public:
    explicit Writer(Database database);
    ~Writer() { stop(); }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    // Commits what is queued and ends the thread. What is added later fails.
    void stop();

    // Waits while MostQueued jobs wait, except on the writer's own thread.
    void add(Job job, Done done);
    // What is queued is carried out without gathering more.
    void hurry();
    [[nodiscard]] std::optional<Error> problem() const;

private:
    struct Item
    {
        Job job;
        Done done;
        Status outcome;
    };

    void run();
    [[nodiscard]] std::vector<Item> take();
    void carryOut(std::vector<Item>& batch);
    [[nodiscard]] Status carryOut(Item& item);
    void setProblem(std::optional<Error> problem);

    Database m_database; // the thread's own

    mutable std::mutex m_mutex; // guards what follows
    std::condition_variable m_work;
    std::condition_variable m_gathered;
    std::condition_variable m_room;
    std::deque<Item> m_queue;
    std::optional<Error> m_problem;
    bool m_isHurried = false;
    bool m_stopping = false;
    bool m_isStopped = false; // the thread takes nothing more

    std::thread m_thread;
};

} // namespace sallyport::store

#pragma once

// The thread that reads pages of the log, so that a long search holds up neither the door nor the
// writer.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "engine/store/store.h"

namespace sallyport::store {

class Store::Reader
{
public:
    explicit Reader(Database database);
    ~Reader() { stop(); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    // Carries out what waits (every job has somebody who waits for its answer) and ends the thread.
    void stop();

    // False: too many wait already, or it is stopped.
    [[nodiscard]] bool add(std::function<void(Database&)> job);

    // A statement that runs longer fails with TimedOut.
    static constexpr std::int64_t MostMilliseconds = 5000;

private:
    void run();

    Database m_database; // the thread's own

    std::mutex m_mutex; // guards what follows
    std::condition_variable m_work;
    std::deque<std::function<void(Database&)>> m_queue;
    bool m_stopping = false;

    std::thread m_thread;
};

} // namespace sallyport::store

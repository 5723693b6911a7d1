#pragma once

// Carries events from the client's thread to the main one, bounded: the main thread may be stuck
// in its output (a pager).

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "engine/api/json.h"
#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

namespace sallyport::ctl {

struct Event
{
    std::string name;
    api::Json parameters;
};

class Inbox
{
public:
    Inbox();
    ~Inbox();
    Inbox(const Inbox&) = delete;
    Inbox& operator=(const Inbox&) = delete;

    // On the client's thread. put() waits for room, so the client reads no more and the engine
    // holds its output back; meanwhile the main thread must not wait for a reply. offer() drops
    // instead, and a "log.gap" is taken where events are missing.
    void put(const std::string& name, const api::Json& parameters);
    void offer(const std::string& name, const api::Json& parameters);
    void close(Error why);

    // Waits for the next event; an error when the connection has ended and nothing is left.
    [[nodiscard]] Result<Event> next();
    // The next event without waiting.
    [[nodiscard]] Result<std::optional<Event>> poll();
    // Readable while there is something to take.
    [[nodiscard]] int descriptor() const { return m_signal.get(); }

    // Nothing more is taken; put() does not wait any more. Before the client is destroyed.
    void stop();

private:
    static constexpr std::size_t Most = 256;
    void add(const std::string& name, const api::Json& parameters);
    void raise();

    UniqueFd m_signal;
    std::mutex m_mutex; // guards what follows
    std::condition_variable m_filled;
    std::condition_variable m_room;
    std::deque<Event> m_events;
    std::optional<Error> m_closed;
    bool m_hasGap = false;
    bool m_isStopped = false;
};

} // namespace sallyport::ctl

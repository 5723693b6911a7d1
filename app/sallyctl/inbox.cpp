#include "app/sallyctl/inbox.h"

#include <cstdint>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

namespace sallyport::ctl {

Inbox::Inbox()
    : m_signal(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
{
}

Inbox::~Inbox()
{
    stop();
}

void Inbox::put(const std::string& name, const api::Json& parameters)
{
    std::unique_lock lock(m_mutex);
    m_room.wait(lock, [this] { return m_events.size() < Most || m_isStopped; });
    if (!m_isStopped)
        add(name, parameters);
}

void Inbox::offer(const std::string& name, const api::Json& parameters)
{
    const std::lock_guard lock(m_mutex);
    if (m_events.size() < Most)
        add(name, parameters);
    else
        m_hasGap = true;
}

void Inbox::add(const std::string& name, const api::Json& parameters)
{
    m_events.push_back({name, parameters});
    raise();
}

void Inbox::close(Error why)
{
    const std::lock_guard lock(m_mutex);
    m_closed = std::move(why);
    raise();
}

void Inbox::raise()
{
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(m_signal.get(), &one, sizeof(one));
    m_filled.notify_one();
}

Result<Event> Inbox::next()
{
    {
        std::unique_lock lock(m_mutex);
        m_filled.wait(lock, [this] { return !m_events.empty() || m_hasGap || m_closed; });
    }
    auto event = poll();
    if (!event)
        return tl::unexpected<Error>(std::move(event.error()));
    return std::move(**event);
}

Result<std::optional<Event>> Inbox::poll()
{
    const std::lock_guard lock(m_mutex);
    if (!m_events.empty()) {
        Event first = std::move(m_events.front());
        m_events.pop_front();
        m_room.notify_one();
        return std::optional<Event>(std::move(first));
    }
    if (std::exchange(m_hasGap, false))
        return std::optional<Event>(Event{"log.gap", {}});
    if (m_closed)
        return tl::unexpected<Error>(*m_closed);
    std::uint64_t count = 0;
    [[maybe_unused]] const auto taken = ::read(m_signal.get(), &count, sizeof(count));
    return std::optional<Event>{};
}

void Inbox::stop()
{
    const std::lock_guard lock(m_mutex);
    m_isStopped = true;
    m_room.notify_all();
}

} // namespace sallyport::ctl

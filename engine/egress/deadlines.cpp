#include "engine/egress/deadlines.h"

namespace sallyport::egress {

Deadlines::Deadlines(const boost::asio::any_io_executor& executor)
    : m_timer(executor)
{
}

void Deadlines::watch(Watched& object)
{
    m_watched.push_back(object);
    arm();
}

// Runs only while there is something to look at: an idle engine sleeps.
void Deadlines::arm()
{
    if (m_armed || m_watched.empty())
        return;
    m_armed = true;
    m_timer.expires_after(Tick);
    m_timer.async_wait(
        [this, alive = std::weak_ptr<bool>(m_alive)](const boost::system::error_code& error) {
            if (error || alive.expired())
                return;
            m_armed = false;
            sweep();
            arm();
        });
}

void Deadlines::sweep()
{
    const Clock::time_point now = Clock::now();
    // Whatever a tick destroys leaves the list that it is in; what it adds waits for the next one.
    List pending;
    pending.swap(m_watched);
    while (!pending.empty()) {
        Watched& object = pending.front();
        pending.pop_front();
        m_watched.push_back(object);
        object.tick(now);
    }
}

} // namespace sallyport::egress

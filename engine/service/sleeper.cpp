#include "engine/service/sleeper.h"

#include <utility>
#include <vector>

namespace sallyport::service {

Sleeper::Sleeper(boost::asio::io_context& loop, Sources sources, std::chrono::milliseconds tick)
    : m_timer(loop)
    , m_sources(std::move(sources))
    , m_tick(tick)
{
}

void Sleeper::set(api::SandboxId sandbox, std::chrono::seconds after)
{
    if (after.count() <= 0) {
        remove(sandbox);
        return;
    }
    m_sandboxes[sandbox] = Watched{after, Clock::now()};
    arm();
}

void Sleeper::touch(api::SandboxId sandbox)
{
    if (const auto found = m_sandboxes.find(sandbox); found != m_sandboxes.end())
        found->second.last = Clock::now();
}

void Sleeper::arm()
{
    if (m_sandboxes.empty() || std::exchange(m_isArmed, true))
        return;
    m_timer.expires_after(m_tick);
    m_timer.async_wait([this](const boost::system::error_code& error) {
        if (error)
            return;
        m_isArmed = false;
        look();
        arm();
    });
}

void Sleeper::look()
{
    const auto now = Clock::now();
    std::vector<std::pair<api::SandboxId, std::chrono::seconds>> idle;
    for (auto& [id, watched] : m_sandboxes) {
        if (!m_sources.isRunning(id) || m_sources.isBusy(id))
            watched.last = now;
        else if (now - watched.last >= watched.after)
            idle.emplace_back(id, watched.after);
    }
    for (const auto& [id, after] : idle) {
        touch(id); // stopping takes its time; once is enough
        m_sources.putToSleep(id, after);
    }
}

} // namespace sallyport::service

#pragma once

#include <chrono>
#include <functional>
#include <map>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/api/types.h"

namespace sallyport::service {

// Stops sandboxes whose module says so (`sleepAfter`) once nothing has gone on in them for that
// time. Network thread only.
class Sleeper
{
public:
    struct Sources
    {
        std::function<bool(api::SandboxId)> isRunning;
        std::function<bool(api::SandboxId)>
            isBusy; // a program runs, a connection is open, a question waits
        std::function<void(api::SandboxId, std::chrono::seconds)> putToSleep;
    };

    Sleeper(boost::asio::io_context& loop,
            Sources sources,
            std::chrono::milliseconds tick = std::chrono::seconds(1));

    // Zero: never.
    void set(api::SandboxId sandbox, std::chrono::seconds after);
    // Something went on, however short.
    void touch(api::SandboxId sandbox);
    void remove(api::SandboxId sandbox) { m_sandboxes.erase(sandbox); }

private:
    using Clock = std::chrono::steady_clock;
    struct Watched
    {
        std::chrono::seconds after{0};
        Clock::time_point last = Clock::now();
    };

    void arm();
    void look();

    boost::asio::steady_timer m_timer;
    Sources m_sources;
    std::chrono::milliseconds m_tick;
    std::map<api::SandboxId, Watched> m_sandboxes;
    bool m_isArmed = false;
};

} // namespace sallyport::service

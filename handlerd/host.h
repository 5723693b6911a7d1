#pragma once

// The life of a handler process: sets up the script, locks itself in, then runs what the engine
// sends until it goes.

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

#include "engine/handler/protocol.h"
#include "handlerd/channel.h"
#include "handlerd/script.h"

namespace sallyport::handlerd {

struct HostOptions
{
    double callSeconds = 0.05; // of processor time for one call
    bool mayCompile = false;   // the engine's "fast": machine code may be made
    std::size_t mostBufferedBytes = 8 * 1024 * 1024;
};

class Host
{
public:
    Host(int socket, handler::SharedPage* page, HostOptions options);
    // Returns the exit status.
    int run();

private:
    using Clock = std::chrono::steady_clock;

    [[nodiscard]] bool loadRuntime();
    void addNatives(JSObjectRef natives);
    JSValueRef send(Arguments arguments);
    // Runs one of the scripts that the process brings along, at its first use.
    JSValueRef load(std::string_view name);

    void dispatch(const handler::Frame& frame);
    // Everything that enters the script comes by here: charges the call for its time.
    void enter(std::uint32_t call, Arguments arguments);
    // The call whose doing a frame is.
    [[nodiscard]] std::uint32_t ownerOf(const handler::Frame& frame);
    // Nothing happens any more: calls that wait for nothing are told so.
    void lookForStuckCalls();
    void fireTimers();
    [[nodiscard]] int untilNextTimer() const;
    [[noreturn]] void endSpent();

    Channel m_channel;
    handler::SharedPage* m_page;
    HostOptions m_options;
    Script m_script;
    JSObjectRef m_dispatch = nullptr;
    std::uint32_t m_current = 0; // the call being run
    bool m_isLoading = false;    // of the runtime's own parts: nobody's time
    std::chrono::nanoseconds m_unchargedTime{0};
    std::unordered_map<std::uint32_t, std::chrono::nanoseconds> m_spent; // by call
    std::unordered_map<std::uint32_t, std::uint32_t> m_owners; // of fetches, operations, timers
    struct Timer
    {
        std::uint32_t id;
        std::uint32_t call;
    };
    std::multimap<Clock::time_point, Timer> m_timers;
    bool m_hasGarbage = false;
};

} // namespace sallyport::handlerd

#pragma once

#include <chrono>
#include <cstddef>

namespace sallyport::handler {

// What a handler may use. Each is there since the bodies that it reads are hostile, and since a
// mistake in it must not stop the sandbox's other requests.
struct HandlerLimits
{
    std::chrono::milliseconds processorTime{50}; // of one call, its continuations included
    // Of one call while it waits for nothing of the engine's: no fetch, no person, no body.
    std::chrono::seconds wallTime{30};
    std::size_t memoryBytes = std::size_t{64} * 1024 * 1024; // a process's own, without shared code
    int fetches = 50;                                        // of one call
    int bindingUses = 1000; // of one call: of namespaces and buckets
    int consoleLines = 1000;                                 // of one call
    std::size_t callsAtOnce = 256;                           // of one sandbox
    std::chrono::seconds start{20};  // from exec to a module that is loaded
    std::chrono::seconds idle{60};   // after which a process without calls is ended
    std::size_t sourceBytes = std::size_t{1024} * 1024;
    // The engine of the language may make machine code: about twice as fast, and more to attack.
    bool isFast = false;

    bool operator==(const HandlerLimits&) const = default;
};

} // namespace sallyport::handler

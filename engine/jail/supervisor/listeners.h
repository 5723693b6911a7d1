#pragma once

// The sockets on which a tap's TCP connections and DNS queries arrive.

#include <array>
#include <string_view>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/jail/address_plan.h"

namespace sallyport::jail {

struct Listeners
{
    UniqueFd tcp4;
    UniqueFd tcp6;
    UniqueFd dns4;
    UniqueFd dns6;

    [[nodiscard]] std::array<int, 4> descriptors() const
    {
        return {tcp4.get(), tcp6.get(), dns4.get(), dns6.get()};
    }
};

// Makes them, bound to the tap and to nothing else. Needs capabilities over the network namespace.
[[nodiscard]] Result<Listeners> makeListeners(const Tap& tap);

// For IPv4 and IPv6: hear what this tap sends to the port, whatever address, and may answer from it.
[[nodiscard]] Result<std::array<UniqueFd, 2>> makeUdpSockets(const Tap& tap, std::uint16_t port);

// Sends a frame out of the tap: the guest receives it.
[[nodiscard]] Status sendToGuest(const Tap& tap, std::string_view frame);

// A TCP socket that is connecting to the guest's port, bound to the tap; writable when it is done.
[[nodiscard]] Result<UniqueFd> startConnection(const Tap& tap, std::uint16_t port);

} // namespace sallyport::jail

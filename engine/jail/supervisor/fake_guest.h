#pragma once

// Plays a guest on a tap, frame by frame: for the self-test, and for tests.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/unique_fd.h"
#include "engine/jail/address_plan.h"
#include "engine/jail/supervisor/packets.h"

namespace sallyport::jail {

class FakeGuest
{
public:
    using Matches = std::function<bool(const SeenFrame&)>;

    // The queue as from openTapQueue() or Jail::openTap().
    FakeGuest(UniqueFd queue, Tap tap);

    // A flow from this guest's address of the destination's family.
    [[nodiscard]] Flow
    flowTo(const std::string& destination, std::uint16_t port, std::uint16_t sourcePort) const;

    // False when the tap takes no frame.
    bool send(const std::string& frame);
    // The first frame that matches within the time; others are passed over.
    [[nodiscard]] std::optional<SeenFrame> waitFor(const Matches& matches,
                                                   std::chrono::milliseconds time);

    // A TCP connection's opening, from SYN to the last ACK. What the other side said, or nothing.
    struct Opened
    {
        Flow flow;
        std::uint32_t sequence = 0;     // our next
        std::uint32_t acknowledged = 0; // their next
    };
    [[nodiscard]] std::optional<Opened> open(const Flow& flow, std::chrono::milliseconds time);

private:
    [[nodiscard]] std::optional<std::string> receive(std::chrono::milliseconds time) const;

    UniqueFd m_queue;
    Tap m_tap;
};

} // namespace sallyport::jail

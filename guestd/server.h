#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/guest/messages.h"
#include "guestd/channel.h"
#include "guestd/machine.h"
#include "guestd/port.h"

namespace sallyport::guestd {

// guestd at work: serves one engine at a time over the port and reaps processes. One thread. The
// signals that it listens to (see openSignals) must be blocked before.
class Server
{
public:
    Server(Machine& machine, Port& port, int signals);

    // Until somebody asks for the end: then all processes are gone, the disks safe and the engine
    // told (and given a second to hear it). Nothing: a socket's other end has closed (tests).
    [[nodiscard]] std::optional<guest::PowerOffReason> run();

private:
    void round();
    void handleSignals();
    void reap();
    void parse(std::string_view bytes);
    void beginSession();
    void endSession();
    void handleFrame();
    void handleRequest();
    void handleChannelFrame();
    void exec(std::uint32_t id, std::string_view payload);
    void protocolError(std::string_view what);
    [[nodiscard]] Channel* channel(std::uint32_t id);
    void announcePowerOff(guest::PowerOffReason reason);

    Machine& m_machine;
    Port& m_port;
    int m_signals;
    guest::FrameParser m_parser;
    Polls m_polls;
    std::vector<std::unique_ptr<Channel>> m_channels;
    std::optional<guest::PowerOffReason> m_powerOff;
    bool m_powerOffSeen = false;
};

// Blocks the signals that Server handles and returns a descriptor for them.
[[nodiscard]] UniqueFd openSignals();

} // namespace sallyport::guestd

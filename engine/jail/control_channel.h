#pragma once

// Packets with descriptors over a SOCK_SEQPACKET Unix socket. The edge below protocol.h.

#include <array>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/jail/protocol.h"

namespace sallyport::jail {

struct Packet
{
    std::size_t size = 0; // bytes in the caller's buffer
    std::vector<UniqueFd> descriptors;
};

// Connects to the supervisor's socket. NotFound when nobody listens there.
[[nodiscard]] Result<UniqueFd> connectControl(const std::filesystem::path& path);

// A socket at the path, mode 0600, that does not listen yet: connecting is refused. A stale socket
// there is replaced.
[[nodiscard]] Result<UniqueFd> bindControl(const std::filesystem::path& path);
// By the process that is going to serve it: SO_PEERCRED of a client names the one that called this.
[[nodiscard]] Status listenControl(int socket);

// Sends one packet whole, waiting at most the given time.
[[nodiscard]] Status sendPacket(int socket,
                                std::string_view packet,
                                std::span<const int> descriptors,
                                std::chrono::milliseconds wait);

// Receives one packet into the buffer, waiting at most the given time. Unavailable at the end of
// the stream; TooLarge when the packet did not fit (the rest is lost).
[[nodiscard]] Result<Packet>
receivePacket(int socket, std::span<char> buffer, std::chrono::milliseconds wait);

// Waits until the descriptor has one of the poll(2) events. False when the time is over.
[[nodiscard]] bool waitFor(int descriptor, short events, std::chrono::milliseconds wait);

} // namespace sallyport::jail

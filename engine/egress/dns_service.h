#pragma once

#include <memory>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "engine/egress/sandbox_door.h"

namespace sallyport::egress {

// Answers the queries of one UDP socket until it is closed. Nothing is asked of anyone: what the
// resolver can't answer by itself has no answer.
[[nodiscard]] asio::awaitable<void>
serveDnsDatagrams(std::shared_ptr<SandboxDoor> door,
                  std::shared_ptr<asio::posix::stream_descriptor> socket);

// The same over a TCP connection of the guest, messages with two bytes of length (RFC 7766).
[[nodiscard]] asio::awaitable<void> serveDnsStream(SandboxDoor& door, Stream& stream);

} // namespace sallyport::egress

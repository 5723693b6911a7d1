#pragma once

#include <cstdint>

#include <boost/asio/awaitable.hpp>

#include "engine/egress/limits.h"
#include "engine/egress/stream.h"

namespace sallyport::egress {

struct TunnelCounts
{
    std::int64_t fromGuest = 0;
    std::int64_t fromUpstream = 0;
};

// Carries bytes both ways until both sides have ended, one has failed, or nothing has moved for too
// long. An end of one side is passed on as an end (half-close). Returns why it was cut, empty for
// an orderly end. Both streams are closed afterwards.
[[nodiscard]] boost::asio::awaitable<std::string>
tunnel(Stream& guest, Stream& upstream, const DoorLimits& limits, TunnelCounts& counts);

} // namespace sallyport::egress

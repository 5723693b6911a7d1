#pragma once

#include <functional>

#include "engine/egress/sandbox_door.h"

namespace sallyport::egress {

// Waits for the person. `watchHangUp` is called once with the function that withdraws the question,
// which the caller's connection calls when the guest has gone; with null when the wait is over.
// Returns what the gatekeeper said; an ask that fails denies.
using WatchHangUp = std::function<void(std::function<void()>)>;
[[nodiscard]] boost::asio::awaitable<AskOutcome> hold(SandboxDoor& door,
                                                      const policy::Request& request,
                                                      const policy::Decision& decision,
                                                      api::RowId row,
                                                      WatchHangUp watchHangUp);

} // namespace sallyport::egress

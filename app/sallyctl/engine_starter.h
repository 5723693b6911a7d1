#pragma once

#include <memory>

#include "engine/api/client.h"
#include "engine/base/result.h"

namespace sallyport::ctl {

enum class WhenNoneRuns
{
    Start, // `sallyportd`, found beside this program, else in PATH
    Fail,  // Unavailable
};

// A connection to this user's engine. One that is started is a process of its own that outlives
// this one, and is waited for until it answers; it writes to engine.log beside its socket.
[[nodiscard]] Result<std::unique_ptr<api::Client>>
connectToEngine(WhenNoneRuns choice,
                api::Client::EventHandler onEvent,
                api::Client::ClosedHandler onClosed);

} // namespace sallyport::ctl

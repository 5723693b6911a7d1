#pragma once

#include <memory>

#include "engine/api/client.h"
#include "engine/base/result.h"

namespace sallyport::ctl {

// A connection to this user's engine. When none runs, starts `sallyportd` (found beside this
// program, else in PATH) as a process of its own that outlives this one, and waits until it
// answers. It writes to engine.log beside its socket.
[[nodiscard]] Result<std::unique_ptr<api::Client>>
connectOrStart(api::Client::EventHandler onEvent, api::Client::ClosedHandler onClosed);

} // namespace sallyport::ctl

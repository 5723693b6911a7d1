#pragma once

#include "engine/handler/limits.h"
#include "engine/service/settings_book.h"

namespace sallyport::service {

// The limits of a sandbox's handlers as the settings have them.
[[nodiscard]] handler::HandlerLimits handlerLimits(const SettingsBook& settings,
                                                   api::SandboxId sandbox);

} // namespace sallyport::service

#pragma once

#include "engine/egress/limits.h"
#include "engine/service/settings_book.h"

namespace sallyport::service
{

// The door's limits as the settings have them.
[[nodiscard]] egress::DoorLimits doorLimits(const SettingsBook& settings);

} // namespace sallyport::service

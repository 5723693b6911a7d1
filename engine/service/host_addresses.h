#pragma once

#include <vector>

#include "engine/policy/address.h"

namespace sallyport::service
{

// The addresses of this machine's interfaces, sorted; part of the floor, since a public address of one's own is still
// the host itself. Empty where the system does not say. Some microseconds; any thread.
[[nodiscard]] std::vector<policy::Address> hostAddresses();

} // namespace sallyport::service

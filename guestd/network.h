#pragma once

#include <string>
#include <string_view>

#include "engine/guest/messages.h"

namespace sallyport::guestd {

// Brings up lo and eth0 with exactly the addresses given and a default route by each gateway, and
// writes the hostname, /etc/hosts and /etc/resolv.conf. May be called again with other settings.
[[nodiscard]] guest::OutcomeMessage configureNetwork(const guest::ConfigureMessage& settings);

// The host's name as the kernel and /etc/hosts may have it (RFC 1123 letters, 63 at most).
[[nodiscard]] bool isHostname(std::string_view name);

} // namespace sallyport::guestd

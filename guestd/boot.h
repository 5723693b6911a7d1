#pragma once

#include <string>

namespace sallyport::guestd {

// From the kernel's first moment to a running root file system: mounts, drivers from the initramfs,
// the root disk (grown to its device's size), and into it. Only as PID 1 of an initramfs. Returns
// what went wrong, empty if nothing did; whatever went wrong, /dev, /proc and /sys are there.
[[nodiscard]] std::string boot();

} // namespace sallyport::guestd

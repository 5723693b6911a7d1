#pragma once

// What can be seen inside the jail: a new root with /usr read-only, a few files of /etc, devices,
// the images (read-only), the disks and the run directory, and nothing else of the host.

#include <filesystem>

#include "engine/base/result.h"
#include "engine/jail/supervisor/namespaces.h"

namespace sallyport::jail {

// A directory of the host. It is shown at both paths, since others may have resolved links in the
// given one.
struct ShownDirectory
{
    std::filesystem::path given; // absolute, perhaps with symbolic links (/home on some systems)
    std::filesystem::path real;
};

struct RootView
{
    ShownDirectory images; // read-only
    ShownDirectory disks;  // writable
    ShownDirectory run;    // writable
    InnerIds ids;          // for /etc/passwd
};

// Builds it and makes it the caller's root. By pid 1 of the new namespaces, single-threaded, with
// nothing of the old root open that matters afterwards.
[[nodiscard]] Status enterRoot(const RootView& view);

} // namespace sallyport::jail

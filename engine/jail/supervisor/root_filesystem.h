#pragma once

// What can be seen inside the jail: a new root with /usr read-only, a few files of /etc, devices,
// the images (read-only), the disks and the run directory, and nothing else of the host.

#include <filesystem>

#include "engine/base/result.h"
#include "engine/jail/supervisor/namespaces.h"

namespace sallyport::jail {

struct RootView
{
    std::filesystem::path images; // read-only
    std::filesystem::path disks;  // writable
    std::filesystem::path run;    // writable
    InnerIds ids;                 // for /etc/passwd
};

// Builds it and makes it the caller's root. By pid 1 of the new namespaces, single-threaded, with
// nothing of the old root open that matters afterwards. The paths have to be absolute, exist, and
// have no symbolic links in them.
[[nodiscard]] Status enterRoot(const RootView& view);

} // namespace sallyport::jail

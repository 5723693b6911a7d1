#pragma once

// From the command line of sallyport-jail to a supervisor that runs: directories, lock, log,
// namespaces, new root, and the hand-over to the background.

#include <filesystem>

#include "engine/base/result.h"

namespace sallyport::jail {

struct LaunchOptions
{
    std::filesystem::path directory; // control.sock, lock, supervisor.log, run/
    std::filesystem::path images;
    std::filesystem::path disks;
};

// Returns in the caller when the supervisor is ready in the background, or could not start.
// Conflict when one lives already. The caller has to exit soon afterwards: it holds namespaces
// open.
[[nodiscard]] Status launchSupervisor(const LaunchOptions& options);

// Makes the namespaces and the rules and proves them, and leaves nothing behind: for the doctor.
[[nodiscard]] Status checkNamespaces();

} // namespace sallyport::jail

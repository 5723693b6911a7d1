#pragma once

#include <filesystem>

#include "engine/base/result.h"

namespace sallyport {

// Where things lie for this user. Made once at start and passed on.
struct Paths
{
    std::filesystem::path
        data; // $XDG_DATA_HOME/sallyport: database, sandbox disks, built guest images
    std::filesystem::path
        runtime; // $XDG_RUNTIME_DIR/sallyport: sockets, the jail's run directory; mode 0700

    [[nodiscard]] std::filesystem::path apiSocket() const { return runtime / "api.sock"; }
    [[nodiscard]] std::filesystem::path jailDirectory() const { return runtime / "jail"; }
    [[nodiscard]] std::filesystem::path database() const { return data / "sallyport.db"; }
    [[nodiscard]] std::filesystem::path sandboxes() const { return data / "sandboxes"; }
    // Of the guests; without symbolic links, though the folder itself may be one.
    [[nodiscard]] std::filesystem::path images() const;

    // From the environment (XDG Base Directory Specification). Without XDG_RUNTIME_DIR,
    // /run/user/UID where that is ours, else /tmp/sallyport-UID (created 0700, refused where it is
    // somebody else's). Creates the directories.
    [[nodiscard]] static Result<Paths> fromEnvironment();
};

} // namespace sallyport

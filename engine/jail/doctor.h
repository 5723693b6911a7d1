#pragma once

// What this machine lacks to run sandboxes, in plain words with the command that mends it: for
// `sallyctl doctor`, and for the error a person sees when the jail does not start.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/api/types.h"

namespace sallyport::jail {

struct DoctorOptions
{
    std::filesystem::path runtime; // Paths::runtime
    std::filesystem::path data;    // Paths::data, for free space
    std::filesystem::path
        image; // the folder of the default image (vmlinux, initramfs.img, base.ext4)
    std::filesystem::path jailBinary;
    std::uint64_t wantedFreeBytes = 4ULL << 30U;
};

// What the checks look at. system() looks at this machine; tests pass their own.
struct DoctorProbes
{
    std::function<std::optional<std::string>(const std::filesystem::path&)> readFile;
    // 0, or the errno of opening the file for reading and writing.
    std::function<int(const std::filesystem::path&)> openReadWrite;
    // First line of the program's output, or none when it can't be run. Found in PATH and sbin.
    std::function<std::optional<std::string>(const std::vector<std::string>& argv)> run;
    std::function<bool(const std::filesystem::path&)> isFile;
    std::function<std::optional<std::uint64_t>(const std::filesystem::path&)> freeBytes;
    // Empty when a new user, network, mount and pid namespace with our packet filter in it can be
    // made, else why not. (Runs the jail binary with --check.)
    std::function<std::string(const std::filesystem::path& jailBinary)> tryJail;
    std::function<std::string()> userName;

    [[nodiscard]] static DoctorProbes system();
};

// All checks, in the order in which a person should mend them. Blocks up to about 3 s (it runs
// programs); any thread.
[[nodiscard]] std::vector<api::Check>
runDoctor(const DoctorOptions& options, const DoctorProbes& probes = DoctorProbes::system());

} // namespace sallyport::jail

#pragma once

#include <cstdint>
#include <filesystem>

#include "engine/base/result.h"

// A sandbox's own disk: a qcow2 file that holds what the guest changed of the base. Its size is the
// most that the guest can ever write; the file begins at 200 KiB. Any thread; calls that run
// qemu-img block for some 20 ms.
namespace sallyport::image {

// Makes a new overlay, mode 0600. It must not be smaller than the base; Exists if there is one.
[[nodiscard]] Status createOverlay(const std::filesystem::path& base,
                                   const std::filesystem::path& path,
                                   std::uint64_t sizeMiB);

// Puts a fresh overlay in the place of what is there, if anything: the disk as on the first start.
// The sandbox must not be running.
[[nodiscard]] Status resetOverlay(const std::filesystem::path& base,
                                  const std::filesystem::path& path,
                                  std::uint64_t sizeMiB);

// Bytes of the host's disk that the file takes; 0 without one.
[[nodiscard]] std::uint64_t diskUsage(const std::filesystem::path& path);

// Unavailable unless the file system of `directory` has that much room for us.
[[nodiscard]] Status checkFreeSpace(const std::filesystem::path& directory,
                                    std::uint64_t neededMiB);

} // namespace sallyport::image

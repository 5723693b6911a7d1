#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "engine/base/paths.h"
#include "engine/base/result.h"

namespace sallyport::image {

// A kernel, an initramfs and a base disk that fit together, as installer/guest-image/build makes
// them. All paths are absolute, without symbolic links, and were there when it was found.
struct GuestImage
{
    std::string name;                // "debian-12"
    std::string title;               // for a person: "Debian 12"
    std::string kernelVersion;       // "6.1.0-56-cloud-amd64"
    std::string built;               // when, ISO 8601
    std::filesystem::path kernel;    // uncompressed, started by PVH
    std::filesystem::path initramfs; // with guestd
    // Raw ext4, read-only for ever. Its name holds the build, so an overlay made over it stays
    // valid when the image is built anew.
    std::filesystem::path base;
    std::uint64_t baseBytes = 0;
};

inline constexpr std::string_view DefaultImage = "debian-12";

// Looks in the user's images, then in /usr/share/sallyport/images. An image that is missing or
// broken is an error that names the command which builds it. Reads a few files; any thread.
[[nodiscard]] Result<GuestImage> findImage(const Paths& paths,
                                           std::string_view name = DefaultImage);

// The same in one directory of images.
[[nodiscard]] Result<GuestImage> findImageIn(const std::filesystem::path& images,
                                             std::string_view name = DefaultImage);

} // namespace sallyport::image

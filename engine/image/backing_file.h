#pragma once

#include <filesystem>

#include "engine/base/result.h"

namespace sallyport::image {

// The base disk that an overlay was made over, as its qcow2 header names it (QEMU's
// docs/interop/qcow2.txt). It is not the newest base once the image was built anew. Invalid for a
// file without one. Reads one block; any thread.
[[nodiscard]] Result<std::filesystem::path> baseOf(const std::filesystem::path& overlay);

} // namespace sallyport::image

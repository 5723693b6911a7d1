#pragma once

// Small files of the kernel: /proc and /sys.

#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace sallyport::jail {

// The first 4 KiB without the final line feed; empty when it can't be read.
[[nodiscard]] std::string readProcFile(const std::string& path);
[[nodiscard]] Status writeProcFile(const std::string& path, std::string_view value);

} // namespace sallyport::jail

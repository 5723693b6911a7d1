#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <sys/types.h>

// Small whole files. Paths are NUL-terminated by being std::string.
namespace sallyport::guestd {

// The file's bytes, cut at `most`; empty where it can't be read.
[[nodiscard]] std::string readFile(const std::string& path, std::size_t most = 64 * 1024);

// Writes in place (for /proc and /sys). True if all of it went.
bool writeFile(const std::string& path, std::string_view text);

// Puts a new file in the place of `path`, whole or not at all; its mode is `mode`.
[[nodiscard]] bool replaceFile(const std::string& path, std::string_view text, mode_t mode);

[[nodiscard]] bool fileExists(const std::string& path);

// Makes the directory where it is missing. Not its parents.
bool makeDirectory(const std::string& path, mode_t mode);

} // namespace sallyport::guestd

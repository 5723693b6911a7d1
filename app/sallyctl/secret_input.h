#pragma once

#include <string>

#include "engine/base/result.h"

namespace sallyport::ctl {

// A secret from the terminal, without echo, after asking for it; or all of standard input where
// that is none. Line ends at its end are dropped. Never from the command line, which other users
// can read.
[[nodiscard]] Result<std::string> readSecret(const std::string& question);

} // namespace sallyport::ctl

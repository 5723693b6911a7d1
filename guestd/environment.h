#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "guestd/users.h"

namespace sallyport::guestd {

using Environment = std::vector<std::pair<std::string, std::string>>;

inline constexpr std::string_view CaFile = "/etc/sallyport/ca.pem";
inline constexpr std::string_view BundleFile = "/etc/ssl/certs/ca-certificates.crt";

// The variables that make common programs trust the sandbox's CA. Those that replace a program's
// own list name the system's bundle, those that add to it name the CA alone.
[[nodiscard]] Environment trustEnvironment();

// What a process starts with: PATH, HOME, … of the user, TERM where there is a terminal, the trust
// variables if a CA is installed, and over them all `additions`.
[[nodiscard]] Environment
processEnvironment(const User& user, bool terminal, bool trusted, const Environment& additions);

// Sets a variable, in place where it is there already.
void setVariable(Environment& environment, std::string_view name, std::string_view value);

} // namespace sallyport::guestd

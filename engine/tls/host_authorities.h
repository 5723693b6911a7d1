#pragma once

#include <string_view>
#include <vector>

#include "engine/policy/pattern.h"
#include "engine/tls/handles.h"

namespace sallyport::tls {

// Certificates that are trusted for some hosts, besides the system's.
struct HostAuthorities
{
    std::vector<policy::Pattern> hosts;
    std::vector<CertificatePtr> certificates;
};

// Reads lines of host patterns, parted by blanks or commas, each followed by the certificates (PEM)
// that hold for those hosts. Lines that begin with '#' are left out. The error names the line.
[[nodiscard]] Result<std::vector<HostAuthorities>> parseHostAuthorities(std::string_view text);

} // namespace sallyport::tls

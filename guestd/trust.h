#pragma once

#include <string>
#include <string_view>

#include "engine/guest/messages.h"

// The sandbox's CA among the guest's trusted ones. It is a new CA at each start of the sandbox, so
// the one of the start before is taken out.
namespace sallyport::guestd {

// Installs it for the system's bundle, for update-ca-certificates, for each JDK, and as
// /etc/sallyport/ca.pem, and sets the trust variables for login sessions. An empty text takes an earlier one out.
[[nodiscard]] guest::OutcomeMessage installCertificate(std::string_view pem);

// A text file of lines with the block of ours replaced (appended where there is none, removed where
// `block` is empty). The block stands between two marker lines.
[[nodiscard]] std::string withBlock(std::string_view text, std::string_view block);

// withBlock(), after copies of the certificate of the last start were taken out of the rest, where
// update-ca-certificates has put them.
[[nodiscard]] std::string
bundleWith(std::string_view bundle, std::string_view oldPem, std::string_view pem);

} // namespace sallyport::guestd

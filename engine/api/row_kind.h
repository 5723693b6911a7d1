#pragma once

// Kinds of rows that a reader may offer something for.

#include <string>
#include <string_view>

#include "engine/api/types.h"

namespace sallyport::api {

// Begins the error of a connection whose client refused the certificate of the sandbox's authority
// (TLS alerts unknown_ca, bad_certificate, certificate_unknown; RFC 8446, 6.2): it has a trust store
// of its own or pins the server's key. What is a tunnel passes it, unread.
inline constexpr std::string_view DistrustsCertificate = "the client distrusts the certificate";

[[nodiscard]] inline bool isDistrusted(const Row& row)
{
    return row.state == RowState::Failed && row.protocol == "tls" &&
           row.error.starts_with(DistrustsCertificate);
}

} // namespace sallyport::api

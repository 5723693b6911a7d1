#pragma once

#include <openssl/ssl.h>

namespace sallyport::egress {

class Stream;

// Puts a BIO beneath `ssl` that reads and writes the stream's socket directly: no copy through
// memory BIOs, no SIGPIPE, and bytes that were read too far come first. The stream outlives it.
void attachBio(Stream& stream, SSL* ssl);

// The stream of an SSL with such a BIO; null without.
[[nodiscard]] Stream* streamOf(const SSL* ssl);

} // namespace sallyport::egress

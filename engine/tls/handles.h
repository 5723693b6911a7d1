#pragma once

// Owners of OpenSSL's objects, and its errors as text.

#include <memory>
#include <string>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "engine/base/result.h"

namespace sallyport::tls {

struct Free
{
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); } // cleanses private keys
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
    void operator()(BIO* bio) const { BIO_free_all(bio); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Free>;
using CertificatePtr = std::unique_ptr<X509, Free>;
using SslPtr = std::unique_ptr<SSL, Free>;
using SessionPtr = std::unique_ptr<SSL_SESSION, Free>;
using BioPtr = std::unique_ptr<BIO, Free>;

// A context with its own reference. Boost.Asio's ssl::context takes one over, and uses the
// context's and the SSL's app data: ours live in other slots.
using ContextPtr = std::shared_ptr<SSL_CTX>;
[[nodiscard]] SSL_CTX* newReference(const ContextPtr& context);

// Empties this thread's error queue into one line; "" when it was empty.
[[nodiscard]] std::string takeErrors();
// An Internal error with what the queue holds.
[[nodiscard]] tl::unexpected<Error> failTls(std::string_view doing);

} // namespace sallyport::tls

#pragma once

// Puts one X.509 v3 certificate together, step by step; the first failure is kept and reported by
// sign(). For the authority only.

#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/policy/host.h"
#include "engine/tls/handles.h"

namespace sallyport::tls {

class CertificateBuilder
{
public:
    CertificateBuilder(); // version 3 with a random serial number

    CertificateBuilder& subject(std::string_view organisation, std::string_view commonName);
    // nullptr: the subject itself.
    CertificateBuilder& issuer(const X509* authority);
    CertificateBuilder& validity(UnixMillis from, UnixMillis until);
    CertificateBuilder& publicKey(EVP_PKEY* key);
    // In the form of OpenSSL's configuration files; only with text of our own.
    CertificateBuilder& extension(int nid, const char* value, X509* authority = nullptr);
    CertificateBuilder& alternativeName(const policy::Host& host, bool isCritical);

    [[nodiscard]] Result<CertificatePtr> sign(EVP_PKEY* key);

    // Four bytes of the serial number in hexadecimal: tells two authorities of one name apart.
    [[nodiscard]] const std::string& tag() const { return m_tag; }

private:
    CertificateBuilder& check(bool ok, std::string_view what);

    CertificatePtr m_certificate;
    std::string m_failed;
    std::string m_tag;
};

} // namespace sallyport::tls

#include "engine/tls/certificate_builder.h"

#include <array>

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace sallyport::tls {
namespace {

struct FreeNames
{
    void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
    void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};

bool addEntry(X509_NAME* name, const char* field, std::string_view text)
{
    const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, bytes,
                                      static_cast<int>(text.size()), -1, 0) == 1;
}

// A GENERAL_NAME for the host, made without going through text that could hold a separator.
GENERAL_NAME* newGeneralName(const policy::Host& host)
{
    GENERAL_NAME* const name = GENERAL_NAME_new();
    ASN1_STRING* const value =
        ASN1_STRING_type_new(host.address ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
    const auto bytes = host.address ? host.address->bytes() : std::span<const std::uint8_t>{};
    const void* const data =
        host.address ? static_cast<const void*>(bytes.data()) : host.name.data();
    const std::size_t size = host.address ? bytes.size() : host.name.size();
    if (name == nullptr || value == nullptr ||
        ASN1_STRING_set(value, data, static_cast<int>(size)) != 1) {
        GENERAL_NAME_free(name);
        ASN1_STRING_free(value);
        return nullptr;
    }
    GENERAL_NAME_set0_value(name, host.address ? GEN_IPADD : GEN_DNS, value);
    return name;
}

} // namespace

CertificateBuilder::CertificateBuilder()
    : m_certificate(X509_new())
{
    std::array<unsigned char, 16> bytes{};
    check(m_certificate && RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1,
          "random numbers");
    bytes[0] = (bytes[0] & 0x7fU) | 0x40U; // positive, and always of the same length
    m_tag = fmt::format("{:02x}{:02x}{:02x}{:02x}", bytes[12], bytes[13], bytes[14], bytes[15]);
    BIGNUM* const number = BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr);
    check(number != nullptr && m_certificate &&
              X509_set_version(m_certificate.get(), X509_VERSION_3) == 1 &&
              BN_to_ASN1_INTEGER(number, X509_get_serialNumber(m_certificate.get())) != nullptr,
          "the serial number");
    BN_free(number);
}

CertificateBuilder& CertificateBuilder::check(bool ok, std::string_view what)
{
    if (!ok && m_failed.empty())
        m_failed = what;
    return *this;
}

CertificateBuilder& CertificateBuilder::subject(std::string_view organisation,
                                                std::string_view commonName)
{
    if (!m_failed.empty())
        return *this;
    X509_NAME* const name = X509_get_subject_name(m_certificate.get());
    return check((organisation.empty() || addEntry(name, "O", organisation)) &&
                     (commonName.empty() || addEntry(name, "CN", commonName)),
                 "the subject");
}

CertificateBuilder& CertificateBuilder::issuer(const X509* authority)
{
    if (!m_failed.empty())
        return *this;
    const X509_NAME* const name =
        X509_get_subject_name(authority != nullptr ? authority : m_certificate.get());
    return check(X509_set_issuer_name(m_certificate.get(), name) == 1, "the issuer");
}

CertificateBuilder& CertificateBuilder::validity(UnixMillis from, UnixMillis until)
{
    if (!m_failed.empty())
        return *this;
    X509* const certificate = m_certificate.get();
    return check(ASN1_TIME_set(X509_getm_notBefore(certificate), from / 1000) != nullptr &&
                     ASN1_TIME_set(X509_getm_notAfter(certificate), until / 1000) != nullptr,
                 "the validity");
}

CertificateBuilder& CertificateBuilder::publicKey(EVP_PKEY* key)
{
    if (!m_failed.empty())
        return *this;
    return check(X509_set_pubkey(m_certificate.get(), key) == 1, "the public key");
}

CertificateBuilder& CertificateBuilder::extension(int nid, const char* value, X509* authority)
{
    if (!m_failed.empty())
        return *this;
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, authority != nullptr ? authority : m_certificate.get(),
                   m_certificate.get(), nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, FreeNames> extension(
        X509V3_EXT_conf_nid(nullptr, &context, nid, value));
    return check(extension && X509_add_ext(m_certificate.get(), extension.get(), -1) == 1,
                 "an extension");
}

CertificateBuilder& CertificateBuilder::alternativeName(const policy::Host& host, bool isCritical)
{
    if (!m_failed.empty())
        return *this;
    const std::unique_ptr<GENERAL_NAMES, FreeNames> names(GENERAL_NAMES_new());
    GENERAL_NAME* const name = newGeneralName(host);
    if (!names || name == nullptr || sk_GENERAL_NAME_push(names.get(), name) == 0) {
        GENERAL_NAME_free(name);
        return check(false, "the alternative name");
    }
    return check(X509_add1_ext_i2d(m_certificate.get(), NID_subject_alt_name, names.get(),
                                   isCritical ? 1 : 0, X509V3_ADD_DEFAULT) == 1,
                 "the alternative name");
}

Result<CertificatePtr> CertificateBuilder::sign(EVP_PKEY* key)
{
    if (m_failed.empty())
        check(X509_sign(m_certificate.get(), key, EVP_sha256()) > 0, "the signature");
    if (!m_failed.empty())
        return failTls("make a certificate: " + m_failed);
    return std::move(m_certificate);
}

} // namespace sallyport::tls

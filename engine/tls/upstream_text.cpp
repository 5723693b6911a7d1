#include "engine/tls/upstream_context.h"

#include <array>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace sallyport::tls {
namespace {

constexpr std::size_t MostShownBytes = 100;

// One entry of a name as a certificate has it: hostile text.
std::string entryOf(const X509_NAME* name, int nid)
{
    const int at = X509_NAME_get_index_by_NID(name, nid, -1);
    if (at < 0)
        return {};
    unsigned char* utf8 = nullptr;
    const int size =
        ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (size < 0)
        return {};
    const std::string text(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
    OPENSSL_free(utf8);
    return text::elide(text::escapeControls(text.substr(0, 4 * MostShownBytes)), MostShownBytes);
}

std::string shownName(const X509_NAME* name)
{
    for (const int nid : {NID_commonName, NID_organizationName}) {
        if (std::string text = entryOf(name, nid); !text.empty())
            return text;
    }
    return "an unnamed party";
}

} // namespace

std::string verifyErrorText(long result, const policy::Host& host)
{
    const std::string whose = fmt::format("the certificate of {}", host.text());
    switch (result) {
    case X509_V_OK:
        return {};
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return whose + " has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return whose + " is not valid yet (is this machine's clock right?)";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return whose + " is for another host";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return whose + " is signed by itself";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
        return whose + " comes from an authority that this machine does not trust, or its chain is "
                       "incomplete";
    case X509_V_ERR_CERT_REVOKED:
        return whose + " was revoked";
    case X509_V_ERR_INVALID_PURPOSE:
        return whose + " is not for servers";
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
        return whose + " uses cryptography that is too weak";
    default:
        return fmt::format("{} can't be verified: {}", whose,
                           X509_verify_cert_error_string(result));
    }
}

std::string handshakeErrorText(SSL* ssl, const policy::Host& host)
{
    const std::string errors = takeErrors();
    if (const long result = SSL_get_verify_result(ssl); result != X509_V_OK)
        return verifyErrorText(result, host);
    // Known of TLS 1.2 only; 1.3 says so by an alert after the handshake.
    const unsigned char* types = nullptr;
    if (SSL_get0_certificate_types(ssl, &types) > 0)
        return fmt::format("{} asks for a certificate of the client, and the door has none", host.text());
    return errors.empty()
               ? fmt::format("the TLS handshake with {} failed", host.text())
               : fmt::format("the TLS handshake with {} failed: {}", host.text(), errors);
}

std::string describePeer(SSL* ssl)
{
    X509* const certificate = SSL_get0_peer_certificate(ssl);
    if (certificate == nullptr)
        return {};
    std::string subject = entryOf(X509_get_subject_name(certificate), NID_commonName);
    if (subject.empty()) {
        const char* const verified = SSL_get0_peername(ssl); // the alternative name that matched
        subject = verified != nullptr ? text::elide(text::escapeControls(verified), MostShownBytes)
                                      : shownName(X509_get_subject_name(certificate));
    }
    return fmt::format("{}, issued to {} by {}", SSL_get_version(ssl), subject,
                       shownName(X509_get_issuer_name(certificate)));
}

std::string negotiatedAlpn(const SSL* ssl)
{
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl, &name, &size);
    return size == 0 ? std::string() : std::string(reinterpret_cast<const char*>(name), size);
}

} // namespace sallyport::tls

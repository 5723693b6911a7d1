#include "engine/tls/certificate_authority.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "engine/policy/host.h"
#include "engine/tls/certificate_builder.h"

namespace sallyport::tls {
namespace {

constexpr std::int64_t DayMs = 24LL * 60 * 60 * 1000;
constexpr std::int64_t AuthorityDays = 30;
constexpr std::int64_t LeafDays = 8;
constexpr std::string_view Magic = "sallyport-ca-1\n";
constexpr std::size_t MostPartBytes = 4096;
constexpr std::size_t MostCommonNameBytes = 64; // X.520

// Length as four bytes, then the bytes.
void append(std::string& out, std::string_view part)
{
    for (const unsigned shift : {24U, 16U, 8U, 0U})
        out += static_cast<char>((part.size() >> shift) & 0xffU);
    out += part;
}

std::optional<std::string_view> take(std::string_view& bytes)
{
    if (bytes.size() < 4)
        return std::nullopt;
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4; ++i)
        size = (size << 8U) | static_cast<unsigned char>(bytes[i]);
    bytes.remove_prefix(4);
    if (size > MostPartBytes || size > bytes.size())
        return std::nullopt;
    const std::string_view part = bytes.substr(0, size);
    bytes.remove_prefix(size);
    return part;
}

const unsigned char* data(std::string_view bytes)
{
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

// The DER form made by an i2d function, as a string. Empty on failure.
template <typename Function> std::string der(Function&& i2d)
{
    unsigned char* out = nullptr;
    const int size = i2d(&out);
    if (size <= 0)
        return {};
    std::string text(reinterpret_cast<const char*>(out), static_cast<std::size_t>(size));
    OPENSSL_clear_free(out, static_cast<std::size_t>(size));
    return text;
}

UnixMillis endOf(const X509* certificate)
{
    std::tm parts{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1)
        return 0;
    return static_cast<UnixMillis>(timegm(&parts)) * 1000;
}

} // namespace

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : m_bytes(other.m_bytes)
{
    // A copy and a wipe: a moved-from string keeps short contents in place.
    other.cleanse();
}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept
{
    if (this != &other) {
        cleanse();
        m_bytes = other.m_bytes;
        other.cleanse();
    }
    return *this;
}

SecretBytes::~SecretBytes()
{
    cleanse();
}

void SecretBytes::cleanse()
{
    OPENSSL_cleanse(m_bytes.data(), m_bytes.size());
    m_bytes.clear();
}

Result<CertificateAuthority> CertificateAuthority::create(std::string_view sandboxName,
                                                          UnixMillis now)
{
    CertificateAuthority authority;
    authority.m_key.reset(EVP_EC_gen("P-256"));
    if (!authority.m_key)
        return failTls("make a key");
    CertificateBuilder builder;
    std::string name = fmt::format("Sallyport {} {}", sandboxName, builder.tag());
    name.resize(std::min(name.size(), MostCommonNameBytes));
    Result<CertificatePtr> certificate =
        builder.subject("Sallyport", name)
            .issuer(nullptr)
            .validity(now - DayMs, now + AuthorityDays * DayMs)
            .publicKey(authority.m_key.get())
            .extension(NID_basic_constraints, "critical,CA:TRUE,pathlen:0")
            .extension(NID_key_usage, "critical,keyCertSign,cRLSign")
            .extension(NID_subject_key_identifier, "hash")
            .sign(authority.m_key.get());
    if (!certificate)
        return tl::unexpected(certificate.error());
    authority.m_certificate = std::move(*certificate);
    if (Status status = authority.finish(); !status)
        return tl::unexpected(status.error());
    return authority;
}

Status CertificateAuthority::finish()
{
    if (X509_check_private_key(m_certificate.get(), m_key.get()) != 1 ||
        X509_check_ca(m_certificate.get()) != 1) {
        ERR_clear_error();
        return fail(Error::Code::Invalid, "the authority's key and certificate do not match");
    }
    const BioPtr memory(BIO_new(BIO_s_mem()));
    if (!memory || PEM_write_bio_X509(memory.get(), m_certificate.get()) != 1)
        return failTls("write the authority's certificate");
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &text);
    m_pem.assign(text, static_cast<std::size_t>(size));
    m_validUntil = endOf(m_certificate.get());
    return {};
}

Result<CertificateAuthority> CertificateAuthority::restore(std::string_view bytes)
{
    const auto damaged = [] {
        ERR_clear_error();
        return fail(Error::Code::Invalid, "the stored authority is damaged");
    };
    if (!bytes.starts_with(Magic))
        return damaged();
    bytes.remove_prefix(Magic.size());
    const std::optional<std::string_view> certificate = take(bytes);
    const std::optional<std::string_view> key = certificate ? take(bytes) : std::nullopt;
    if (!key || !bytes.empty())
        return damaged();

    CertificateAuthority authority;
    const unsigned char* at = data(*certificate);
    authority.m_certificate.reset(d2i_X509(nullptr, &at, static_cast<long>(certificate->size())));
    at = data(*key);
    authority.m_key.reset(
        d2i_PrivateKey(EVP_PKEY_EC, nullptr, &at, static_cast<long>(key->size())));
    if (!authority.m_certificate || !authority.m_key)
        return damaged();
    if (Status status = authority.finish(); !status)
        return tl::unexpected(status.error());
    return authority;
}

Result<SecretBytes> CertificateAuthority::serialize() const
{
    const std::string certificate =
        der([this](unsigned char** out) { return i2d_X509(m_certificate.get(), out); });
    const SecretBytes key(
        der([this](unsigned char** out) { return i2d_PrivateKey(m_key.get(), out); }));
    if (certificate.empty() || key.view().empty())
        return failTls("write the authority");
    std::string all;
    all.reserve(Magic.size() + certificate.size() + key.view().size() +
                8); // grows nowhere: no stray copy
    all += Magic;
    append(all, certificate);
    append(all, key.view());
    SecretBytes secret(std::move(all));
    return secret;
}

Result<CertificatePtr>
CertificateAuthority::issue(std::string_view nameOrAddress, EVP_PKEY* key, UnixMillis now) const
{
    const Result<policy::Host> host = policy::parseHost(nameOrAddress);
    if (!host)
        return tl::unexpected(host.error());
    const std::string text = host->text();
    const bool fits = text.size() <= MostCommonNameBytes;
    return CertificateBuilder()
        .subject({}, fits ? std::string_view(text) : std::string_view())
        .issuer(m_certificate.get())
        .validity(now - DayMs, std::min(now + LeafDays * DayMs, m_validUntil))
        .publicKey(key)
        .extension(NID_basic_constraints, "critical,CA:FALSE")
        .extension(NID_key_usage, "critical,digitalSignature")
        .extension(NID_ext_key_usage, "serverAuth")
        .extension(NID_subject_key_identifier, "hash")
        .extension(NID_authority_key_identifier, "keyid", m_certificate.get())
        .alternativeName(*host, !fits) // RFC 5280 4.1.2.6: critical where there is no subject
        .sign(m_key.get());
}

} // namespace sallyport::tls

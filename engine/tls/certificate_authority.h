#pragma once

// The certificate authority of one sandbox: P-256, made at the sandbox's start, in memory only,
// gone at its stop. Its private key is cleansed on destruction. Immutable after creation: leaves
// may be signed on any thread.

#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/tls/handles.h"

namespace sallyport::tls {

// Bytes that hold a private key. Cleansed when they go; moved, never copied.
class SecretBytes
{
public:
    SecretBytes() = default;
    explicit SecretBytes(std::string bytes)
        : m_bytes(std::move(bytes))
    {
    }
    SecretBytes(SecretBytes&& other) noexcept;
    SecretBytes& operator=(SecretBytes&& other) noexcept;
    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;
    ~SecretBytes();

    [[nodiscard]] std::string_view view() const { return m_bytes; }

private:
    void cleanse();
    std::string m_bytes;
};

struct Leaf
{
    CertificatePtr certificate;
    KeyPtr key;
};

class CertificateAuthority
{
public:
    // Valid from a day before `now` (the guest's clock may be behind) to 30 days after.
    [[nodiscard]] static Result<CertificateAuthority> create(std::string_view sandboxName,
                                                             UnixMillis now);
    // From serialize(). Invalid where the bytes are damaged or key and certificate do not belong
    // together.
    [[nodiscard]] static Result<CertificateAuthority> restore(std::string_view bytes);
    // Certificate and private key, for the jail's supervisor, which keeps them for a new engine.
    [[nodiscard]] Result<SecretBytes> serialize() const;

    // The certificate alone, for the guest's trust store.
    [[nodiscard]] const std::string& caPem() const { return m_pem; }
    [[nodiscard]] X509* certificate() const { return m_certificate.get(); }
    [[nodiscard]] UnixMillis validUntil() const { return m_validUntil; }

    // A new server certificate for this name or address with the given key, valid from a day
    // before `now` for eight days or to the authority's end.
    [[nodiscard]] Result<CertificatePtr>
    issue(std::string_view nameOrAddress, EVP_PKEY* key, UnixMillis now) const;

private:
    CertificateAuthority() = default;
    [[nodiscard]] Status finish();

    KeyPtr m_key;
    CertificatePtr m_certificate;
    std::string m_pem;
    UnixMillis m_validUntil = 0;
};

} // namespace sallyport::tls

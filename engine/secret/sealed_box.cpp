#include "engine/secret/sealed_box.h"

#include <array>
#include <memory>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace sallyport::secret {

namespace {

// "SPVAULT1", cost, salt, nonce, then ciphertext and tag.
constexpr std::string_view Magic = "SPVAULT1";
constexpr std::size_t NonceBytes = 12;
constexpr std::size_t TagBytes = 16;
constexpr std::size_t KeyBytes = 32;
constexpr std::size_t HeaderBytes = Magic.size() + 1 + SealedBox::SaltBytes + NonceBytes;
constexpr int LowestCost = 10;
constexpr int HighestCost = 22; // 4 GiB: a header that asks for more is not ours
constexpr std::uint64_t BlockSize = 8;

struct FreeCipher
{
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherPtr = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

const unsigned char* bytesOf(std::string_view text)
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytesOf(std::string& text)
{
    return reinterpret_cast<unsigned char*>(text.data());
}

Result<std::string> randomBytes(std::size_t count)
{
    std::string bytes(count, '\0');
    if (RAND_bytes(bytesOf(bytes), static_cast<int>(count)) != 1)
        return fail(Error::Code::Internal, "the system gives no random bytes");
    return bytes;
}

tl::unexpected<Error> cryptoFault(std::string_view doing)
{
    ERR_clear_error();
    return fail(Error::Code::Internal, std::string(doing) + " failed");
}

// True when the tag fits. `plain` is as long as the ciphertext.
bool decrypt(std::string_view key,
             std::string_view header,
             std::string_view sealed,
             std::string& plain)
{
    const CipherPtr context(EVP_CIPHER_CTX_new());
    const std::string_view nonce = header.substr(header.size() - NonceBytes);
    const std::string_view cipher = sealed.substr(0, sealed.size() - TagBytes);
    std::string tag(sealed.substr(cipher.size()));
    plain.assign(cipher.size(), '\0');
    int count = 0;
    const bool good =
        context &&
        EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytesOf(key),
                           bytesOf(nonce)) == 1 &&
        EVP_DecryptUpdate(context.get(), nullptr, &count, bytesOf(header),
                          static_cast<int>(header.size())) == 1 &&
        EVP_DecryptUpdate(context.get(), bytesOf(plain), &count, bytesOf(cipher),
                          static_cast<int>(cipher.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, TagBytes, tag.data()) == 1 &&
        EVP_DecryptFinal_ex(context.get(), nullptr, &count) == 1;
    if (!good) {
        wipe(plain);
        ERR_clear_error();
    }
    return good;
}

} // namespace

Result<SecretText> SealedBox::derive(std::string_view passphrase, std::string_view salt, int cost)
{
    std::array<unsigned char, KeyBytes> key{};
    const std::uint64_t n = std::uint64_t{1} << static_cast<unsigned>(cost);
    const std::uint64_t memory = 128 * BlockSize * (n + 2) + (std::uint64_t{1} << 20U);
    if (EVP_PBE_scrypt(passphrase.data(), passphrase.size(), bytesOf(salt), salt.size(), n,
                       BlockSize, 1, memory, key.data(), key.size()) != 1)
        return cryptoFault("making a key of the passphrase");
    SecretText made({reinterpret_cast<const char*>(key.data()), key.size()});
    OPENSSL_cleanse(key.data(), key.size());
    return made;
}

Result<SealedBox> SealedBox::create(std::string_view passphrase, int cost)
{
    if (passphrase.size() < ShortestPassphrase)
        return fail(Error::Code::Invalid, "the passphrase is to have at least 8 characters");
    auto salt = randomBytes(SaltBytes);
    if (!salt)
        return tl::unexpected(salt.error());
    auto key = derive(passphrase, *salt, cost);
    if (!key)
        return tl::unexpected(key.error());
    return SealedBox(cost, std::move(*salt), std::move(*key));
}

Result<SealedBox::Opened> SealedBox::open(std::string_view sealed, std::string_view passphrase)
{
    if (sealed.size() < HeaderBytes + TagBytes || !sealed.starts_with(Magic))
        return fail(Error::Code::Invalid, "this is no sealed vault, or it is cut off");
    const std::string_view header = sealed.substr(0, HeaderBytes);
    const int cost = static_cast<unsigned char>(header[Magic.size()]);
    if (cost < LowestCost || cost > HighestCost)
        return fail(Error::Code::Invalid, "the vault's header is damaged");
    std::string salt(header.substr(Magic.size() + 1, SaltBytes));
    auto key = derive(passphrase, salt, cost);
    if (!key)
        return tl::unexpected(key.error());
    std::string plain;
    if (!decrypt(key->view(), header, sealed.substr(HeaderBytes), plain))
        return fail(Error::Code::Refused, "the passphrase is wrong, or the file was changed");
    SecretText kept(plain);
    wipe(plain);
    return Opened{SealedBox(cost, std::move(salt), std::move(*key)), std::move(kept)};
}

Result<std::string> SealedBox::seal(std::string_view plain) const
{
    auto nonce = randomBytes(NonceBytes);
    if (!nonce)
        return tl::unexpected(nonce.error());
    std::string sealed(Magic);
    sealed += static_cast<char>(m_cost);
    sealed.append(m_salt).append(*nonce);
    std::string cipher(plain.size(), '\0');
    std::string tag(TagBytes, '\0');
    const CipherPtr context(EVP_CIPHER_CTX_new());
    int count = 0;
    const bool good =
        context &&
        EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytesOf(m_key.view()),
                           bytesOf(*nonce)) == 1 &&
        EVP_EncryptUpdate(context.get(), nullptr, &count, bytesOf(sealed),
                          static_cast<int>(sealed.size())) == 1 &&
        EVP_EncryptUpdate(context.get(), bytesOf(cipher), &count, bytesOf(plain),
                          static_cast<int>(plain.size())) == 1 &&
        EVP_EncryptFinal_ex(context.get(), nullptr, &count) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, TagBytes, tag.data()) == 1;
    if (!good)
        return cryptoFault("sealing the vault");
    return sealed.append(cipher).append(tag);
}

} // namespace sallyport::secret

#include "handlerd/natives.h"

#include <algorithm>
#include <array>
#include <memory>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace sallyport::handlerd {

namespace {

const EVP_MD* digestOf(const std::string& name)
{
    if (name == "SHA-1")
        return EVP_sha1();
    if (name == "SHA-256")
        return EVP_sha256();
    if (name == "SHA-384")
        return EVP_sha384();
    if (name == "SHA-512")
        return EVP_sha512();
    if (name == "MD5")
        return EVP_md5();
    return nullptr;
}

const EVP_CIPHER* cipherOf(const std::string& mode, std::size_t keyBytes)
{
    const bool isGcm = mode == "AES-GCM";
    switch (keyBytes) {
    case 16:
        return isGcm ? EVP_aes_128_gcm() : EVP_aes_128_cbc();
    case 24:
        return isGcm ? EVP_aes_192_gcm() : EVP_aes_192_cbc();
    case 32:
        return isGcm ? EVP_aes_256_gcm() : EVP_aes_256_cbc();
    default:
        return nullptr;
    }
}

const unsigned char* data(std::string_view bytes)
{
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::optional<std::string> digest(const std::string& name, std::string_view bytes)
{
    const EVP_MD* kind = digestOf(name);
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned size = 0;
    if (!kind || EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, kind, nullptr) != 1)
        return std::nullopt;
    return std::string(out.begin(), out.begin() + size);
}

std::optional<std::string>
hmac(const std::string& name, std::string_view key, std::string_view bytes)
{
    const EVP_MD* kind = digestOf(name);
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned size = 0;
    if (!kind || !HMAC(kind, key.data(), static_cast<int>(key.size()), data(bytes), bytes.size(),
                       out.data(), &size))
        return std::nullopt;
    return std::string(out.begin(), out.begin() + size);
}

struct AesInput
{
    std::string mode;
    std::string_view key;
    std::string_view iv;
    std::string_view extra; // authenticated, not encrypted
    std::size_t tagBytes = 16;
    std::string_view bytes;
};

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

bool start(EVP_CIPHER_CTX* context, const AesInput& input, int encrypts)
{
    const EVP_CIPHER* cipher = cipherOf(input.mode, input.key.size());
    const bool isGcm = input.mode == "AES-GCM";
    if (!cipher || EVP_CipherInit_ex(context, cipher, nullptr, nullptr, nullptr, encrypts) != 1)
        return false;
    const int ivSize = static_cast<int>(input.iv.size());
    if (isGcm && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, ivSize, nullptr) != 1)
        return false;
    if (!isGcm && input.iv.size() != 16)
        return false;
    if (EVP_CipherInit_ex(context, nullptr, nullptr, data(input.key), data(input.iv), encrypts) != 1)
        return false;
    int size = 0;
    return !isGcm || input.extra.empty() ||
           EVP_CipherUpdate(context, nullptr, &size, data(input.extra),
                            static_cast<int>(input.extra.size())) == 1;
}

std::optional<std::string> aes(AesInput input, bool encrypts)
{
    const CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    const bool isGcm = input.mode == "AES-GCM";
    if (!context || input.tagBytes > 16 || !start(context.get(), input, encrypts ? 1 : 0))
        return std::nullopt;
    std::string tag;
    if (isGcm && !encrypts) {
        if (input.bytes.size() < input.tagBytes)
            return std::nullopt;
        tag = input.bytes.substr(input.bytes.size() - input.tagBytes);
        input.bytes.remove_suffix(input.tagBytes);
        if (EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()),
                                tag.data()) != 1)
            return std::nullopt;
    }
    std::string out(input.bytes.size() + 32, '\0');
    auto* target = reinterpret_cast<unsigned char*>(out.data());
    int size = 0;
    int rest = 0;
    if (EVP_CipherUpdate(context.get(), target, &size, data(input.bytes),
                         static_cast<int>(input.bytes.size())) != 1 ||
        EVP_CipherFinal_ex(context.get(), target + size, &rest) != 1)
        return std::nullopt;
    out.resize(static_cast<std::size_t>(size + rest));
    if (isGcm && encrypts) {
        tag.resize(input.tagBytes);
        if (EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag.size()),
                                tag.data()) != 1)
            return std::nullopt;
        out += tag;
    }
    return out;
}

} // namespace

void addCryptoNatives(Script& script, JSObjectRef natives)
{
    // The configuration file is not ours, and can't be read later.
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
    const auto add = [&](const char* name, NativeFunction native) {
        script.set(natives, name, script.function(name, std::move(native)));
    };
    const auto bytesAt = [&script](Arguments arguments, std::size_t index) {
        return index < arguments.size() ? script.toBytes(arguments[index]).value_or("")
                                        : std::string_view();
    };
    const auto result = [&script](const std::optional<std::string>& bytes) {
        return bytes ? script.bytes(*bytes) : script.undefined();
    };
    add("digest", [&script, bytesAt, result](Arguments arguments) {
        return result(digest(script.toText(arguments[0]), bytesAt(arguments, 1)));
    });
    add("hmac", [&script, bytesAt, result](Arguments arguments) {
        return result(
            hmac(script.toText(arguments[0]), bytesAt(arguments, 1), bytesAt(arguments, 2)));
    });
    // (mode, encrypts, key, iv, extra, tag bytes, bytes)
    add("aes", [&script, bytesAt, result](Arguments arguments) {
        AesInput input;
        input.mode = script.toText(arguments[0]);
        input.key = bytesAt(arguments, 2);
        input.iv = bytesAt(arguments, 3);
        input.extra = bytesAt(arguments, 4);
        input.tagBytes = static_cast<std::size_t>(std::clamp(script.toNumber(arguments[5]), 0.0, 16.0));
        input.bytes = bytesAt(arguments, 6);
        return result(aes(input, script.toBoolean(arguments[1])));
    });
    add("same", [&script, bytesAt](Arguments arguments) {
        const auto a = bytesAt(arguments, 0);
        const auto b = bytesAt(arguments, 1);
        return script.boolean(a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
    });
}

} // namespace sallyport::handlerd

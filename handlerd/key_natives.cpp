// Keys in pairs (RSA, ECDSA, Ed25519) and keys that are derived (HKDF, PBKDF2), by OpenSSL. A key
// is its DER: PKCS #8 where it is private, SubjectPublicKeyInfo where it is public.
#include "handlerd/natives.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace sallyport::handlerd {

namespace {

template <auto Free> struct Deleter
{
    template <typename T> void operator()(T* pointer) const { Free(pointer); }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Deleter<BN_clear_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;
using PrivateInfo = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Deleter<PKCS8_PRIV_KEY_INFO_free>>;
using Bytes = std::optional<std::string>;

constexpr std::size_t MostDerived = 8192; // bytes of a derived key

struct Curve
{
    std::string_view name; // as the Web Cryptography API has it
    const char* group;     // as OpenSSL has it
    std::size_t bytes;     // of a coordinate
};
constexpr std::array<Curve, 3> Curves{
    {{"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48}, {"P-521", "secp521r1", 66}}};

const Curve* curveNamed(std::string_view name)
{
    const auto* found = std::find_if(Curves.begin(), Curves.end(), [&](const Curve& each) {
        return each.name == name || each.group == name;
    });
    return found == Curves.end() ? nullptr : found;
}

const char* digestName(const std::string& name)
{
    return name == "SHA-1"     ? "SHA1"
           : name == "SHA-256" ? "SHA256"
           : name == "SHA-384" ? "SHA384"
           : name == "SHA-512" ? "SHA512"
                               : nullptr;
}

const unsigned char* data(std::string_view bytes)
{
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* data(std::string& bytes)
{
    return reinterpret_cast<unsigned char*>(bytes.data());
}

// ---- Between DER and keys

Key readKey(std::string_view der, bool isPrivate)
{
    const unsigned char* at = data(der);
    const auto size = static_cast<long>(der.size());
    Key key;
    if (!isPrivate) {
        key.reset(d2i_PUBKEY(nullptr, &at, size));
    } else if (const PrivateInfo info{d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, size)}) {
        key.reset(EVP_PKCS82PKEY(info.get()));
    }
    // Nothing may follow the key.
    return at == data(der) + der.size() ? std::move(key) : nullptr;
}

Bytes writeKey(EVP_PKEY* key, bool isPrivate)
{
    unsigned char* out = nullptr;
    int size = 0;
    if (isPrivate) {
        const PrivateInfo info(EVP_PKEY2PKCS8(key));
        size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), &out) : 0;
    } else {
        size = i2d_PUBKEY(key, &out);
    }
    if (size <= 0)
        return std::nullopt;
    std::string der(reinterpret_cast<char*>(out), static_cast<std::size_t>(size));
    OPENSSL_free(out);
    return der;
}

Bytes numberOf(const EVP_PKEY* key, const char* name, std::size_t width = 0)
{
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &raw) != 1)
        return std::nullopt;
    const Number number(raw);
    const auto size = static_cast<std::size_t>(BN_num_bytes(raw));
    std::string bytes(std::max(width, size), '\0');
    if (BN_bn2binpad(raw, data(bytes), static_cast<int>(bytes.size())) < 0)
        return std::nullopt;
    return bytes;
}

// What kind of key: "RSA", the curve, "Ed25519"; empty for others.
std::string kindOf(const EVP_PKEY* key)
{
    if (EVP_PKEY_is_a(key, "RSA") == 1)
        return "RSA";
    if (EVP_PKEY_is_a(key, "ED25519") == 1)
        return "Ed25519";
    std::array<char, 64> group{};
    std::size_t size = 0;
    if (EVP_PKEY_is_a(key, "EC") != 1 ||
        EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) != 1)
        return {};
    const Curve* curve = curveNamed(std::string_view(group.data(), size));
    return curve == nullptr ? std::string() : std::string(curve->name);
}

// The parts of a key as JSON Web Keys have them: RSA n e d p q dp dq qi; EC x y d; Ed25519 x d.
std::vector<Bytes> partsOf(const EVP_PKEY* key, bool isPrivate)
{
    const std::string kind = kindOf(key);
    std::vector<Bytes> parts;
    if (kind == "RSA") {
        for (const char* name : {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E})
            parts.push_back(numberOf(key, name));
        for (const char* name : {OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1,
                                 OSSL_PKEY_PARAM_RSA_FACTOR2, OSSL_PKEY_PARAM_RSA_EXPONENT1,
                                 OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1})
            if (isPrivate)
                parts.push_back(numberOf(key, name));
    } else if (kind == "Ed25519") {
        std::string raw(32, '\0');
        std::size_t size = raw.size();
        parts.emplace_back(EVP_PKEY_get_raw_public_key(key, data(raw), &size) == 1 ? Bytes(raw)
                                                                                   : std::nullopt);
        if (isPrivate)
            parts.emplace_back(EVP_PKEY_get_raw_private_key(key, data(raw), &size) == 1
                                   ? Bytes(raw)
                                   : std::nullopt);
    } else if (const Curve* curve = curveNamed(kind)) {
        parts.push_back(numberOf(key, OSSL_PKEY_PARAM_EC_PUB_X, curve->bytes));
        parts.push_back(numberOf(key, OSSL_PKEY_PARAM_EC_PUB_Y, curve->bytes));
        if (isPrivate)
            parts.push_back(numberOf(key, OSSL_PKEY_PARAM_PRIV_KEY, curve->bytes));
    }
    return parts;
}

Key fromParameters(const char* type, OSSL_PARAM_BLD* builder, bool isPrivate)
{
    const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, isPrivate ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                          parameters.get()) != 1)
        return nullptr;
    Key made(key);
    const KeyContext check(EVP_PKEY_CTX_new(key, nullptr));
    const bool isGood = check && (isPrivate ? EVP_PKEY_pairwise_check(check.get())
                                            : EVP_PKEY_public_check_quick(check.get())) == 1;
    return isGood ? std::move(made) : nullptr;
}

Key rsaFrom(const std::vector<std::string>& parts)
{
    static constexpr std::array<const char*, 8> Names{
        OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
        OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
        OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
        OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
    if (parts.size() != 2 && parts.size() != 8)
        return nullptr;
    const Builder builder(OSSL_PARAM_BLD_new());
    std::vector<Number> numbers;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        numbers.emplace_back(BN_bin2bn(data(std::string_view(parts[i])),
                                       static_cast<int>(parts[i].size()), nullptr));
        if (!numbers.back() ||
            OSSL_PARAM_BLD_push_BN(builder.get(), Names[i], numbers.back().get()) != 1)
            return nullptr;
    }
    return fromParameters("RSA", builder.get(), parts.size() == 8);
}

Key ecFrom(const Curve& curve, const std::vector<std::string>& parts)
{
    if ((parts.size() != 2 && parts.size() != 3) ||
        std::any_of(parts.begin(), parts.end(),
                    [&](const std::string& each) { return each.size() != curve.bytes; }))
        return nullptr;
    const std::string point = "\x04" + parts[0] + parts[1];
    const Builder builder(OSSL_PARAM_BLD_new());
    Number secret;
    if (OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.group,
                                        0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size()) != 1)
        return nullptr;
    if (parts.size() == 3) {
        secret.reset(BN_bin2bn(data(std::string_view(parts[2])), static_cast<int>(parts[2].size()),
                               nullptr));
        if (!secret ||
            OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret.get()) != 1)
            return nullptr;
    }
    return fromParameters("EC", builder.get(), parts.size() == 3);
}

Key keyFrom(const std::string& kind, const std::vector<std::string>& parts)
{
    if (kind == "RSA")
        return rsaFrom(parts);
    if (const Curve* curve = curveNamed(kind))
        return ecFrom(*curve, parts);
    if (kind != "Ed25519" || parts.empty() || parts.size() > 2 || parts.back().size() != 32)
        return nullptr;
    if (parts.size() == 1)
        return Key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                               data(std::string_view(parts[0])), 32));
    Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr,
                                         data(std::string_view(parts[1])), 32));
    const auto real = key ? partsOf(key.get(), false) : std::vector<Bytes>();
    return !real.empty() && real[0] == parts[0] ? std::move(key) : nullptr;
}

Key generate(const std::string& kind, unsigned bits, unsigned exponent)
{
    if (kind == "Ed25519")
        return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    if (const Curve* curve = curveNamed(kind))
        return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve->group));
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    const Number e(BN_new());
    EVP_PKEY* key = nullptr;
    if (kind != "RSA" || !context || !e || BN_set_word(e.get(), exponent) != 1 ||
        EVP_PKEY_keygen_init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), static_cast<int>(bits)) != 1 ||
        EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context.get(), e.get()) != 1 ||
        EVP_PKEY_keygen(context.get(), &key) != 1)
        return nullptr;
    return Key(key);
}

// ---- Signatures

// The API's form of an ECDSA signature is both numbers, each as long as the curve's; OpenSSL's is
// DER.
Bytes plainSignature(const std::string& der, std::size_t width)
{
    const unsigned char* at = data(std::string_view(der));
    const Signature signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
    std::string out(2 * width, '\0');
    if (!signature ||
        BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), data(out), static_cast<int>(width)) < 0 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), data(out) + width,
                     static_cast<int>(width)) < 0)
        return std::nullopt;
    return out;
}

Bytes derSignature(std::string_view plain, std::size_t width)
{
    if (plain.size() != 2 * width)
        return std::nullopt;
    const Signature signature(ECDSA_SIG_new());
    Number r(BN_bin2bn(data(plain), static_cast<int>(width), nullptr));
    Number s(BN_bin2bn(data(plain.substr(width)), static_cast<int>(width), nullptr));
    if (!signature || !r || !s || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1)
        return std::nullopt;
    static_cast<void>(r.release());
    static_cast<void>(s.release());
    unsigned char* out = nullptr;
    const int size = i2d_ECDSA_SIG(signature.get(), &out);
    if (size <= 0)
        return std::nullopt;
    std::string der(reinterpret_cast<char*>(out), static_cast<std::size_t>(size));
    OPENSSL_free(out);
    return der;
}

struct Scheme
{
    std::string name;   // "RSASSA-PKCS1-v1_5", "RSA-PSS", "ECDSA", "Ed25519"
    std::string digest; // "SHA-256"; empty for Ed25519
    int saltBytes = 0;  // of RSA-PSS
};

bool prepare(EVP_PKEY_CTX* context, const Scheme& scheme)
{
    return scheme.name != "RSA-PSS" ||
           (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(context, scheme.saltBytes) == 1);
}

Bytes sign(const Scheme& scheme, EVP_PKEY* key, std::string_view bytes)
{
    const DigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* keyContext = nullptr;
    const char* digest = digestName(scheme.digest);
    if (!context || (digest == nullptr && scheme.name != "Ed25519") ||
        EVP_DigestSignInit_ex(context.get(), &keyContext, digest, nullptr, nullptr, key, nullptr) !=
            1 ||
        !prepare(keyContext, scheme))
        return std::nullopt;
    std::size_t size = 0;
    if (EVP_DigestSign(context.get(), nullptr, &size, data(bytes), bytes.size()) != 1)
        return std::nullopt;
    std::string out(size, '\0');
    if (EVP_DigestSign(context.get(), data(out), &size, data(bytes), bytes.size()) != 1)
        return std::nullopt;
    out.resize(size);
    const Curve* curve = curveNamed(kindOf(key));
    return curve == nullptr ? Bytes(out) : plainSignature(out, curve->bytes);
}

bool verify(const Scheme& scheme, EVP_PKEY* key, std::string_view signature, std::string_view bytes)
{
    const Curve* curve = curveNamed(kindOf(key));
    const Bytes form =
        curve == nullptr ? Bytes(std::string(signature)) : derSignature(signature, curve->bytes);
    const DigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* keyContext = nullptr;
    const char* digest = digestName(scheme.digest);
    return form && context && (digest != nullptr || scheme.name == "Ed25519") &&
           EVP_DigestVerifyInit_ex(context.get(), &keyContext, digest, nullptr, nullptr, key,
                                   nullptr) == 1 &&
           prepare(keyContext, scheme) &&
           EVP_DigestVerify(context.get(), data(std::string_view(*form)), form->size(), data(bytes),
                            bytes.size()) == 1;
}

// ---- Keys that are derived

Bytes derive(const char* kind, const OSSL_PARAM* parameters, std::size_t size)
{
    using Kdf = std::unique_ptr<EVP_KDF, Deleter<EVP_KDF_free>>;
    using Context = std::unique_ptr<EVP_KDF_CTX, Deleter<EVP_KDF_CTX_free>>;
    const Kdf kdf(EVP_KDF_fetch(nullptr, kind, nullptr));
    const Context context(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr);
    std::string out(size, '\0');
    if (!context || size > MostDerived ||
        EVP_KDF_derive(context.get(), data(out), size, parameters) != 1)
        return std::nullopt;
    return out;
}

OSSL_PARAM octets(const char* name, std::string_view bytes)
{
    return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(bytes.data()), bytes.size());
}

Bytes hkdf(const std::string& digest,
           std::string_view key,
           std::string_view salt,
           std::string_view info,
           std::size_t size)
{
    const char* name = digestName(digest);
    if (name == nullptr)
        return std::nullopt;
    const std::array<OSSL_PARAM, 5> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, const_cast<char*>(name), 0),
        octets(OSSL_KDF_PARAM_KEY, key), octets(OSSL_KDF_PARAM_SALT, salt),
        octets(OSSL_KDF_PARAM_INFO, info), OSSL_PARAM_construct_end()};
    return derive("HKDF", parameters.data(), size);
}

Bytes pbkdf2(const std::string& digest,
             std::string_view password,
             std::string_view salt,
             unsigned iterations,
             std::size_t size)
{
    const char* name = digestName(digest);
    if (name == nullptr)
        return std::nullopt;
    const std::array<OSSL_PARAM, 5> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, const_cast<char*>(name), 0),
        octets(OSSL_KDF_PARAM_PASSWORD, password), octets(OSSL_KDF_PARAM_SALT, salt),
        OSSL_PARAM_construct_uint(OSSL_KDF_PARAM_ITER, &iterations), OSSL_PARAM_construct_end()};
    return derive("PBKDF2", parameters.data(), size);
}

} // namespace

void addKeyNatives(Script& script, JSObjectRef natives)
{
    const auto add = [&](const char* name, NativeFunction native) {
        script.set(natives, name,
                   script.function(name, [native = std::move(native)](Arguments arguments) {
                       // What went wrong with one key is nothing of the next one's.
                       ERR_clear_error();
                       return native(arguments);
                   }));
    };
    const auto bytesAt = [&script](Arguments arguments, std::size_t index) {
        return index < arguments.size() ? script.toBytes(arguments[index]).value_or("")
                                        : std::string_view();
    };
    const auto result = [&script](const Bytes& bytes) {
        return bytes ? script.bytes(*bytes) : script.undefined();
    };
    const auto size = [&script](Arguments arguments, std::size_t index) {
        return static_cast<unsigned>(
            std::clamp(script.toNumber(arguments[index]), 0.0, 4294967295.0));
    };
    const auto schemeOf = [&script](Arguments arguments) {
        return Scheme{script.toText(arguments[0]), script.toText(arguments[1]),
                      static_cast<int>(std::clamp(script.toNumber(arguments[2]), 0.0, 4096.0))};
    };
    // (kind, bits, exponent) -> private DER
    add("keyGenerate", [&script, result, size](Arguments arguments) {
        const Key key =
            generate(script.toText(arguments[0]), size(arguments, 1), size(arguments, 2));
        return result(key ? writeKey(key.get(), true) : std::nullopt);
    });
    // (private DER) -> public DER
    add("keyPublic", [bytesAt, result](Arguments arguments) {
        const Key key = readKey(bytesAt(arguments, 0), true);
        return result(key ? writeKey(key.get(), false) : std::nullopt);
    });
    // (DER, is private) -> its kind; undefined for no key
    add("keyKind", [&script, bytesAt](Arguments arguments) {
        const Key key = readKey(bytesAt(arguments, 0), script.toBoolean(arguments[1]));
        return key ? script.text(kindOf(key.get())) : script.undefined();
    });
    // (DER, is private, index) -> the part with this number
    add("keyPart", [&script, bytesAt, result, size](Arguments arguments) {
        const bool isPrivate = script.toBoolean(arguments[1]);
        const Key key = readKey(bytesAt(arguments, 0), isPrivate);
        const auto parts = key ? partsOf(key.get(), isPrivate) : std::vector<Bytes>();
        const std::size_t index = size(arguments, 2);
        return index < parts.size() ? result(parts[index]) : script.undefined();
    });
    // (kind, is private, part…) -> DER
    add("keyMake", [&script, bytesAt, result](Arguments arguments) {
        std::vector<std::string> parts;
        for (std::size_t i = 2; i < arguments.size(); ++i)
            parts.emplace_back(bytesAt(arguments, i));
        const Key key = keyFrom(script.toText(arguments[0]), parts);
        return result(key ? writeKey(key.get(), script.toBoolean(arguments[1])) : std::nullopt);
    });
    // (scheme, digest, salt bytes, private DER, bytes)
    add("keySign", [bytesAt, result, schemeOf](Arguments arguments) {
        const Key key = readKey(bytesAt(arguments, 3), true);
        return result(key ? sign(schemeOf(arguments), key.get(), bytesAt(arguments, 4))
                          : std::nullopt);
    });
    // (scheme, digest, salt bytes, public DER, signature, bytes)
    add("keyVerify", [&script, bytesAt, schemeOf](Arguments arguments) {
        const Key key = readKey(bytesAt(arguments, 3), false);
        return script.boolean(key && verify(schemeOf(arguments), key.get(), bytesAt(arguments, 4),
                                            bytesAt(arguments, 5)));
    });
    // (digest, key, salt, info, size)
    add("hkdf", [&script, bytesAt, result, size](Arguments arguments) {
        return result(hkdf(script.toText(arguments[0]), bytesAt(arguments, 1),
                           bytesAt(arguments, 2), bytesAt(arguments, 3), size(arguments, 4)));
    });
    // (digest, password, salt, iterations, size)
    add("pbkdf2", [&script, bytesAt, result, size](Arguments arguments) {
        return result(pbkdf2(script.toText(arguments[0]), bytesAt(arguments, 1),
                             bytesAt(arguments, 2), size(arguments, 3), size(arguments, 4)));
    });
}

} // namespace sallyport::handlerd

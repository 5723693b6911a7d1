#include "engine/secret/placeholder.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace sallyport::secret {

namespace {

constexpr std::string_view Prefix = "sp_";
constexpr std::string_view Alphabet =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

std::string hmacSha256(std::string_view key, std::string_view text)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
    return {reinterpret_cast<const char*>(digest.data()), size};
}

} // namespace

int placeholderBytesFor(std::size_t valueBytes)
{
    if (valueBytes == 0)
        return UsualPlaceholder;
    return static_cast<int>(
        std::clamp<std::size_t>(valueBytes, ShortestPlaceholder, LongestPlaceholder));
}

std::string makePlaceholder(std::string_view key,
                            api::SandboxId sandbox,
                            UnixMillis startedAt,
                            const api::Credential& credential)
{
    const auto bytes = static_cast<std::size_t>(
        std::clamp(credential.placeholderBytes, ShortestPlaceholder, LongestPlaceholder));
    std::string placeholder(Prefix);
    for (int block = 0; placeholder.size() < bytes; ++block)
        for (const char c : hmacSha256(key, fmt::format("placeholder {} {} {} {}", sandbox,
                                                        startedAt, credential.id, block)))
            placeholder += Alphabet[static_cast<unsigned char>(c) % Alphabet.size()];
    placeholder.resize(bytes);
    return placeholder;
}

} // namespace sallyport::secret

#include "engine/secret/secret_text.h"

#include <cstring>
#include <new>
#include <utility>

#include <openssl/crypto.h>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace sallyport::secret {

namespace {

constexpr std::size_t ReservedBytes = std::size_t{1} << 20U;
constexpr std::size_t SmallestPiece = 32;

} // namespace

void reserveSecretMemory()
{
    CRYPTO_secure_malloc_init(ReservedBytes, SmallestPiece);
}

void forbidCoreDumps()
{
    ::prctl(PR_SET_DUMPABLE, 0);
}

void wipe(std::string& text)
{
    OPENSSL_cleanse(text.data(), text.size());
    text.clear();
}

SecretText::SecretText(std::string_view text)
    : m_size(text.size())
{
    if (text.empty())
        return;
    void* memory = OPENSSL_secure_malloc(text.size());
    if (memory == nullptr) // the reserve is used up
        memory = OPENSSL_malloc(text.size());
    if (memory == nullptr)
        throw std::bad_alloc();
    m_data = static_cast<char*>(memory);
    std::memcpy(m_data, text.data(), text.size());
}

SecretText::~SecretText()
{
    OPENSSL_secure_clear_free(m_data, m_size);
}

SecretText::SecretText(SecretText&& other) noexcept
    : m_data(std::exchange(other.m_data, nullptr))
    , m_size(std::exchange(other.m_size, 0))
{
}

SecretText& SecretText::operator=(SecretText&& other) noexcept
{
    std::swap(m_data, other.m_data);
    std::swap(m_size, other.m_size);
    return *this;
}

SharedSecret takeSecret(std::string&& text)
{
    auto taken = std::make_shared<const SecretText>(text);
    wipe(text);
    return taken;
}

} // namespace sallyport::secret

#include "engine/jail/supervisor/secret_box.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/mman.h>

namespace sallyport::jail {

SecretBox::SecretBox(char* memory, std::size_t size)
    : m_memory(memory)
    , m_size(size)
{
}

SecretBox::SecretBox(SecretBox&& other) noexcept
    : m_memory(std::exchange(other.m_memory, nullptr))
    , m_size(std::exchange(other.m_size, 0))
{
}

SecretBox& SecretBox::operator=(SecretBox&& other) noexcept
{
    std::swap(m_memory, other.m_memory);
    std::swap(m_size, other.m_size);
    return *this;
}

SecretBox::~SecretBox()
{
    if (m_memory == nullptr)
        return;
    wipe();
    ::munmap(m_memory, m_size);
}

Result<SecretBox> SecretBox::create(std::size_t bytes)
{
    void* memory =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return failErrno("get memory for a secret", errno);
    (void)::mlock(memory, bytes);
    (void)::madvise(memory, bytes, MADV_DONTDUMP);
    (void)::madvise(memory, bytes, MADV_WIPEONFORK);
    return SecretBox(static_cast<char*>(memory), bytes);
}

void SecretBox::wipe() const
{
    ::explicit_bzero(m_memory, m_size);
}

} // namespace sallyport::jail

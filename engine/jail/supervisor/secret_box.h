#pragma once

// One secret in memory of its own: locked where the limit allows, left out of core dumps and of
// forked children, wiped at the end.

#include <cstddef>
#include <span>
#include <string_view>

#include "engine/base/result.h"

namespace sallyport::jail {

class SecretBox
{
public:
    // Zeroed room for that many bytes.
    [[nodiscard]] static Result<SecretBox> create(std::size_t bytes);
    SecretBox(SecretBox&& other) noexcept;
    SecretBox& operator=(SecretBox&& other) noexcept;
    ~SecretBox();

    [[nodiscard]] std::span<char> room() const { return {m_memory, m_size}; }
    [[nodiscard]] std::string_view view() const { return {m_memory, m_size}; }
    void wipe() const;

private:
    SecretBox(char* memory, std::size_t size);

    char* m_memory = nullptr;
    std::size_t m_size = 0;
};

} // namespace sallyport::jail

#pragma once

// A secret in memory: never swapped and never in a core dump where the system lets us (OpenSSL's
// secure heap), cleansed when it goes. What is made of it for the wire (a header) lies in ordinary
// memory for that long; the engine's process makes no core dumps at all.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace sallyport::secret {

// Reserves the memory for secrets; once, before the first. Without it they lie in ordinary memory,
// still cleansed.
void reserveSecretMemory();
// This process makes no core dump, and no other of this user's may look into it.
void forbidCoreDumps();

// Overwrites the text in a way that is not optimised away, and empties it.
void wipe(std::string& text);

class SecretText
{
public:
    SecretText() = default;
    explicit SecretText(std::string_view text);
    ~SecretText();
    SecretText(const SecretText&) = delete;
    SecretText& operator=(const SecretText&) = delete;
    SecretText(SecretText&& other) noexcept;
    SecretText& operator=(SecretText&& other) noexcept;

    [[nodiscard]] std::string_view view() const { return {m_data, m_size}; }
    [[nodiscard]] bool isEmpty() const { return m_size == 0; }

private:
    char* m_data = nullptr;
    std::size_t m_size = 0;
};

using SharedSecret = std::shared_ptr<const SecretText>;

// Takes the text over: the caller's copy is wiped.
[[nodiscard]] SharedSecret takeSecret(std::string&& text);

} // namespace sallyport::secret

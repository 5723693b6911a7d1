#pragma once

// Bytes sealed with a passphrase: AES-256-GCM under a key that scrypt makes of it. The header
// (parameters, salt, nonce) is authenticated too. Pure but for the random source.

#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/secret/secret_text.h"

namespace sallyport::secret {

class SealedBox
{
public:
    static constexpr std::size_t SaltBytes = 16;
    // log2 of scrypt's N: 128 MiB and about half a second of one core for each guess.
    static constexpr int UsualCost = 17;
    static constexpr std::size_t ShortestPassphrase = 8;

    // A new box: its own salt. `cost` is smaller in tests only.
    [[nodiscard]] static Result<SealedBox> create(std::string_view passphrase,
                                                  int cost = UsualCost);
    // The key to a sealed text. Refused where the passphrase is wrong or a bit of it was changed
    // (the two can't be told apart), Invalid where it is no sealed text of ours.
    struct Opened;
    [[nodiscard]] static Result<Opened> open(std::string_view sealed, std::string_view passphrase);

    // With a new nonce each time.
    [[nodiscard]] Result<std::string> seal(std::string_view plain) const;

private:
    SealedBox(int cost, std::string salt, SecretText key)
        : m_cost(cost)
        , m_salt(std::move(salt))
        , m_key(std::move(key))
    {
    }
    [[nodiscard]] static Result<SecretText>
    derive(std::string_view passphrase, std::string_view salt, int cost);

    int m_cost;
    std::string m_salt;
    SecretText m_key;
};

struct SealedBox::Opened
{
    SealedBox box;
    SecretText plain;
};

} // namespace sallyport::secret

#pragma once

#include <memory>

#include "engine/secret/vault.h"

namespace sallyport::secret {

// The desktop's keyring (GNOME Keyring, KWallet, KeePassXC, by the Secret Service interface), or
// null where this session has none. Nothing is started or unlocked by asking.
[[nodiscard]] std::unique_ptr<Vault> openSecretService();

} // namespace sallyport::secret

#pragma once

// Where values lie. Every call may wait (for a disk, the desktop's keyring, a person at its
// prompt): never made on the network thread. One thread at a time.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/api/types.h"
#include "engine/base/result.h"
#include "engine/secret/secret_text.h"

namespace sallyport::secret {

// By the credential's name.
using Values = std::map<std::string, SharedSecret>;

class Vault
{
public:
    virtual ~Vault() = default;

    [[nodiscard]] virtual api::Vault status() = 0;
    // Opens it; where it is new the passphrase makes it. The Secret Service ignores the passphrase
    // and asks the person itself.
    [[nodiscard]] virtual Status unlock(std::string_view passphrase) = 0;
    virtual void lock() = 0;
    // All values. Unavailable while it is locked.
    [[nodiscard]] virtual Result<Values> load() = 0;
    // Stored when this returns.
    [[nodiscard]] virtual Status store(const std::string& name, const SharedSecret& value) = 0;
    [[nodiscard]] virtual Status remove(const std::string& name) = 0;
    // From any thread: what waits for a person gives up, now and later.
    virtual void cancel() {}
};

} // namespace sallyport::secret

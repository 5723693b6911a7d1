#pragma once

#include <filesystem>
#include <optional>

#include "engine/secret/sealed_box.h"
#include "engine/secret/vault.h"

namespace sallyport::secret {

// The vault as one sealed file, mode 0600, replaced as a whole at each change.
class FileVault final : public Vault
{
public:
    explicit FileVault(std::filesystem::path file, int cost = SealedBox::UsualCost)
        : m_file(std::move(file))
        , m_cost(cost)
    {
    }

    [[nodiscard]] api::Vault status() override;
    [[nodiscard]] Status unlock(std::string_view passphrase) override;
    void lock() override;
    [[nodiscard]] Result<Values> load() override;
    [[nodiscard]] Status store(const std::string& name, const SharedSecret& value) override;
    [[nodiscard]] Status remove(const std::string& name) override;

private:
    [[nodiscard]] Status write(const Values& values);
    [[nodiscard]] bool exists() const;

    std::filesystem::path m_file;
    int m_cost;
    std::optional<SealedBox> m_box; // set while it is open
    Values m_values;
};

} // namespace sallyport::secret

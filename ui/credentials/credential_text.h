#pragma once

#include <QString>

#include "engine/api/types.h"
#include "ui/theme/tones.h"

namespace sallyport::ui::credentials {

// "Authorization: Bearer …"
[[nodiscard]] QString useText(const api::Credential& credential);
[[nodiscard]] QString stateText(const api::Credential& credential);
[[nodiscard]] theme::Tone stateTone(api::CredentialState state);
// Whether it is open, and what to do where it is not.
[[nodiscard]] QString vaultText(const api::Vault& vault);

// A command line for a person and back: words with spaces stand in double quotes.
[[nodiscard]] QString commandText(const std::vector<std::string>& command);
[[nodiscard]] std::vector<std::string> commandOf(const QString& text);
// "a.example, *.b.example" and back.
[[nodiscard]] QString hostsText(const std::vector<std::string>& hosts);
[[nodiscard]] std::vector<std::string> hostsOf(const QString& text);

} // namespace sallyport::ui::credentials

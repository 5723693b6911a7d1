#pragma once

// What a credential may be, and the forms in which it is put into a request. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "engine/api/types.h"
#include "engine/base/result.h"
#include "engine/policy/pattern.h"

namespace sallyport::secret {

inline constexpr std::size_t MostCredentials = 100;
inline constexpr std::size_t MostValueBytes = 16 * 1024;

// "Authorization: Bearer {}", taken apart.
struct HeaderTemplate
{
    std::string name;
    std::string before;
    std::string after;

    [[nodiscard]] static Result<HeaderTemplate> parse(std::string_view text);
    [[nodiscard]] std::string with(std::string_view value) const;
};

// The value of Authorization for this user and password.
[[nodiscard]] std::string basicAuthorization(std::string_view user, std::string_view password);

// Everything a person can set; the error names what is wrong with which member.
[[nodiscard]] Status checkCredential(const api::Credential& credential);
// A value as it can stand where this credential is put. Line ends at its end are no part of it.
[[nodiscard]] Status checkValue(const api::Credential& credential, std::string& value);

[[nodiscard]] std::vector<policy::Pattern> hostPatterns(const api::Credential& credential);
[[nodiscard]] bool mayUse(const api::Credential& credential, api::SandboxId sandbox);

// Whether its value goes on the wire as it is: those that sign, or that get other tokens, do not.
[[nodiscard]] bool isSentWhole(const api::Credential& credential);
// Its name in the env of handlers: its variable, else "GITHUB_TOKEN" for "github-token".
[[nodiscard]] std::string variableOf(const api::Credential& credential);

// How it is put in, in a few words: "Authorization: Bearer …".
[[nodiscard]] std::string useText(const api::Credential& credential);

} // namespace sallyport::secret

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/api/types.h"
#include "engine/base/result.h"

namespace sallyport::sandbox
{

// A sandbox's name is also its host name: [a-z0-9] with inner '-', 1 to 40 characters (RFC 1123).
[[nodiscard]] Status checkName(std::string_view name);

// "agent-1", or the first "agent-N" that is not taken.
[[nodiscard]] std::string nextName(const std::function<bool(const std::string&)>& isTaken);

// The name and the size of what is to be made.
[[nodiscard]] Status checkNew(const api::NewSandbox& wanted);

// libvirt's name of a sandbox's domain, and back.
[[nodiscard]] std::string domainName(api::SandboxId id);
[[nodiscard]] std::optional<api::SandboxId> sandboxOfDomain(std::string_view name);

} // namespace sallyport::sandbox

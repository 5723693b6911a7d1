#pragma once

// Names that stand for a sandbox's bindings (docs/bindings.md). They are the door's own: no server
// is asked about them, no list of allowed hosts has to hold them, and what is not bound is denied.
// Pure.

#include <optional>
#include <string>
#include <string_view>

namespace sallyport::policy {

inline constexpr std::string_view VirtualDomain = "sallyport.internal";
inline constexpr std::string_view KvHost = "kv.sallyport.internal";
inline constexpr std::string_view ObjectsHost = "s3.sallyport.internal";
inline constexpr std::string_view ServiceDomain = "service.sallyport.internal";
inline constexpr std::string_view SandboxDomain = "sandbox.sallyport.internal";

// Whether the canonical name lies in the domain, its apex included.
[[nodiscard]] bool isVirtualName(std::string_view name);

// "web" of "web.service.sallyport.internal"; unset where the name is not one label below `domain`.
[[nodiscard]] std::optional<std::string_view> labelBelow(std::string_view name,
                                                         std::string_view domain);

} // namespace sallyport::policy

#pragma once

// What a handler on the ladder decides about one request. Pure; any thread.

#include <memory>
#include <string>

#include "engine/policy/decision.h"
#include "engine/policy/handler_index.h"

namespace sallyport::policy {

// Allow, Deny, Ask, or Handle where the handler answers itself. Handlers that speak of HTTP deny
// what is not.
[[nodiscard]] Decision decideByHandler(std::shared_ptr<const HandlerEntry> handler,
                                       const Request& request);

// A handler that gives way to an allow rule that matches.
[[nodiscard]] bool asksUnlessAllowed(const HandlerEntry& handler);

// "GET https://api.example.com:8443", short and without what the guest could smuggle in.
[[nodiscard]] std::string requestText(const Request& request);

} // namespace sallyport::policy

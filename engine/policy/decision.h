#pragma once

// What goes into the ladder and what comes out. Plain values.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/api/types.h"
#include "engine/policy/host.h"

namespace sallyport::policy {

// The facts of one request that policy may look at. Independent of the sandbox, and believed as
// far as the proxy has checked them: host and port are those that will be dialled.
struct Request
{
    std::string protocol; // as api::Row::protocol: "http/1.1", "h2", "tls", "tcp", …
    std::string scheme;   // "http", "https", "tcp", "udp"
    std::string method;   // as sent ("GET"); empty where there is none
    Host host;
    int port = 0;
    std::string path;                      // target as sent, with its query; empty for tcp
    std::string contentType;               // of the body, empty without one
    std::optional<std::int64_t> bodyBytes; // where Content-Length says
    std::string claimedProcess;            // as the guest claims; for display only
    bool isUpgrade = false; // asks to switch protocols: what follows is not HTTP
    // All that a connection may carry, which will not be read: a deny of any part of it denies, and
    // only a rule without method and path allows.
    bool isConnection = false;
};

struct HandlerEntry;

enum class Verdict
{
    Allow,
    Deny,
    Ask,
    Handle, // `handler` of the decision answers, or fetches
};

struct Decision
{
    Verdict verdict = Verdict::Deny;
    api::Step step = api::Step::Default;
    std::optional<api::RuleId> rule; // unset where deniedHosts, allowedHosts or the default decided
    std::string ruleText;            // the entry that decided, as it is written: "*.example.com"
    std::string reason; // a sentence for the log and, on Deny, for the guest; the rule's own where
                        // the person wrote one
    int status = 403;   // of the answer, on Deny
    // After which trying again makes sense; 0: never, or nobody knows.
    int retryAfterSeconds = 0;
    // The handler that decided, where one did. On Allow it may have a say in how (setHeaders,
    // redirectTo, tunnel).
    std::shared_ptr<const HandlerEntry> handler = nullptr;
};

} // namespace sallyport::policy

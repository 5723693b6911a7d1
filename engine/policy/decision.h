#pragma once

// What goes into the ladder and what comes out. Plain values.

#include <cstdint>
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
    std::string scheme;   // "http", "https", "tcp"
    std::string method;   // as sent ("GET"); empty where there is none
    Host host;
    int port = 0;
    std::string path;                      // target as sent, with its query; empty for tcp
    std::string contentType;               // of the body, empty without one
    std::optional<std::int64_t> bodyBytes; // where Content-Length says
    std::string claimedProcess;            // as the guest claims; for display only
};

enum class Verdict
{
    Allow,
    Deny,
    Ask,
};

struct Decision
{
    Verdict verdict = Verdict::Deny;
    api::Step step = api::Step::Default;
    std::optional<api::RuleId> rule; // unset where deniedHosts, allowedHosts or the default decided
    std::string ruleText;            // the entry that decided, as it is written: "*.example.com"
    std::string reason; // a sentence for the log and, on Deny, for the guest; the rule's own where
                        // the person wrote one
};

} // namespace sallyport::policy

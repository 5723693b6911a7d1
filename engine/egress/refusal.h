#pragma once

// What a guest reads when its request does not pass: a status, JSON and a header. Never silence.

#include <string>
#include <string_view>

#include "engine/api/types.h"
#include "engine/egress/message.h"
#include "engine/policy/decision.h"

namespace sallyport::egress {

class BodySource;
class GuestRequest;

// Reads away what is there of a body nobody wants. True when it is complete after this.
[[nodiscard]] bool skipBufferedBody(BodySource& body);

struct Refusal
{
    int status = 403;
    std::string_view error; // "egress_denied", "approval_pending", "upstream_failed", …
    std::string decision;   // for Sallyport-Decision: "deny; step=floor"
    std::string step;       // of the ladder; empty where the ladder was not asked
    std::string rule;       // that decided, as it is written; may be empty
    std::string reason;     // a sentence
    int retryAfterSeconds = 0;
};

[[nodiscard]] Refusal deniedRefusal(api::Step step, std::string_view rule, std::string_view reason);
[[nodiscard]] Refusal deniedRefusal(const policy::Decision& decision);
[[nodiscard]] Refusal pendingRefusal(std::string_view host);
// 421: the names of a request disagree. 400 and others: malformed.
[[nodiscard]] Refusal protocolRefusal(int status, std::string_view reason);
[[nodiscard]] Refusal upstreamRefusal(bool timedOut, std::string_view reason);

[[nodiscard]] std::string refusalBody(const Refusal& refusal);
[[nodiscard]] ResponseHead refusalHead(const Refusal& refusal, std::size_t bodyBytes);

// Queues a whole answer of ours; the head's framing says how long the body is. A request whose body
// has not all come yet loses its connection (HTTP/1) once the answer has been read.
void sendWhole(GuestRequest& request, ResponseHead head, std::string_view body);
void sendRefusal(GuestRequest& request, const Refusal& refusal);

} // namespace sallyport::egress

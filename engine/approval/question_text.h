#pragma once

// Between what came in with a request and the question that a person sees: bounded, escaped text.

#include "engine/approval/desk.h"

namespace sallyport::approval {

// Without an id and without what is held.
[[nodiscard]] api::Question questionFor(const Asked& asked, UnixMillis now);

// The request as far as a saved question tells; nullopt where its host can't be read.
[[nodiscard]] std::optional<Asked> askedFrom(const SavedQuestion& saved);

// What the guest reads when the person denied.
[[nodiscard]] std::string denialText(const api::Answer& answer);

// Whether an answer to the question that shows the one request also settles the other, which is
// equal in sandbox, scheme, host and port.
[[nodiscard]] bool
covers(const api::Answer& answer, const policy::Request& shown, const policy::Request& other);

} // namespace sallyport::approval

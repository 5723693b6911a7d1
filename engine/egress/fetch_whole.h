#pragma once

// A fetch whose answer is read as a whole: for a trial of a handler that may send.

#include <memory>
#include <string>

#include "engine/base/result.h"
#include "engine/egress/handler_message.h"
#include "engine/egress/sandbox_door.h"

namespace sallyport::egress {

struct WholeAnswer
{
    ResponseHead head;
    std::string body; // cut at what was asked for
};

// Goes by the sandbox's door: the floor is asked about the address, certificates are verified, and
// the log has a row.
[[nodiscard]] asio::awaitable<Result<WholeAnswer>> fetchWhole(std::shared_ptr<SandboxDoor> door,
                                                              HandlerFetchHead head,
                                                              std::string body,
                                                              std::size_t mostBytes);

} // namespace sallyport::egress

#pragma once

// What a handler's process says about messages, read and checked; and messages as it is told of
// them. The process may have been taken over by the bodies it read, so nothing passes unchecked.
// Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/binding/store_request.h"
#include "engine/egress/message.h"
#include "engine/handler/protocol.h"
#include "engine/policy/host.h"

namespace sallyport::egress {

// Where the body of a handler's message is.
struct HandlerBodyPlace
{
    enum class Kind
    {
        None,
        Bytes,  // in the frame
        Ref,    // a body of ours, untouched
        Stream, // comes from the process, when asked for
    };
    Kind kind = Kind::None;
    std::uint32_t number = 0; // of Ref and Stream
};

struct HandlerAnswer
{
    int status = 0;
    std::string statusText;
    HandlerBodyPlace body;
    bool isMoreToCome = false; // waitUntil(): the call goes on when the answer is complete
    Fields fields;
};
[[nodiscard]] Result<HandlerAnswer> readHandlerAnswer(std::string_view head);

struct HandlerFetchHead
{
    std::string method;
    bool tls = false;
    policy::Host host;
    int port = 0;
    std::string authority; // as it goes upstream: "host[:port]"
    std::string path;      // with its query
    HandlerBodyPlace body;
    Fields fields;
};
[[nodiscard]] Result<HandlerFetchHead> readHandlerFetch(std::string_view head);

// The head of a Use frame.
[[nodiscard]] Result<binding::StoreRequest> readHandlerUse(std::string_view head,
                                                           HandlerBodyPlace& body);
[[nodiscard]] std::string handlerJson(const nlohmann::ordered_json& json);

// The head of a Fetched frame. `body` is its number, 0 without one.
[[nodiscard]] std::string
fetchedHead(const ResponseHead& answer, std::string_view url, std::uint32_t body);

// The length that a message states in place of what its fields said before: none for `kind` other
// than Length.
void setLength(Fields& fields, BodyKind kind, std::uint64_t length);

} // namespace sallyport::egress

#pragma once

// JSON-RPC 2.0 messages as lines of text, without I/O. Both ends use it; what comes in is hostile
// until it has passed here: bounded in bytes and depth, UTF-8, and of the right shape. Batches
// (arrays) are not supported and are refused as invalid requests.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "engine/api/json.h"
#include "engine/base/result.h"

namespace sallyport::api {

inline constexpr int MostMessageDepth = 32;

// Codes of the specification. Ours all travel as ApplicationError with error.data.code naming the
// Error::Code.
enum class RpcCode
{
    ParseError = -32700,
    InvalidRequest = -32600,
    MethodNotFound = -32601,
    InvalidParams = -32602,
    ApplicationError = -32000,
};

// What a client sends. A request without an id is a notification: it is carried out and not
// answered.
struct RpcRequest
{
    std::optional<Json> id; // an integer or a string of at most 64 bytes
    std::string method;
    Json parameters; // an object, empty when the message had none
};

// A message that is not a request; answered with this error and the id where one was readable.
struct RpcRefusal
{
    Json id; // null when unknown
    RpcCode code = RpcCode::InvalidRequest;
    std::string text;
};

struct RpcReply
{
    std::int64_t id = 0;
    Result<Json> result;
};

struct RpcEvent
{
    std::string name;
    Json parameters;
};

// `line` comes without its newline.
[[nodiscard]] std::variant<RpcRequest, RpcRefusal> parseRequest(std::string_view line);
// What a client reads. An Error means that the peer does not speak our protocol.
[[nodiscard]] Result<std::variant<RpcReply, RpcEvent>> parseReplyOrEvent(std::string_view line);

// All end with a newline and hold no other. Invalid UTF-8 in strings is replaced (U+FFFD), so that
// formatting never fails.
[[nodiscard]] std::string
formatRequest(std::int64_t id, std::string_view method, const Json& parameters);
[[nodiscard]] std::string formatResult(const Json& id, const Json& result);
[[nodiscard]] std::string formatError(const Json& id, RpcCode code, const Error& error);
[[nodiscard]] std::string formatEvent(std::string_view name, const Json& parameters);

} // namespace sallyport::api

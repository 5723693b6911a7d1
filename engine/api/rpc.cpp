#include "engine/api/rpc.h"

#include <array>

#include "engine/api/methods.h"
#include "engine/base/text.h"

namespace sallyport::api {
namespace {

constexpr std::size_t MostIdBytes = 64;
constexpr std::size_t MostMethodBytes = 64;

// The deepest nesting of a JSON text, without parsing it. Brackets in strings do not count. Exact
// for valid JSON, and never too low for a text that the parser would go on reading.
int depthOf(std::string_view text)
{
    int depth = 0;
    int deepest = 0;
    bool inString = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (inString) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                inString = false;
        } else if (c == '"') {
            inString = true;
        } else if (c == '{' || c == '[') {
            deepest = std::max(deepest, ++depth);
        } else if (c == '}' || c == ']') {
            --depth;
        }
    }
    return deepest;
}

Result<Json> parseBounded(std::string_view line)
{
    if (line.size() > MostMessageBytes)
        return fail(Error::Code::TooLarge,
                    "the message is longer than " + std::to_string(MostMessageBytes) + " bytes");
    if (depthOf(line) > MostMessageDepth)
        return fail(Error::Code::TooLarge,
                    "the message nests deeper than " + std::to_string(MostMessageDepth));
    Json json = Json::parse(line, nullptr, false);
    if (json.is_discarded())
        return fail(Error::Code::Invalid, "the message is not JSON");
    return json;
}

bool isUsableId(const Json& id)
{
    if (id.is_string())
        return id.get_ref<const std::string&>().size() <= MostIdBytes;
    return id.is_number_integer();
}

bool hasVersion(const Json& message)
{
    const auto version = message.find("jsonrpc");
    return version != message.end() && version->is_string() &&
           version->get_ref<const std::string&>() == "2.0";
}

std::string line(const Json& message)
{
    return message.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Error::Code codeFromName(std::string_view name)
{
    using Code = Error::Code;
    static constexpr std::array All = {
        Code::Invalid,     Code::NotFound, Code::Exists,   Code::Conflict, Code::Refused,
        Code::Unavailable, Code::TimedOut, Code::TooLarge, Code::Io,       Code::Internal};
    for (const Code code : All)
        if (codeName(code) == name)
            return code;
    return Code::Internal;
}

Result<Error> readError(const Json& json)
{
    const auto text = member<std::string>(json, "message");
    const auto number = member<std::int64_t>(json, "code");
    if (!text || !number)
        return fail(Error::Code::Invalid, "an error without code or message");
    Error error{Error::Code::Internal, *text};
    if (const auto data = json.find("data"); data != json.end()) {
        if (const auto name = member<std::string>(*data, "code"))
            error.code = codeFromName(*name);
    } else if (*number == static_cast<int>(RpcCode::InvalidParams)) {
        error.code = Error::Code::Invalid;
    }
    return error;
}

Result<std::variant<RpcReply, RpcEvent>> readReply(const Json& message)
{
    const auto id = message.find("id");
    const auto result = message.find("result");
    const auto error = message.find("error");
    if ((result == message.end()) == (error == message.end()))
        return fail(Error::Code::Invalid, "a reply needs either a result or an error");
    if (result != message.end()) {
        auto number = fromJson<std::int64_t>(*id);
        if (!number)
            return fail("id", std::move(number.error()));
        return RpcReply{*number, *result};
    }
    auto read = readError(*error);
    if (!read)
        return tl::unexpected<Error>(std::move(read.error()));
    // An error without an id says that the engine could not read what we sent.
    if (id->is_null())
        return fail("the engine refused a message", std::move(*read));
    auto number = fromJson<std::int64_t>(*id);
    if (!number)
        return fail("id", std::move(number.error()));
    return RpcReply{*number, tl::unexpected<Error>(std::move(*read))};
}

} // namespace

std::variant<RpcRequest, RpcRefusal> parseRequest(std::string_view line)
{
    auto message = parseBounded(line);
    if (!message)
        return RpcRefusal{nullptr, RpcCode::ParseError, message.error().text};
    if (!message->is_object())
        return RpcRefusal{nullptr, RpcCode::InvalidRequest, "a request is one JSON object"};

    RpcRequest request;
    Json replyId = nullptr;
    if (const auto id = message->find("id"); id != message->end()) {
        if (!isUsableId(*id))
            return RpcRefusal{nullptr, RpcCode::InvalidRequest,
                              "id is not an integer or a short string"};
        replyId = *id;
        request.id = *id;
    }
    if (!hasVersion(*message))
        return RpcRefusal{replyId, RpcCode::InvalidRequest, "jsonrpc is not \"2.0\""};
    const auto method = message->find("method");
    if (method == message->end() || !method->is_string() ||
        method->get_ref<const std::string&>().size() > MostMethodBytes)
        return RpcRefusal{replyId, RpcCode::InvalidRequest, "method is not a short string"};
    request.method = method->get_ref<const std::string&>();
    request.parameters = Json::object();
    if (const auto parameters = message->find("params"); parameters != message->end()) {
        if (!parameters->is_object())
            return RpcRefusal{replyId, RpcCode::InvalidParams,
                              "params is not an object: parameters go by name"};
        request.parameters = std::move(*parameters);
    }
    return request;
}

Result<std::variant<RpcReply, RpcEvent>> parseReplyOrEvent(std::string_view line)
{
    auto message = parseBounded(line);
    if (!message)
        return tl::unexpected<Error>(std::move(message.error()));
    if (!message->is_object() || !hasVersion(*message))
        return fail(Error::Code::Invalid, "the message is not JSON-RPC 2.0");
    if (message->contains("id"))
        return readReply(*message);
    auto name = member<std::string>(*message, "method");
    if (!name)
        return tl::unexpected<Error>(std::move(name.error()));
    const auto parameters = message->find("params");
    if (parameters == message->end() || !parameters->is_object())
        return fail(Error::Code::Invalid, "an event without parameters");
    return RpcEvent{std::move(*name), std::move(*parameters)};
}

std::string formatRequest(std::int64_t id, std::string_view method, const Json& parameters)
{
    return line({{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", parameters}});
}

std::string formatResult(const Json& id, const Json& result)
{
    return line({{"jsonrpc", "2.0"}, {"id", id}, {"result", result}});
}

std::string formatError(const Json& id, RpcCode code, const Error& error)
{
    return line({{"jsonrpc", "2.0"},
                 {"id", id},
                 {"error",
                  {{"code", static_cast<int>(code)},
                   {"message", error.text},
                   {"data", {{"code", codeName(error.code)}}}}}});
}

std::string formatEvent(std::string_view name, const Json& parameters)
{
    return line({{"jsonrpc", "2.0"}, {"method", name}, {"params", parameters}});
}

} // namespace sallyport::api

// Messages of the API, as a hostile client or engine sends them: parsing, and reading the
// parameters as every type that a method takes.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/api/rpc.h"

using namespace sallyport::api;

namespace {

// What is accepted comes out the same after a way through text.
template <typename T> void readAs(const Json& json)
{
    const auto value = fromJson<T>(json);
    if (!value)
        return;
    const Json once = toJson(*value);
    const auto again = fromJson<T>(once);
    if (!again || toJson(*again) != once)
        std::abort();
}

void check(const RpcRequest& request)
{
    readAs<NewSandbox>(request.parameters);
    readAs<ExecRequest>(request.parameters);
    readAs<ExecOutput>(request.parameters);
    readAs<Rule>(request.parameters);
    readAs<Answer>(request.parameters);
    readAs<RowFilter>(request.parameters);
    readAs<Row>(request.parameters);
    (void)optionalMember<Rule>(request.parameters, "rule");
    (void)optionalMember<RowFilter>(request.parameters, "filter");
    std::string line = formatResult(request.id.value_or(Json()), request.parameters);
    line.pop_back();
    if (line.find('\n') != std::string::npos)
        std::abort();
    (void)parseReplyOrEvent(line);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    const auto parsed = parseRequest(line);
    if (const auto* request = std::get_if<RpcRequest>(&parsed))
        check(*request);
    else
        (void)formatError(std::get<RpcRefusal>(parsed).id, std::get<RpcRefusal>(parsed).code,
                          {sallyport::Error::Code::Invalid, std::get<RpcRefusal>(parsed).text});
    (void)parseReplyOrEvent(line);
    return 0;
}

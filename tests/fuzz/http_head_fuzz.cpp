// An HTTP/1 head and the chunked body after it. What the parser takes and the door would send on
// must be read again as the same message: otherwise something could be smuggled.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/egress/body_codec.h"
#include "engine/egress/first_bytes.h"
#include "engine/egress/forwarding.h"
#include "engine/egress/head_parser.h"
#include "engine/egress/masking.h"

namespace {

using namespace sallyport::egress;

constexpr std::size_t MaxFields = 256;

void require(bool condition)
{
    if (!condition)
        std::abort();
}

void checkRequest(std::string_view head)
{
    RequestHead first;
    if (!parseRequestHead(head, MaxFields, first))
        return;
    require(maskedFields(first.fields).size() == first.fields.size());
    static_cast<void>(maskedPath(first.path));
    if (first.method == "CONNECT" || first.authority.empty())
        return; // never forwarded so
    std::string out;
    appendRequestHead(out, first, first.authority);
    HeadScanner scanner;
    const auto size = scanner.scan(out);
    require(size && *size == out.size());
    RequestHead second;
    require(parseRequestHead(out, MaxFields + 2, second).has_value());
    require(second.method == first.method && second.path == first.path);
    require(sameToken(second.authority, first.authority));
    require(second.framing.kind == first.framing.kind);
    require(second.framing.length == first.framing.length);
}

void checkResponse(std::string_view head)
{
    ResponseHead first;
    if (!parseResponseHead(head, MaxFields, first))
        return;
    const auto framing = responseFraming(first, "GET");
    if (!framing || first.status == 101)
        return;
    const BodyKind kind = framing->kind == BodyKind::UntilClose ? BodyKind::Chunked : framing->kind;
    std::string out;
    appendResponseHead(out, first, kind, false);
    ResponseHead second;
    require(parseResponseHead(out, MaxFields + 2, second).has_value());
    const auto again = responseFraming(second, "GET");
    require(again && again->kind == kind && again->length == framing->length);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    static_cast<void>(classify(input.substr(0, 64), 80));
    HeadScanner whole;
    const auto end = whole.scan(input);
    HeadScanner stepwise;
    for (std::size_t count = 0; end && count < *end; ++count)
        require(*stepwise.scan(input.substr(0, count)) == 0);
    if (!end || *end == 0)
        return 0;
    checkRequest(input.substr(0, *end));
    checkResponse(input.substr(0, *end));

    ChunkedDecoder decoder(1024);
    std::string_view body = input.substr(*end);
    while (!body.empty() && !decoder.isDone()) {
        const auto piece = decoder.next(body);
        if (!piece)
            break;
        require(piece->empty() || (piece->data() >= input.data() && piece->size() <= size));
    }
    return 0;
}

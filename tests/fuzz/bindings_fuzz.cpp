// What guests ask of bindings (S3, keys and values) and what handlers do. The first byte chooses
// the reader; of a request the first line is its target, then come fields, then nothing.
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/binding/aws_chunked.h"
#include "engine/binding/kv_request.h"
#include "engine/binding/s3_request.h"
#include "engine/binding/s3_xml.h"
#include "engine/binding/store_request.h"

using namespace sallyport;

namespace {

constexpr UnixMillis Now = 1767225600000;

binding::HttpRequest requestOf(std::string_view text)
{
    binding::HttpRequest request;
    const auto line = [&text] {
        const std::size_t end = text.find('\n');
        const std::string_view found = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        return std::string(found);
    };
    request.method = line();
    if (!request.setTarget(line()))
        request.path = "/";
    while (!text.empty()) {
        const std::string field = line();
        const std::size_t colon = field.find(':');
        if (colon != std::string::npos)
            request.fields.emplace(field.substr(0, colon), field.substr(colon + 1));
    }
    return request;
}

void readS3(std::string_view text)
{
    const auto request = requestOf(text);
    for (const char* bucket : {"", "data"})
        if (const auto read = binding::readS3Request(request, bucket))
            static_cast<void>(binding::rangeOf(read->range, 1000));
}

void readStore(std::string_view text)
{
    const auto read = binding::readStoreRequest(text, Now);
    if (!read)
        return;
    static_cast<void>(binding::rangeOf(*read, 1000));
    binding::Item item;
    item.metadata = read->properties.metadata;
    item.http = read->properties.http;
    static_cast<void>(binding::storeItemJson(read->kind, item).dump());
}

// False where it is not the coding, or not complete.
bool unwrap(binding::AwsChunked& chunks, std::string_view input, std::string& out)
{
    for (std::string_view data;;) {
        switch (chunks.next(input, data)) {
        case binding::AwsChunked::State::Data:
            out.append(data);
            break;
        case binding::AwsChunked::State::End:
            return true;
        default:
            return false;
        }
    }
}

void readChunks(std::string_view text)
{
    std::string whole;
    binding::AwsChunked once;
    const bool isComplete = unwrap(once, text, whole);
    // Cut in two it says the same.
    const std::size_t half = text.size() / 2;
    std::string parts;
    binding::AwsChunked twice;
    const bool isCompleteTwice = unwrap(twice, text.substr(0, half), parts) ||
                                 unwrap(twice, text.substr(half), parts);
    if (isComplete != isCompleteTwice || (isComplete && whole != parts))
        __builtin_trap();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::string_view text = input.substr(input.empty() ? 0 : 1);
    switch (input.empty() ? 0 : input.front()) {
    case '3':
        readS3(text);
        break;
    case 'k':
        static_cast<void>(binding::readKvRequest(requestOf(text), {}, Now));
        break;
    case 'h':
        readStore(text);
        break;
    case 'c':
        readChunks(text);
        break;
    case 'd':
        static_cast<void>(binding::readDeletions(std::string(text)));
        break;
    case 'p':
        static_cast<void>(binding::readCompletion(std::string(text)));
        break;
    default:
        break;
    }
    return 0;
}

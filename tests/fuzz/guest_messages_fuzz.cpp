// The payloads of frames, as a hostile guest (or a broken engine) writes them. What is accepted
// must be exactly what we would have written.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/guest/messages.h"

using namespace sallyport::guest;

namespace {

template <typename Message> void check(std::string_view payload)
{
    Message message;
    if (decode(payload, message) && encode(message) != payload)
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view payload(reinterpret_cast<const char*>(data), size);
    check<HelloMessage>(payload);
    check<ConfigureMessage>(payload);
    check<ExecMessage>(payload);
    check<OutcomeMessage>(payload);
    check<ExitMessage>(payload);
    check<StatsMessage>(payload);
    std::uint8_t byte = 0;
    std::uint32_t word = 0;
    std::uint64_t number = 0;
    std::uint16_t columns = 0;
    std::uint16_t rows = 0;
    if (decodeU8(payload, byte) && size != 1)
        std::abort();
    if (decodeU32(payload, word) && size != 4)
        std::abort();
    if (decodeU64(payload, number) && size != 8)
        std::abort();
    if (decodeSize(payload, columns, rows) && size != 4)
        std::abort();
    return 0;
}

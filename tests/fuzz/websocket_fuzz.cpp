// Bytes of both directions of a WebSocket, however they are cut: the first byte of the input says
// where, the rest is what passes. Counting must not depend on the cuts.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "engine/egress/websocket.h"

using namespace sallyport;

namespace {

struct Frame
{
    int opcode;
    bool isFinal;
    std::uint64_t bytes;
    bool operator==(const Frame&) const = default;
};

std::vector<Frame> framesOf(std::string_view bytes, std::size_t step)
{
    std::vector<Frame> frames;
    egress::FrameReader reader;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size())))
        reader.feed(bytes.substr(0, step), [&](int opcode, bool isFinal, std::uint64_t size) {
            frames.push_back({opcode, isFinal, size});
        });
    return frames;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t step = 1 + data[0] % 64U;
    if (framesOf(bytes, step) != framesOf(bytes, bytes.size() + 1))
        std::abort();
    egress::WebSocketMeter meter;
    for (std::size_t at = 0; at < bytes.size(); at += step)
        meter.feed(at % 2 == 0, bytes.substr(at, step), static_cast<std::int64_t>(at));
    static_cast<void>(meter.log());
    return 0;
}

// What a handler's process sends: the parser must make the same of it however it is cut, and no head
// may break what reads it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/egress/handler_message.h"
#include "engine/handler/module.h"
#include "engine/handler/protocol.h"

using namespace sallyport;
using namespace sallyport::handler;

namespace {

void use(const Frame& frame)
{
    static_cast<void>(egress::readHandlerAnswer(frame.head));
    static_cast<void>(egress::readHandlerFetch(frame.head));
    static_cast<void>(readDescription(frame.head));
    static_cast<void>(readProblem(frame.head));
    static_cast<void>(readLine(frame.head));
}

std::string framesOf(std::string_view stream, std::size_t piece)
{
    FrameParser parser(4096);
    std::string seen;
    while (!stream.empty()) {
        std::string_view input = stream.substr(0, piece);
        stream.remove_prefix(input.size());
        for (;;) {
            Frame frame;
            const FrameParser::Event event = parser.next(input, frame);
            if (event == FrameParser::Event::Broken)
                return seen + "broken";
            if (event == FrameParser::Event::NeedMore)
                break;
            appendFrame(seen, frame.type, frame.id, frame.call, frame.head, frame.tail);
            use(frame);
        }
        if (!input.empty())
            std::abort();
    }
    return seen;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view stream(reinterpret_cast<const char*>(data), size);
    const std::string whole = framesOf(stream, stream.size() + 1);
    for (const std::size_t piece : {1, 3, 16, 61})
        if (framesOf(stream, piece) != whole)
            std::abort();
    return 0;
}

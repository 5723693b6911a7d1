// The byte stream between engine and guestd, either direction: the parser must make the same of it
// however it is cut into reads, and must hold no more than a frame.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/guest/protocol.h"

using namespace sallyport::guest;

namespace {

std::string events(std::string_view stream, std::size_t piece)
{
    FrameParser parser;
    std::string seen;
    while (!stream.empty()) {
        std::string_view input = stream.substr(0, piece);
        stream.remove_prefix(input.size());
        for (bool more = true; more;) {
            const std::size_t before = input.size();
            const FrameParser::Event event = parser.next(input);
            switch (event) {
            case FrameParser::Event::NeedMore:
                if (!input.empty())
                    std::abort();
                more = false;
                break;
            case FrameParser::Event::Frame:
                if (parser.payload().size() > MaxPayload)
                    std::abort();
                // Written again, it is a frame with the same words.
                appendFrame(seen, frameTag(parser.nonce()), parser.type(), parser.id(),
                            parser.payload());
                break;
            case FrameParser::Event::Sync:
                appendSync(seen, parser.nonce());
                break;
            case FrameParser::Event::Broken:
                seen += "broken";
                break;
            }
            // Each event takes bytes, but for Broken, which changes the state instead.
            if (more && event != FrameParser::Event::Broken && input.size() >= before)
                std::abort();
        }
    }
    return seen;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view stream(reinterpret_cast<const char*>(data), size);
    const std::string whole = events(stream, stream.size() + 1);
    for (const std::size_t piece : {1, 3, 16, 61})
        if (events(stream, piece) != whole)
            std::abort();
    return 0;
}

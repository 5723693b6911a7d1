// A terminal fed with anything a guest can print, and resized meanwhile. A byte 0xff in the input
// is followed by two bytes of a new size.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ui/terminal/screen.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using sallyport::ui::terminal::Screen;
    Screen screen(80, 24, [](std::string_view) {});
    std::string_view input(reinterpret_cast<const char*>(data), size);
    while (!input.empty()) {
        const std::size_t end = std::min(input.find('\xff'), input.size());
        screen.feed(input.substr(0, end));
        input.remove_prefix(end);
        if (input.size() >= 3) {
            screen.resize(static_cast<unsigned char>(input[1]),
                          static_cast<unsigned char>(input[2]) % 64);
            input.remove_prefix(3);
        } else {
            break;
        }
    }
    for (auto line = screen.firstLine(); line < screen.endLine(); ++line)
        (void)screen.line(line);
    return 0;
}

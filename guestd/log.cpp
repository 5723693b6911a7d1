#include "guestd/log.h"

#include <charconv>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "engine/base/unique_fd.h"

namespace sallyport::guestd {

void log(LogLevel level, std::string_view text)
{
    std::string line;
    const UniqueFd kernel(getpid() == 1 ? ::open("/dev/kmsg", O_WRONLY | O_CLOEXEC) : -1);
    if (kernel.isOpen()) {
        line += '<';
        line += static_cast<char>(level);
        line += '>';
    }
    line += "guestd: ";
    line += text.substr(0, 800); // the kernel refuses records over about 1 KiB
    line += '\n';
    const int to = kernel.isOpen() ? kernel.get() : STDERR_FILENO;
    [[maybe_unused]] const ssize_t written = ::write(to, line.data(), line.size());
}

std::string decimal(std::uint64_t value)
{
    char digits[20];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
    return {digits, end};
}

std::string errnoText(std::string_view what, int errnoValue)
{
    std::string text(what);
    text += ": ";
    // The names only: strerror() would bring the C library's translations along.
    const char* description = strerrordesc_np(errnoValue);
    text += description != nullptr ? description : "unknown error";
    return text;
}

} // namespace sallyport::guestd

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// Lines to the kernel's log, and so to the serial console ("guestd: …"). Before /dev exists, and in
// tests, they go to standard error.
namespace sallyport::guestd {

enum class LogLevel : char
{
    Error = '3',
    Warning = '4',
    Info = '6',
};

void log(LogLevel level, std::string_view text);

[[nodiscard]] std::string decimal(std::uint64_t value);

// "what: text of errno"
[[nodiscard]] std::string errnoText(std::string_view what, int errnoValue);

} // namespace sallyport::guestd

#pragma once

#include <chrono>
#include <cstdint>

namespace sallyport {

// Points of wall-clock time as stored and sent: milliseconds since the Unix epoch, UTC.
using UnixMillis = std::int64_t;

[[nodiscard]] inline UnixMillis nowUnixMillis()
{
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

} // namespace sallyport

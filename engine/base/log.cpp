#include "engine/base/log.h"

#include <array>
#include <atomic>
#include <cstdlib>
#include <ctime>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/text.h"

namespace sallyport::log {
namespace {

Level levelFromEnvironment()
{
    const char* value = std::getenv("SALLYPORT_LOG");
    return value != nullptr && std::string_view(value) == "debug" ? Level::Debug : Level::Info;
}

std::atomic<Level>& threshold()
{
    static std::atomic<Level> level = levelFromEnvironment();
    return level;
}

} // namespace

void setLevel(Level level)
{
    threshold() = level;
}

void write(Level level, std::string_view component, std::string_view text)
{
    if (level < threshold().load())
        return;
    static constexpr std::array Names = {"debug", "info", "warning", "error"};
    const std::string line = fmt::format("{} {} {}: {}\n", text::isoTime(nowUnixMillis()),
                                         Names.at(static_cast<std::size_t>(level)), component,
                                         text::escapeControls(text));
    // One write for one line, so that lines of several threads do not mix.
    if (::write(STDERR_FILENO, line.data(), line.size()) < 0)
        return; // there is nowhere left to say it
}

} // namespace sallyport::log

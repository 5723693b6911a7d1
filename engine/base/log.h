#pragma once

#include <string_view>

namespace sallyport::log {

enum class Level
{
    Debug,
    Info,
    Warning,
    Error,
};

// The process's diagnostic log: lines on standard error, "2026-01-02T03:04:05.678Z warning jail:
// text". Any thread. Control characters of the text are escaped, since parts of it can come from a
// guest. Never pass secrets.
void write(Level level, std::string_view component, std::string_view text);

// Lines below this level are dropped. Info until told otherwise (SALLYPORT_LOG=debug in the
// environment).
void setLevel(Level level);

inline void debug(std::string_view component, std::string_view text)
{
    write(Level::Debug, component, text);
}
inline void info(std::string_view component, std::string_view text)
{
    write(Level::Info, component, text);
}
inline void warning(std::string_view component, std::string_view text)
{
    write(Level::Warning, component, text);
}
inline void error(std::string_view component, std::string_view text)
{
    write(Level::Error, component, text);
}

} // namespace sallyport::log

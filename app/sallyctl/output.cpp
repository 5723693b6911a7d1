#include "app/sallyctl/output.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "engine/base/text.h"

namespace sallyport::ctl {
namespace {

void write(std::string_view line)
{
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fputc('\n', stdout);
    std::fflush(stdout);
}

// Characters, counting every code point as one column.
std::size_t width(std::string_view text)
{
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

std::string cut(std::string_view text, std::size_t columns)
{
    if (width(text) <= columns)
        return std::string(text);
    std::string out;
    std::size_t used = 0;
    for (const char c : text) {
        const bool begins = (static_cast<unsigned char>(c) & 0xc0) != 0x80;
        if (begins && ++used >= columns)
            break;
        out += c;
    }
    return out + "…";
}

std::string localTime(const char* format, std::time_t seconds)
{
    std::tm parts{};
    ::localtime_r(&seconds, &parts);
    std::array<char, 64> out{};
    return std::string(out.data(), std::strftime(out.data(), out.size(), format, &parts));
}

} // namespace

void printJson(const api::Json& value)
{
    write(value.dump(-1, ' ', false, api::Json::error_handler_t::replace));
}

void printLine(std::string_view text)
{
    write(text::escapeControls(text));
}

void say(std::string_view text)
{
    std::fputs(("sallyctl: " + text::escapeControls(text) + "\n").c_str(), stderr);
}

Table::Table(std::vector<std::string> titles)
{
    m_rows.push_back(std::move(titles));
}

void Table::add(std::vector<std::string> cells)
{
    for (std::string& cell : cells)
        cell = text::escapeControls(cell);
    cells.resize(m_rows.front().size());
    m_rows.push_back(std::move(cells));
}

void Table::print() const
{
    std::vector<std::size_t> widths(m_rows.front().size(), 0);
    for (const auto& row : m_rows)
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], width(row[i]));
    const auto columns = static_cast<std::size_t>(terminalColumns());
    for (const auto& row : m_rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += row[i];
            if (i + 1 < row.size())
                line.append(widths[i] - width(row[i]) + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        write(columns > 0 ? cut(line, columns) : line);
    }
}

int terminalColumns()
{
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

std::string bytesText(std::int64_t bytes)
{
    static constexpr std::array Units = {"kB", "MB", "GB", "TB"};
    if (bytes < 1000)
        return fmt::format("{} B", bytes);
    double value = static_cast<double>(bytes) / 1000;
    std::size_t unit = 0;
    for (; value >= 999.95 && unit + 1 < Units.size(); ++unit)
        value /= 1000;
    return fmt::format("{:.1f} {}", value, Units.at(unit));
}

std::string durationText(std::int64_t millis)
{
    const std::int64_t seconds = millis / 1000;
    if (millis < 1000)
        return fmt::format("{} ms", millis);
    if (seconds < 60)
        return fmt::format("{} s", seconds);
    if (seconds < 3600)
        return fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
    if (seconds < 86400)
        return fmt::format("{} h {:02} min", seconds / 3600, seconds / 60 % 60);
    return fmt::format("{} d {:02} h", seconds / 86400, seconds / 3600 % 24);
}

std::string timeText(UnixMillis time)
{
    const auto seconds = static_cast<std::time_t>(time / 1000);
    const bool isToday = localTime("%F", seconds) == localTime("%F", std::time(nullptr));
    return localTime(isToday ? "%T" : "%F %T", seconds);
}

std::string orDash(std::string text)
{
    return text.empty() ? "-" : std::move(text);
}

} // namespace sallyport::ctl

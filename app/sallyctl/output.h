#pragma once

// What goes to the terminal. Everything that may come from a guest passes escapeControls here.

#include <string>
#include <string_view>
#include <vector>

#include "engine/api/json.h"
#include "engine/base/clock.h"

namespace sallyport::ctl {

// One line of JSON on standard output, at once.
void printJson(const api::Json& value);
// One line of text on standard output, escaped.
void printLine(std::string_view text);

// "sallyctl: text" on standard error, escaped.
void say(std::string_view text);

// Columns as wide as they need; on a terminal the last one is cut at its edge.
class Table
{
public:
    explicit Table(std::vector<std::string> titles);
    void add(std::vector<std::string> cells);
    void print() const;
    [[nodiscard]] bool isEmpty() const { return m_rows.size() < 2; }

private:
    std::vector<std::vector<std::string>> m_rows; // the titles first
};

// Columns of the terminal on standard output; 0 when it is none.
[[nodiscard]] int terminalColumns();

[[nodiscard]] std::string bytesText(std::int64_t bytes);     // "1.4 MB"
[[nodiscard]] std::string durationText(std::int64_t millis); // "3 h 05 min"
[[nodiscard]] std::string timeText(UnixMillis time);         // local; the date where not today
[[nodiscard]] std::string orDash(std::string text);

} // namespace sallyport::ctl

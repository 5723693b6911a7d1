#pragma once

// Text for people. What a guest sent is hostile: it goes through safe() or urlText() before it
// reaches a widget, and the widget shows it as plain text.

#include <string>
#include <string_view>

#include <QString>

#include "engine/api/types.h"

namespace sallyport::ui {

// Controls, bidirectional and zero-width characters, odd spaces and invalid UTF-8 become visible
// escapes ("\u202e"); stacks of combining marks are cut; right-to-left text is isolated so that it
// cannot reorder what stands beside it. At most `most` characters, left out in the middle.
[[nodiscard]] QString safe(std::string_view text, qsizetype most = 4096);

// As safe(), but keeps the end, which names the registrable domain, in preference to the start.
[[nodiscard]] QString hostText(std::string_view host, qsizetype most = 96);

// "https://api.example.com:8443/v1?x=1" in ASCII alone (the rest percent-encoded), the port where
// it is not the scheme's own. Left out in the middle past `most`.
[[nodiscard]] QString urlText(std::string_view scheme,
                              std::string_view host,
                              int port,
                              std::string_view path,
                              qsizetype most = 2048);
[[nodiscard]] QString urlText(const api::Row& row, qsizetype most = 2048);

// What an internationalised name ("xn--…") reads as; empty when it is plain ASCII. For a second
// line: names that look alike must never stand alone.
[[nodiscard]] QString unicodeHost(std::string_view host);

// At most `most` characters, "…" in the middle.
[[nodiscard]] QString middleElided(const QString& text, qsizetype most);

// "1.2 kB"
[[nodiscard]] QString bytesText(qint64 bytes);
// "340 ms", "2.1 s", "3 min 5 s"
[[nodiscard]] QString durationText(qint64 milliseconds);
// Rounded up to the unit that matters: "18 s", "4 min", "2 h", "3 d"
[[nodiscard]] QString leftText(qint64 milliseconds);
// "14:03:22", local time
[[nodiscard]] QString clockText(UnixMillis time);
// "14:03:22.123"
[[nodiscard]] QString preciseClockText(UnixMillis time);
// Today: "14:03"; before: "12 Jan 14:03"
[[nodiscard]] QString momentText(UnixMillis time);

// For setToolTip(), which takes what looks like HTML for HTML: this never is, and wraps.
[[nodiscard]] QString toolTipText(const QString& plain);

// One word for a POSIX shell, whatever it holds.
[[nodiscard]] QString shellQuoted(const QString& word);

} // namespace sallyport::ui

#pragma once

// The colours of the product, light and dark. Every text tone has at least 4.5:1 contrast on
// window, rail and surface (a test holds that).

#include <QColor>
#include <QPalette>
#include <QString>

class QWidget;

namespace sallyport::ui::theme {

struct Tones
{
    bool dark = false;
    QColor window;     // behind everything
    QColor rail;       // the list on the left, status bar
    QColor surface;    // cards, tables, inputs
    QColor raised;     // hover, pressed, header rows
    QColor border;     // hairlines and outlines
    QColor strong;     // outlines of controls
    QColor text;       //
    QColor muted;      // second lines, captions
    QColor accent;     // the one colour of ours: selection, primary button, links
    QColor accentText; // on accent
    QColor accentSoft; // selected row
    QColor good;       // allowed, running
    QColor goodSoft;   // a tint of it to put good on
    QColor warn;       // asks, waits
    QColor warnSoft;
    QColor bad; // denied, crashed
    QColor badSoft;
};

// The meaning of a colour; see toneColor().
enum class Tone
{
    Text,
    Muted,
    Accent,
    Good,
    Warn,
    Bad,
};

[[nodiscard]] const Tones& lightTones();
[[nodiscard]] const Tones& darkTones();

// Those that the palette was made of; a painter takes its widget's or option's palette.
[[nodiscard]] const Tones& tonesOf(const QPalette& palette);

[[nodiscard]] QColor toneColor(const Tones& tones, Tone tone);
// The tint to fill behind text of that tone.
[[nodiscard]] QColor toneSoftColor(const Tones& tones, Tone tone);

[[nodiscard]] QPalette makePalette(const Tones& tones);
// The style sheet of the application, from resources/style.qss.
[[nodiscard]] QString makeStyleSheet(const Tones& tones);

} // namespace sallyport::ui::theme

#include "ui/theme/tones.h"

#include <array>
#include <utility>

#include <QFile>

namespace sallyport::ui::theme {

namespace {

QColor rgb(QRgb value)
{
    return QColor::fromRgb(value);
}

Tones makeLight()
{
    Tones t;
    t.dark = false;
    t.window = rgb(0xf6f7f9);
    t.rail = rgb(0xeceef2);
    t.surface = rgb(0xffffff);
    t.raised = rgb(0xe9ecf1);
    t.border = rgb(0xdcdfe6);
    t.strong = rgb(0xb4bac6);
    t.text = rgb(0x1a1d23);
    t.muted = rgb(0x596273);
    t.accent = rgb(0x3457d5);
    t.accentText = rgb(0xffffff);
    t.accentSoft = rgb(0xdde4fb);
    t.good = rgb(0x16703a);
    t.goodSoft = rgb(0xdaf2e2);
    t.warn = rgb(0x8a5200);
    t.warnSoft = rgb(0xfdeecb);
    t.bad = rgb(0xb42318);
    t.badSoft = rgb(0xfde3e0);
    return t;
}

Tones makeDark()
{
    Tones t;
    t.dark = true;
    t.window = rgb(0x17191e);
    t.rail = rgb(0x121418);
    t.surface = rgb(0x1e2127);
    t.raised = rgb(0x2a2e36);
    t.border = rgb(0x2f343d);
    t.strong = rgb(0x4a515e);
    t.text = rgb(0xe7e9ee);
    t.muted = rgb(0xa0a8b7);
    t.accent = rgb(0x8ea6ff);
    t.accentText = rgb(0x10131a);
    t.accentSoft = rgb(0x2b3558);
    t.good = rgb(0x5fd08a);
    t.goodSoft = rgb(0x173524);
    t.warn = rgb(0xf0b754);
    t.warnSoft = rgb(0x3b2d12);
    t.bad = rgb(0xff8a7f);
    t.badSoft = rgb(0x47201d);
    return t;
}

} // namespace

const Tones& lightTones()
{
    static const Tones tones = makeLight();
    return tones;
}

const Tones& darkTones()
{
    static const Tones tones = makeDark();
    return tones;
}

const Tones& tonesOf(const QPalette& palette)
{
    // By the text: a style sheet makes backgrounds transparent, which has no lightness.
    return palette.color(QPalette::WindowText).lightness() > 128 ? darkTones() : lightTones();
}

QColor toneColor(const Tones& tones, Tone tone)
{
    switch (tone) {
    case Tone::Text:
        return tones.text;
    case Tone::Muted:
        return tones.muted;
    case Tone::Accent:
        return tones.accent;
    case Tone::Good:
        return tones.good;
    case Tone::Warn:
        return tones.warn;
    case Tone::Bad:
        return tones.bad;
    }
    return tones.text;
}

QColor toneSoftColor(const Tones& tones, Tone tone)
{
    switch (tone) {
    case Tone::Accent:
        return tones.accentSoft;
    case Tone::Good:
        return tones.goodSoft;
    case Tone::Warn:
        return tones.warnSoft;
    case Tone::Bad:
        return tones.badSoft;
    case Tone::Text:
    case Tone::Muted:
        return tones.raised;
    }
    return tones.raised;
}

QPalette makePalette(const Tones& tones)
{
    QPalette p;
    p.setColor(QPalette::Window, tones.window);
    p.setColor(QPalette::WindowText, tones.text);
    p.setColor(QPalette::Base, tones.surface);
    p.setColor(QPalette::AlternateBase, tones.window);
    p.setColor(QPalette::Text, tones.text);
    p.setColor(QPalette::PlaceholderText, tones.muted);
    p.setColor(QPalette::Button, tones.surface);
    p.setColor(QPalette::ButtonText, tones.text);
    p.setColor(QPalette::BrightText, tones.bad);
    p.setColor(QPalette::Highlight, tones.accent);
    p.setColor(QPalette::HighlightedText, tones.accentText);
    p.setColor(QPalette::Link, tones.accent);
    p.setColor(QPalette::LinkVisited, tones.accent);
    p.setColor(QPalette::ToolTipBase, tones.surface);
    p.setColor(QPalette::ToolTipText, tones.text);
    p.setColor(QPalette::Light, tones.surface);
    p.setColor(QPalette::Midlight, tones.raised);
    p.setColor(QPalette::Mid, tones.border);
    p.setColor(QPalette::Dark, tones.strong);
    p.setColor(QPalette::Shadow, tones.dark ? QColor(0, 0, 0) : tones.strong);

    QColor faint = tones.muted;
    faint.setAlpha(tones.dark ? 130 : 150);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        p.setColor(QPalette::Disabled, role, faint);
    p.setColor(QPalette::Disabled, QPalette::Highlight, tones.raised);
    p.setColor(QPalette::Disabled, QPalette::HighlightedText, tones.muted);
    return p;
}

QString makeStyleSheet(const Tones& tones)
{
    QFile file(QStringLiteral(":/sallyport/style.qss"));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    QString sheet = QString::fromUtf8(file.readAll());
    const std::array<std::pair<const char*, QColor>, 17> names = {{
        {"@window@", tones.window},
        {"@rail@", tones.rail},
        {"@surface@", tones.surface},
        {"@raised@", tones.raised},
        {"@border@", tones.border},
        {"@strong@", tones.strong},
        {"@text@", tones.text},
        {"@muted@", tones.muted},
        {"@accent@", tones.accent},
        {"@accentText@", tones.accentText},
        {"@accentSoft@", tones.accentSoft},
        {"@good@", tones.good},
        {"@goodSoft@", tones.goodSoft},
        {"@warn@", tones.warn},
        {"@warnSoft@", tones.warnSoft},
        {"@bad@", tones.bad},
        {"@badSoft@", tones.badSoft},
    }};
    for (const auto& [name, color] : names)
        sheet.replace(QLatin1String(name), color.name());
    // Pictures of controls can't be toned by Qt: one file each for light and dark.
    for (const char* picture : {"check", "close", "down", "radio", "up"})
        sheet.replace(QStringLiteral("@%1@").arg(QLatin1String(picture)),
                      QStringLiteral(":/sallyport/icons/%1-%2.svg")
                          .arg(QLatin1String(picture),
                               tones.dark ? QStringLiteral("dark") : QStringLiteral("light")));
    return sheet;
}

} // namespace sallyport::ui::theme

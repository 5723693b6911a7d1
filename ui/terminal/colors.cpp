#include "ui/terminal/colors.h"

#include <cstdlib>

namespace sallyport::ui::terminal {

namespace {

using Sixteen = std::array<QRgb, 16>;

constexpr Sixteen LightSixteen = {0x24292f, 0xb42318, 0x116329, 0x7a5200, 0x2348c5, 0x8239b5,
                                  0x106a78, 0x6e7781, 0x57606a, 0xa40e26, 0x1a7f37, 0x8f6400,
                                  0x3d63e0, 0x9a4fd0, 0x1b7c8c, 0x8c959f};
constexpr Sixteen DarkSixteen = {0x3a404b, 0xff7b72, 0x6fd08c, 0xe3b341, 0x79a8ff, 0xd2a8ff,
                                 0x56d4dd, 0xc6ccd6, 0x7d8590, 0xffa198, 0x8be9a8, 0xf2cc60,
                                 0xa5c4ff, 0xe2c5ff, 0x8be9f0, 0xffffff};

Colors make(const Sixteen& sixteen)
{
    Colors colors;
    std::size_t index = 0;
    for (const QRgb value : sixteen)
        colors.indexed[index++] = QColor::fromRgb(value);
    constexpr std::array<int, 6> Levels = {0, 95, 135, 175, 215, 255};
    for (const int red : Levels)
        for (const int green : Levels)
            for (const int blue : Levels)
                colors.indexed[index++] = QColor(red, green, blue);
    for (int step = 0; step < 24; ++step) {
        const int grey = 8 + 10 * step;
        colors.indexed[index++] = QColor(grey, grey, grey);
    }
    return colors;
}

Colors makeLight()
{
    Colors colors = make(LightSixteen);
    colors.background = QColor::fromRgb(0xfcfcfd);
    colors.text = QColor::fromRgb(0x1a1d23);
    colors.cursor = QColor::fromRgb(0x3457d5);
    colors.selection = QColor::fromRgb(0xc9d5fa);
    return colors;
}

Colors makeDark()
{
    Colors colors = make(DarkSixteen);
    colors.background = QColor::fromRgb(0x101216);
    colors.text = QColor::fromRgb(0xe1e4ea);
    colors.cursor = QColor::fromRgb(0x8ea6ff);
    colors.selection = QColor::fromRgb(0x33406e);
    return colors;
}

QColor resolve(const Colors& colors, const CellColor& color, const QColor& standard)
{
    switch (color.kind) {
    case CellColor::Kind::Default:
        return standard;
    case CellColor::Kind::Indexed:
        return colors.indexed[color.red];
    case CellColor::Kind::Rgb:
        return {color.red, color.green, color.blue};
    }
    return standard;
}

} // namespace

QColor readable(const QColor& foreground, const QColor& background)
{
    constexpr int LeastDifference = 60; // of 255, in perceived brightness
    const auto brightness = [](const QColor& color) { return qGray(color.rgb()); };
    const int back = brightness(background);
    if (foreground == background || std::abs(brightness(foreground) - back) >= LeastDifference)
        return foreground; // the same: meant to be hidden
    return back < 128 ? QColor(Qt::white) : QColor(Qt::black);
}

QColor Colors::foregroundOf(const Cell& cell) const
{
    return cell.reverse ? resolve(*this, cell.background, background)
                        : resolve(*this, cell.foreground, text);
}

QColor Colors::backgroundOf(const Cell& cell) const
{
    return cell.reverse ? resolve(*this, cell.foreground, text)
                        : resolve(*this, cell.background, background);
}

const Colors& colorsFor(bool dark)
{
    static const Colors light = makeLight();
    static const Colors night = makeDark();
    return dark ? night : light;
}

} // namespace sallyport::ui::terminal

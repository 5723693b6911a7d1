#include <cmath>

#include <QApplication>
#include <QDir>
#include <QTest>

#include "ui/theme/icon.h"
#include "ui/theme/theme.h"
#include "ui/theme/tones.h"

using namespace sallyport::ui::theme;

namespace {

// Relative luminance and contrast of WCAG 2.1.
double luminance(const QColor& color)
{
    const auto channel = [](double value) {
        return value <= 0.03928 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * channel(color.redF()) + 0.7152 * channel(color.greenF()) +
           0.0722 * channel(color.blueF());
}

double contrast(const QColor& a, const QColor& b)
{
    const double first = luminance(a);
    const double second = luminance(b);
    return (std::max(first, second) + 0.05) / (std::min(first, second) + 0.05);
}

} // namespace

class ThemeTest : public QObject
{
    Q_OBJECT

private slots:
    void textIsReadableOnEveryBackground()
    {
        for (const Tones& tones : {lightTones(), darkTones()}) {
            for (const Tone tone :
                 {Tone::Text, Tone::Muted, Tone::Accent, Tone::Good, Tone::Warn, Tone::Bad}) {
                for (const QColor& back :
                     {tones.window, tones.rail, tones.surface, toneSoftColor(tones, tone)})
                    QVERIFY2(contrast(toneColor(tones, tone), back) >= 4.5,
                             qPrintable(QStringLiteral("tone %1 on %2: %3")
                                            .arg(int(tone))
                                            .arg(back.name())
                                            .arg(contrast(toneColor(tones, tone), back))));
            }
            QVERIFY(contrast(tones.accentText, tones.accent) >= 4.5);
            QVERIFY(contrast(tones.text, tones.accentSoft) >= 4.5);
        }
    }

    void theStyleSheetHasNoNameLeft()
    {
        Theme theme(*qApp);
        QVERIFY(!makeStyleSheet(lightTones()).isEmpty());
        QVERIFY(!makeStyleSheet(lightTones()).contains(QLatin1Char('@')));
        QVERIFY(!makeStyleSheet(darkTones()).contains(QLatin1Char('@')));
    }

    void followsTheChoice()
    {
        Theme theme(*qApp);
        theme.setChoice(Choice::Dark);
        QVERIFY(tonesOf(qApp->palette()).dark);
        theme.setChoice(Choice::Light);
        QVERIFY(!tonesOf(qApp->palette()).dark);
        for (const Choice choice : {Choice::System, Choice::Light, Choice::Dark})
            QCOMPARE(Theme::choiceFromName(Theme::choiceName(choice)), choice);
    }

    void everyIconCanBePainted()
    {
        Theme theme(*qApp);
        const QStringList files = QDir(QStringLiteral(":/sallyport/icons")).entryList();
        QVERIFY(files.size() > 20);
        for (const QString& file : files) {
            const QImage image =
                icon(file.section(QLatin1Char('.'), 0, 0)).pixmap(24, 24).toImage();
            bool painted = false;
            for (int y = 0; y < image.height() && !painted; ++y)
                for (int x = 0; x < image.width() && !painted; ++x)
                    painted = image.pixelColor(x, y).alpha() > 0;
            QVERIFY2(painted, qPrintable(file));
        }
    }
};

QTEST_MAIN(ThemeTest)
#include "theme_test.moc"

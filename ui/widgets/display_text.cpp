#include "ui/widgets/display_text.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>
#include <QUrl>

#include "ui/bridge/text.h"

namespace sallyport::ui {

namespace {

constexpr int MostCombiningMarks = 2;

bool isCombining(char32_t c)
{
    return QChar::isMark(c);
}

// Letters and the like that are drawn as nothing, so that two different texts look the same.
bool isBlank(char32_t c)
{
    constexpr std::array<char32_t, 8> Blanks = {0x034f, 0x115f, 0x1160, 0x17b4,
                                                0x17b5, 0x2800, 0x3164, 0xffa0};
    const bool variationSelector = (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0100 && c <= 0xe01ef);
    return variationSelector || std::find(Blanks.begin(), Blanks.end(), c) != Blanks.end();
}

bool mayShow(char32_t c)
{
    if (c == U' ')
        return true;
    switch (QChar::category(c)) {
    case QChar::Other_Control:
    case QChar::Other_Format:
    case QChar::Other_Surrogate:
    case QChar::Other_PrivateUse:
    case QChar::Other_NotAssigned:
    case QChar::Separator_Line:
    case QChar::Separator_Paragraph:
    case QChar::Separator_Space:
        return false;
    default:
        return c != QChar::ReplacementCharacter && !isBlank(c);
    }
}

QString escapeOf(char32_t c)
{
    if (c < 0x100)
        return QStringLiteral("\\x%1").arg(static_cast<uint>(c), 2, 16, QLatin1Char('0'));
    if (c < 0x10000)
        return QStringLiteral("\\u%1").arg(static_cast<uint>(c), 4, 16, QLatin1Char('0'));
    return QStringLiteral("\\U%1").arg(static_cast<uint>(c), 8, 16, QLatin1Char('0'));
}

bool isRightToLeft(char32_t c)
{
    const QChar::Direction direction = QChar::direction(c);
    return direction == QChar::DirR || direction == QChar::DirAL || direction == QChar::DirAN;
}

// Bounds the work on hostile input before it is looked at: what is cut here would be elided anyway.
std::string_view bounded(std::string_view text, std::string& keep, qsizetype most)
{
    const auto limit = static_cast<std::size_t>(most) * 4;
    if (text.size() <= 2 * limit)
        return text;
    keep.assign(text.substr(0, limit)).append(text.substr(text.size() - limit));
    return keep;
}

QString visible(std::string_view text)
{
    QString out;
    bool rightToLeft = false;
    int marks = 0;
    const QString input = toQt(text);
    const auto points = input.toUcs4();
    out.reserve(input.size());
    for (const char32_t c : points) {
        marks = isCombining(c) ? marks + 1 : 0;
        if (!mayShow(c) || marks > MostCombiningMarks) {
            out += escapeOf(c);
            continue;
        }
        rightToLeft = rightToLeft || isRightToLeft(c);
        out += QString::fromUcs4(&c, 1);
    }
    if (rightToLeft)
        out = QChar(0x2068) + out + QChar(0x2069); // first strong isolate … pop
    return out;
}

QString asciiOnly(std::string_view text)
{
    constexpr std::string_view Hex = "0123456789ABCDEF";
    QString out;
    out.reserve(static_cast<qsizetype>(text.size()));
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > 0x20 && byte < 0x7f) {
            out += QLatin1Char(c);
        } else {
            out += QLatin1Char('%');
            out += QLatin1Char(Hex[byte >> 4U]);
            out += QLatin1Char(Hex[byte & 0xfU]);
        }
    }
    return out;
}

bool isSchemesOwnPort(std::string_view scheme, int port)
{
    return port == 0 || (scheme == "https" && port == 443) || (scheme == "http" && port == 80);
}

QString tr(const char* text)
{
    return QCoreApplication::translate("DisplayText", text);
}

} // namespace

QString middleElided(const QString& text, qsizetype most)
{
    if (text.size() <= most || most < 3)
        return text;
    const qsizetype head = (most - 1) / 2;
    return text.left(head) + QChar(0x2026) + text.right(most - 1 - head);
}

QString safe(std::string_view text, qsizetype most)
{
    std::string keep;
    return middleElided(visible(bounded(text, keep, most)), most);
}

QString hostText(std::string_view host, qsizetype most)
{
    std::string keep;
    const QString shown = asciiOnly(bounded(host, keep, most));
    if (shown.size() <= most)
        return shown;
    const qsizetype head = most / 4;
    return shown.left(head) + QChar(0x2026) + shown.right(most - 1 - head);
}

QString urlText(
    std::string_view scheme, std::string_view host, int port, std::string_view path, qsizetype most)
{
    const bool isV6 = host.find(':') != std::string_view::npos;
    QString url;
    if (!scheme.empty())
        url = asciiOnly(scheme.substr(0, 32)) + QStringLiteral("://");
    const QString name = hostText(host, std::max<qsizetype>(most / 2, 24));
    url += isV6 ? QLatin1Char('[') + name + QLatin1Char(']') : name;
    if (!isSchemesOwnPort(scheme, port))
        url += QLatin1Char(':') + QString::number(port);
    std::string keep;
    const QString rest = asciiOnly(bounded(path, keep, most));
    return url + middleElided(rest, std::max<qsizetype>(most - url.size(), 16));
}

QString urlText(const api::Row& row, qsizetype most)
{
    return urlText(row.scheme, row.host, row.port, row.path, most);
}

QString unicodeHost(std::string_view host)
{
    if (host.size() > 253 || host.find("xn--") == std::string_view::npos)
        return {};
    const QString ascii = toQt(host);
    const QString read = QUrl::fromAce(ascii.toLatin1(), QUrl::IgnoreIDNWhitelist);
    return read == ascii ? QString() : safe(fromQt(read), 96);
}

QString bytesText(qint64 bytes)
{
    return QLocale().formattedDataSize(bytes, bytes < 1000 ? 0 : 1, QLocale::DataSizeSIFormat);
}

QString durationText(qint64 milliseconds)
{
    if (milliseconds < 1000)
        return tr("%1 ms").arg(milliseconds);
    if (milliseconds < 60'000) {
        const double seconds = static_cast<double>(milliseconds) / 1000.0;
        return tr("%1 s").arg(QLocale().toString(seconds, 'f', 1));
    }
    const qint64 seconds = milliseconds / 1000;
    if (seconds < 3600)
        return tr("%1 min %2 s").arg(seconds / 60).arg(seconds % 60);
    return tr("%1 h %2 min").arg(seconds / 3600).arg(seconds / 60 % 60);
}

QString leftText(qint64 milliseconds)
{
    const qint64 seconds = (std::max<qint64>(milliseconds, 0) + 999) / 1000;
    if (seconds < 100)
        return tr("%1 s").arg(seconds);
    const qint64 minutes = (seconds + 59) / 60;
    if (minutes < 100)
        return tr("%1 min").arg(minutes);
    const qint64 hours = (minutes + 59) / 60;
    if (hours < 48)
        return tr("%1 h").arg(hours);
    return tr("%1 d").arg((hours + 23) / 24);
}

QString clockText(UnixMillis time)
{
    return QDateTime::fromMSecsSinceEpoch(time).toString(QStringLiteral("HH:mm:ss"));
}

QString preciseClockText(UnixMillis time)
{
    return QDateTime::fromMSecsSinceEpoch(time).toString(QStringLiteral("HH:mm:ss.zzz"));
}

QString momentText(UnixMillis time)
{
    const QDateTime moment = QDateTime::fromMSecsSinceEpoch(time);
    if (moment.date() == QDate::currentDate())
        return moment.toString(QStringLiteral("HH:mm"));
    return QLocale().toString(moment, QStringLiteral("d MMM HH:mm"));
}

QString toolTipText(const QString& plain)
{
    if (plain.isEmpty())
        return {};
    QString escaped = plain.toHtmlEscaped();
    escaped.replace(QLatin1Char('\n'), QLatin1String("<br>"));
    return QStringLiteral("<qt>%1</qt>").arg(escaped);
}

QString shellQuoted(const QString& word)
{
    QString quoted = word;
    quoted.replace(QLatin1Char('\''), QStringLiteral("'\\''"));
    return QLatin1Char('\'') + quoted + QLatin1Char('\'');
}

} // namespace sallyport::ui

#include "ui/egress/filter.h"

#include <algorithm>

#include <QCoreApplication>

#include "engine/api/json.h"
#include "ui/bridge/text.h"

namespace sallyport::ui::egress {

namespace {

const QStringList& tokens()
{
    static const QStringList names = {QStringLiteral("host:"),    QStringLiteral("method:"),
                                      QStringLiteral("verdict:"), QStringLiteral("status:"),
                                      QStringLiteral("state:"),   QStringLiteral("sandbox:")};
    return names;
}

const QStringList& valuesOf(const QString& token)
{
    static const QStringList none;
    static const QStringList methods = {QStringLiteral("GET"),    QStringLiteral("POST"),
                                        QStringLiteral("PUT"),    QStringLiteral("PATCH"),
                                        QStringLiteral("DELETE"), QStringLiteral("HEAD")};
    static const QStringList verdicts = {QStringLiteral("allow"), QStringLiteral("deny")};
    static const QStringList states = {QStringLiteral("held"),   QStringLiteral("open"),
                                       QStringLiteral("done"),   QStringLiteral("denied"),
                                       QStringLiteral("failed"), QStringLiteral("withdrawn")};
    static const QStringList statuses = {QStringLiteral("200"), QStringLiteral("403"),
                                         QStringLiteral("404"), QStringLiteral("502")};
    if (token == QLatin1String("method:"))
        return methods;
    if (token == QLatin1String("verdict:"))
        return verdicts;
    if (token == QLatin1String("state:"))
        return states;
    return token == QLatin1String("status:") ? statuses : none;
}

QString tr(const char* text)
{
    return QCoreApplication::translate("Filter", text);
}

// Splits at spaces, except within double quotes, which are dropped.
QStringList words(const QString& text)
{
    QStringList result;
    QString word;
    bool isQuoted = false;
    for (const QChar c : text) {
        if (c == QLatin1Char('"')) {
            isQuoted = !isQuoted;
        } else if (c.isSpace() && !isQuoted) {
            if (!word.isEmpty())
                result.append(word);
            word.clear();
        } else {
            word += c;
        }
    }
    if (!word.isEmpty())
        result.append(word);
    return result;
}

// Common spellings of a verdict and a state besides the wire's own.
QString normalised(const QString& value)
{
    const QString lower = value.toLower();
    if (lower == QLatin1String("allowed"))
        return QStringLiteral("allow");
    if (lower == QLatin1String("error") || lower == QLatin1String("errors"))
        return QStringLiteral("failed");
    if (lower == QLatin1String("waiting") || lower == QLatin1String("asked"))
        return QStringLiteral("held");
    return lower;
}

bool readToken(Filter& filter, const QString& token, const QString& value)
{
    if (token == QLatin1String("host")) {
        filter.host = value.toLower();
        return true;
    }
    if (token == QLatin1String("method")) {
        filter.wire.method = fromQt(value.toUpper());
        return true;
    }
    if (token == QLatin1String("status")) {
        bool isNumber = false;
        const int status = value.toInt(&isNumber);
        if (isNumber && status >= 0 && status < 1000)
            filter.wire.status = status;
        return isNumber && filter.wire.status.has_value();
    }
    const std::string name = fromQt(normalised(value));
    if (token == QLatin1String("verdict")) {
        const auto verdict =
            api::enumFromName<api::Action>(name == "denied" ? std::string("deny") : name);
        if (verdict)
            filter.wire.verdict = *verdict;
        return verdict.has_value();
    }
    const auto state = api::enumFromName<api::RowState>(name);
    if (state)
        filter.wire.state = *state;
    return state.has_value();
}

} // namespace

Filter parseFilter(const QString& text,
                   const std::function<std::optional<api::SandboxId>(const QString&)>& sandboxNamed)
{
    Filter filter;
    for (const QString& word : words(text)) {
        const qsizetype colon = word.indexOf(QLatin1Char(':'));
        const QString token = word.left(colon).toLower();
        const bool isToken = colon > 0 && tokens().contains(token + QLatin1Char(':'));
        if (!isToken) {
            filter.words.append(word.toLower());
            continue;
        }
        const QString value = word.mid(colon + 1);
        if (value.isEmpty()) // still being typed
            continue;
        if (token == QLatin1String("sandbox")) {
            filter.wire.sandbox = sandboxNamed(value);
            if (!filter.wire.sandbox)
                filter.problem = tr("There is no sandbox “%1”.").arg(value);
        } else if (!readToken(filter, token, value)) {
            const QStringList known = valuesOf(token + QLatin1Char(':'));
            filter.problem = tr("“%1” is none of: %2.").arg(word, known.join(QStringLiteral(", ")));
        }
    }
    // The engine takes one text: the longest, which leaves the least to sift here.
    QString longest = filter.host;
    for (const QString& word : filter.words)
        longest = word.size() > longest.size() ? word : longest;
    filter.wire.text = fromQt(longest);
    return filter;
}

bool Filter::matches(const api::Row& row) const
{
    if ((wire.sandbox && *wire.sandbox != row.sandbox) ||
        (wire.verdict && wire.verdict != row.verdict) || (wire.state && *wire.state != row.state) ||
        (wire.status && *wire.status != row.status))
        return false;
    if (!wire.method.empty() &&
        toQt(row.method).compare(toQt(wire.method), Qt::CaseInsensitive) != 0)
        return false;
    if (host.isEmpty() && words.isEmpty())
        return true;
    const QString rowHost = toQt(row.host);
    if (!rowHost.contains(host, Qt::CaseInsensitive))
        return false;
    const QString path = toQt(row.path);
    return std::all_of(words.begin(), words.end(), [&](const QString& word) {
        return rowHost.contains(word, Qt::CaseInsensitive) ||
               path.contains(word, Qt::CaseInsensitive);
    });
}

bool Filter::isEverything() const
{
    return !wire.sandbox && !wire.verdict && !wire.state && !wire.status && wire.method.empty() &&
           wire.text.empty();
}

QStringList completionsFor(const QString& word, const QStringList& sandboxNames)
{
    const qsizetype colon = word.indexOf(QLatin1Char(':'));
    QStringList result;
    if (colon < 0) {
        for (const QString& token : tokens()) {
            if (!word.isEmpty() && token.startsWith(word, Qt::CaseInsensitive))
                result.append(token);
        }
        return result;
    }
    const QString token = word.left(colon + 1).toLower();
    const QString begun = word.mid(colon + 1);
    const QStringList values = token == QLatin1String("sandbox:") ? sandboxNames : valuesOf(token);
    for (const QString& value : values) {
        if (value.startsWith(begun, Qt::CaseInsensitive) && value != begun)
            result.append(token + value);
    }
    return result;
}

QString tokenText(const QString& name, const QString& value)
{
    const bool needsQuotes = value.contains(QLatin1Char(' '));
    return needsQuotes ? QStringLiteral("%1:\"%2\"").arg(name, value)
                       : QStringLiteral("%1:%2").arg(name, value);
}

} // namespace sallyport::ui::egress

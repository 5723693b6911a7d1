#include "ui/policy/rule_check.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <arpa/inet.h>

#include <QCoreApplication>
#include <QRegularExpression>
#include <QUrl>

#include "ui/bridge/text.h"
#include "ui/widgets/display_text.h"

namespace sallyport::ui::policy {

namespace {

constexpr std::size_t MostPath = 1024;

QString tr(const char* text)
{
    return QCoreApplication::translate("RuleCheck", text);
}

// An address as its bytes (4 or 16) and how many bits of it count.
struct Range
{
    std::vector<unsigned char> bytes;
    int bits = 0;
};

std::optional<Range> readRange(std::string_view text)
{
    const auto slash = text.find('/');
    const std::string address(text.substr(0, slash));
    std::array<unsigned char, 16> buffer{};
    Range range;
    if (inet_pton(AF_INET, address.c_str(), buffer.data()) == 1)
        range.bytes.assign(buffer.begin(), buffer.begin() + 4);
    else if (inet_pton(AF_INET6, address.c_str(), buffer.data()) == 1)
        range.bytes.assign(buffer.begin(), buffer.end());
    else
        return std::nullopt;
    range.bits = static_cast<int>(range.bytes.size()) * 8;
    if (slash != std::string_view::npos) {
        bool isNumber = false;
        const int bits = toQt(text.substr(slash + 1)).toInt(&isNumber);
        if (!isNumber || bits < 0 || bits > range.bits)
            return std::nullopt;
        range.bits = bits;
    }
    return range;
}

bool contains(const Range& range, const Range& address)
{
    if (range.bytes.size() != address.bytes.size())
        return false;
    for (int bit = 0; bit < range.bits; ++bit) {
        const auto byte = static_cast<std::size_t>(bit) / 8;
        const auto mask = static_cast<unsigned char>(0x80U >> (static_cast<unsigned>(bit) % 8U));
        if (((range.bytes[byte] ^ address.bytes[byte]) & mask) != 0)
            return false;
    }
    return true;
}

// "host:port" and "[v6]:port" taken apart; bare IPv6 has no port.
struct Split
{
    std::string_view host;
    std::string_view port;
};

Split split(std::string_view pattern)
{
    if (pattern.starts_with('[')) {
        const auto end = std::min(pattern.find(']'), pattern.size() - 1);
        const std::string_view after = pattern.substr(end + 1);
        return {pattern.substr(1, end - 1),
                after.starts_with(':') ? after.substr(1) : std::string_view()};
    }
    const auto colon = pattern.find(':');
    if (colon == std::string_view::npos || pattern.find(':', colon + 1) != std::string_view::npos)
        return {pattern, {}};
    return {pattern.substr(0, colon), pattern.substr(colon + 1)};
}

bool isName(const QString& name)
{
    static const QRegularExpression label(
        QStringLiteral("^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$"));
    const QStringList labels = name.split(QLatin1Char('.'));
    return !name.isEmpty() && name.size() <= 253 &&
           std::all_of(labels.begin(), labels.end(),
                       [](const QString& each) { return label.match(each).hasMatch(); });
}

bool isPort(std::string_view text)
{
    bool isNumber = false;
    const int port = toQt(text).toInt(&isNumber);
    return isNumber && port >= 1 && port <= 65535;
}

} // namespace

QString canonicalHostPattern(const QString& pattern)
{
    QString text = pattern.trimmed().toLower();
    while (text.endsWith(QLatin1Char('.')))
        text.chop(1);
    const bool isAscii =
        std::all_of(text.begin(), text.end(), [](QChar c) { return c.unicode() < 0x80; });
    if (isAscii)
        return text;
    const bool isBelow = text.startsWith(QLatin1String("*."));
    const QByteArray ace = QUrl::toAce(isBelow ? text.mid(2) : text);
    if (ace.isEmpty())
        return text;
    return (isBelow ? QStringLiteral("*.") : QString()) + QString::fromLatin1(ace);
}

QString hostPatternProblem(const QString& pattern)
{
    const QString text = canonicalHostPattern(pattern);
    if (text.isEmpty())
        return tr("Name a host; * is every host.");
    if (text.contains(QLatin1String("://")))
        return tr("Only the host: the scheme has a field of its own.");
    const std::string utf8 = fromQt(text);
    const Split parts = split(utf8);
    const bool hasColon = utf8.back() == ':' || !parts.port.empty();
    if (hasColon && !isPort(parts.port))
        return tr("The port is a number from 1 to 65535.");
    const QString host = toQt(parts.host);
    if (host == QLatin1String("*") || readRange(parts.host))
        return {};
    if (host.contains(QLatin1Char('/')))
        return tr("Only the host or an address range: the path has a field of its own.");
    const bool isBelow = host.startsWith(QLatin1String("*."));
    const QString name = isBelow ? host.mid(2) : host;
    if (name.startsWith(QLatin1Char('*')) && name.count(QLatin1Char('*')) == 1)
        return tr("* stands for whole labels. Did you mean *.%1?").arg(name.mid(1));
    if (name.contains(QLatin1Char('*')))
        return tr("* may stand alone or be the first label, as in *.example.com.");
    return isName(name) ? QString() : tr("“%1” is no host name or address.").arg(host.left(80));
}

QString grantProblem(const QString& grant)
{
    const std::string text = fromQt(grant.trimmed());
    if (text.empty())
        return tr("Name an address and a port, as in 192.168.1.10:5432.");
    const Split parts = split(text);
    if (!readRange(parts.host))
        return tr("An opening is an address or a range: names could come to mean another one.");
    return isPort(parts.port) ? QString() : tr("It needs its port, as in 192.168.1.10:5432.");
}

QString ruleProblem(const api::Rule& rule)
{
    const api::Match& match = rule.match;
    const QString host = hostPatternProblem(toQt(match.host));
    if (!host.isEmpty())
        return host;
    if (match.port && (*match.port < 1 || *match.port > 65535))
        return tr("The port is a number from 1 to 65535, or empty for any.");
    static const QRegularExpression method(QStringLiteral("^[A-Z0-9_-]{0,32}$"));
    if (!method.match(toQt(match.method)).hasMatch())
        return tr("A method is written in capital letters, as in GET.");
    if (match.path.size() > MostPath)
        return tr("The path is too long.");
    if (!match.path.empty() && match.path.front() != '/' && match.path.front() != '*')
        return tr("A path starts with / or with a wildcard.");
    if (match.path.find('?') != std::string::npos)
        return tr("The query is never part of a path pattern: leave out what follows “?”.");
    if (match.scheme == "tcp" && (!match.method.empty() || !match.path.empty()))
        return tr("TCP connections have no method and no path.");
    if (match.scheme == "udp") {
        const std::string pattern = fromQt(canonicalHostPattern(toQt(match.host)));
        const int port = match.port ? *match.port : toQt(split(pattern).port).toInt();
        if (!match.method.empty() || !match.path.empty())
            return tr("Datagrams have no method and no path.");
        if (port == 0)
            return tr("A rule for UDP names its port, as in 123 for NTP.");
        if (port == 53)
            return tr("Queries to UDP port 53 are answered by the sandbox's own resolver.");
    }
    if (rule.untilStop && !rule.sandbox)
        return tr("A rule for all sandboxes cannot end when one of them stops.");
    return {};
}

bool hostMatches(std::string_view pattern, std::string_view host, int port)
{
    const std::string text = fromQt(canonicalHostPattern(toQt(pattern)));
    const Split parts = split(text);
    if (!parts.port.empty() && toQt(parts.port).toInt() != port)
        return false;
    if (parts.host == "*")
        return true;
    if (const auto range = readRange(parts.host)) {
        const auto address = readRange(host);
        return address && contains(*range, *address);
    }
    if (parts.host.starts_with("*."))
        return host.size() > parts.host.size() - 1 && host.ends_with(parts.host.substr(1));
    return host == parts.host;
}

// Simulates all positions of the pattern at once, so that no pattern takes more than path times
// pattern.
bool pathMatches(std::string_view glob, std::string_view path)
{
    path = path.substr(0, std::min(path.find('?'), MostPath));
    std::vector<bool> at(glob.size() + 1, false);
    const auto spread = [&glob](std::vector<bool>& states) {
        for (std::size_t i = 0; i < glob.size(); ++i) {
            if (states[i] && glob[i] == '*')
                states[i + (glob.substr(i).starts_with("**") ? 2 : 1)] = true;
        }
    };
    at[0] = true;
    spread(at);
    for (const char c : path) {
        std::vector<bool> next(glob.size() + 1, false);
        for (std::size_t i = 0; i < glob.size(); ++i) {
            if (!at[i])
                continue;
            const bool isDouble = glob.substr(i).starts_with("**");
            if (glob[i] == '*' && (isDouble || c != '/'))
                next[i] = true;
            else if (glob[i] != '*' && glob[i] == c)
                next[i + 1] = true;
        }
        spread(next);
        at.swap(next);
    }
    return at[glob.size()];
}

bool wouldMatch(const api::Match& match, const api::Row& row)
{
    return hostMatches(match.host, row.host, row.port) &&
           (!match.port || *match.port == row.port) &&
           (match.scheme.empty() || match.scheme == row.scheme) &&
           (match.method.empty() || match.method == row.method) &&
           (match.path.empty() || pathMatches(match.path, row.path));
}

} // namespace sallyport::ui::policy

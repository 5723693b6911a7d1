#include "ui/policy/rule_text.h"

#include <QCoreApplication>

#include "ui/bridge/text.h"
#include "ui/widgets/display_text.h"

namespace sallyport::ui::policy {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("RuleText", text);
}

} // namespace

QString matchText(const api::Match& match)
{
    QString text;
    if (!match.method.empty())
        text = safe(match.method, 40) + QLatin1Char(' ');
    if (!match.scheme.empty())
        text += safe(match.scheme, 16) + QStringLiteral("://");
    const bool isV6 =
        match.host.find(':') != match.host.rfind(':') && match.host.find(']') == std::string::npos;
    const QString host = hostText(match.host, 253);
    text += isV6 ? QLatin1Char('[') + host + QLatin1Char(']') : host;
    const int usual = match.scheme == "https" ? 443 : match.scheme == "http" ? 80 : 0;
    if (match.port && *match.port != usual)
        text += QLatin1Char(':') + QString::number(*match.port);
    else if (!match.port && !match.scheme.empty())
        text += QStringLiteral(":*");
    if (!match.path.empty() && match.path.front() != '/')
        text += QLatin1Char(' ');
    return text + safe(match.path, 512);
}

QString actionText(api::Action action)
{
    return action == api::Action::Allow ? tr("Allow") : tr("Deny");
}

QString lifetimeText(const api::Rule& rule, const QString& sandboxName, UnixMillis now)
{
    if (rule.expiresAt)
        return *rule.expiresAt <= now ? tr("expired")
                                      : tr("for %1").arg(leftText(*rule.expiresAt - now));
    if (rule.untilStop)
        return sandboxName.isEmpty() ? tr("until its sandbox stops")
                                     : tr("until %1 stops").arg(sandboxName);
    return tr("always");
}

QString scopeText(const api::Rule& rule, const QString& sandboxName)
{
    if (!rule.sandbox)
        return tr("in all sandboxes");
    return sandboxName.isEmpty() ? tr("in one sandbox") : tr("in %1").arg(sandboxName);
}

QString ruleSentence(const api::Rule& rule, const QString& sandboxName, UnixMillis now)
{
    return tr("%1 %2 %3, %4")
        .arg(actionText(rule.action), matchText(rule.match), scopeText(rule, sandboxName),
             lifetimeText(rule, sandboxName, now));
}

} // namespace sallyport::ui::policy

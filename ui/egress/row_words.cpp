#include "ui/egress/row_words.h"

#include <algorithm>

#include <limits>

#include <QCoreApplication>
#include <QStringList>

#include "ui/bridge/text.h"
#include "ui/policy/rule_text.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/verdict_look.h"

namespace sallyport::ui::egress {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("RowWords", text);
}

QString verdictSentence(const api::Row& row)
{
    const QString step = stepName(row.step);
    switch (row.state) {
    case api::RowState::Held:
        return tr("It waits for your answer.");
    case api::RowState::Open:
    case api::RowState::Done:
        return tr("Allowed. Decided by: %1.").arg(step);
    case api::RowState::Denied:
        return tr("Denied. Decided by: %1.").arg(step);
    case api::RowState::Failed:
        return tr("Allowed, but it failed on the way. Decided by: %1.").arg(step);
    case api::RowState::Withdrawn:
        return tr("The client gave up before there was an answer.");
    }
    return {};
}

QString ruleSentence(const api::Row& row, const api::Rule* rule)
{
    if (rule == nullptr)
        return row.rule ? tr("The rule that decided it is no longer there.") : QString();
    const QString text = policy::ruleSentence(*rule, safe(row.sandboxName, 40), nowUnixMillis());
    const QString origin =
        rule->origin == api::RuleOrigin::Answer ? tr("made by your answer") : tr("written by you");
    return tr("The rule: %1 (%2, %3).").arg(text, origin, momentText(rule->createdAt));
}

// A header value may hold anything; a newline would end the command.
QString oneLine(const std::string& text)
{
    QString line = toQt(text);
    line.replace(QLatin1Char('\n'), QLatin1Char(' ')).replace(QLatin1Char('\r'), QLatin1Char(' '));
    return line;
}

} // namespace

QString decidedByText(const api::Row& row, const api::Rule* rule)
{
    if (row.state == api::RowState::Held)
        return tr("You, when you answer");
    const QString step = stepName(row.step);
    if (rule != nullptr)
        return QStringLiteral("%1: %2").arg(step, policy::matchText(rule->match));
    return step;
}

QString whyText(const api::Row& row, const api::Rule* rule)
{
    QStringList sentences = {verdictSentence(row)};
    const QString reason = safe(row.reason, 600);
    if (!reason.isEmpty()) {
        // A person's words stay as they are.
        const bool isQuoted = row.state == api::RowState::Denied && rule != nullptr &&
                              !rule->reason.empty() && rule->reason == row.reason;
        if (isQuoted) {
            sentences.append(tr("The reason given: “%1”.").arg(reason));
        } else {
            const bool isEnded = reason.endsWith(QLatin1Char('.'));
            sentences.append(reason.left(1).toUpper() + reason.mid(1) +
                             (isEnded ? QString() : QStringLiteral(".")));
        }
    }
    const QString ruleText = ruleSentence(row, rule);
    if (!ruleText.isEmpty())
        sentences.append(ruleText);
    if (row.heldMs > 0)
        sentences.append(tr("It was held for %1.").arg(durationText(row.heldMs)));
    return sentences.join(QLatin1Char(' '));
}

QString framesText(const api::WebSocketLog& log)
{
    constexpr std::size_t MostShown = 12;
    QString text = QStringLiteral("↑ %1  ↓ %2").arg(log.framesFromGuest).arg(log.framesFromUpstream);
    const std::size_t skipped = log.frames.size() - std::min(log.frames.size(), MostShown);
    for (std::size_t at = skipped; at < log.frames.size(); ++at) {
        const api::WebSocketFrame& frame = log.frames[at];
        text += QStringLiteral("\n%1 %2, %3")
                    .arg(frame.fromGuest ? QStringLiteral("↑") : QStringLiteral("↓"),
                         QString::fromStdString(api::opcodeName(frame.opcode)), bytesText(frame.bytes));
    }
    return text;
}

QString trafficText(const api::Row& row)
{
    const QString down = QStringLiteral("↓ ") + bytesText(row.responseBytes);
    if (row.requestBytes == 0)
        return row.responseBytes == 0 ? QString() : down;
    return QStringLiteral("↑ %1  %2").arg(bytesText(row.requestBytes), down);
}

QString curlCommand(const api::RowDetail& detail)
{
    const api::Row& row = detail.row;
    QStringList parts = {QStringLiteral("curl")};
    if (row.method == "HEAD")
        parts.append(QStringLiteral("--head"));
    else if (!row.method.empty() && row.method != "GET")
        parts.append(QStringLiteral("--request ") + shellQuoted(oneLine(row.method)));
    bool isMasked = false;
    for (const auto& [name, value] : detail.requestHeaders) {
        // Those that curl makes itself, and pseudo headers.
        if (name.empty() || name.front() == ':' || name == "host" || name == "Host" ||
            name == "content-length" || name == "Content-Length")
            continue;
        isMasked = isMasked || value.find("•") != std::string::npos ||
                   value.find("***") != std::string::npos;
        parts.append(QStringLiteral("--header ") +
                     shellQuoted(oneLine(name) + QStringLiteral(": ") + oneLine(value)));
    }
    parts.append(shellQuoted(urlText(row, std::numeric_limits<int>::max())));
    QString command = parts.join(QStringLiteral(" \\\n  "));
    if (isMasked)
        command.prepend(tr("# Masked header values have to be filled in.") + QLatin1Char('\n'));
    if (row.requestBytes > 0)
        command.prepend(tr("# Its body of %1 is not kept.").arg(bytesText(row.requestBytes)) +
                        QLatin1Char('\n'));
    return command;
}

} // namespace sallyport::ui::egress

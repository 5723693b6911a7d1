#include "ui/sandboxes/sandbox_text.h"

#include <algorithm>

#include <QCoreApplication>
#include <QLocale>

#include "ui/bridge/text.h"

namespace sallyport::ui::sandboxes {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("SandboxText", text);
}

// "1 h" of "1 h 12 min".
QString roughly(const QString& time)
{
    return time.section(QLatin1Char(' '), 0, 1);
}

} // namespace

QString stateWord(api::SandboxState state)
{
    switch (state) {
    case api::SandboxState::Created:
        return tr("New");
    case api::SandboxState::Starting:
        return tr("Starting");
    case api::SandboxState::Running:
        return tr("Running");
    case api::SandboxState::Stopping:
        return tr("Stopping");
    case api::SandboxState::Stopped:
        return tr("Stopped");
    case api::SandboxState::Crashed:
        return tr("Crashed");
    }
    return {};
}

theme::Tone stateTone(api::SandboxState state)
{
    switch (state) {
    case api::SandboxState::Running:
        return theme::Tone::Good;
    case api::SandboxState::Starting:
    case api::SandboxState::Stopping:
        return theme::Tone::Warn;
    case api::SandboxState::Crashed:
        return theme::Tone::Bad;
    case api::SandboxState::Created:
    case api::SandboxState::Stopped:
        return theme::Tone::Muted;
    }
    return theme::Tone::Muted;
}

bool canStart(api::SandboxState state)
{
    return state == api::SandboxState::Created || state == api::SandboxState::Stopped ||
           state == api::SandboxState::Crashed;
}

bool canStop(api::SandboxState state)
{
    return state == api::SandboxState::Running || state == api::SandboxState::Starting;
}

QString sizeName(api::SizeName size)
{
    switch (size) {
    case api::SizeName::Lite:
        return tr("Lite");
    case api::SizeName::Basic:
        return tr("Basic");
    case api::SizeName::Standard:
        return tr("Standard");
    }
    return {};
}

const api::Size& sizeOf(api::SizeName name)
{
    const auto& all = api::sizes();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [name](const api::Size& size) { return size.name == name; });
    return found == all.end() ? all.front() : *found;
}

QString sizeDetail(const api::Size& size)
{
    const QString memory = memoryText(std::int64_t{size.memoryMib} * 1024 * 1024);
    return size.vcpus == 1 ? tr("%1, 1 vCPU").arg(memory)
                           : tr("%1, %2 vCPUs").arg(memory).arg(size.vcpus);
}

QString defaultActionWord(api::DefaultAction action)
{
    switch (action) {
    case api::DefaultAction::Ask:
        return tr("Ask");
    case api::DefaultAction::Deny:
        return tr("Deny");
    case api::DefaultAction::Allow:
        return tr("Allow");
    }
    return {};
}

QString defaultActionText(api::DefaultAction action)
{
    switch (action) {
    case api::DefaultAction::Ask:
        return tr("You are asked about each new request; it waits for your answer.");
    case api::DefaultAction::Deny:
        return tr("Only what a rule allows gets out. Nobody is asked.");
    case api::DefaultAction::Allow:
        return tr("Everything gets out and is logged, unless a rule denies it.");
    }
    return {};
}

QString memoryText(std::int64_t bytes)
{
    constexpr std::int64_t Mebibyte = 1024 * 1024;
    constexpr std::int64_t Gibibyte = 1024 * Mebibyte;
    if (bytes >= Gibibyte) {
        const double gibibytes = static_cast<double>(bytes) / static_cast<double>(Gibibyte);
        return tr("%1 GiB").arg(QLocale().toString(gibibytes, 'f', bytes % Gibibyte == 0 ? 0 : 1));
    }
    return tr("%1 MiB").arg(bytes / Mebibyte);
}

QString uptimeText(UnixMillis since, UnixMillis now)
{
    const qint64 seconds = std::max<qint64>(0, (now - since) / 1000);
    if (seconds < 60)
        return tr("%1 s").arg(seconds);
    const qint64 minutes = seconds / 60;
    if (minutes < 60)
        return tr("%1 min").arg(minutes);
    const qint64 hours = minutes / 60;
    if (hours < 24)
        return tr("%1 h %2 min").arg(hours).arg(minutes % 60);
    return tr("%1 d %2 h").arg(hours / 24).arg(hours % 24);
}

QString stateLine(const api::Sandbox& sandbox, UnixMillis now)
{
    const QString word = stateWord(sandbox.state);
    if (sandbox.state == api::SandboxState::Running && sandbox.startedAt)
        return word + QStringLiteral(" · ") + roughly(uptimeText(*sandbox.startedAt, now));
    return word;
}

QString summaryLine(const api::Sandbox& sandbox)
{
    const QString dot = QStringLiteral(" · ");
    QString line =
        sizeName(sandbox.size) + dot + sizeDetail(sizeOf(sandbox.size)) + dot + toQt(sandbox.image);
    if (!sandbox.accelerator.empty())
        line += dot + toQt(sandbox.accelerator).toUpper();
    return line;
}

} // namespace sallyport::ui::sandboxes

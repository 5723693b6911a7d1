#include "ui/bindings/binding_text.h"

#include <algorithm>

#include <QCoreApplication>
#include <QLocale>
#include <QStringList>

#include "ui/bridge/text.h"
#include "ui/widgets/display_text.h"

namespace sallyport::ui::bindings {

namespace {

QString tr(const char* text, int number = -1)
{
    return QCoreApplication::translate("sallyport::ui::bindings", text, nullptr, number);
}

QString nameOf(api::SandboxId id, const Sandboxes& sandboxes)
{
    const auto found = std::find_if(sandboxes.begin(), sandboxes.end(),
                                    [id](const api::Sandbox& one) { return one.id == id; });
    return found == sandboxes.end() ? QStringLiteral("#%1").arg(id) : safe(found->name, 48);
}

// As it is set: in mebibytes.
QString limitText(std::int64_t bytes)
{
    constexpr std::int64_t Mebibyte = 1024 * 1024;
    constexpr std::int64_t Gibibyte = 1024 * Mebibyte;
    return bytes % Gibibyte == 0
               ? tr("%1 GiB").arg(QLocale().toString(qlonglong{bytes / Gibibyte}))
               : tr("%1 MiB").arg(QLocale().toString(qlonglong{bytes / Mebibyte}));
}

} // namespace

QString kindText(api::BindingKind kind)
{
    switch (kind) {
    case api::BindingKind::Kv:
        return tr("Namespace");
    case api::BindingKind::Objects:
        return tr("Bucket");
    case api::BindingKind::Service:
        return tr("Service");
    }
    return {};
}

QString kindIcon(api::BindingKind kind)
{
    switch (kind) {
    case api::BindingKind::Kv:
        return QStringLiteral("layers");
    case api::BindingKind::Objects:
        return QStringLiteral("box");
    case api::BindingKind::Service:
        return QStringLiteral("right");
    }
    return {};
}

QString holdsText(const api::Binding& binding, const Sandboxes& sandboxes)
{
    if (binding.kind == api::BindingKind::Service)
        return QStringLiteral("%1:%2")
            .arg(binding.owner ? nameOf(*binding.owner, sandboxes) : QStringLiteral("127.0.0.1"))
            .arg(binding.port);
    const QString count = QLocale().toString(qlonglong{binding.entries});
    const QString what = binding.kind == api::BindingKind::Kv
                             ? (binding.entries == 1 ? tr("%1 key") : tr("%1 keys"))
                             : (binding.entries == 1 ? tr("%1 object") : tr("%1 objects"));
    return tr("%1, %2 of %3")
        .arg(what.arg(count), bytesText(binding.bytes), limitText(binding.mostBytes));
}

QString usersText(const api::Binding& binding, const Sandboxes& sandboxes)
{
    QStringList names;
    for (const api::BindingUse& use : binding.uses)
        names.append(use.sandbox ? nameOf(*use.sandbox, sandboxes) : tr("All"));
    return names.isEmpty() ? QStringLiteral("–") : names.join(QStringLiteral(", "));
}

QString addressText(const api::Binding& binding)
{
    const QString name = toQt(binding.name);
    switch (binding.kind) {
    case api::BindingKind::Kv:
        return QStringLiteral("http://kv.sallyport.internal/%1/").arg(name);
    case api::BindingKind::Objects:
        return QStringLiteral("http://s3.sallyport.internal/%1/").arg(name);
    case api::BindingKind::Service:
        return QStringLiteral("http://%1.service.sallyport.internal/").arg(name);
    }
    return {};
}

QString userText(const api::BindingUse& use, const Sandboxes& sandboxes)
{
    return use.sandbox ? nameOf(*use.sandbox, sandboxes) : tr("All sandboxes");
}

QString accessText(const api::Binding& binding, const api::BindingUse& use)
{
    if (binding.kind == api::BindingKind::Service)
        return tr("Connect");
    return use.access == api::BindingAccess::ReadOnly ? tr("Read") : tr("Read and write");
}

QString reachText(const api::BindingUse& use)
{
    return use.reach == api::BindingReach::Handlers ? tr("Handlers only")
                                                    : tr("Programs and handlers");
}

} // namespace sallyport::ui::bindings

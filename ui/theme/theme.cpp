#include "ui/theme/theme.h"

#include <QApplication>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QDBusVariant>
#include <QStyleFactory>

#include "ui/theme/tones.h"

// Outside of any namespace, as the macro demands. The resources lie in a static library, which the
// linker would drop otherwise.
static void loadResources()
{
    Q_INIT_RESOURCE(sallyport);
}

namespace sallyport::ui::theme {

namespace {

const QString PortalService = QStringLiteral("org.freedesktop.portal.Desktop");
const QString PortalPath = QStringLiteral("/org/freedesktop/portal/desktop");
const QString PortalInterface = QStringLiteral("org.freedesktop.portal.Settings");
const QString AppearanceSpace = QStringLiteral("org.freedesktop.appearance");
const QString SchemeKey = QStringLiteral("color-scheme");
constexpr uint PrefersDark = 1;

} // namespace

Theme::Theme(QApplication& application, QObject* parent)
    : QObject(parent)
    , m_application(application)
{
    loadResources();
    m_application.setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    apply();
}

void Theme::setChoice(Choice choice)
{
    m_choice = choice;
    if (choice == Choice::System)
        watchPortal();
    apply();
}

bool Theme::isDark() const
{
    return m_choice == Choice::Dark || (m_choice == Choice::System && m_systemDark);
}

Choice Theme::choiceFromName(const QString& name)
{
    if (name == QLatin1String("light"))
        return Choice::Light;
    if (name == QLatin1String("dark"))
        return Choice::Dark;
    return Choice::System;
}

QString Theme::choiceName(Choice choice)
{
    switch (choice) {
    case Choice::Light:
        return QStringLiteral("light");
    case Choice::Dark:
        return QStringLiteral("dark");
    case Choice::System:
        break;
    }
    return QStringLiteral("system");
}

void Theme::watchPortal()
{
    if (m_portalAsked)
        return;
    m_portalAsked = true;
    QDBusConnection bus = QDBusConnection::sessionBus();
    if (!bus.isConnected())
        return;
    bus.connect(PortalService, PortalPath, PortalInterface, QStringLiteral("SettingChanged"), this,
                SLOT(settingChanged(QString, QString, QDBusVariant)));
    QDBusMessage read = QDBusMessage::createMethodCall(PortalService, PortalPath, PortalInterface,
                                                       QStringLiteral("Read"));
    read << AppearanceSpace << SchemeKey;
    auto* watcher = new QDBusPendingCallWatcher(bus.asyncCall(read, 2000), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this,
            [this](QDBusPendingCallWatcher* call) {
                call->deleteLater();
                const QDBusPendingReply<QDBusVariant> reply = *call;
                if (!reply.isError())
                    setSystemScheme(reply.value().variant());
            });
}

void Theme::settingChanged(const QString& space, const QString& key, const QDBusVariant& value)
{
    if (space == AppearanceSpace && key == SchemeKey)
        setSystemScheme(value.variant());
}

void Theme::setSystemScheme(const QVariant& value)
{
    // Read() of older portals wraps the value in one variant more.
    QVariant scheme = value;
    while (scheme.canConvert<QDBusVariant>())
        scheme = scheme.value<QDBusVariant>().variant();
    const bool dark = scheme.toUInt() == PrefersDark;
    if (dark == m_systemDark)
        return;
    m_systemDark = dark;
    if (m_choice == Choice::System)
        apply();
}

void Theme::apply()
{
    const Tones& tones = isDark() ? darkTones() : lightTones();
    m_application.setPalette(makePalette(tones));
    m_application.setStyleSheet(makeStyleSheet(tones));
    emit changed();
}

} // namespace sallyport::ui::theme

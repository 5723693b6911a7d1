#include "ui/approvals/notifier.h"

#include <algorithm>

#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>

#include "ui/approvals/question_book.h"
#include "ui/approvals/question_card.h"
#include "ui/widgets/display_text.h"

namespace sallyport::ui::approvals {

namespace {

const auto Service = QLatin1String("org.freedesktop.Notifications");
const auto Path = QLatin1String("/org/freedesktop/Notifications");
constexpr int BurstMs = 250;
constexpr int CallTimeoutMs = 3000;
constexpr uchar Critical = 2;
constexpr int NeverExpires = 0;
constexpr int ServiceDecides = -1;
constexpr qsizetype MostTitle = 120;
constexpr qsizetype MostBody = 200;

QDBusMessage method(const char* name)
{
    return QDBusMessage::createMethodCall(Service, Path, Service, QLatin1String(name));
}

} // namespace

Notifier::Notifier(QuestionBook& book, const QDBusConnection& bus, QObject* parent)
    : QObject(parent)
    , m_book(book)
    , m_bus(bus)
{
    m_burst.setSingleShot(true);
    m_burst.setInterval(BurstMs);
    connect(&m_burst, &QTimer::timeout, this, &Notifier::notify);
    if (!m_bus.isConnected())
        return;
    m_bus.connect(Service, Path, Service, QStringLiteral("ActionInvoked"), this,
                  SLOT(actionInvoked(uint, QString)));
    m_bus.connect(Service, Path, Service, QStringLiteral("NotificationClosed"), this,
                  SLOT(notificationClosed(uint, uint)));
    connect(&book, &QuestionBook::added, this, &Notifier::onAdded);
    connect(&book, &QuestionBook::heldAgain, this, [this](qint64 id) { onAdded(id, true); });
    connect(&book, &QuestionBook::removed, this, &Notifier::onRemoved);
}

Notifier::~Notifier()
{
    close();
}

void Notifier::onAdded(qint64 question, bool isNew)
{
    if (!isNew || m_questions.contains(question))
        return;
    m_questions.append(question);
    if (!m_burst.isActive())
        m_burst.start();
}

void Notifier::onRemoved(qint64 question)
{
    if (m_questions.removeAll(question) == 0)
        return;
    if (m_questions.isEmpty()) {
        m_burst.stop();
        close();
    } else if (m_bubble != 0 || m_isSending) {
        m_burst.start();
    }
}

// Asked before each bubble after silence: the service may have been replaced meanwhile.
void Notifier::askCapabilities()
{
    auto* watcher = new QDBusPendingCallWatcher(
        m_bus.asyncCall(method("GetCapabilities"), CallTimeoutMs), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this,
            [this](QDBusPendingCallWatcher* call) {
                call->deleteLater();
                m_isSending = false;
                const QDBusPendingReply<QStringList> reply = *call;
                if (reply.isError())
                    return;
                m_hasActions = reply.value().contains(QLatin1String("actions"));
                m_hasMarkup = reply.value().contains(QLatin1String("body-markup"));
                m_isReady = true;
                notify();
            });
}

void Notifier::notify()
{
    if (m_questions.isEmpty())
        return;
    if (m_isSending) {
        m_isStale = true;
        return;
    }
    m_isSending = true;
    if (!m_isReady) {
        askCapabilities();
        return;
    }
    QString title;
    QString body;
    QStringList actions;
    const api::Question* one = m_book.find(m_questions.constFirst());
    if (m_questions.size() == 1 && one != nullptr) {
        title = middleElided(QuestionCard::sentence(*one), MostTitle);
        body = urlText(one->scheme, one->host, one->port, one->path, MostBody);
        actions = {QStringLiteral("deny"), tr("Deny")};
    } else {
        title = tr("%1 requests wait for your answer").arg(m_questions.size());
        for (qsizetype i = 0; i < std::min<qsizetype>(m_questions.size(), 3); ++i) {
            if (const api::Question* each = m_book.find(m_questions.at(i)))
                body += (body.isEmpty() ? QString() : QStringLiteral("\n")) +
                        middleElided(QuestionCard::sentence(*each), MostTitle);
        }
    }
    actions += {QStringLiteral("review"), tr("Review"), QStringLiteral("default"), tr("Review")};
    if (!m_hasActions)
        actions.clear();
    const QVariantMap hints = {{QStringLiteral("urgency"), QVariant::fromValue(Critical)},
                               {QStringLiteral("category"), QStringLiteral("network")},
                               {QStringLiteral("desktop-entry"), QStringLiteral("sallyport")}};
    QDBusMessage call = method("Notify");
    call << QStringLiteral("Sallyport") << m_bubble << QStringLiteral("sallyport") << title
         << escaped(body) << actions << hints << NeverExpires;
    auto* watcher = new QDBusPendingCallWatcher(m_bus.asyncCall(call, CallTimeoutMs), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this,
            [this](QDBusPendingCallWatcher* done) {
                done->deleteLater();
                m_isSending = false;
                const QDBusPendingReply<uint> reply = *done;
                if (reply.isError()) {
                    m_isReady = false;
                    return;
                }
                m_bubble = reply.value();
                if (m_questions.isEmpty())
                    close();
                else if (m_isStale)
                    notify();
                m_isStale = false;
            });
}

void Notifier::say(const QString& title, const QString& body)
{
    QDBusMessage call = method("Notify");
    call << QStringLiteral("Sallyport") << uint{0} << QStringLiteral("sallyport") << title
         << escaped(body) << QStringList()
         << QVariantMap{{QStringLiteral("desktop-entry"), QStringLiteral("sallyport")}}
         << ServiceDecides;
    m_bus.call(call, QDBus::NoBlock);
}

void Notifier::close()
{
    if (m_bubble == 0)
        return;
    QDBusMessage call = method("CloseNotification");
    call << m_bubble;
    m_bus.asyncCall(call, CallTimeoutMs);
    m_bubble = 0;
    m_isReady = false;
}

QString Notifier::escaped(const QString& text) const
{
    return m_hasMarkup ? text.toHtmlEscaped() : text;
}

void Notifier::actionInvoked(uint id, const QString& action)
{
    if (id != m_bubble || m_questions.isEmpty())
        return;
    const qint64 question = m_questions.constFirst();
    if (action == QLatin1String("deny") && m_questions.size() == 1)
        emit denyChosen(question);
    else if (action != QLatin1String("deny"))
        emit reviewChosen(question);
}

// The person waved it away, or it went by itself: its questions stay in the inbox, and the next
// bubble speaks of new ones only.
void Notifier::notificationClosed(uint id, uint)
{
    if (id != m_bubble)
        return;
    m_bubble = 0;
    m_questions.clear();
    m_isReady = false;
}

} // namespace sallyport::ui::approvals

#pragma once

#include <QDBusConnection>
#include <QObject>
#include <QStringList>
#include <QTimer>

#include "engine/api/types.h"

namespace sallyport::ui::approvals {

class QuestionBook;

// Desktop notifications of new questions (org.freedesktop.Notifications, Desktop Notifications
// Specification 1.2): one bubble, that of the latest burst, with Deny (where it speaks of one
// question) and Review. It never offers Allow: how far an allowance reaches cannot be seen there.
// Without a notification service it does nothing. GUI thread.
class Notifier : public QObject
{
    Q_OBJECT

public:
    Notifier(QuestionBook& book, const QDBusConnection& bus, QObject* parent = nullptr);
    ~Notifier() override;

    // A bubble of its own, without buttons, that goes by itself. Sent before it returns.
    void say(const QString& title, const QString& body);
    // New questions within this time come as one bubble.
    void setBurstInterval(int milliseconds) { m_burst.setInterval(milliseconds); }

signals:
    void denyChosen(qint64 question);
    void reviewChosen(qint64 question);

private slots:
    void actionInvoked(uint id, const QString& action);
    void notificationClosed(uint id, uint reason);

private:
    void onAdded(qint64 question, bool isNew);
    void onRemoved(qint64 question);
    void notify();
    void close();
    void askCapabilities();
    [[nodiscard]] QString escaped(const QString& text) const;

    QuestionBook& m_book;
    QDBusConnection m_bus;
    bool m_isReady = false; // the capabilities are known
    bool m_hasActions = false;
    bool m_hasMarkup = false;
    QTimer m_burst;
    QList<qint64> m_questions; // those that the bubble speaks of, or will
    uint m_bubble = 0;         // 0: none is shown
    bool m_isSending = false;
    bool m_isStale = false; // changed while a Notify was under way
};

} // namespace sallyport::ui::approvals

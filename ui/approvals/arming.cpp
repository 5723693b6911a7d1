#include "ui/approvals/arming.h"

#include <QEvent>
#include <QKeyEvent>
#include <QPushButton>

namespace sallyport::ui::approvals {

Arming::Arming(QWidget* window, QList<QPushButton*> buttons)
    : QObject(window)
    , m_window(window)
    , m_buttons(std::move(buttons))
{
    m_timer.setSingleShot(true);
    m_timer.setInterval(DelayMs);
    connect(&m_timer, &QTimer::timeout, this, [this] {
        m_isArmed = true;
        emit armed();
    });
    m_window->installEventFilter(this);
    for (QPushButton* button : m_buttons)
        button->installEventFilter(this);
}

void Arming::disarm()
{
    m_isArmed = false;
    for (QPushButton* button : m_buttons)
        button->setEnabled(false);
    m_timer.start();
}

bool Arming::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_window) {
        if (event->type() == QEvent::WindowActivate)
            m_sinceActive.start();
        return false;
    }
    const bool isKey = event->type() == QEvent::KeyPress || event->type() == QEvent::KeyRelease;
    if (!isKey && event->type() != QEvent::Shortcut)
        return false;
    if (m_sinceActive.isValid() && m_sinceActive.elapsed() < m_timer.interval()) {
        // Tab and Esc still work: they answer nothing.
        const auto* key = isKey ? static_cast<QKeyEvent*>(event) : nullptr;
        const bool answersNothing =
            key && (key->key() == Qt::Key_Tab || key->key() == Qt::Key_Backtab ||
                    key->key() == Qt::Key_Escape);
        return !answersNothing;
    }
    if (isKey && watched == m_notByEnter) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        return key == Qt::Key_Return || key == Qt::Key_Enter;
    }
    return false;
}

} // namespace sallyport::ui::approvals

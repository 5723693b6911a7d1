#pragma once

#include <QElapsedTimer>
#include <QList>
#include <QObject>
#include <QTimer>

class QPushButton;

namespace sallyport::ui::approvals {

// Keeps answers from being given by accident: by a key that was meant for another window, or by a
// click on what stood there a moment before. The buttons are disabled for a delay after disarm(),
// and deaf to the keyboard for as long after their window took the focus. GUI thread.
class Arming : public QObject
{
    Q_OBJECT

public:
    static constexpr int DelayMs = 1000;

    // `window` is the top-level that holds the buttons.
    Arming(QWidget* window, QList<QPushButton*> buttons);

    void setDelay(int milliseconds) { m_timer.setInterval(milliseconds); }
    // Starts the delay anew.
    void disarm();
    [[nodiscard]] bool isArmed() const { return m_isArmed; }
    // Enter and Return never press this button; Space, its mnemonic and the pointer do.
    void neverByEnter(QPushButton* button) { m_notByEnter = button; }

signals:
    void armed();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QWidget* m_window;
    QList<QPushButton*> m_buttons;
    QPushButton* m_notByEnter = nullptr;
    QTimer m_timer;
    QElapsedTimer m_sinceActive;
    bool m_isArmed = false;
};

} // namespace sallyport::ui::approvals

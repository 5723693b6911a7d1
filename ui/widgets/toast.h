#pragma once

#include <functional>

#include <QFrame>
#include <QTimer>

class QLabel;
class QPushButton;

namespace sallyport::ui {

// A short message at the bottom of its parent, with Undo where there is something to undo. It goes
// by itself after ten seconds, not while the pointer or the keyboard is on it. One per parent; a
// new message takes the place of the old one.
class Toast : public QFrame
{
    Q_OBJECT

public:
    explicit Toast(QWidget* parent);

    // Without `undo` there is no button. `undo` is called at most once.
    void showMessage(const QString& text, std::function<void()> undo = {});
    void setLifetime(int milliseconds) { m_timer.setInterval(milliseconds); }

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void enterEvent(QEnterEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void takeUndo();
    void place();
    void dress();

    QLabel* m_text;
    QPushButton* m_undo;
    std::function<void()> m_action;
    QTimer m_timer;
};

} // namespace sallyport::ui

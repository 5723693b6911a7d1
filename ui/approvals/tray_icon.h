#pragma once

#include <QMenu>
#include <QObject>
#include <QSystemTrayIcon>

namespace sallyport::ui::approvals {

// The icon in the desktop's tray, where there is one: how many questions wait, and a way to them.
// Nothing is reachable here alone. GUI thread.
class TrayIcon : public QObject
{
    Q_OBJECT

public:
    explicit TrayIcon(QObject* parent = nullptr);

    // More entries below those that show the window; they are not owned.
    void addActions(const QList<QAction*>& actions);
    // Whether the person can come back by the icon.
    [[nodiscard]] bool isReachable() const;
    void setCount(int count);
    // The application's icon with the count on it.
    [[nodiscard]] static QIcon badged(const QIcon& icon, int count);

signals:
    void reviewChosen();
    void windowChosen();

private:
    QMenu m_menu;
    QAction* m_review;
    QSystemTrayIcon m_icon;
};

} // namespace sallyport::ui::approvals

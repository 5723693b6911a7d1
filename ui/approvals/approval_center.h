#pragma once

#include <functional>
#include <memory>

#include <QList>
#include <QObject>

class QAction;
class QWidget;

namespace sallyport::ui {
class EngineLink;
}

namespace sallyport::ui::approvals {

// Everything by which the person learns of questions and answers them: the question window, desktop
// notifications, the tray icon. Holds no policy: it shows what the engine asks and sends what the
// person chose. `mainWindow` is what the tray's "Show Sallyport" raises; it is not owned. GUI
// thread.
class ApprovalCenter : public QObject
{
    Q_OBJECT

public:
    ApprovalCenter(EngineLink& link, QWidget* mainWindow);
    ~ApprovalCenter() override;

    // Questions that wait for the person, held or not.
    [[nodiscard]] int openCount() const;
    // For placing and for tests.
    [[nodiscard]] QWidget* questionWindow() const;

    // Whether there is a tray to come back from, and further entries of its menu.
    [[nodiscard]] bool hasTray() const;
    void addTrayActions(const QList<QAction*>& actions);
    // A desktop notification that asks nothing.
    void say(const QString& title, const QString& body);

public slots:
    // Brings up the question window and takes the keyboard to it. With nothing open it says so.
    void showQuestions();
    // The same, with this question first, where it is still open.
    void showQuestion(qint64 question);

signals:
    // For badges: the window title, the rail, the status bar.
    void openCountChanged(int count);
    // The person chose Review in a notification or the tray; the question window is already up.
    void reviewRequested();

private:
    void denyOnce(qint64 question);
    void tell(const QString& text, const std::function<void()>& undo);

    struct Parts;
    std::unique_ptr<Parts> m_parts;
};

} // namespace sallyport::ui::approvals

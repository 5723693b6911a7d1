#pragma once

#include <vector>

#include <QFrame>
#include <QPointer>

class QAction;
class QLineEdit;
class QListWidget;

namespace sallyport::ui::window {

// A box at the top of the window: type a part of what you want, Enter does it. Shows enabled
// actions that contain every typed word. Esc or a click elsewhere closes it.
class CommandPalette : public QFrame
{
    Q_OBJECT

public:
    explicit CommandPalette(QWidget* window);

    // The actions must live as long as the palette.
    void open(const std::vector<QAction*>& actions);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void filter();
    void run();
    void close();

    QLineEdit* m_input;
    QListWidget* m_list;
    std::vector<QAction*> m_actions;
    QPointer<QWidget> m_focusBefore;
};

} // namespace sallyport::ui::window

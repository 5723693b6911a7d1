#pragma once

#include <vector>

#include <QDialog>

class QAction;

namespace sallyport::ui::window {

// The list of all keys. Not modal; deletes itself when closed.
class ShortcutsSheet : public QDialog
{
    Q_OBJECT

public:
    ShortcutsSheet(const std::vector<QAction*>& actions, QWidget* parent);
};

} // namespace sallyport::ui::window

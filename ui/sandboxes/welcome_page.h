#pragma once

#include <vector>

#include <QScrollArea>

#include "engine/api/types.h"

class QAction;
class QLabel;
class QVBoxLayout;

namespace sallyport::ui::theme {
class Card;
}

namespace sallyport::ui::sandboxes {

// What somebody sees who has no sandbox: what this is, one button, and what is missing on this
// machine with the command that mends it.
class WelcomePage : public QScrollArea
{
    Q_OBJECT

public:
    WelcomePage(QAction* create, QAction* checkAgain, QWidget* parent = nullptr);

    // Only checks that are not Ok are shown.
    void setChecks(const std::vector<api::Check>& checks);
    // Empty: the guest image is there.
    void setImageProblem(const QString& problem);

private:
    void addCheck(const api::Check& check);

    theme::Card* m_image;
    QLabel* m_imageText;
    theme::Card* m_checks;
    QLabel* m_checkTitle = nullptr;
    QVBoxLayout* m_checkColumn;
    QWidget* m_checkList = nullptr;
};

} // namespace sallyport::ui::sandboxes

#pragma once

#include <QDialog>

#include "engine/api/types.h"

class QLabel;
class QLineEdit;
class QPushButton;

namespace sallyport::ui {
class EngineLink;
}

namespace sallyport::ui::credentials {

// Asks for the passphrase of the vault; twice for the first, which makes it. A keyring asks its
// person by itself, so it is not for that one. Not modal; deletes itself when closed.
class UnlockDialog : public QDialog
{
    Q_OBJECT

public:
    UnlockDialog(EngineLink& link, const api::Vault& vault, QWidget* parent = nullptr);

private:
    void judge();
    void unlock();

    EngineLink& m_link;
    bool m_isNew;
    bool m_isBusy = false;
    QLineEdit* m_passphrase;
    QLineEdit* m_again;
    QLabel* m_problem;
    QPushButton* m_unlock;
};

} // namespace sallyport::ui::credentials

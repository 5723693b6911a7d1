#pragma once

#include <vector>

#include <QDialog>

#include "engine/api/types.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QListWidget;
class QPushButton;
class QTableWidget;

namespace sallyport::ui {
class EngineLink;
class SandboxBook;
class Toast;
} // namespace sallyport::ui

namespace sallyport::ui::credentials {

// All credentials, the vault, what would be put into a request, and what was stopped on its way
// elsewhere. Lives as long as the main window, so that it misses no alarm. GUI thread.
class CredentialsWindow : public QDialog
{
    Q_OBJECT

public:
    CredentialsWindow(EngineLink& link, SandboxBook& book, QWidget* parent = nullptr);

signals:
    // The person wants to see the row of an alarm: show that sandbox's log, this filter.
    void rowRequested(qint64 sandbox, const QString& filter);

private:
    QWidget* makeVault();
    QWidget* makeList();
    QWidget* makeTest();
    QWidget* makeAlarms();
    void fetch();
    void put(const api::Credential& credential);
    void drop(qint64 id);
    void setVault(const api::Vault& vault);
    void fillTable();
    void fillSandboxes();
    void addAlarm(const api::CredentialAlarm& alarm);
    [[nodiscard]] const api::Credential* selected() const;
    void updateButtons();
    void edit(const api::Credential& credential);
    void askToRemove();
    void remove(qint64 id);
    void lockOrUnlock();
    void test();
    void showAlarm();

    EngineLink& m_link;
    SandboxBook& m_book;
    std::vector<api::Credential> m_credentials; // oldest first
    std::vector<api::CredentialAlarm> m_alarms; // newest first
    api::Vault m_vault;
    QLabel* m_vaultState = nullptr;
    QPushButton* m_vaultButton = nullptr;
    QTableWidget* m_table = nullptr;
    QLabel* m_problem = nullptr; // of the one that is selected
    QPushButton* m_add = nullptr;
    QPushButton* m_edit = nullptr;
    QPushButton* m_remove = nullptr;
    QComboBox* m_sandbox = nullptr;
    QLineEdit* m_url = nullptr;
    QPushButton* m_test = nullptr;
    QLabel* m_answer = nullptr;
    QLabel* m_noAlarms = nullptr;
    QListWidget* m_alarmList = nullptr;
    QPushButton* m_showRow = nullptr;
    Toast* m_toast = nullptr;
};

} // namespace sallyport::ui::credentials

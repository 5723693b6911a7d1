#pragma once

#include <vector>

#include <QDialog>

#include "engine/api/types.h"

class QCheckBox;
class QComboBox;
class QFormLayout;
class QLabel;
class QLineEdit;
class QListWidget;
class QPushButton;
class QSpinBox;

namespace sallyport::ui {
class EngineLink;
}

namespace sallyport::ui::credentials {

// Writes one credential. Its value can be set anew and is shown only while it is typed, where the
// person asks for that. Stays open when the engine refuses it. Not modal; deletes itself when
// closed.
class CredentialDialog : public QDialog
{
    Q_OBJECT

public:
    // One with id 0 is new.
    CredentialDialog(EngineLink& link,
                     const api::Credential& credential,
                     const std::vector<api::Sandbox>& sandboxes,
                     QWidget* parent = nullptr);

private:
    QLineEdit* addEdit(const QString& label, const char* objectName, const QString& placeholder);
    QComboBox* addChoice(const QString& label, const char* objectName);
    QCheckBox* addCheck(const QString& text, const char* objectName);
    void addFields();
    void addSandboxes(const std::vector<api::Sandbox>& sandboxes);
    QWidget* makeButtons();
    void fill();
    void judge();
    [[nodiscard]] api::Credential typed() const;
    // What is missing; the rest is the engine's to say.
    [[nodiscard]] QString problem() const;
    void save();

    EngineLink& m_link;
    api::Credential m_original;
    bool m_isBusy = false;
    QFormLayout* m_form = nullptr;
    QLineEdit* m_name = nullptr;
    QComboBox* m_source = nullptr;
    QLineEdit* m_value = nullptr;
    QCheckBox* m_reveal = nullptr;
    QLineEdit* m_command = nullptr;
    QSpinBox* m_cache = nullptr;
    QLineEdit* m_hosts = nullptr;
    QComboBox* m_use = nullptr;
    QLineEdit* m_header = nullptr;
    QLineEdit* m_user = nullptr;
    QLineEdit* m_parameter = nullptr;
    QLineEdit* m_variable = nullptr;
    QCheckBox* m_inBodies = nullptr;
    QCheckBox* m_plainHttp = nullptr;
    QCheckBox* m_onlySome = nullptr;
    QListWidget* m_sandboxes = nullptr;
    QLineEdit* m_note = nullptr;
    QLabel* m_problem = nullptr;
    QPushButton* m_save = nullptr;
};

} // namespace sallyport::ui::credentials

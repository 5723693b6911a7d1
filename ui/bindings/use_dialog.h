#pragma once

#include <QDialog>

#include "engine/api/bindings.h"

class QComboBox;
class QFormLayout;
class QLabel;
class QLineEdit;
class QPushButton;

namespace sallyport::ui {
class EngineLink;
}

namespace sallyport::ui::bindings {

// Says which sandbox may use a binding, and how. Choosing one that may already changes that use.
// Stays open when the engine refuses it. Not modal; deletes itself when closed.
class UseDialog : public QDialog
{
    Q_OBJECT

public:
    UseDialog(EngineLink& link,
              const api::Binding& binding,
              const std::vector<api::Sandbox>& sandboxes,
              QWidget* parent = nullptr);
    // Begins with this use.
    void show(const api::BindingUse& use);

private:
    void addFields(const std::vector<api::Sandbox>& sandboxes);
    void judge();
    void save();

    EngineLink& m_link;
    api::Binding m_binding;
    bool m_isBusy = false;
    QFormLayout* m_form = nullptr;
    QComboBox* m_sandbox = nullptr;
    QComboBox* m_access = nullptr;
    QComboBox* m_reach = nullptr;
    QLineEdit* m_variable = nullptr;
    QLabel* m_problem = nullptr;
    QPushButton* m_save = nullptr;
};

} // namespace sallyport::ui::bindings

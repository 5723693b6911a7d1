#pragma once

#include <QDialog>

#include "engine/api/bindings.h"

class QComboBox;
class QFormLayout;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace sallyport::ui {
class EngineLink;
}

namespace sallyport::ui::bindings {

// Makes a namespace, a bucket or a service, or changes one: its kind and name stay. Stays open when
// the engine refuses it. Not modal; deletes itself when closed.
class BindingDialog : public QDialog
{
    Q_OBJECT

public:
    // One without a name is new.
    BindingDialog(EngineLink& link,
                  const api::Binding& binding,
                  const std::vector<api::Sandbox>& sandboxes,
                  QWidget* parent = nullptr);

signals:
    void saved(const sallyport::api::Binding& binding);

private:
    void addFields(const std::vector<api::Sandbox>& sandboxes);
    QWidget* makeButtons();
    [[nodiscard]] api::BindingKind kind() const;
    [[nodiscard]] api::Binding typed() const;
    void judge();
    void save();

    EngineLink& m_link;
    api::Binding m_original;
    bool m_isNew;
    bool m_isBusy = false;
    QFormLayout* m_form = nullptr;
    QComboBox* m_kind = nullptr;
    QLabel* m_about = nullptr;
    QLineEdit* m_name = nullptr;
    QSpinBox* m_most = nullptr; // mebibytes
    QSpinBox* m_port = nullptr;
    QComboBox* m_owner = nullptr;
    QLineEdit* m_note = nullptr;
    QLabel* m_problem = nullptr;
    QPushButton* m_save = nullptr;
};

} // namespace sallyport::ui::bindings

#pragma once

#include <optional>

#include <QDialog>

#include "engine/api/types.h"

class QButtonGroup;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace sallyport::ui {
class EngineLink;
class SandboxBook;
} // namespace sallyport::ui

namespace sallyport::ui::sandboxes {

// Asks what the new sandbox shall be and makes it. Not modal; deletes itself when closed. GUI
// thread.
class CreateDialog : public QDialog
{
    Q_OBJECT

public:
    CreateDialog(EngineLink& link, SandboxBook& book, QWidget* parent = nullptr);

signals:
    // Made; the window selects it and starts it.
    void created(qint64 id);

private:
    QWidget* makeName();
    QWidget* makeSizes();
    QWidget* makeDisk();
    QWidget* makePolicies();
    void validate();
    void create();
    // Why the name won't do; empty when it does.
    [[nodiscard]] QString nameProblem() const;
    [[nodiscard]] api::NewSandbox wanted() const;

    EngineLink& m_link;
    SandboxBook& m_book;
    QLineEdit* m_name = nullptr;
    QLabel* m_nameProblem = nullptr;
    QButtonGroup* m_size = nullptr;
    QSpinBox* m_disk = nullptr;
    QButtonGroup* m_policy = nullptr;
    QLabel* m_problem = nullptr;
    QPushButton* m_create = nullptr;
    bool m_busy = false;
};

} // namespace sallyport::ui::sandboxes

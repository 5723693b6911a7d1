#pragma once

#include <vector>

#include <QStringList>
#include <QWidget>

#include "engine/api/json.h"
#include "engine/api/types.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;

namespace sallyport::ui {
class EngineLink;
}

namespace sallyport::ui::policy {

class ParamsForm;

// Sets one outbound handler, beside the ladder: for which hosts, which one, its parameters. Needs
// no code. Saving calls the engine, which checks; the form stays open when it refuses.
class HandlerForm : public QWidget
{
    Q_OBJECT

public:
    explicit HandlerForm(EngineLink& link, QWidget* parent = nullptr);

    // What can be chosen: the built-in handlers, and those of the sandbox's module.
    void setChoices(std::vector<api::BuiltIn> builtIns, const std::vector<std::string>& ofModule);
    // A handler without a name is new. One that is set keeps its host: that is its place.
    void edit(const api::Handler& handler, api::SandboxId sandbox);

signals:
    void saved(const QString& what);
    void closed();

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    QWidget* makeButtons();
    void fetchBindings();
    void choose();
    void judge();
    void save();
    [[nodiscard]] const api::BuiltIn* chosen() const;

    EngineLink& m_link;
    std::vector<api::BuiltIn> m_builtIns;
    api::Handler m_original;
    api::SandboxId m_sandbox = 0;
    bool m_isSaving = false;

    QLabel* m_title;
    QLineEdit* m_host;
    QComboBox* m_name;
    QLabel* m_summary;
    ParamsForm* m_params;
    QLabel* m_problem;
    QPushButton* m_save;
};

} // namespace sallyport::ui::policy

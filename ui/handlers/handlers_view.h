#pragma once

#include <QWidget>

#include "engine/api/types.h"
#include "ui/handlers/line_table.h"

class QAction;
class QLabel;
class QPushButton;

namespace sallyport::ui {
class EngineLink;
class Toast;
} // namespace sallyport::ui

namespace sallyport::ui::handlers {

class ModuleEditor;

// The Handlers tab of one sandbox: its module in an editor, and what its handlers wrote. Saving has
// the engine check the module; where it is wrong the problems stand beside their lines and the last
// good one goes on. GUI thread.
class HandlersView : public QWidget
{
    Q_OBJECT

public:
    explicit HandlersView(EngineLink& link, QWidget* parent = nullptr);

    void setSandbox(qint64 id);

protected:
    void showEvent(QShowEvent* event) override;

private:
    QWidget* makeModule();
    QWidget* makeLines();
    QPushButton* makeExamples(QWidget* parent);
    void fetch();
    void showModule(const api::Module& module);
    void save();
    void revert();
    void updateButtons();

    EngineLink& m_link;
    qint64 m_sandbox = 0;
    api::Module m_module;
    LineModel m_lines;
    bool m_isSaving = false;
    ModuleEditor* m_editor = nullptr;
    QLabel* m_state = nullptr;
    QLabel* m_noLines = nullptr;
    QPushButton* m_save = nullptr;
    QPushButton* m_revert = nullptr;
    Toast* m_toast = nullptr;
};

} // namespace sallyport::ui::handlers

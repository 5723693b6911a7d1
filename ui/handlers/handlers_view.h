#pragma once

#include <map>

#include <QString>
#include <QWidget>

#include "engine/api/types.h"
#include "ui/handlers/line_table.h"

class QAction;
class QLabel;
class QPushButton;
class QTabWidget;

namespace sallyport::ui {
class EngineLink;
class Toast;
} // namespace sallyport::ui

namespace sallyport::ui::handlers {

class LimitsView;
class ModuleEditor;
class TrialView;

// The Handlers tab of one sandbox: its module in an editor, and what its handlers wrote. Saving has
// the engine check the module; where it is wrong the problems stand beside their lines and the last
// good one goes on. GUI thread.
class HandlersView : public QWidget
{
    Q_OBJECT

public:
    explicit HandlersView(EngineLink& link, QWidget* parent = nullptr);

    void setSandbox(qint64 id);
    // Opens Try it with this logged request of the sandbox's.
    void tryRequest(const api::RowDetail& row);

signals:
    // A line belongs to this row of the egress log, which the person wants to see.
    void rowRequested(qint64 row);

protected:
    void showEvent(QShowEvent* event) override;

private:
    QWidget* makeModule();
    QWidget* makeParts();
    QWidget* makeLines();
    void keepDraft();
    void takeDraft();
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
    bool m_isFetched = false;           // m_module is the sandbox's
    std::map<qint64, QString> m_drafts; // of other sandboxes, not saved
    ModuleEditor* m_editor = nullptr;
    QLabel* m_state = nullptr;
    QLabel* m_noLines = nullptr;
    QTabWidget* m_parts = nullptr;
    TrialView* m_trial = nullptr;
    LimitsView* m_limits = nullptr;
    QPushButton* m_save = nullptr;
    QPushButton* m_revert = nullptr;
    Toast* m_toast = nullptr;
};

} // namespace sallyport::ui::handlers

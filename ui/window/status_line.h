#pragma once

#include <QStatusBar>

#include "engine/api/types.h"

class QAction;
class QLabel;
class QToolButton;

namespace sallyport::ui {
class EngineFacts;
class EngineLink;
} // namespace sallyport::ui

namespace sallyport::ui::window {

// The window's last line: the engine, how its guests run, open questions, and the default policy of
// the sandbox that is shown: loud where everything gets out.
class StatusLine : public QStatusBar
{
    Q_OBJECT

public:
    StatusLine(EngineLink& link, EngineFacts& facts, QAction* questions, QWidget* parent);

    void setQuestionCount(int count);
    // Whether closing the window ends this program, there being no tray to hide in.
    void setEndsWithWindow(bool ends);
    // Null: no sandbox is shown.
    void setSandbox(const api::Sandbox* sandbox);

private:
    void refreshEngine();

    EngineLink& m_link;
    EngineFacts& m_facts;
    bool m_endsWithWindow = false;
    QLabel* m_engine;
    QLabel* m_accelerator;
    QToolButton* m_questions;
    QLabel* m_mode;
};

} // namespace sallyport::ui::window

#pragma once

#include <QWidget>

#include "ui/terminal/terminal_session.h"

namespace sallyport::ui::theme {
class Banner;
}

namespace sallyport::ui::terminal {

class TerminalView;

// One terminal with its shell, and what to do when the shell has ended.
class TerminalPane : public QWidget
{
    Q_OBJECT

public:
    TerminalPane(EngineLink& link, qint64 sandbox, QWidget* parent = nullptr);

    // Starts the shell where none runs.
    void start();
    [[nodiscard]] TerminalSession& session() { return m_session; }
    [[nodiscard]] TerminalView& view() { return *m_view; }

signals:
    void stateChanged();

protected:
    void showEvent(QShowEvent* event) override;

private:
    void follow();

    TerminalSession m_session;
    TerminalView* m_view;
    theme::Banner* m_ended;
    bool m_wantsStart = false; // starts when it is shown, since only then its size is known
};

} // namespace sallyport::ui::terminal

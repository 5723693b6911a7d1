#pragma once

#include <QHash>
#include <QWidget>

class QAction;
class QLabel;
class QStackedWidget;
class QTabWidget;

namespace sallyport::ui {
class EngineLink;
class SandboxBook;
} // namespace sallyport::ui

namespace sallyport::ui::terminal {

class TerminalPane;

// The terminals of all sandboxes, of which it shows those of one: tabs with a + at the end. A shell
// goes on while another sandbox is shown. GUI thread.
class TerminalArea : public QWidget
{
    Q_OBJECT

public:
    TerminalArea(EngineLink& link, SandboxBook& book, QWidget* parent = nullptr);

    // 0: none. The first terminal of a running sandbox opens by itself when the area is shown.
    void setSandbox(qint64 id);
    [[nodiscard]] TerminalPane* currentPane() const;
    [[nodiscard]] QAction* newTerminalAction() const { return m_new; }
    // What the person may press where the sandbox does not run; the window gives its own.
    void setStartAction(QAction* start);

public slots:
    // Takes the keyboard to the shell that is shown.
    void focusTerminal();
    void openTerminal();
    void closeCurrent();

protected:
    void showEvent(QShowEvent* event) override;

private:
    void makeActions();
    [[nodiscard]] QTabWidget* tabsOf(qint64 sandbox);
    void refresh();
    void sandboxRemoved(qint64 sandbox);
    void closeTab(QTabWidget* tabs, int index);
    void rename(QTabWidget* tabs);

    EngineLink& m_link;
    SandboxBook& m_book;
    qint64 m_sandbox = 0;
    bool m_wasRunning = false;
    bool m_startedHere = false; // the keyboard goes to the shell once it runs
    QStackedWidget* m_stack;
    QWidget* m_idle; // shown while the sandbox does not run
    QLabel* m_idleTitle;
    QLabel* m_idleText;
    QHash<qint64, QTabWidget*> m_tabs;
    QAction* m_new = nullptr;
    QAction* m_close = nullptr;
};

} // namespace sallyport::ui::terminal

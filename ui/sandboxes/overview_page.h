#pragma once

#include <QScrollArea>

#include "engine/api/types.h"

class QAction;
class QComboBox;
class QLabel;

namespace sallyport::ui {
class EngineLink;
class SandboxBook;
} // namespace sallyport::ui

namespace sallyport::ui::theme {
class Card;
}

namespace sallyport::ui::sandboxes {

class MeterCard;
class RecentRequests;
class SandboxCommands;

// What goes on in one sandbox: its load, its default policy, its last requests, and what to do
// next.
class OverviewPage : public QScrollArea
{
    Q_OBJECT

public:
    // The window's own, which the page offers as buttons.
    struct Actions
    {
        QAction* start;
        QAction* terminal;
        QAction* egress;
    };

    OverviewPage(EngineLink& link,
                 SandboxBook& book,
                 SandboxCommands& commands,
                 const Actions& actions,
                 QWidget* parent = nullptr);

    void setSandbox(qint64 id);

private:
    QWidget* makeProblem(QAction* start);
    QWidget* makeMeters();
    QWidget* makePolicy();
    QWidget* makeFirstSteps(QAction* terminal);
    void refresh();
    void refreshMeters(const api::Sandbox& sandbox);
    void refreshPolicy(const api::Sandbox& sandbox);
    void refreshFirstSteps();

    SandboxBook& m_book;
    SandboxCommands& m_commands;
    qint64 m_sandbox = 0;
    theme::Card* m_problem = nullptr;
    QLabel* m_problemText = nullptr;
    MeterCard* m_cpu = nullptr;
    MeterCard* m_memory = nullptr;
    MeterCard* m_disk = nullptr;
    QComboBox* m_policy = nullptr;
    QLabel* m_policyText = nullptr;
    theme::Card* m_firstSteps = nullptr;
    QLabel* m_firstStepsText = nullptr;
    RecentRequests* m_recent = nullptr;
};

} // namespace sallyport::ui::sandboxes

#pragma once

#include <QLabel>
#include <QTimer>

namespace sallyport::ui {
class EngineLink;
} // namespace sallyport::ui

namespace sallyport::ui::policy {

// What a sandbox has used of its budgets, a line each; hidden where it has none. Asks the engine
// while it can be seen. GUI thread.
class BudgetLabel : public QLabel
{
    Q_OBJECT

public:
    explicit BudgetLabel(EngineLink& link, QWidget* parent = nullptr);
    void setSandbox(qint64 idOr0);

private:
    void fetch();

    EngineLink& m_link;
    QTimer m_timer;
    qint64 m_sandbox = 0;
};

} // namespace sallyport::ui::policy

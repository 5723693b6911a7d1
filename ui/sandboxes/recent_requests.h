#pragma once

#include <deque>

#include <QTimer>

#include "engine/api/types.h"
#include "ui/theme/widgets.h"

class QAction;
class QLabel;
class QTableWidget;

namespace sallyport::ui {
class EngineLink;
}

namespace sallyport::ui::sandboxes {

// The last ten requests of one sandbox, live. GUI thread.
class RecentRequests : public theme::Card
{
    Q_OBJECT

public:
    RecentRequests(EngineLink& link, QAction* showAll, QWidget* parent = nullptr);

    void setSandbox(qint64 id);
    [[nodiscard]] bool isEmpty() const { return m_rows.empty(); }

signals:
    void changed();

private:
    void fetch();
    void take(const api::Row& row);
    void show();

    EngineLink& m_link;
    QTableWidget* m_table;
    QLabel* m_nothing;
    QTimer m_redraw;             // collects a burst of rows
    std::deque<api::Row> m_rows; // newest first
    qint64 m_sandbox = 0;
};

} // namespace sallyport::ui::sandboxes

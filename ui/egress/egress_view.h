#pragma once

#include <QWidget>

#include "engine/api/types.h"

namespace sallyport::ui {
class EngineLink;
}

namespace sallyport::ui::egress {

class EgressPage;

// The live log: filter bar, table, detail pane. Fetches what it shows from the engine by itself and
// again after each reconnection. GUI thread.
class EgressView : public QWidget
{
    Q_OBJECT

public:
    explicit EgressView(EngineLink& link, QWidget* parent = nullptr);
    ~EgressView() override;

    // Shows one sandbox; 0 shows all, with a column that names them.
    void setSandbox(qint64 idOr0);
    // Replaces the filter text, as typed by hand ("host:example.com verdict:deny").
    void setFilterText(const QString& text);
    // Shows the details of one row, also where the filter leaves it out.
    void showRow(qint64 row);

signals:
    // The person wants to see the rule that decided a row: show PolicyView::showRule(rule).
    void ruleRequested(qint64 sandbox, qint64 rule);
    // … or to write one from a row: show PolicyView::proposeRule(rule).
    void ruleProposed(const sallyport::api::Rule& rule);
    // … or to see what the sandbox's handlers would make of such a request: HandlersView::tryRequest.
    void trialRequested(const sallyport::api::RowDetail& row);
    // A row is held: show the question (ApprovalCenter::showQuestion).
    void questionRequested(qint64 question);

private:
    EgressPage* m_page;
};

} // namespace sallyport::ui::egress

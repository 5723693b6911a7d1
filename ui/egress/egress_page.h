#pragma once

#include <functional>
#include <array>

#include <QWidget>

#include "engine/api/types.h"
#include "ui/bridge/sandbox_book.h"
#include "ui/egress/filter.h"
#include "ui/egress/row_model.h"
#include "ui/policy/rule_book.h"

class QAction;
class QButtonGroup;
class QHBoxLayout;
class QLabel;
class QMenu;
class QPushButton;
class QSplitter;
class QStackedWidget;
class QTableView;
class QToolButton;

namespace sallyport::ui {
class EngineLink;
class Toast;
} // namespace sallyport::ui

namespace sallyport::ui::egress {

class DetailPane;
class FilterEdit;

// The inside of EgressView: puts filter bar, table and details together.
class EgressPage : public QWidget
{
    Q_OBJECT

public:
    EgressPage(EngineLink& link, QWidget* parent);

    void setSandbox(qint64 idOr0);
    void setFilterText(const QString& text);
    void showRow(qint64 row);

signals:
    void ruleRequested(qint64 sandbox, qint64 rule);
    void ruleProposed(const sallyport::api::Rule& rule);
    void trialRequested(const sallyport::api::RowDetail& row);
    void questionRequested(qint64 question);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    enum Toggle
    {
        All,
        Denied,
        Waiting,
        Errors,
    };

    QWidget* makeBar();
    QWidget* makeTable();
    QWidget* makeEmpty();
    void addToggle(QHBoxLayout* row, Toggle toggle, const QString& text, const char* objectName);
    void sizeColumns();
    void fitColumns();

    void applyFilter();
    void setFollowing(bool isFollowing);
    void onScrolled(int value);
    void onAppended(int count);
    void onPrepended(int count);
    void onRowsChanged();
    void updateCounts();
    void showDetail();
    void showDetailOf(const api::Row& row);
    void hideDetail();
    void shareRoom();
    void showMenu(const QPoint& at);
    void addMenuActions(QMenu& menu, const api::Row& row);
    void addHostRule(const api::Row& row, api::Action action);
    void tunnelHost(const api::Row& row);
    void copy(const QString& text, const QString& what);
    void copyAsCurl(const api::Row& row);
    void withDetail(const api::Row& row, std::function<void(const api::RowDetail&)> use);

    EngineLink& m_link;
    SandboxBook m_sandboxes;
    policy::RuleBook m_rules;
    RowModel m_model;
    qint64 m_sandbox = 0;
    bool m_isFollowing = true;
    bool m_isAdjusting = false;                        // the scroll bar moves by our own doing
    std::array<int, RowModel::ColumnCount> m_widths{}; // of the columns that fitColumns() hides
    int m_newCount = 0;
    api::RowId m_topId = 0; // at the top of the view, to stay there when older rows come

    FilterEdit* m_filter = nullptr;
    QLabel* m_problem = nullptr;
    QButtonGroup* m_toggles = nullptr;
    QToolButton* m_follow = nullptr;
    QPushButton* m_new = nullptr;
    QLabel* m_count = nullptr;
    QSplitter* m_splitter = nullptr;
    QStackedWidget* m_pages = nullptr;
    QTableView* m_table = nullptr;
    QLabel* m_emptyTitle = nullptr;
    QLabel* m_emptyText = nullptr;
    QPushButton* m_clear = nullptr;
    DetailPane* m_detail = nullptr;
    Toast* m_toast = nullptr;
};

} // namespace sallyport::ui::egress

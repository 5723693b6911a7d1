#pragma once

#include <optional>
#include <vector>

#include <QAbstractTableModel>
#include <QTimer>

#include "engine/api/json.h"
#include "engine/api/types.h"
#include "ui/egress/filter.h"
#include "ui/egress/row_cache.h"

namespace sallyport::ui {
class EngineLink;
}
namespace sallyport::ui::policy {
class RuleBook;
}

namespace sallyport::ui::egress {

// The log as a table, oldest first. It keeps the ids of its rows and fetches their contents in
// pages when they are looked at. Without a filter the ids are known at once, whatever the log's
// size; with one the newest come first and older ones follow, by themselves up to a few thousand,
// then when fetchOlder() is called. New and changed rows come in batches, ten times a second. GUI
// thread.
class RowModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column
    {
        Time,
        Sandbox,
        Method,
        Url,
        Verdict,
        DecidedBy,
        Status,
        Bytes,
        Duration,
        ColumnCount,
    };

    RowModel(EngineLink& link, const policy::RuleBook& rules, QObject* parent = nullptr);

    void setFilter(const Filter& filter);
    [[nodiscard]] const Filter& filter() const { return m_filter; }
    void reload();
    void fetchOlder();

    // Null while its page is on the way; rowFetched tells.
    [[nodiscard]] const api::Row* rowAt(int row) const;
    [[nodiscard]] api::RowId idAt(int row) const;
    // -1 when it is not shown.
    [[nodiscard]] int rowOf(api::RowId id) const;
    // Whether the oldest row that matches is known.
    [[nodiscard]] bool isComplete() const { return m_isComplete; }
    [[nodiscard]] bool isLoading() const { return m_isLoading; }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant
    headerData(int section, Qt::Orientation orientation, int role) const override;

signals:
    // Rows were added at the end, live.
    void appended(int count);
    // Rows were added at the start.
    void prepended(int count);
    void loaded();
    // The engine refused; in its words.
    void failed(const QString& problem);

private:
    [[nodiscard]] api::Json listParameters(int limit) const;
    void loadNewest();
    void loadExtent();
    void takeOlder(const api::RowPage& page);
    void prependIds(const std::vector<api::RowId>& ids);

    void want(int row) const;
    void fetchWanted();
    void takePage(const api::RowPage& page, api::RowId before);
    void removeMissing(api::RowId from, api::RowId before);
    void removeRow(int row);

    void receive(const api::Row& row);
    void flush();
    void insertOrChange(const api::Row& row, std::vector<api::RowId>& fresh);
    [[nodiscard]] QVariant cell(const api::Row& row, int column) const;

    EngineLink& m_link;
    const policy::RuleBook& m_rules;
    Filter m_filter;
    std::vector<api::RowId> m_ids; // ascending
    mutable RowCache m_cache;
    int m_generation = 0; // replies to what was asked before the last reload are dropped
    bool m_isLoading = false;
    bool m_isComplete = false;
    bool m_isFetchingOlder = false;
    std::optional<api::RowId> m_olderBefore; // where fetchOlder() reads on

    mutable std::optional<int> m_wanted;
    mutable QTimer m_fetch;
    bool m_isFetching = false;

    std::vector<api::Row> m_arrived;
    QTimer m_batch;
};

} // namespace sallyport::ui::egress

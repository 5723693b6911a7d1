#pragma once

#include <deque>

#include <QAbstractTableModel>
#include <QTableView>

#include "engine/api/types.h"

namespace sallyport::ui::handlers {

// The newest lines of the handlers' log, newest first.
class LineModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column
    {
        Time,
        Request, // the number of the egress log's row
        Handler,
        Text,
        ColumnCount,
    };
    static constexpr std::size_t MostLines = 1000;

    using QAbstractTableModel::QAbstractTableModel;

    void setLines(const std::vector<api::HandlerLine>& lines);
    void add(const api::HandlerLine& line);
    [[nodiscard]] const api::HandlerLine& line(int row) const
    {
        return m_lines.at(static_cast<std::size_t>(row));
    }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation, int role) const override;

private:
    std::deque<api::HandlerLine> m_lines;
};

class LineTable : public QTableView
{
    Q_OBJECT

public:
    explicit LineTable(LineModel& model, QWidget* parent = nullptr);

signals:
    // The request of a line, by its number or by Enter.
    void rowRequested(qint64 row);

protected:
    void mouseMoveEvent(QMouseEvent* event) override;
};

} // namespace sallyport::ui::handlers

#pragma once

#include <QStyledItemDelegate>

namespace sallyport::ui::egress {

// Paints the rows of a RowModel: the verdict with its mark, held rows on a tint, long URLs with the
// middle left out, and a mark for the focus of the keyboard on the row.
class RowDelegate : public QStyledItemDelegate
{
    Q_OBJECT

public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter,
               const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
};

} // namespace sallyport::ui::egress

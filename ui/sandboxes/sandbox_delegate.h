#pragma once

#include <QStyledItemDelegate>

namespace sallyport::ui {
class SandboxBook;
}

namespace sallyport::ui::sandboxes {

// Paints the rail's rows: state dot, name, state in words, CPU over the last minutes, questions.
class SandboxDelegate : public QStyledItemDelegate
{
    Q_OBJECT

public:
    explicit SandboxDelegate(const SandboxBook& book, QObject* parent = nullptr);

    void paint(QPainter* painter,
               const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option,
                                 const QModelIndex& index) const override;

private:
    const SandboxBook& m_book;
};

} // namespace sallyport::ui::sandboxes

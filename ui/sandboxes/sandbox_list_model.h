#pragma once

#include <QAbstractListModel>

namespace sallyport::ui {
class SandboxBook;
}

namespace sallyport::ui::sandboxes {

// The rail's rows: "All sandboxes" first, then the sandboxes, oldest first. The delegate reads the
// book itself; the model gives ids and text for everybody else.
class SandboxListModel : public QAbstractListModel
{
    Q_OBJECT

public:
    enum Role
    {
        IdRole = Qt::UserRole, // qint64, 0 for all
    };

    explicit SandboxListModel(SandboxBook& book, QObject* parent = nullptr);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    // Invalid when there is no such sandbox.
    [[nodiscard]] QModelIndex indexOf(qint64 id) const;

private:
    SandboxBook& m_book;
    int m_count = 0; // of sandboxes, as announced to the views
};

} // namespace sallyport::ui::sandboxes

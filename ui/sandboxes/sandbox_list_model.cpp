#include "ui/sandboxes/sandbox_list_model.h"

#include "ui/bridge/sandbox_book.h"
#include "ui/bridge/text.h"
#include "ui/sandboxes/sandbox_text.h"

namespace sallyport::ui::sandboxes {

SandboxListModel::SandboxListModel(SandboxBook& book, QObject* parent)
    : QAbstractListModel(parent)
    , m_book(book)
    , m_count(static_cast<int>(book.sandboxes().size()))
{
    connect(&book, &SandboxBook::reset, this, [this] {
        beginResetModel();
        m_count = static_cast<int>(m_book.sandboxes().size());
        endResetModel();
    });
    connect(&book, &SandboxBook::added, this, [this](int at) {
        beginInsertRows({}, at + 1, at + 1);
        ++m_count;
        endInsertRows();
    });
    connect(&book, &SandboxBook::changed, this,
            [this](int at) { emit dataChanged(index(at + 1), index(at + 1)); });
    connect(&book, &SandboxBook::removed, this, [this](int at, qint64) {
        beginRemoveRows({}, at + 1, at + 1);
        --m_count;
        endRemoveRows();
    });
}

int SandboxListModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : m_count + 1;
}

QVariant SandboxListModel::data(const QModelIndex& index, int role) const
{
    if (index.row() == 0) {
        if (role == Qt::DisplayRole)
            return tr("All sandboxes");
        return role == IdRole ? QVariant(qint64{0}) : QVariant();
    }
    const auto at = static_cast<std::size_t>(index.row() - 1);
    if (!index.isValid() || at >= m_book.sandboxes().size())
        return {};
    const api::Sandbox& sandbox = m_book.sandboxes()[at];
    switch (role) {
    case Qt::DisplayRole:
        return toQt(sandbox.name);
    case IdRole:
        return qint64{sandbox.id};
    case Qt::ToolTipRole:
        return toQt(sandbox.stateReason);
    case Qt::AccessibleTextRole: {
        QString text = toQt(sandbox.name) + QStringLiteral(", ") + stateWord(sandbox.state);
        if (sandbox.openQuestions > 0)
            text += QStringLiteral(", ") + tr("open questions: %1").arg(sandbox.openQuestions);
        return text;
    }
    default:
        return {};
    }
}

QModelIndex SandboxListModel::indexOf(qint64 id) const
{
    for (int row = 0; row < rowCount(); ++row)
        if (index(row).data(IdRole).toLongLong() == id)
            return index(row);
    return {};
}

} // namespace sallyport::ui::sandboxes

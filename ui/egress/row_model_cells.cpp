// The cells of RowModel: text, tool tips and alignment.

#include <QDateTime>
#include <QLocale>

#include "ui/bridge/text.h"
#include "ui/egress/row_model.h"
#include "ui/egress/row_words.h"
#include "ui/policy/rule_book.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/verdict_look.h"

namespace sallyport::ui::egress {

namespace {

constexpr qsizetype MostUrlInCell = 600;

bool isNumeric(int column)
{
    return column == RowModel::Status || column == RowModel::Bytes || column == RowModel::Duration;
}

QString toolTip(const api::Row& row, int column)
{
    switch (column) {
    case RowModel::Time:
        return QLocale().toString(QDateTime::fromMSecsSinceEpoch(row.time), QLocale::LongFormat);
    case RowModel::Url:
        return urlText(row, 2000);
    case RowModel::Verdict:
    case RowModel::DecidedBy:
        return safe(row.reason, 400);
    case RowModel::Duration:
        return row.heldMs > 0 ? RowModel::tr("of which held: %1").arg(durationText(row.heldMs))
                              : QString();
    default:
        return {};
    }
}

} // namespace

QVariant RowModel::cell(const api::Row& row, int column) const
{
    switch (column) {
    case Time:
        return preciseClockText(row.time);
    case Sandbox:
        return safe(row.sandboxName, 40);
    case Method:
        return row.method.empty() ? safe(row.protocol, 12) : safe(row.method, 16);
    case Url:
        return urlText(row, MostUrlInCell);
    case Verdict:
        return lookOf(row).word;
    case DecidedBy:
        return decidedByText(row, row.rule ? m_rules.find(*row.rule) : nullptr);
    case Status:
        return row.status == 0 ? QString() : QString::number(row.status);
    case Bytes:
        return trafficText(row);
    case Duration:
        return row.state == api::RowState::Held || row.state == api::RowState::Open
                   ? QStringLiteral("…")
                   : durationText(row.durationMs);
    default:
        return {};
    }
}

QVariant RowModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid())
        return {};
    if (role == Qt::TextAlignmentRole && isNumeric(index.column()))
        return QVariant::fromValue(Qt::Alignment(Qt::AlignRight | Qt::AlignVCenter));
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole)
        return {};
    const api::Row* row = rowAt(index.row());
    if (row == nullptr)
        return role == Qt::DisplayRole && index.column() == Url ? QStringLiteral("…") : QVariant();
    return role == Qt::DisplayRole ? cell(*row, index.column())
                                   : toolTipText(toolTip(*row, index.column()));
}

QVariant RowModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(Qt::Alignment(
            Qt::AlignVCenter | (isNumeric(section) ? Qt::AlignRight : Qt::AlignLeft)));
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Time:
        return tr("Time");
    case Sandbox:
        return tr("Sandbox");
    case Method:
        return tr("Method");
    case Url:
        return tr("URL");
    case Verdict:
        return tr("Verdict");
    case DecidedBy:
        return tr("Decided by");
    case Status:
        return tr("Status");
    case Bytes:
        return tr("Bytes");
    case Duration:
        return tr("Duration");
    default:
        return {};
    }
}

} // namespace sallyport::ui::egress

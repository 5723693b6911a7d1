#include "ui/egress/row_delegate.h"

#include <QApplication>
#include <QPainter>

#include "ui/egress/row_model.h"
#include "ui/theme/tones.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/verdict_look.h"

namespace sallyport::ui::egress {

namespace {

constexpr int Inset = 8;
constexpr int MarkSide = 14;

QColor textColor(const api::Row& row, int column, const theme::Tones& tones)
{
    if (column == RowModel::Verdict)
        return theme::toneColor(tones, lookOf(row).tone);
    const bool isFailure = row.status >= 500 || row.state == api::RowState::Failed;
    if (column == RowModel::Status && isFailure)
        return tones.warn;
    const bool isMain =
        column == RowModel::Url || column == RowModel::Method || column == RowModel::Status;
    return isMain ? tones.text : tones.muted;
}

// The host stays whole as long as there is room; what is left out is left out of the path.
void paintUrl(QPainter& painter,
              const QRect& area,
              const QFontMetrics& metrics,
              const QString& url,
              const theme::Tones& tones)
{
    const qsizetype scheme =
        url.indexOf(QLatin1String("://")) + 1 > 0 ? url.indexOf(QLatin1String("://")) + 3 : 0;
    const qsizetype slash = url.indexOf(QLatin1Char('/'), scheme);
    const qsizetype path = slash < 0 ? url.size() : slash;
    int x = area.left();
    const auto draw = [&](const QString& part, const QColor& color) {
        const int room = area.right() - x;
        if (part.isEmpty() || room <= 0)
            return;
        const QString shown = metrics.elidedText(part, Qt::ElideMiddle, room);
        painter.setPen(color);
        painter.drawText(QRect(x, area.top(), room, area.height()),
                         Qt::AlignVCenter | Qt::AlignLeft | Qt::TextSingleLine, shown);
        x += metrics.horizontalAdvance(shown);
    };
    draw(url.left(scheme), tones.muted);
    draw(url.mid(scheme, path - scheme), tones.text);
    draw(url.mid(path), tones.muted);
}

} // namespace

void RowDelegate::paint(QPainter* painter,
                        const QStyleOptionViewItem& option,
                        const QModelIndex& index) const
{
    const theme::Tones& tones = theme::tonesOf(QApplication::palette());
    const auto* model = qobject_cast<const RowModel*>(index.model());
    const api::Row* row = model ? model->rowAt(index.row()) : nullptr;
    const bool isSelected = option.state.testFlag(QStyle::State_Selected);
    const bool isHeld = row != nullptr && row->state == api::RowState::Held;
    if (isSelected)
        painter->fillRect(option.rect, tones.accentSoft);
    else if (isHeld)
        painter->fillRect(option.rect, tones.warnSoft);
    if (index.column() == 0 && (isSelected || isHeld))
        painter->fillRect(QRect(option.rect.left(), option.rect.top(), 3, option.rect.height()),
                          isHeld ? tones.warn : tones.accent);

    QRect text = option.rect.adjusted(Inset, 0, -Inset, 0);
    if (index.column() == RowModel::Verdict && row != nullptr) {
        const Look look = lookOf(*row);
        paintMark(*painter, look.mark,
                  QRectF(text.left(), text.center().y() - MarkSide / 2.0 + 0.5, MarkSide, MarkSide),
                  theme::toneColor(tones, look.tone));
        text.setLeft(text.left() + MarkSide + 6);
    }
    painter->setFont(option.font);
    painter->setPen(row ? textColor(*row, index.column(), tones) : tones.muted);
    const QString words = index.data().toString();
    if (index.column() == RowModel::Url) {
        paintUrl(*painter, text, option.fontMetrics, words, tones);
        return;
    }
    const auto alignment = index.data(Qt::TextAlignmentRole);
    painter->drawText(text,
                      static_cast<int>(alignment.isValid() ? alignment.value<Qt::Alignment>()
                                                           : Qt::AlignVCenter | Qt::AlignLeft) |
                          Qt::TextSingleLine,
                      option.fontMetrics.elidedText(words, Qt::ElideRight, text.width()));
}

} // namespace sallyport::ui::egress

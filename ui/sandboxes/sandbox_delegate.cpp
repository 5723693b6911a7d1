#include "ui/sandboxes/sandbox_delegate.h"

#include <QPainter>

#include "ui/bridge/sandbox_book.h"
#include "ui/bridge/text.h"
#include "ui/sandboxes/sandbox_list_model.h"
#include "ui/sandboxes/sandbox_text.h"
#include "ui/theme/icon.h"
#include "ui/theme/sparkline.h"
#include "ui/theme/tones.h"

namespace sallyport::ui::sandboxes {

namespace {

constexpr int Side = 8;       // between the rail's edge and a row
constexpr int Inside = 10;    // between a row's edge and its content
constexpr int DotColumn = 20; // dot or icon
constexpr int SparkWidth = 52;

void paintBack(QPainter& painter,
               const QRect& row,
               const QStyleOptionViewItem& option,
               const theme::Tones& tones)
{
    const bool selected = option.state.testFlag(QStyle::State_Selected);
    const bool hovered = option.state.testFlag(QStyle::State_MouseOver);
    painter.setPen(option.state.testFlag(QStyle::State_HasFocus) && selected
                       ? QPen(tones.accent, 1.5)
                       : QPen(Qt::NoPen));
    painter.setBrush(selected  ? QBrush(tones.accentSoft)
                     : hovered ? QBrush(tones.raised)
                               : QBrush(Qt::NoBrush));
    if (selected || hovered)
        painter.drawRoundedRect(QRectF(row).adjusted(0.75, 0.75, -0.75, -0.75), 7, 7);
}

// Returns the width that it took.
int paintBadge(QPainter& painter, const QRect& content, int count, const theme::Tones& tones)
{
    QFont font = painter.font();
    font.setPointSizeF(font.pointSizeF() * 0.85);
    font.setWeight(QFont::Bold);
    const QString text = count > 99 ? QStringLiteral("99+") : QString::number(count);
    const QFontMetrics metrics(font);
    const int height = metrics.height() + 2;
    const int width = std::max(height, metrics.horizontalAdvance(text) + 10);
    const QRectF badge(content.right() - width + 1, content.top() + 1, width, height);
    painter.save();
    painter.setFont(font);
    painter.setPen(Qt::NoPen);
    painter.setBrush(tones.warn);
    painter.drawRoundedRect(badge, height / 2.0, height / 2.0);
    painter.setPen(tones.surface);
    painter.drawText(badge, Qt::AlignCenter, text);
    painter.restore();
    return width + 6;
}

} // namespace

SandboxDelegate::SandboxDelegate(const SandboxBook& book, QObject* parent)
    : QStyledItemDelegate(parent)
    , m_book(book)
{
}

QSize SandboxDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const QFontMetrics metrics(option.font);
    const int lines = index.row() == 0 ? 1 : 2;
    return {180, lines * metrics.height() + (lines == 1 ? 18 : 20)};
}

void SandboxDelegate::paint(QPainter* painter,
                            const QStyleOptionViewItem& option,
                            const QModelIndex& index) const
{
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setFont(option.font);
    const theme::Tones& tones = theme::tonesOf(option.palette);
    const QRect row = option.rect.adjusted(Side, 1, -Side, -1);
    paintBack(*painter, row, option, tones);
    QRect content = row.adjusted(Inside, 8, -Inside, -8);
    QRect text = content.adjusted(DotColumn, 0, 0, 0);

    const api::Sandbox* sandbox = m_book.find(index.data(SandboxListModel::IdRole).toLongLong());
    if (sandbox == nullptr) {
        theme::paintIcon(*painter, QStringLiteral("layers"),
                         QRectF(content.left() - 2, content.center().y() - 7.5, 16, 16),
                         tones.muted);
        painter->setPen(tones.text);
        painter->drawText(text, Qt::AlignVCenter | Qt::AlignLeft, index.data().toString());
        painter->restore();
        return;
    }

    const int half = content.height() / 2;
    const QColor stateColor = theme::toneColor(tones, stateTone(sandbox->state));
    const QPointF dot(content.left() + 5, content.top() + half / 2.0 + 0.5);
    const bool hollow = canStart(sandbox->state) && sandbox->state != api::SandboxState::Crashed;
    painter->setPen(QPen(stateColor, 1.6));
    painter->setBrush(hollow ? QBrush(Qt::NoBrush) : QBrush(stateColor));
    painter->drawEllipse(dot, 4, 4);

    QRect nameArea(text.left(), text.top(), text.width(), half);
    if (sandbox->openQuestions > 0)
        nameArea.setWidth(nameArea.width() -
                          paintBadge(*painter, nameArea, sandbox->openQuestions, tones));
    QFont bold = option.font;
    bold.setWeight(QFont::DemiBold);
    painter->setFont(bold);
    painter->setPen(tones.text);
    painter->drawText(
        nameArea, Qt::AlignVCenter | Qt::AlignLeft,
        QFontMetrics(bold).elidedText(toQt(sandbox->name), Qt::ElideMiddle, nameArea.width()));

    QRect stateArea(text.left(), text.top() + half, text.width(), content.height() - half);
    const SandboxBook::History history = m_book.history(sandbox->id);
    if (history.cpuPercent.size() > 1) {
        const QRectF spark(stateArea.right() - SparkWidth + 1, stateArea.top() + 2, SparkWidth,
                           stateArea.height() - 3);
        theme::paintSparkline(*painter, spark, history.cpuPercent, SandboxBook::HistoryCapacity / 2,
                              100.0 * sizeOf(sandbox->size).vcpus, tones.accent);
        stateArea.setWidth(stateArea.width() - SparkWidth - 6);
    }
    painter->setFont(option.font);
    painter->setPen(sandbox->state == api::SandboxState::Crashed ? tones.bad : tones.muted);
    painter->drawText(stateArea, Qt::AlignVCenter | Qt::AlignLeft,
                      option.fontMetrics.elidedText(stateLine(*sandbox, nowUnixMillis()),
                                                    Qt::ElideRight, stateArea.width()));
    painter->restore();
}

} // namespace sallyport::ui::sandboxes

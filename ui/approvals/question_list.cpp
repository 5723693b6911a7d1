#include "ui/approvals/question_list.h"

#include <algorithm>

#include <QApplication>
#include <QPainter>
#include <QStyledItemDelegate>

#include "ui/approvals/question_book.h"
#include "ui/approvals/question_card.h"
#include "ui/theme/tones.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/verdict_look.h"

namespace sallyport::ui::approvals {

namespace {

enum Role
{
    IdRole = Qt::UserRole, // 0 for a group
    DetailRole,
    HeldUntilRole, // 0 when nothing waits
};

constexpr int Inset = 10;

class QuestionDelegate : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        const int line = option.fontMetrics.height();
        const bool isGroup = index.data(IdRole).toLongLong() == 0;
        return {120, isGroup ? line + 14 : 2 * line + 16};
    }

    void paint(QPainter* painter,
               const QStyleOptionViewItem& option,
               const QModelIndex& index) const override
    {
        const theme::Tones& tones = theme::tonesOf(QApplication::palette());
        painter->save();
        if (index.data(IdRole).toLongLong() == 0)
            paintGroup(*painter, option, index, tones);
        else
            paintQuestion(*painter, option, index, tones);
        painter->restore();
    }

private:
    static void paintGroup(QPainter& painter,
                           const QStyleOptionViewItem& option,
                           const QModelIndex& index,
                           const theme::Tones& tones)
    {
        QFont font = option.font;
        font.setWeight(QFont::DemiBold);
        painter.setFont(font);
        painter.setPen(tones.muted);
        const QRect area = option.rect.adjusted(Inset, 6, -Inset, 0);
        painter.drawText(
            area, Qt::AlignVCenter | Qt::AlignLeft,
            option.fontMetrics.elidedText(index.data().toString(), Qt::ElideRight, area.width()));
    }

    static void paintQuestion(QPainter& painter,
                              const QStyleOptionViewItem& option,
                              const QModelIndex& index,
                              const theme::Tones& tones)
    {
        painter.setRenderHint(QPainter::Antialiasing);
        const QRectF box = QRectF(option.rect).adjusted(4, 1, -4, -1);
        const bool isHover = option.state.testFlag(QStyle::State_MouseOver);
        if (option.state.testFlag(QStyle::State_Selected) || isHover) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(option.state.testFlag(QStyle::State_Selected) ? tones.accentSoft
                                                                           : tones.raised);
            painter.drawRoundedRect(box, 6, 6);
        }
        const qint64 until = index.data(HeldUntilRole).toLongLong();
        const qint64 left = until - nowUnixMillis();
        const bool isHeld = left > 0;
        const int line = option.fontMetrics.height();
        const QRect text = option.rect.adjusted(Inset + 24, 7, -Inset, -7);
        paintMark(painter, isHeld ? Mark::Hourglass : Mark::Question,
                  QRectF(option.rect.left() + Inset, text.top() + (line - 15) / 2.0, 15, 15),
                  isHeld ? tones.warn : tones.muted);
        painter.setPen(tones.text);
        painter.drawText(
            QRect(text.left(), text.top(), text.width(), line), Qt::AlignVCenter,
            option.fontMetrics.elidedText(index.data().toString(), Qt::ElideMiddle, text.width()));
        painter.setPen(tones.muted);
        const QString detail =
            isHeld ? QuestionList::tr("held, %1 more").arg(leftText(left))
                   : QuestionList::tr("missed, %1").arg(index.data(DetailRole).toString());
        painter.drawText(QRect(text.left(), text.top() + line + 2, text.width(), line),
                         Qt::AlignVCenter,
                         option.fontMetrics.elidedText(detail, Qt::ElideRight, text.width()));
    }
};

} // namespace

QuestionList::QuestionList(QWidget* parent)
    : QListWidget(parent)
{
    setItemDelegate(new QuestionDelegate(this));
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    setMouseTracking(true);
    setUniformItemSizes(false);
    connect(this, &QListWidget::currentItemChanged, this, [this](const QListWidgetItem* item) {
        const qint64 id = item ? item->data(IdRole).toLongLong() : 0;
        if (!m_isFilling && id != 0)
            emit chosen(id);
    });
}

void QuestionList::setQuestions(const std::vector<api::Question>& questions,
                                api::QuestionId current)
{
    m_isFilling = true;
    clear();
    api::SandboxId group = 0;
    for (const api::Question& question : questions) {
        if (question.sandbox != group) {
            group = question.sandbox;
            addGroup(question, static_cast<int>(std::count_if(
                                   questions.begin(), questions.end(),
                                   [group](const auto& q) { return q.sandbox == group; })));
        }
        addQuestion(question, question.id == current);
    }
    m_isFilling = false;
}

void QuestionList::addGroup(const api::Question& first, int count)
{
    auto* item = new QListWidgetItem(
        QStringLiteral("%1 · %2").arg(safe(first.sandboxName, 40), QString::number(count)), this);
    item->setData(IdRole, 0);
    item->setFlags(Qt::ItemIsEnabled);
}

void QuestionList::addQuestion(const api::Question& question, bool isCurrent)
{
    const QString host = hostText(question.host, 60);
    auto* item = new QListWidgetItem(
        question.method.empty() ? host : safe(question.method, 16) + QLatin1Char(' ') + host, this);
    const bool isHeld = QuestionBook::isHeld(question, nowUnixMillis());
    item->setData(IdRole, static_cast<qint64>(question.id));
    item->setData(DetailRole, momentText(question.askedAt));
    item->setData(HeldUntilRole, isHeld ? static_cast<qint64>(*question.heldUntil) : 0);
    item->setToolTip(toolTipText(QuestionCard::sentence(question)));
    item->setData(Qt::AccessibleTextRole,
                  isHeld ? QuestionCard::sentence(question)
                         : tr("%1 (missed)").arg(QuestionCard::sentence(question)));
    if (isCurrent)
        setCurrentItem(item);
}

} // namespace sallyport::ui::approvals

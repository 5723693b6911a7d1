#include "ui/policy/rule_table.h"

#include <algorithm>

#include <QApplication>
#include <QHeaderView>
#include <QKeyEvent>
#include <QPainter>
#include <QStyledItemDelegate>

#include "ui/policy/rule_table_model.h"
#include "ui/theme/tones.h"
#include "ui/widgets/verdict_look.h"

namespace sallyport::ui::policy {

namespace {

constexpr int MostRowsShown = 14;
constexpr int RowPadding = 12;
constexpr int Inset = 8;
constexpr int LeastPatternWidth = 240;

// Where a click switches the rule.
QRectF checkArea(const QRect& cell)
{
    return {cell.center().x() - 7.5, cell.center().y() - 7.0, 15, 15};
}

void paintCheck(QPainter& painter,
                const QStyleOptionViewItem& option,
                bool isChecked,
                const theme::Tones& tones)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF box = checkArea(option.rect).adjusted(0.5, 0.5, -0.5, -0.5);
    painter.setPen(QPen(isChecked ? tones.accent : tones.strong, 1));
    painter.setBrush(isChecked ? tones.accent : tones.surface);
    painter.drawRoundedRect(box, 4, 4);
    if (isChecked) {
        painter.setPen(QPen(tones.accentText, 1.8, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        painter.drawPolyline(QPolygonF{box.topLeft() + QPointF(3.4, 7.2),
                                       box.topLeft() + QPointF(6.0, 9.8),
                                       box.topLeft() + QPointF(10.6, 4.4)});
    }
    painter.restore();
}

// Rules that are switched off are dimmed.
class RuleDelegate : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    // The whole cell of the check box is its target.
    bool editorEvent(QEvent* event,
                     QAbstractItemModel* model,
                     const QStyleOptionViewItem&,
                     const QModelIndex& index) override
    {
        if (index.column() != RuleTableModel::Enabled)
            return false;
        const bool isClick = event->type() == QEvent::MouseButtonRelease &&
                             static_cast<QMouseEvent*>(event)->button() == Qt::LeftButton;
        if (!isClick)
            return false;
        const bool isOn = index.data(Qt::CheckStateRole).toInt() == Qt::Checked;
        model->setData(index, isOn ? Qt::Unchecked : Qt::Checked, Qt::CheckStateRole);
        return true;
    }

    void paint(QPainter* painter,
               const QStyleOptionViewItem& option,
               const QModelIndex& index) const override
    {
        const auto* model = qobject_cast<const RuleTableModel*>(index.model());
        const api::Rule* rule = model ? model->ruleAt(index.row()) : nullptr;
        if (rule == nullptr)
            return;
        const theme::Tones& tones = theme::tonesOf(QApplication::palette());
        if (option.state.testFlag(QStyle::State_Selected))
            painter->fillRect(option.rect, tones.accentSoft);
        if (index.column() == RuleTableModel::Enabled) {
            paintCheck(*painter, option, rule->enabled, tones);
            return;
        }
        QRect text = option.rect.adjusted(Inset, 0, -Inset, 0);
        const Look look = lookOf(rule->action);
        const bool isAction = index.column() == RuleTableModel::Action;
        QColor color = isAction                                    ? toneColor(tones, look.tone)
                       : index.column() == RuleTableModel::Pattern ? tones.text
                                                                   : tones.muted;
        if (!rule->enabled)
            color = tones.muted;
        if (isAction) {
            paintMark(*painter, look.mark, QRectF(text.left(), text.center().y() - 6.5, 14, 14),
                      color);
            text.setLeft(text.left() + 20);
        }
        painter->setPen(color);
        QFont font = option.font;
        font.setStrikeOut(!rule->enabled && index.column() == RuleTableModel::Pattern);
        painter->setFont(font);
        const bool isNumber = index.column() == RuleTableModel::Hits;
        painter->drawText(
            text,
            int(Qt::AlignVCenter) | int(isNumber ? Qt::AlignRight : Qt::AlignLeft) |
                int(Qt::TextSingleLine),
            option.fontMetrics.elidedText(index.data().toString(), Qt::ElideMiddle, text.width()));
    }
};

} // namespace

RuleTable::RuleTable(RuleTableModel& model, QWidget* parent)
    : QTableView(parent)
    , m_model(model)
{
    setModel(&model);
    setItemDelegate(new RuleDelegate(this));
    setAccessibleName(tr("Rules"));
    setShowGrid(false);
    setWordWrap(false);
    setSelectionBehavior(QAbstractItemView::SelectRows);
    setSelectionMode(QAbstractItemView::SingleSelection);
    setEditTriggers(QAbstractItemView::NoEditTriggers);
    setTabKeyNavigation(false);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    verticalHeader()->setDefaultSectionSize(fontMetrics().height() + RowPadding);
    QHeaderView* header = horizontalHeader();
    header->setHighlightSections(false);
    header->setMinimumSectionSize(34);
    const auto width = [this](const QString& sample) {
        return fontMetrics().horizontalAdvance(sample) + 26;
    };
    header->resizeSection(RuleTableModel::Enabled, 40);
    header->resizeSection(RuleTableModel::Action, width(tr("Allow")) + 24);
    header->resizeSection(RuleTableModel::Scope, width(tr("Sandbox")) + 8);
    header->resizeSection(RuleTableModel::Origin, width(tr("Made by")));
    header->resizeSection(RuleTableModel::Hits, width(QStringLiteral("00,000")));
    header->resizeSection(RuleTableModel::LastHit, width(tr("00 Mmm 00:00")));
    header->resizeSection(RuleTableModel::TimeLeft, width(tr("until stop")));
    header->setSectionResizeMode(RuleTableModel::Pattern, QHeaderView::Stretch);
    for (const auto change : {&QAbstractItemModel::rowsInserted, &QAbstractItemModel::rowsRemoved})
        connect(&model, change, this, &RuleTable::fitHeight);
    connect(&model, &QAbstractItemModel::modelReset, this, &RuleTable::fitHeight);
    connect(this, &QTableView::doubleClicked, this, [this](const QModelIndex& index) {
        if (index.column() != RuleTableModel::Enabled)
            emit editWanted();
    });
    fitHeight();
}

const api::Rule* RuleTable::selectedRule() const
{
    const QModelIndexList rows = selectionModel()->selectedRows();
    return rows.isEmpty() ? nullptr : m_model.ruleAt(rows.first().row());
}

void RuleTable::selectRule(qint64 id)
{
    const int row = m_model.rowOf(id);
    if (row < 0)
        return;
    selectRow(row);
    scrollTo(m_model.index(row, 0));
}

void RuleTable::fitHeight()
{
    const int rows = std::clamp(m_model.rowCount(), 1, MostRowsShown);
    setFixedHeight(horizontalHeader()->sizeHint().height() +
                   rows * verticalHeader()->defaultSectionSize() + 2);
}

void RuleTable::fitColumns()
{
    int room = viewport()->width() - LeastPatternWidth;
    for (const int column : {RuleTableModel::Enabled, RuleTableModel::Action,
                             RuleTableModel::TimeLeft, RuleTableModel::Hits, RuleTableModel::Scope,
                             RuleTableModel::Origin, RuleTableModel::LastHit}) {
        setColumnHidden(column, false);
        const int width = columnWidth(column);
        const bool isShown =
            column == RuleTableModel::Enabled || column == RuleTableModel::Action || width <= room;
        setColumnHidden(column, !isShown);
        room -= isShown ? width : 0;
    }
}

void RuleTable::resizeEvent(QResizeEvent* event)
{
    QTableView::resizeEvent(event);
    fitColumns();
}

void RuleTable::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Delete)
        emit removeWanted();
    else if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        emit editWanted();
    else if (event->key() == Qt::Key_Space && selectedRule() != nullptr)
        m_model.setData(m_model.index(currentIndex().row(), RuleTableModel::Enabled),
                        selectedRule()->enabled ? Qt::Unchecked : Qt::Checked, Qt::CheckStateRole);
    else
        QTableView::keyPressEvent(event);
}

} // namespace sallyport::ui::policy

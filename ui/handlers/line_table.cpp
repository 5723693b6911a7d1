#include "ui/handlers/line_table.h"

#include <QApplication>
#include <QHeaderView>
#include <QMouseEvent>

#include "ui/theme/tones.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"

namespace sallyport::ui::handlers {

namespace {

QString textOf(const api::HandlerLine& line)
{
    const QString text = safe(line.text, 2000).simplified();
    if (line.line == 0)
        return text;
    return QStringLiteral("%1:%2: %3").arg(line.line).arg(line.column).arg(text);
}

theme::Tone toneOf(api::LineLevel level)
{
    if (level == api::LineLevel::Error)
        return theme::Tone::Bad;
    if (level == api::LineLevel::Warning)
        return theme::Tone::Warn;
    return level == api::LineLevel::Debug ? theme::Tone::Muted : theme::Tone::Text;
}

} // namespace

void LineModel::setLines(const std::vector<api::HandlerLine>& lines)
{
    beginResetModel();
    m_lines.assign(lines.begin(), lines.end());
    endResetModel();
}

void LineModel::add(const api::HandlerLine& line)
{
    if (!m_lines.empty() && line.id <= m_lines.front().id)
        return; // listed meanwhile
    beginInsertRows({}, 0, 0);
    m_lines.push_front(line);
    endInsertRows();
    if (m_lines.size() > MostLines) {
        const int last = static_cast<int>(m_lines.size()) - 1;
        beginRemoveRows({}, last, last);
        m_lines.pop_back();
        endRemoveRows();
    }
}

int LineModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_lines.size());
}

int LineModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant LineModel::data(const QModelIndex& index, int role) const
{
    const api::HandlerLine& line = this->line(index.row());
    if (role == Qt::DisplayRole) {
        if (index.column() == Time)
            return preciseClockText(line.time);
        if (index.column() == Request)
            return line.row ? QString::number(*line.row) : QStringLiteral("—");
        return index.column() == Handler ? safe(line.handler, 60) : textOf(line);
    }
    if (role == Qt::ToolTipRole && index.column() == Request && line.row)
        return tr("Show this request in the egress log");
    if (role == Qt::ToolTipRole && index.column() == Text)
        return toolTipText(safe(line.text, 2000));
    if (role == Qt::FontRole && index.column() == Text)
        return theme::monospaceFont();
    if (role == Qt::FontRole && index.column() == Request && line.row) {
        QFont font = QApplication::font();
        font.setUnderline(true); // it leads somewhere
        return font;
    }
    if (role == Qt::ForegroundRole) {
        const theme::Tone tone = index.column() == Text ? toneOf(line.level) : theme::Tone::Muted;
        return theme::toneColor(theme::tonesOf(QApplication::palette()), tone);
    }
    return {};
}

QVariant LineModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Time:
        return tr("Time");
    case Request:
        return tr("Row");
    case Handler:
        return tr("Handler");
    default:
        return tr("Line");
    }
}

LineTable::LineTable(LineModel& model, QWidget* parent)
    : QTableView(parent)
{
    setObjectName(QStringLiteral("handlerLines"));
    setAccessibleName(tr("What the handlers wrote"));
    setModel(&model);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setShowGrid(false);
    setWordWrap(false);
    setTabKeyNavigation(false);
    setFrameShape(QFrame::NoFrame);
    verticalHeader()->hide();
    verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 10);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setStretchLastSection(true);
    horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    setColumnWidth(LineModel::Time, 110);
    setColumnWidth(LineModel::Request, 70);
    setColumnWidth(LineModel::Handler, 120);
    setMouseTracking(true);
    const auto request = [this, &model](const QModelIndex& index) {
        if (const auto row = model.line(index.row()).row)
            emit rowRequested(*row);
    };
    connect(this, &QTableView::clicked, this, [request](const QModelIndex& index) {
        if (index.column() == LineModel::Request)
            request(index);
    });
    connect(this, &QTableView::activated, this, request);
}

void LineTable::mouseMoveEvent(QMouseEvent* event)
{
    QTableView::mouseMoveEvent(event);
    const QModelIndex under = indexAt(event->position().toPoint());
    const bool isLink = under.isValid() && under.column() == LineModel::Request &&
                        static_cast<LineModel*>(model())->line(under.row()).row.has_value();
    viewport()->setCursor(isLink ? Qt::PointingHandCursor : Qt::ArrowCursor);
}

} // namespace sallyport::ui::handlers

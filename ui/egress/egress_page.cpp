#include "ui/egress/egress_page.h"

#include <QAction>
#include <QButtonGroup>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QScrollBar>
#include <QSplitter>
#include <QStackedWidget>
#include <QStyle>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/egress/detail_pane.h"
#include "ui/egress/filter_edit.h"
#include "ui/egress/row_delegate.h"
#include "ui/theme/icon.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/toast.h"

namespace sallyport::ui::egress {

namespace {

constexpr int RowPadding = 11;
constexpr int LeastUrlWidth = 260;
constexpr int LeastWidthForTwo = 860; // below it the details stand under the table
constexpr int NearTheTop = 40;        // rows from the oldest loaded at which more are fetched

} // namespace

EgressPage::EgressPage(EngineLink& link, QWidget* parent)
    : QWidget(parent)
    , m_link(link)
    , m_sandboxes(link)
    , m_rules(link)
    , m_model(link, m_rules)
{
    m_splitter = new QSplitter(Qt::Horizontal, this);
    m_splitter->setChildrenCollapsible(false);
    m_pages = new QStackedWidget(m_splitter);
    m_pages->addWidget(makeTable());
    m_pages->addWidget(makeEmpty());
    m_detail = new DetailPane(link, m_rules, m_splitter);
    m_detail->setObjectName(QStringLiteral("egressDetail"));
    m_detail->setMinimumSize(300, 160);
    m_detail->hide();
    m_splitter->addWidget(m_pages);
    m_splitter->addWidget(m_detail);
    m_splitter->setStretchFactor(0, 1);
    m_splitter->setSizes({700, 380});

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(makeBar());
    column->addWidget(m_splitter, 1);
    m_toast = new Toast(this);

    connect(&m_model, &RowModel::loaded, this, [this] {
        onRowsChanged();
        setFollowing(true);
    });
    connect(&m_model, &RowModel::appended, this, &EgressPage::onAppended);
    connect(&m_model, &QAbstractItemModel::rowsAboutToBeInserted, this,
            [this] { m_topId = m_model.idAt(m_table->rowAt(0)); });
    connect(&m_model, &RowModel::prepended, this, &EgressPage::onPrepended);
    connect(&m_model, &QAbstractItemModel::rowsRemoved, this, &EgressPage::onRowsChanged);
    connect(&m_model, &QAbstractItemModel::dataChanged, this, [this] {
        const int at = m_model.rowOf(m_detail->rowId());
        const api::Row* row = m_detail->isVisible() ? m_model.rowAt(at) : nullptr;
        if (row != nullptr && row->state != m_detail->detail().row.state)
            m_detail->refresh(*row);
    });
    connect(&m_model, &RowModel::failed, this, [this](const QString& problem) {
        m_problem->setText(tr("The log cannot be read: %1").arg(problem));
        m_problem->show();
    });
    for (const auto change : {&policy::RuleBook::changed, &policy::RuleBook::removed})
        connect(&m_rules, change, m_table->viewport(), qOverload<>(&QWidget::update));
    connect(&m_sandboxes, &SandboxBook::reset, this, [this] {
        if (m_filter->text().contains(QLatin1String("sandbox:"))) // names may mean others now
            applyFilter();
    });
    connect(m_detail, &DetailPane::allowHost, this,
            [this](const api::Row& row) { addHostRule(row, api::Action::Allow); });
    connect(m_detail, &DetailPane::denyHost, this,
            [this](const api::Row& row) { addHostRule(row, api::Action::Deny); });
    connect(m_detail, &DetailPane::tunnelHost, this, &EgressPage::tunnelHost);
    connect(m_detail, &DetailPane::ruleRequested, this, &EgressPage::ruleRequested);
    connect(m_detail, &DetailPane::questionRequested, this, &EgressPage::questionRequested);
    connect(m_detail, &DetailPane::closeRequested, this, &EgressPage::hideDetail);
    onRowsChanged();
}

QWidget* EgressPage::makeBar()
{
    auto* bar = new QWidget(this);
    auto* row = new QHBoxLayout;
    row->setSpacing(4);
    m_filter = new FilterEdit(
        [this](const QString& word) {
            QStringList names;
            for (const api::Sandbox& sandbox : m_sandboxes.sandboxes())
                names.append(toQt(sandbox.name));
            return completionsFor(word, names);
        },
        bar);
    m_filter->setObjectName(QStringLiteral("egressFilter"));
    m_filter->setAccessibleName(tr("Filter"));
    m_filter->setPlaceholderText(tr("Filter: words, host: method: verdict: status: state:"));
    QAction* picture = m_filter->addAction(
        theme::icon(QStringLiteral("filter"), theme::Tone::Muted), QLineEdit::LeadingPosition);
    picture->setText(tr("Filter"));
    connect(picture, &QAction::triggered, m_filter, qOverload<>(&QWidget::setFocus));
    connect(m_filter, &FilterEdit::settled, this, &EgressPage::applyFilter);
    row->addWidget(m_filter, 1);
    row->addSpacing(theme::Gap);
    m_toggles = new QButtonGroup(this);
    addToggle(row, All, tr("All"), "egressAll");
    addToggle(row, Denied, tr("Denied"), "egressDenied");
    addToggle(row, Waiting, tr("Waiting"), "egressWaiting");
    addToggle(row, Errors, tr("Errors"), "egressErrors");
    m_toggles->button(All)->setChecked(true);
    connect(m_toggles, &QButtonGroup::idClicked, this, &EgressPage::applyFilter);
    row->addSpacing(theme::Gap);
    m_count = theme::mutedLabel({}, bar);
    m_count->setObjectName(QStringLiteral("egressCount"));
    row->addWidget(m_count);
    row->addSpacing(theme::Gap);
    m_follow = new QToolButton(bar);
    m_follow->setObjectName(QStringLiteral("egressFollow"));
    m_follow->setText(tr("Follow"));
    m_follow->setIcon(theme::icon(QStringLiteral("down")));
    m_follow->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_follow->setCheckable(true);
    m_follow->setToolTip(tr("Keep the newest request in view. Scrolling up lets go."));
    connect(m_follow, &QToolButton::clicked, this, &EgressPage::setFollowing);
    row->addWidget(m_follow);

    m_problem = theme::bodyLabel({}, bar);
    m_problem->setObjectName(QStringLiteral("egressProblem"));
    theme::setLabelTone(m_problem, theme::Tone::Bad);
    m_problem->hide();
    auto* column = new QVBoxLayout(bar);
    column->setContentsMargins(theme::Pad, 10, theme::Pad, 10);
    column->addLayout(row);
    column->addWidget(m_problem);
    return bar;
}

void EgressPage::addToggle(QHBoxLayout* row,
                           Toggle toggle,
                           const QString& text,
                           const char* objectName)
{
    auto* button = new QToolButton(this);
    button->setObjectName(QLatin1String(objectName));
    button->setText(text);
    button->setCheckable(true);
    m_toggles->addButton(button, toggle);
    row->addWidget(button);
}

QWidget* EgressPage::makeTable()
{
    auto* area = new QWidget(this);
    m_table = new QTableView(area);
    m_table->setObjectName(QStringLiteral("egressTable"));
    m_table->setAccessibleName(tr("Requests"));
    m_table->setModel(&m_model);
    m_table->setItemDelegate(new RowDelegate(m_table));
    m_table->setShowGrid(false);
    m_table->setWordWrap(false);
    m_table->setMouseTracking(false);
    m_table->setFrameShape(QFrame::NoFrame);
    m_table->setStyleSheet(QStringLiteral("QTableView { border: none; }"));
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setTabKeyNavigation(false);
    m_table->setContextMenuPolicy(Qt::CustomContextMenu);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    m_table->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + RowPadding);
    m_table->horizontalHeader()->setHighlightSections(false);
    m_table->horizontalHeader()->setMinimumSectionSize(40);
    sizeColumns();
    m_table->viewport()->installEventFilter(this);
    connect(m_table->verticalScrollBar(), &QScrollBar::valueChanged, this, &EgressPage::onScrolled);
    connect(m_table->verticalScrollBar(), &QScrollBar::rangeChanged, this, [this] {
        if (m_isFollowing)
            setFollowing(true);
    });
    connect(m_table, &QWidget::customContextMenuRequested, this, &EgressPage::showMenu);
    // The selection, not the current row: that one moves by itself when the table gets the focus.
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &EgressPage::showDetail);

    m_new = new QPushButton(area);
    m_new->setObjectName(QStringLiteral("egressNew"));
    theme::makePrimary(m_new);
    m_new->hide();
    connect(m_new, &QPushButton::clicked, this, [this] { setFollowing(true); });
    auto* grid = new QGridLayout(area);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->addWidget(m_table, 0, 0);
    auto* floating = new QVBoxLayout;
    floating->setContentsMargins(0, 0, 0, theme::Pad);
    floating->addStretch(1);
    floating->addWidget(m_new, 0, Qt::AlignHCenter);
    grid->addLayout(floating, 0, 0, Qt::AlignBottom | Qt::AlignHCenter);
    return area;
}

void EgressPage::sizeColumns()
{
    QHeaderView* header = m_table->horizontalHeader();
    const auto width = [this](const char* sample) {
        return fontMetrics().horizontalAdvance(QLatin1String(sample)) + 24;
    };
    header->resizeSection(RowModel::Time, width("00:00:00.000"));
    header->resizeSection(RowModel::Sandbox, width("agent-name-1"));
    header->resizeSection(RowModel::Method, width("OPTIONS"));
    header->resizeSection(RowModel::Verdict, width("Allowed, open") + 20);
    header->resizeSection(RowModel::DecidedBy, width("Rule: POST api.example"));
    header->resizeSection(RowModel::Status, width("Status") + 6);
    header->resizeSection(RowModel::Bytes, width("00.0 kB  000.0 kB  ii"));
    header->resizeSection(RowModel::Duration, width("Duration") + 6);
    header->setSectionResizeMode(RowModel::Url, QHeaderView::Stretch);
    header->setStretchLastSection(false);
}

// Keeps the URL readable: where there is little room the columns go that the details show too.
void EgressPage::fitColumns()
{
    QHeaderView* header = m_table->horizontalHeader();
    const auto isWanted = [this](int column) {
        return column != RowModel::Sandbox || m_sandbox == 0;
    };
    int room = m_table->viewport()->width() - LeastUrlWidth;
    for (const int column :
         {RowModel::Time, RowModel::Method, RowModel::Verdict, RowModel::Status, RowModel::Sandbox,
          RowModel::DecidedBy, RowModel::Bytes, RowModel::Duration}) {
        if (header->sectionSize(column) > 0)
            m_widths[static_cast<std::size_t>(column)] = header->sectionSize(column);
        const int width = m_widths[static_cast<std::size_t>(column)];
        const bool isEssential =
            column == RowModel::Time || column == RowModel::Method || column == RowModel::Verdict;
        const bool isShown = isWanted(column) && (isEssential || width <= room);
        header->setSectionHidden(column, !isShown);
        room -= isShown ? width : 0;
    }
}

QWidget* EgressPage::makeEmpty()
{
    auto* page = new QWidget(this);
    page->setObjectName(QStringLiteral("egressEmpty"));
    auto* column = new QVBoxLayout(page);
    column->setSpacing(theme::Gap);
    auto* picture = new QLabel(page);
    picture->setPixmap(theme::icon(QStringLiteral("egress"), theme::Tone::Muted).pixmap(40, 40));
    picture->setAlignment(Qt::AlignHCenter);
    m_emptyTitle = theme::headingLabel({}, page);
    m_emptyTitle->setObjectName(QStringLiteral("egressEmptyTitle"));
    m_emptyTitle->setAlignment(Qt::AlignHCenter);
    m_emptyText = theme::bodyLabel({}, page);
    theme::setLabelTone(m_emptyText, theme::Tone::Muted);
    m_emptyText->setAlignment(Qt::AlignHCenter);
    m_clear = new QPushButton(tr("&Clear the filter"), page);
    m_clear->setObjectName(QStringLiteral("egressClear"));
    connect(m_clear, &QPushButton::clicked, this, [this] {
        m_toggles->button(All)->setChecked(true);
        m_filter->clear();
        applyFilter();
    });
    column->addStretch(1);
    column->addWidget(picture);
    column->addWidget(m_emptyTitle);
    column->addWidget(m_emptyText);
    column->addWidget(m_clear, 0, Qt::AlignHCenter);
    column->addStretch(2);
    return page;
}

void EgressPage::setSandbox(qint64 idOr0)
{
    m_sandbox = idOr0;
    fitColumns();
    hideDetail();
    applyFilter();
}

void EgressPage::setFilterText(const QString& text)
{
    m_filter->setText(text);
    applyFilter();
}

void EgressPage::applyFilter()
{
    Filter filter =
        parseFilter(m_filter->text(), [this](const QString& name) -> std::optional<api::SandboxId> {
            if (const api::Sandbox* sandbox = m_sandboxes.findByName(fromQt(name)))
                return sandbox->id;
            const qint64 id = name.toLongLong();
            return m_sandboxes.find(id) ? std::optional(id) : std::nullopt;
        });
    if (m_sandbox != 0)
        filter.wire.sandbox = m_sandbox;
    switch (m_toggles->checkedId()) {
    case Denied:
        filter.wire.verdict = api::Action::Deny;
        break;
    case Waiting:
        filter.wire.state = api::RowState::Held;
        break;
    case Errors:
        filter.wire.state = api::RowState::Failed;
        break;
    default:
        break;
    }
    m_problem->setText(filter.problem);
    m_problem->setVisible(!filter.problem.isEmpty());
    m_filter->setProperty("invalid", !filter.problem.isEmpty());
    m_filter->style()->unpolish(m_filter); // the style sheet reads the property anew
    m_filter->style()->polish(m_filter);
    m_newCount = 0;
    m_model.setFilter(filter);
}

void EgressPage::setFollowing(bool isFollowing)
{
    m_isFollowing = isFollowing;
    m_follow->setChecked(isFollowing);
    if (isFollowing) {
        m_newCount = 0;
        m_isAdjusting = true;
        m_table->scrollToBottom();
        m_isAdjusting = false;
    }
    updateCounts();
}

void EgressPage::onScrolled(int value)
{
    if (m_isAdjusting)
        return;
    const bool isAtEnd = value >= m_table->verticalScrollBar()->maximum();
    if (isAtEnd != m_isFollowing)
        setFollowing(isAtEnd);
    if (value < NearTheTop)
        m_model.fetchOlder();
}

void EgressPage::onAppended(int count)
{
    if (!m_isFollowing)
        m_newCount += count;
    onRowsChanged();
    if (m_isFollowing)
        setFollowing(true);
}

void EgressPage::onPrepended(int)
{
    const int top = m_model.rowOf(m_topId);
    if (!m_isFollowing && top >= 0) {
        m_isAdjusting = true;
        m_table->scrollTo(m_model.index(top, 0), QAbstractItemView::PositionAtTop);
        m_isAdjusting = false;
    }
    onRowsChanged();
    if (m_isFollowing)
        setFollowing(true);
}

void EgressPage::onRowsChanged()
{
    const bool isFiltered = !m_filter->text().trimmed().isEmpty() || m_toggles->checkedId() > 0;
    m_pages->setCurrentIndex(m_model.rowCount() > 0 ? 0 : 1);
    m_clear->setVisible(isFiltered);
    m_emptyTitle->setText(isFiltered ? tr("Nothing matches") : tr("No requests yet"));
    m_emptyText->setText(isFiltered
                             ? tr("No request in the log matches this filter.")
                             : tr("Everything that the sandbox sends to the network shows here, "
                                  "live, with who decided about it and why."));
    updateCounts();
}

void EgressPage::updateCounts()
{
    const int rows = m_model.rowCount();
    const QString number =
        QLocale().toString(rows) + (m_model.isComplete() ? QString() : QStringLiteral("+"));
    m_count->setText(rows == 1 ? tr("1 request") : tr("%1 requests").arg(number));
    m_new->setVisible(m_newCount > 0);
    m_new->setText(tr("%1 new").arg(QLocale().toString(m_newCount)));
}

void EgressPage::showDetail()
{
    const QModelIndexList selected = m_table->selectionModel()->selectedRows();
    const api::Row* row = selected.isEmpty() ? nullptr : m_model.rowAt(selected.first().row());
    if (row == nullptr || (m_detail->isVisible() && m_detail->rowId() == row->id))
        return;
    showDetailOf(*row);
    m_table->scrollTo(selected.first());
}

void EgressPage::showDetailOf(const api::Row& row)
{
    m_detail->setRow(row);
    if (m_detail->isHidden()) {
        m_detail->show();
        shareRoom();
    }
}

void EgressPage::showRow(qint64 row)
{
    m_link.call("log.get", {{"row", row}}, this, [this, row](const Result<api::Json>& reply) {
        const auto detail =
            reply ? api::member<api::Row>(*reply, "row") : tl::unexpected(reply.error());
        if (!detail) {
            m_toast->showMessage(
                tr("Row %1 can't be shown: %2").arg(row).arg(safe(detail.error().text, 300)));
            return;
        }
        setFollowing(false);
        showDetailOf(*detail);
        if (const int at = m_model.rowOf(row); at >= 0) {
            m_table->selectRow(at);
            m_table->scrollTo(m_model.index(at, 0));
        }
    });
}

void EgressPage::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    const Qt::Orientation wanted = width() < LeastWidthForTwo ? Qt::Vertical : Qt::Horizontal;
    if (wanted == m_splitter->orientation())
        return;
    m_splitter->setOrientation(wanted);
    shareRoom();
}

void EgressPage::shareRoom()
{
    const bool isBelow = m_splitter->orientation() == Qt::Vertical;
    m_splitter->setSizes(isBelow ? QList<int>{400, 500} : QList<int>{700, 380});
}

void EgressPage::hideDetail()
{
    m_detail->hide();
    m_table->clearSelection();
    m_table->setCurrentIndex({});
}

bool EgressPage::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::Resize)
        fitColumns();
    return QWidget::eventFilter(watched, event);
}

void EgressPage::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape && m_detail->isVisible())
        hideDetail();
    else
        QWidget::keyPressEvent(event);
}

} // namespace sallyport::ui::egress

#include "ui/sandboxes/recent_requests.h"

#include <algorithm>

#include <QAction>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/verdict_look.h"

namespace sallyport::ui::sandboxes {

namespace {

constexpr std::size_t MostRows = 10;
constexpr int RowHeight = 28;
constexpr int RedrawMs = 100;

enum Column
{
    Time,
    Verdict,
    Method,
    Address,
    Status,
    ColumnCount,
};

} // namespace

RecentRequests::RecentRequests(EngineLink& link, QAction* showAll, QWidget* parent)
    : theme::Card(parent)
    , m_link(link)
    , m_table(new QTableWidget(0, ColumnCount, this))
    , m_nothing(theme::mutedLabel(tr("Nothing has gone out yet."), this))
{
    setObjectName(QStringLiteral("recentRequests"));
    m_table->setObjectName(QStringLiteral("recentTable"));
    m_table->setAccessibleName(tr("Recent requests"));
    m_table->horizontalHeader()->hide();
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setDefaultSectionSize(RowHeight);
    m_table->setShowGrid(false);
    m_table->setProperty("kind", QStringLiteral("plain"));
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setSelectionMode(QAbstractItemView::NoSelection);
    m_table->setFocusPolicy(Qt::NoFocus);
    m_table->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_table->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_table->setTextElideMode(Qt::ElideMiddle);
    m_table->setWordWrap(false);
    QHeaderView* header = m_table->horizontalHeader();
    header->setSectionResizeMode(QHeaderView::ResizeToContents);
    header->setSectionResizeMode(Address, QHeaderView::Stretch);

    QPushButton* all = theme::actionButton(showAll, this, tr("Show all"));
    all->setObjectName(QStringLiteral("recentShowAll"));
    auto* head = new QHBoxLayout;
    head->addWidget(theme::headingLabel(tr("Recent requests"), this));
    head->addStretch();
    head->addWidget(all);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(theme::Pad, 12, theme::Pad, 12);
    column->setSpacing(theme::Gap);
    column->addLayout(head);
    column->addWidget(m_nothing);
    column->addWidget(m_table);

    m_redraw.setSingleShot(true);
    m_redraw.setInterval(RedrawMs);
    connect(&m_redraw, &QTimer::timeout, this, &RecentRequests::show);
    connect(&m_link, &EngineLink::connected, this, &RecentRequests::fetch);
    connect(&m_link, &EngineLink::rowsMissed, this, &RecentRequests::fetch);
    connect(&m_link, &EngineLink::rowStored, this, &RecentRequests::take);
    show();
}

void RecentRequests::setSandbox(qint64 id)
{
    if (id == m_sandbox)
        return;
    m_sandbox = id;
    m_rows.clear();
    show();
    fetch();
}

void RecentRequests::fetch()
{
    if (m_sandbox == 0 || !m_link.isConnected())
        return;
    api::RowFilter filter;
    filter.sandbox = m_sandbox;
    m_link.call("log.list", {{"filter", api::toJson(filter)}, {"limit", MostRows}}, this,
                [this, wanted = m_sandbox](const auto& reply) {
                    if (!reply || wanted != m_sandbox)
                        return;
                    const auto page = api::fromJson<api::RowPage>(*reply);
                    if (!page)
                        return;
                    m_rows.assign(page->rows.begin(), page->rows.end());
                    show();
                });
}

void RecentRequests::take(const api::Row& row)
{
    if (row.sandbox != m_sandbox)
        return;
    const auto found = std::find_if(m_rows.begin(), m_rows.end(),
                                    [&row](const api::Row& old) { return old.id == row.id; });
    if (found != m_rows.end())
        *found = row;
    else if (m_rows.empty() || row.id > m_rows.front().id)
        m_rows.push_front(row);
    if (m_rows.size() > MostRows)
        m_rows.pop_back();
    if (!m_redraw.isActive())
        m_redraw.start();
}

void RecentRequests::show()
{
    m_table->setRowCount(static_cast<int>(m_rows.size()));
    for (int at = 0; at < static_cast<int>(m_rows.size()); ++at) {
        const api::Row& row = m_rows[static_cast<std::size_t>(at)];
        const Look look = lookOf(row);
        const auto put = [this, at](int column, const QString& text) {
            auto* item = new QTableWidgetItem(text);
            m_table->setItem(at, column, item);
            return item;
        };
        put(Time, clockText(row.time));
        put(Verdict, look.word)->setIcon(markIcon(look.mark, look.tone));
        put(Method, safe(row.method, 16));
        QTableWidgetItem* address = put(Address, urlText(row, 300));
        address->setToolTip(safe(row.reason, 300));
        put(Status, row.status == 0 ? QString() : QString::number(row.status));
    }
    m_table->setFixedHeight(static_cast<int>(m_rows.size()) * RowHeight + 2);
    m_table->setVisible(!m_rows.empty());
    m_nothing->setVisible(m_rows.empty());
    emit changed();
}

} // namespace sallyport::ui::sandboxes

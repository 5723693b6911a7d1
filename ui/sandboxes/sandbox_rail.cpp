#include "ui/sandboxes/sandbox_rail.h"

#include <algorithm>

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QListView>
#include <QMenu>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/bridge/sandbox_book.h"
#include "ui/sandboxes/sandbox_delegate.h"
#include "ui/sandboxes/sandbox_list_model.h"
#include "ui/theme/widgets.h"

namespace sallyport::ui::sandboxes {

namespace {

constexpr int TickMs = 10'000;

} // namespace

SandboxRail::SandboxRail(SandboxBook& book, QAction* create, QMenu* menu, QWidget* parent)
    : QWidget(parent)
    , m_model(new SandboxListModel(book, this))
    , m_view(new QListView(this))
{
    setObjectName(QStringLiteral("rail"));
    setAttribute(Qt::WA_StyledBackground);
    m_view->setObjectName(QStringLiteral("sandboxList"));
    m_view->setAccessibleName(tr("Sandboxes"));
    m_view->setModel(m_model);
    m_view->setItemDelegate(new SandboxDelegate(book, m_view));
    m_view->setFrameShape(QFrame::NoFrame);
    m_view->setMouseTracking(true);
    m_view->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_view->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_view->setContextMenuPolicy(Qt::CustomContextMenu);

    QPushButton* button = theme::actionButton(create, this);
    button->setObjectName(QStringLiteral("railCreate"));
    auto* foot = new QHBoxLayout;
    foot->setContentsMargins(12, theme::Gap, 12, 12);
    foot->addWidget(button);

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, theme::Gap, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_view, 1);
    column->addLayout(foot);

    connect(m_view->selectionModel(), &QItemSelectionModel::currentChanged, this,
            [this](const QModelIndex& index) {
                if (!index.isValid())
                    return;
                m_currentRow = index.row();
                const qint64 id = index.data(SandboxListModel::IdRole).toLongLong();
                if (id == m_current)
                    return;
                m_current = id;
                emit selected(id);
            });
    connect(m_view, &QListView::activated, this, [this](const QModelIndex& index) {
        emit activated(index.data(SandboxListModel::IdRole).toLongLong());
    });
    connect(m_view, &QListView::customContextMenuRequested, this, [this, menu](QPoint at) {
        const QModelIndex index = m_view->indexAt(at);
        if (!index.isValid() || index.row() == 0)
            return;
        m_view->setCurrentIndex(index);
        menu->popup(m_view->viewport()->mapToGlobal(at));
    });
    connect(m_model, &QAbstractItemModel::modelReset, this, &SandboxRail::restoreSelection);
    connect(m_model, &QAbstractItemModel::rowsRemoved, this, &SandboxRail::restoreSelection);
    connect(&m_tick, &QTimer::timeout, m_view->viewport(), qOverload<>(&QWidget::update));
    m_tick.start(TickMs);
    restoreSelection();
}

void SandboxRail::select(qint64 id)
{
    const QModelIndex index = m_model->indexOf(id);
    if (!index.isValid())
        return;
    m_view->setCurrentIndex(index);
    m_view->scrollTo(index);
}

void SandboxRail::selectNext(int step)
{
    const int count = m_model->rowCount();
    m_view->setCurrentIndex(m_model->index((m_currentRow + step + count) % count));
}

void SandboxRail::focusList()
{
    m_view->setFocus(Qt::ShortcutFocusReason);
}

QSize SandboxRail::sizeHint() const
{
    return {240, 400};
}

void SandboxRail::restoreSelection()
{
    QModelIndex index = m_model->indexOf(m_current);
    if (!index.isValid())
        index = m_model->index(std::min(m_currentRow, m_model->rowCount() - 1));
    m_view->setCurrentIndex(index);
}

} // namespace sallyport::ui::sandboxes

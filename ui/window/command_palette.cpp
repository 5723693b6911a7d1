#include "ui/window/command_palette.h"

#include <algorithm>

#include <QAction>
#include <QApplication>
#include <QGraphicsDropShadowEffect>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include "ui/theme/widgets.h"
#include "ui/window/window_actions.h"

namespace sallyport::ui::window {

namespace {

constexpr int Width = 520;
constexpr int RowHeight = 32;
constexpr int MostVisibleRows = 10;
constexpr int TopGap = 60;
constexpr int ActionRole = Qt::UserRole;
constexpr int KeysRole = Qt::UserRole + 1;

// Puts the keys at the right end of the row.
class PaletteDelegate : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter,
               const QStyleOptionViewItem& option,
               const QModelIndex& index) const override
    {
        QStyledItemDelegate::paint(painter, option, index);
        painter->save();
        painter->setFont(option.font);
        painter->setPen(theme::tonesOf(option.palette).muted);
        painter->drawText(option.rect.adjusted(0, 0, -12, 0), Qt::AlignRight | Qt::AlignVCenter,
                          index.data(KeysRole).toString());
        painter->restore();
    }
};

} // namespace

CommandPalette::CommandPalette(QWidget* window)
    : QFrame(window)
    , m_input(new QLineEdit(this))
    , m_list(new QListWidget(this))
{
    setObjectName(QStringLiteral("commandPalette"));
    setProperty("kind", QStringLiteral("card"));
    setAutoFillBackground(true);
    m_input->setObjectName(QStringLiteral("paletteInput"));
    m_input->setPlaceholderText(tr("What do you want to do?"));
    m_input->setAccessibleName(tr("Command"));
    m_input->setClearButtonEnabled(true);
    m_list->setObjectName(QStringLiteral("paletteList"));
    m_list->setAccessibleName(tr("Commands"));
    m_list->setProperty("kind", QStringLiteral("plain"));
    m_list->setItemDelegate(new PaletteDelegate(m_list));
    m_list->setIconSize({16, 16});
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setUniformItemSizes(true);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* shadow = new QGraphicsDropShadowEffect(this);
    shadow->setBlurRadius(32);
    shadow->setOffset(0, 8);
    shadow->setColor(QColor(0, 0, 0, 90));
    setGraphicsEffect(shadow);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(10, 10, 10, 10);
    column->setSpacing(theme::Gap);
    column->addWidget(m_input);
    column->addWidget(m_list);
    m_input->installEventFilter(this);
    connect(m_input, &QLineEdit::textChanged, this, &CommandPalette::filter);
    connect(m_input, &QLineEdit::returnPressed, this, &CommandPalette::run);
    connect(m_list, &QListWidget::itemClicked, this, &CommandPalette::run);
    hide();
}

void CommandPalette::open(const std::vector<QAction*>& actions)
{
    m_focusBefore = QApplication::focusWidget();
    m_actions = actions;
    m_input->clear();
    filter();
    const int width = std::min(Width, parentWidget()->width() - 2 * theme::Pad);
    setGeometry((parentWidget()->width() - width) / 2, TopGap, width, sizeHint().height());
    show();
    raise();
    m_input->setFocus();
}

void CommandPalette::filter()
{
    const QStringList words = m_input->text().split(QLatin1Char(' '), Qt::SkipEmptyParts);
    m_list->clear();
    for (QAction* action : m_actions) {
        if (!action->isEnabled())
            continue;
        const QString text = plainText(action);
        const bool matches = std::all_of(words.begin(), words.end(), [&](const QString& word) {
            return text.contains(word, Qt::CaseInsensitive);
        });
        if (!matches)
            continue;
        const QString keys = action->shortcut().toString(QKeySequence::NativeText);
        auto* item = new QListWidgetItem(action->icon(), text);
        item->setData(ActionRole, QVariant::fromValue<QObject*>(action));
        item->setData(KeysRole, keys);
        item->setSizeHint({100, RowHeight});
        m_list->addItem(item);
    }
    m_list->setCurrentRow(0);
    const int rows = std::clamp(m_list->count(), 1, MostVisibleRows);
    m_list->setFixedHeight(rows * RowHeight + 4);
    resize(width(), sizeHint().height());
}

void CommandPalette::run()
{
    const QListWidgetItem* item = m_list->currentItem();
    if (item == nullptr)
        return;
    auto* action = qobject_cast<QAction*>(item->data(ActionRole).value<QObject*>());
    close();
    if (action != nullptr)
        action->trigger();
}

void CommandPalette::close()
{
    if (!isVisible())
        return;
    const bool hadFocus = m_input->hasFocus();
    hide();
    if (hadFocus && m_focusBefore)
        m_focusBefore->setFocus();
    m_focusBefore = nullptr;
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::FocusOut) {
        // Not while a menu or another window has it for a moment.
        if (static_cast<QFocusEvent*>(event)->reason() == Qt::MouseFocusReason ||
            static_cast<QFocusEvent*>(event)->reason() == Qt::TabFocusReason)
            close();
    }
    if (event->type() == QEvent::KeyPress) {
        auto* key = static_cast<QKeyEvent*>(event);
        if (key->key() == Qt::Key_Escape) {
            close();
            return true;
        }
        if (key->key() == Qt::Key_Down || key->key() == Qt::Key_Up ||
            key->key() == Qt::Key_PageDown || key->key() == Qt::Key_PageUp) {
            QApplication::sendEvent(m_list, event);
            return true;
        }
    }
    return QFrame::eventFilter(watched, event);
}

} // namespace sallyport::ui::window

#include "ui/window/shortcuts_sheet.h"

#include <utility>

#include <QAction>
#include <QHeaderView>
#include <QTableWidget>
#include <QVBoxLayout>

#include "ui/theme/widgets.h"
#include "ui/window/window_actions.h"

namespace sallyport::ui::window {

ShortcutsSheet::ShortcutsSheet(const std::vector<QAction*>& actions, QWidget* parent)
    : QDialog(parent)
{
    setObjectName(QStringLiteral("shortcutsSheet"));
    setWindowTitle(tr("Keyboard shortcuts"));
    setAttribute(Qt::WA_DeleteOnClose);

    std::vector<std::pair<QString, QString>> rows;
    for (const QAction* action : actions) {
        QStringList keys;
        for (const QKeySequence& key : action->shortcuts())
            keys << key.toString(QKeySequence::NativeText);
        if (!keys.isEmpty())
            rows.emplace_back(plainText(action), keys.join(tr(" or ")));
    }
    rows.emplace_back(tr("Terminal: copy, paste"), tr("Ctrl+Shift+C, Ctrl+Shift+V"));
    rows.emplace_back(tr("Terminal: leave it by keyboard"), tr("Ctrl+Shift+Left or Right"));
    rows.emplace_back(tr("Terminal: scroll back"), tr("Shift+PgUp, Shift+PgDown"));
    rows.emplace_back(tr("Terminal: select where the program reads the mouse"), tr("Shift+drag"));

    auto* table = new QTableWidget(static_cast<int>(rows.size()), 2, this);
    table->setObjectName(QStringLiteral("shortcutsTable"));
    table->setAccessibleName(windowTitle());
    table->horizontalHeader()->hide();
    table->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    table->horizontalHeader()->setStretchLastSection(true);
    table->verticalHeader()->hide();
    table->verticalHeader()->setDefaultSectionSize(28);
    table->setShowGrid(false);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    for (int row = 0; row < table->rowCount(); ++row) {
        const auto& [what, keys] = rows[static_cast<std::size_t>(row)];
        table->setItem(row, 0, new QTableWidgetItem(what));
        table->setItem(row, 1, new QTableWidgetItem(keys));
    }
    table->setCurrentCell(0, 0);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(theme::Pad, theme::Pad, theme::Pad, theme::Pad);
    column->addWidget(table);
    resize(560, 560);
}

} // namespace sallyport::ui::window

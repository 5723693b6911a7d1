#pragma once

#include <QTimer>
#include <QWidget>

class QAction;
class QListView;
class QMenu;

namespace sallyport::ui {
class SandboxBook;
}

namespace sallyport::ui::sandboxes {

class SandboxListModel;

// The list on the left. Keeps its selection by id through changes; when the selected sandbox goes,
// its neighbour is selected. GUI thread.
class SandboxRail : public QWidget
{
    Q_OBJECT

public:
    // `create` is the button below the list; `menu` opens on a right click, for the row under it.
    SandboxRail(SandboxBook& book, QAction* create, QMenu* menu, QWidget* parent = nullptr);

    // 0: all sandboxes.
    [[nodiscard]] qint64 current() const { return m_current; }
    void select(qint64 id);
    void selectNext(int step);
    void focusList();

    [[nodiscard]] QSize sizeHint() const override;

signals:
    void selected(qint64 id);
    // Double click or Enter.
    void activated(qint64 id);

private:
    void restoreSelection();

    SandboxListModel* m_model;
    QListView* m_view;
    QTimer m_tick; // up times grow
    qint64 m_current = 0;
    int m_currentRow = 0;
};

} // namespace sallyport::ui::sandboxes

#pragma once

#include <QTableView>

#include "engine/api/types.h"

namespace sallyport::ui::policy {

class RuleTableModel;

// The rules as a table that is as high as its rows, up to a limit, since it stands within a page
// that scrolls.
class RuleTable : public QTableView
{
    Q_OBJECT

public:
    explicit RuleTable(RuleTableModel& model, QWidget* parent = nullptr);

    // Null when no rule is selected.
    [[nodiscard]] const api::Rule* selectedRule() const;
    void selectRule(qint64 id);

signals:
    void editWanted();
    void removeWanted();

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void fitHeight();
    void fitColumns();

    RuleTableModel& m_model;
};

} // namespace sallyport::ui::policy

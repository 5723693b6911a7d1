#pragma once

#include <vector>

#include <QAbstractTableModel>
#include <QTimer>

#include "engine/api/types.h"
#include "ui/policy/rule_book.h"

namespace sallyport::ui {
class SandboxBook;
}

namespace sallyport::ui::policy {

// The rules that apply to a sandbox, deny rules first, then by pattern. GUI thread.
class RuleTableModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column
    {
        Enabled,
        Action,
        Pattern,
        Scope,
        Origin,
        Hits,
        LastHit,
        TimeLeft,
        ColumnCount,
    };

    RuleTableModel(const RuleBook& rules, const SandboxBook& sandboxes, QObject* parent = nullptr);

    // 0 shows all rules.
    void setSandbox(api::SandboxId idOr0);
    // Null when there is none at that row. Valid until control returns to the event loop.
    [[nodiscard]] const api::Rule* ruleAt(int row) const;
    [[nodiscard]] int rowOf(api::RuleId id) const;

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant
    headerData(int section, Qt::Orientation orientation, int role) const override;
    // Of the check box: changes nothing here, tells of the wish.
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;

signals:
    void enabledWanted(qint64 rule, bool isEnabled);

private:
    void refill();
    void takeChange(qint64 id);
    void tick();
    [[nodiscard]] QString sandboxName(const api::Rule& rule) const;
    [[nodiscard]] QString text(const api::Rule& rule, int column) const;
    [[nodiscard]] static QString toolTip(const api::Rule& rule);

    const RuleBook& m_book;
    const SandboxBook& m_sandboxes;
    api::SandboxId m_sandbox = 0;
    std::vector<api::Rule> m_rules;
    QTimer m_countdown;
};

} // namespace sallyport::ui::policy

#include "ui/policy/rule_table_model.h"

#include <algorithm>
#include <tuple>

#include <QLocale>

#include "ui/bridge/sandbox_book.h"
#include "ui/bridge/text.h"
#include "ui/policy/rule_text.h"
#include "ui/widgets/display_text.h"

namespace sallyport::ui::policy {

namespace {

constexpr int TickMs = 1000;

bool isEnded(const api::Rule& rule)
{
    return rule.expiresAt && *rule.expiresAt <= nowUnixMillis();
}

auto order(const api::Rule& rule)
{
    return std::make_tuple(rule.action == api::Action::Allow, rule.match.host, rule.match.method,
                           rule.match.path, rule.id);
}

} // namespace

RuleTableModel::RuleTableModel(const RuleBook& rules, const SandboxBook& sandboxes, QObject* parent)
    : QAbstractTableModel(parent)
    , m_book(rules)
    , m_sandboxes(sandboxes)
{
    connect(&rules, &RuleBook::reset, this, &RuleTableModel::refill);
    connect(&rules, &RuleBook::changed, this, &RuleTableModel::takeChange);
    connect(&rules, &RuleBook::removed, this, [this](qint64 id) {
        const int row = rowOf(id);
        if (row < 0)
            return;
        beginRemoveRows({}, row, row);
        m_rules.erase(m_rules.begin() + row);
        endRemoveRows();
    });
    m_countdown.setInterval(TickMs);
    connect(&m_countdown, &QTimer::timeout, this, &RuleTableModel::tick);
    m_countdown.start();
}

void RuleTableModel::setSandbox(api::SandboxId idOr0)
{
    m_sandbox = idOr0;
    refill();
}

void RuleTableModel::refill()
{
    beginResetModel();
    m_rules = m_book.applyingTo(m_sandbox);
    std::sort(m_rules.begin(), m_rules.end(),
              [](const auto& a, const auto& b) { return order(a) < order(b); });
    endResetModel();
}

// Hits come every second: a rule that stays in its place is changed in place.
void RuleTableModel::takeChange(qint64 id)
{
    const api::Rule* rule = m_book.find(id);
    const int row = rowOf(id);
    if (rule != nullptr && row >= 0) {
        api::Rule& shown = m_rules[static_cast<std::size_t>(row)];
        const bool staysHere = order(shown) == order(*rule) && shown.sandbox == rule->sandbox;
        if (staysHere) {
            shown = *rule;
            emit dataChanged(index(row, 0), index(row, ColumnCount - 1));
            return;
        }
    }
    refill();
}

void RuleTableModel::tick()
{
    for (int row = 0; row < rowCount(); ++row) {
        if (m_rules[static_cast<std::size_t>(row)].expiresAt)
            emit dataChanged(index(row, TimeLeft), index(row, TimeLeft));
    }
}

const api::Rule* RuleTableModel::ruleAt(int row) const
{
    return row >= 0 && row < rowCount() ? &m_rules[static_cast<std::size_t>(row)] : nullptr;
}

int RuleTableModel::rowOf(api::RuleId id) const
{
    const auto found = std::find_if(m_rules.begin(), m_rules.end(),
                                    [id](const api::Rule& rule) { return rule.id == id; });
    return found == m_rules.end() ? -1 : static_cast<int>(found - m_rules.begin());
}

int RuleTableModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rules.size());
}

int RuleTableModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

Qt::ItemFlags RuleTableModel::flags(const QModelIndex& index) const
{
    Qt::ItemFlags flags = QAbstractTableModel::flags(index);
    return index.column() == Enabled ? flags | Qt::ItemIsUserCheckable : flags;
}

QString RuleTableModel::sandboxName(const api::Rule& rule) const
{
    const api::Sandbox* sandbox = rule.sandbox ? m_sandboxes.find(*rule.sandbox) : nullptr;
    return sandbox ? safe(sandbox->name, 40) : QString();
}

QString RuleTableModel::text(const api::Rule& rule, int column) const
{
    switch (column) {
    case Action:
        return actionText(rule.action);
    case Pattern:
        return matchText(rule.match);
    case Scope:
        return rule.sandbox ? sandboxName(rule) : tr("All");
    case Origin:
        return rule.origin == api::RuleOrigin::Answer ? tr("Answer") : tr("You");
    case Hits:
        return QLocale().toString(static_cast<qlonglong>(rule.hits));
    case LastHit:
        return rule.lastHitAt ? momentText(*rule.lastHitAt) : QStringLiteral("—");
    case TimeLeft:
        if (isEnded(rule))
            return tr("expired");
        if (rule.expiresAt)
            return leftText(*rule.expiresAt - nowUnixMillis());
        return rule.untilStop ? tr("until stop") : tr("always");
    default:
        return {};
    }
}

QString RuleTableModel::toolTip(const api::Rule& rule)
{
    QStringList lines;
    if (!rule.reason.empty())
        lines.append(tr("The guest reads: %1").arg(safe(rule.reason, 300)));
    if (!rule.note.empty())
        lines.append(safe(rule.note, 300));
    lines.append(tr("Made %1").arg(momentText(rule.createdAt)));
    return toolTipText(lines.join(QLatin1Char('\n')));
}

QVariant RuleTableModel::data(const QModelIndex& index, int role) const
{
    const api::Rule* rule = ruleAt(index.row());
    if (rule == nullptr)
        return {};
    if (role == Qt::CheckStateRole && index.column() == Enabled)
        return rule->enabled ? Qt::Checked : Qt::Unchecked;
    if (role == Qt::TextAlignmentRole && index.column() == Hits)
        return QVariant::fromValue(Qt::Alignment(Qt::AlignRight | Qt::AlignVCenter));
    if (role == Qt::AccessibleTextRole && index.column() == Enabled)
        return rule->enabled ? tr("in force") : tr("switched off");
    if (role == Qt::ToolTipRole)
        return toolTip(*rule);
    return role == Qt::DisplayRole ? text(*rule, index.column()) : QVariant();
}

bool RuleTableModel::setData(const QModelIndex& index, const QVariant& value, int role)
{
    const api::Rule* rule = ruleAt(index.row());
    if (rule == nullptr || role != Qt::CheckStateRole || index.column() != Enabled)
        return false;
    emit enabledWanted(rule->id, value.toInt() == Qt::Checked);
    return false;
}

QVariant RuleTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(
            Qt::Alignment(Qt::AlignVCenter | (section == Hits ? Qt::AlignRight : Qt::AlignLeft)));
    if (role == Qt::ToolTipRole && section == Enabled)
        return tr("Whether the rule is in force");
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Enabled:
        return tr("On");
    case Action:
        return tr("Action");
    case Pattern:
        return tr("Requests");
    case Scope:
        return tr("Sandbox");
    case Origin:
        return tr("Made by");
    case Hits:
        return tr("Hits");
    case LastHit:
        return tr("Last hit");
    case TimeLeft:
        return tr("Ends in");
    default:
        return {};
    }
}

} // namespace sallyport::ui::policy

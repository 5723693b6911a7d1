#include "ui/policy/host_list.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QStyle>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/bridge/text.h"
#include "ui/theme/icon.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/flow_layout.h"

namespace sallyport::ui::policy {

namespace {

constexpr int MostChips = 200;
constexpr int MostEntry = 300;

} // namespace

HostList::HostList(const QString& label, const QString& name, Check check, QWidget* parent)
    : QWidget(parent)
    , m_name(name)
    , m_check(std::move(check))
    , m_chips(new QWidget(this))
    , m_flow(new FlowLayout(m_chips))
    , m_edit(new QLineEdit(this))
    , m_add(new QPushButton(tr("Add"), this))
    , m_problem(theme::bodyLabel({}, this))
{
    m_edit->setObjectName(name + QStringLiteral("Edit"));
    m_edit->setMaxLength(MostEntry);
    m_edit->setPlaceholderText(label);
    m_edit->setAccessibleName(label);
    m_add->setObjectName(name + QStringLiteral("Add"));
    m_add->setEnabled(false);
    m_problem->setObjectName(name + QStringLiteral("Problem"));
    theme::setLabelTone(m_problem, theme::Tone::Bad);
    m_problem->hide();
    auto* row = new QHBoxLayout;
    row->setSpacing(theme::Gap);
    row->addWidget(m_edit, 1);
    row->addWidget(m_add);
    row->addStretch(1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addWidget(m_chips);
    column->addLayout(row);
    column->addWidget(m_problem);
    connect(m_edit, &QLineEdit::textChanged, this, &HostList::judge);
    connect(m_edit, &QLineEdit::returnPressed, this, &HostList::add);
    connect(m_add, &QPushButton::clicked, this, &HostList::add);
}

void HostList::setEntries(const QStringList& entries)
{
    if (entries == m_entries && m_flow->count() > 0)
        return;
    m_entries = entries;
    while (QLayoutItem* item = m_flow->takeAt(0)) {
        item->widget()->hide();
        item->widget()->deleteLater();
        delete item;
    }
    for (qsizetype i = 0; i < std::min<qsizetype>(entries.size(), MostChips); ++i)
        addChip(entries.at(i));
    if (entries.size() > MostChips)
        m_flow->addWidget(
            theme::mutedLabel(tr("and %1 more").arg(entries.size() - MostChips), m_chips));
    m_chips->setVisible(!entries.isEmpty());
    m_chips->updateGeometry();
}

void HostList::addChip(const QString& entry)
{
    auto* chip = new theme::Card(m_chips);
    auto* row = new QHBoxLayout(chip);
    row->setContentsMargins(9, 1, 2, 1);
    row->setSpacing(2);
    row->addWidget(new QLabel(chip));
    auto* label = qobject_cast<QLabel*>(row->itemAt(0)->widget());
    label->setTextFormat(Qt::PlainText);
    label->setText(hostText(fromQt(entry), 60));
    label->setToolTip(toolTipText(safe(fromQt(entry), MostEntry)));
    auto* remove = new QToolButton(chip);
    remove->setObjectName(m_name + QStringLiteral("Remove"));
    remove->setIcon(theme::icon(QStringLiteral("cross"), theme::Tone::Muted));
    remove->setIconSize(QSize(12, 12));
    remove->setAccessibleName(tr("Remove %1").arg(entry));
    row->addWidget(remove);
    connect(remove, &QToolButton::clicked, this, [this, entry] {
        QStringList rest = m_entries;
        rest.removeAll(entry);
        emit removed(entry);
        emit changeWanted(rest);
    });
    m_flow->addWidget(chip);
    chip->show();
}

void HostList::judge()
{
    const QString text = m_edit->text().trimmed();
    const QString problem = text.isEmpty() ? QString() : m_check(text);
    m_problem->setText(problem);
    m_problem->setVisible(!problem.isEmpty());
    m_add->setEnabled(!text.isEmpty() && problem.isEmpty());
    m_edit->setProperty("invalid", !problem.isEmpty());
    m_edit->style()->unpolish(m_edit);
    m_edit->style()->polish(m_edit);
}

void HostList::add()
{
    const QString text = m_edit->text().trimmed().toLower();
    if (text.isEmpty() || !m_check(text).isEmpty())
        return;
    m_edit->clear();
    if (m_entries.contains(text))
        return;
    emit changeWanted(m_entries + QStringList{text});
}

} // namespace sallyport::ui::policy

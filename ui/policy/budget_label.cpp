#include "ui/policy/budget_label.h"

#include "engine/api/budgets.h"
#include "engine/api/json.h"
#include "engine/api/settings.h"
#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"

namespace sallyport::ui::policy {

namespace {

constexpr int EveryMs = 3000;
constexpr int MostLines = 8;

QString lineOf(const api::BudgetUse& use)
{
    const QString used =
        use.mostRequests > 0
            ? BudgetLabel::tr("%1 of %2 requests").arg(use.requests).arg(use.mostRequests)
            : BudgetLabel::tr("%1 of %2").arg(bytesText(use.bytes), bytesText(use.mostBytes));
    const bool isUsedUp = use.mostRequests > 0 ? use.requests >= use.mostRequests
                                               : use.bytes >= use.mostBytes;
    const QString where = use.hosts.empty() ? BudgetLabel::tr("all hosts") : safe(use.hosts, 60);
    const QString time = toQt(api::settingText(api::SettingType::Time, use.windowMs));
    return BudgetLabel::tr("%1 in %2, %3%4")
        .arg(used, time, where, isUsedUp ? BudgetLabel::tr(": used up") : QString());
}

} // namespace

BudgetLabel::BudgetLabel(EngineLink& link, QWidget* parent)
    : QLabel(parent)
    , m_link(link)
{
    setObjectName(QStringLiteral("budgetUse"));
    setTextFormat(Qt::PlainText);
    setWordWrap(true);
    theme::setLabelTone(this, theme::Tone::Muted);
    setAccessibleName(tr("Used of the budgets"));
    hide();
    m_timer.setInterval(EveryMs);
    connect(&m_timer, &QTimer::timeout, this, [this] {
        if (parentWidget() != nullptr && parentWidget()->isVisible())
            fetch();
    });
    connect(&m_link, &EngineLink::connected, this, &BudgetLabel::fetch);
    connect(&m_link, &EngineLink::settingChanged, this, &BudgetLabel::fetch);
    m_timer.start();
}

void BudgetLabel::setSandbox(qint64 idOr0)
{
    m_sandbox = idOr0;
    hide();
    fetch();
}

void BudgetLabel::fetch()
{
    if (m_sandbox == 0 || !m_link.isConnected())
        return;
    m_link.call("budgets.list", {{"sandbox", m_sandbox}}, this,
                [this, asked = m_sandbox](const Result<api::Json>& reply) {
                    if (asked != m_sandbox || !reply)
                        return;
                    const auto uses = api::member<std::vector<api::BudgetUse>>(*reply, "budgets");
                    if (!uses)
                        return;
                    QStringList lines;
                    for (const api::BudgetUse& use : *uses) {
                        if (lines.size() == MostLines) {
                            lines += tr("and %n more", nullptr, static_cast<int>(uses->size()) - MostLines);
                            break;
                        }
                        lines += lineOf(use);
                    }
                    setText(lines.join(QLatin1Char('\n')));
                    setVisible(!lines.isEmpty());
                });
}

} // namespace sallyport::ui::policy

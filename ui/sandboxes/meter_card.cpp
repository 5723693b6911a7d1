#include "ui/sandboxes/meter_card.h"

#include <algorithm>

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QVBoxLayout>

#include "ui/bridge/sandbox_book.h"
#include "ui/theme/icon.h"
#include "ui/theme/sparkline.h"

namespace sallyport::ui::sandboxes {

MeterCard::MeterCard(const QString& title, const QString& iconName, QWidget* parent)
    : theme::Card(parent)
    , m_value(theme::titleLabel(QStringLiteral("–"), this))
    , m_detail(theme::mutedLabel({}, this))
    , m_history(new theme::SparklineView(this))
    , m_share(new QProgressBar(this))
{
    setAccessibleName(title);
    auto* picture = new QLabel(this);
    picture->setPixmap(theme::icon(iconName, theme::Tone::Muted).pixmap(16, 16));
    auto* head = new QHBoxLayout;
    head->setSpacing(6);
    head->addWidget(picture);
    head->addWidget(theme::mutedLabel(title, this));
    head->addStretch();
    head->addWidget(m_detail);

    m_share->setRange(0, 1000);
    m_share->setTextVisible(false);
    m_share->setFixedHeight(6);
    m_share->hide();

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(theme::Pad, 14, theme::Pad, 14);
    column->setSpacing(6);
    column->addLayout(head);
    column->addWidget(m_value);
    column->addStretch();
    column->addWidget(m_history);
    column->addWidget(m_share);
    setMinimumWidth(150);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setMinimumHeight(136);
}

void MeterCard::setTexts(const QString& value, const QString& detail)
{
    m_value->setText(value);
    m_detail->setText(detail);
    setAccessibleDescription(value + QLatin1Char(' ') + detail);
}

void MeterCard::setHistory(const QString& value,
                           const QString& detail,
                           const std::vector<double>& samples,
                           double most)
{
    setTexts(value, detail);
    m_history->setSamples(samples, SandboxBook::HistoryCapacity, most);
}

void MeterCard::setShare(const QString& value, const QString& detail, double share)
{
    setTexts(value, detail);
    m_history->hide();
    m_share->show();
    m_share->setValue(static_cast<int>(std::clamp(share, 0.0, 1.0) * 1000));
}

} // namespace sallyport::ui::sandboxes

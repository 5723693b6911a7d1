#include "ui/policy/ladder_step.h"

#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>

#include "ui/theme/widgets.h"

namespace sallyport::ui::policy {

namespace {

constexpr int Gutter = 44; // for the number and the line
constexpr int Radius = 13;
constexpr int Top = 2;

} // namespace

LadderStepView::LadderStepView(int number, const QString& title, QWidget* parent)
    : QWidget(parent)
    , m_number(number)
    , m_title(theme::headingLabel(title, this))
    , m_text(theme::bodyLabel({}, this))
    , m_column(new QVBoxLayout(this))
{
    m_text->setObjectName(QStringLiteral("ladderText"));
    theme::setLabelTone(m_text, theme::Tone::Muted);
    m_column->setContentsMargins(Gutter, Top + 3, 0, 26);
    m_column->setSpacing(5);
    m_column->addWidget(m_title);
    m_column->addWidget(m_text);
}

void LadderStepView::setText(const QString& text)
{
    m_text->setText(text);
    m_text->setVisible(!text.isEmpty());
}

QString LadderStepView::text() const
{
    return m_text->text();
}

void LadderStepView::addContent(QWidget* content)
{
    m_column->addSpacing(4);
    m_column->addWidget(content);
}

void LadderStepView::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const theme::Tones& tones = theme::tonesOf(palette());
    const QPointF centre(Radius + 1, Top + Radius);
    if (!m_isLast) {
        painter.setPen(QPen(tones.border, 2));
        painter.drawLine(QPointF(centre.x(), centre.y() + Radius + 4),
                         QPointF(centre.x(), height()));
    }
    painter.setPen(QPen(tones.strong, 1));
    painter.setBrush(tones.surface);
    painter.drawEllipse(centre, Radius, Radius);
    QFont bold = font();
    bold.setWeight(QFont::DemiBold);
    painter.setFont(bold);
    painter.setPen(tones.muted);
    painter.drawText(QRectF(centre.x() - Radius, centre.y() - Radius, 2 * Radius, 2 * Radius),
                     Qt::AlignCenter, QString::number(m_number));
}

} // namespace sallyport::ui::policy

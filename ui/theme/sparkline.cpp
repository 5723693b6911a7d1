#include "ui/theme/sparkline.h"

#include <algorithm>

#include <QPainter>
#include <QPainterPath>

#include "ui/theme/tones.h"

namespace sallyport::ui::theme {

void paintSparkline(QPainter& painter,
                    const QRectF& into,
                    const std::vector<double>& samples,
                    std::size_t capacity,
                    double most,
                    const QColor& color)
{
    if (samples.size() < 2 || capacity < 2 || most <= 0)
        return;
    const std::size_t count = std::min(samples.size(), capacity);
    const double step = into.width() / static_cast<double>(capacity - 1);
    const double left = into.right() - step * static_cast<double>(count - 1);
    const auto first = samples.end() - static_cast<std::ptrdiff_t>(count);

    QPolygonF line;
    line.reserve(static_cast<qsizetype>(count));
    for (std::size_t i = 0; i < count; ++i) {
        const double value = std::clamp(first[static_cast<std::ptrdiff_t>(i)] / most, 0.0, 1.0);
        line << QPointF(left + step * static_cast<double>(i),
                        into.bottom() - value * into.height());
    }

    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    QPolygonF area = line;
    area << into.bottomRight() << QPointF(left, into.bottom());
    QColor fill = color;
    fill.setAlpha(36);
    painter.setPen(Qt::NoPen);
    painter.setBrush(fill);
    painter.drawPolygon(area);
    // Segment by segment: stroking one long polyline with a wide pen is a hundred times slower.
    painter.setPen(QPen(color, 1.4, Qt::SolidLine, Qt::RoundCap));
    for (qsizetype i = 1; i < line.size(); ++i)
        painter.drawLine(line[i - 1], line[i]);
    painter.restore();
}

SparklineView::SparklineView(QWidget* parent)
    : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void SparklineView::setSamples(std::vector<double> samples, std::size_t capacity, double most)
{
    m_samples = std::move(samples);
    m_capacity = capacity;
    m_most = most;
    if (m_most <= 0 && !m_samples.empty())
        m_most = *std::max_element(m_samples.begin(), m_samples.end()) * 1.25;
    update();
}

QSize SparklineView::sizeHint() const
{
    return {160, 44};
}

QSize SparklineView::minimumSizeHint() const
{
    return {60, 44};
}

void SparklineView::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const Tones& tones = tonesOf(palette());
    const QRectF area = QRectF(rect()).adjusted(0, 3, 0, -1.5);
    painter.setPen(QPen(tones.border, 1));
    painter.drawLine(area.bottomLeft() + QPointF(0, 0.5), area.bottomRight() + QPointF(0, 0.5));
    paintSparkline(painter, area, m_samples, m_capacity, m_most, tones.accent);
}

} // namespace sallyport::ui::theme

#include "ui/widgets/headline.h"

#include <cmath>

#include <QEvent>
#include <QPainter>

#include "ui/theme/tones.h"

namespace sallyport::ui {

Headline::Headline(QWidget* parent)
    : QWidget(parent)
{
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    QTextOption option;
    option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    option.setTextDirection(Qt::LeftToRight);
    m_layout.setTextOption(option);
    m_layout.setCacheEnabled(true);
}

void Headline::setParts(const QList<Part>& parts)
{
    m_parts = parts;
    QString text;
    for (const Part& part : parts)
        text += part.text;
    m_layout.setText(text);
    setAccessibleName(text);
    applyFormats();
    updateGeometry();
    update();
}

void Headline::setPointSizeFactor(qreal factor)
{
    m_factor = factor;
    applyFormats();
    updateGeometry();
}

void Headline::applyFormats()
{
    QFont base = font();
    base.setPointSizeF(base.pointSizeF() * m_factor);
    m_layout.setFont(base);
    QList<QTextLayout::FormatRange> formats;
    int start = 0;
    for (const Part& part : m_parts) {
        QTextLayout::FormatRange range;
        range.start = start;
        range.length = static_cast<int>(part.text.size());
        if (part.isBold)
            range.format.setFontWeight(QFont::Bold);
        if (part.isMuted)
            range.format.setForeground(theme::tonesOf(palette()).muted);
        formats.append(range);
        start += range.length;
    }
    m_layout.setFormats(formats);
}

qreal Headline::layOut(qreal width) const
{
    qreal y = 0;
    m_layout.beginLayout();
    for (QTextLine line = m_layout.createLine(); line.isValid(); line = m_layout.createLine()) {
        line.setLineWidth(width);
        line.setPosition(QPointF(0, y));
        y += line.height() + 1;
    }
    m_layout.endLayout();
    return y;
}

QSize Headline::sizeHint() const
{
    const int width = 360;
    return {width, heightForWidth(width)};
}

int Headline::heightForWidth(int width) const
{
    return static_cast<int>(std::ceil(layOut(width)));
}

void Headline::paintEvent(QPaintEvent*)
{
    layOut(width());
    QPainter painter(this);
    painter.setPen(palette().color(QPalette::WindowText));
    m_layout.draw(&painter, QPointF(0, 0));
}

void Headline::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::PaletteChange ||
        event->type() == QEvent::StyleChange) {
        applyFormats();
        updateGeometry();
    }
}

void Headline::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    updateGeometry();
}

} // namespace sallyport::ui

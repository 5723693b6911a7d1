#pragma once

#include <vector>

#include <QColor>
#include <QString>
#include <QWidget>

class QPainter;
class QRectF;

namespace sallyport::ui::theme {

// Draws samples, oldest first, from edge to edge: `most` is the value at the top, 0 the bottom.
// `capacity` samples fill the width; fewer are drawn at the right end. A soft fill lies below.
void paintSparkline(QPainter& painter,
                    const QRectF& into,
                    const std::vector<double>& samples,
                    std::size_t capacity,
                    double most,
                    const QColor& color);

// A sparkline with a baseline, for the overview page.
class SparklineView : public QWidget
{
    Q_OBJECT

public:
    explicit SparklineView(QWidget* parent = nullptr);

    // `most` 0: the greatest sample, with some air.
    void setSamples(std::vector<double> samples, std::size_t capacity, double most);
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    std::vector<double> m_samples;
    std::size_t m_capacity = 1;
    double m_most = 0;
};

} // namespace sallyport::ui::theme

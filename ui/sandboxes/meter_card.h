#pragma once

#include <vector>

#include "ui/theme/widgets.h"

class QLabel;
class QProgressBar;

namespace sallyport::ui::theme {
class SparklineView;
}

namespace sallyport::ui::sandboxes {

// A figure of the overview: its name, the value in large, and below it the last five minutes or a
// bar of how full it is.
class MeterCard : public theme::Card
{
    Q_OBJECT

public:
    MeterCard(const QString& title, const QString& iconName, QWidget* parent = nullptr);

    // `most` is the sparkline's top.
    void setHistory(const QString& value,
                    const QString& detail,
                    const std::vector<double>& samples,
                    double most);
    // 0 … 1.
    void setShare(const QString& value, const QString& detail, double share);

private:
    void setTexts(const QString& value, const QString& detail);

    QLabel* m_value;
    QLabel* m_detail;
    theme::SparklineView* m_history;
    QProgressBar* m_share;
};

} // namespace sallyport::ui::sandboxes

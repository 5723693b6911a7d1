#include "ui/approvals/tray_icon.h"

#include <QAction>
#include <QPainter>

#include "ui/theme/icon.h"

namespace sallyport::ui::approvals {

namespace {

QPixmap badgedPixmap(const QIcon& icon, int count, int side)
{
    QPixmap pixmap(side, side);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    icon.paint(&painter, QRect(0, 0, side, side));
    if (count > 0) {
        const qreal diameter = side * 0.62;
        const QRectF badge(side - diameter, side - diameter, diameter, diameter);
        painter.setPen(Qt::NoPen);
        painter.setBrush(QColor(0xb4, 0x23, 0x18));
        painter.drawEllipse(badge);
        QFont font;
        font.setBold(true);
        font.setPixelSize(static_cast<int>(diameter * (count > 9 ? 0.56 : 0.72)));
        painter.setFont(font);
        painter.setPen(Qt::white);
        painter.drawText(badge, Qt::AlignCenter,
                         count > 99 ? QStringLiteral("99") : QString::number(count));
    }
    return pixmap;
}

} // namespace

TrayIcon::TrayIcon(QObject* parent)
    : QObject(parent)
    , m_review(m_menu.addAction(tr("&Review questions")))
{
    connect(m_review, &QAction::triggered, this, &TrayIcon::reviewChosen);
    connect(m_menu.addAction(tr("&Show Sallyport")), &QAction::triggered, this,
            &TrayIcon::windowChosen);
    m_icon.setContextMenu(&m_menu);
    connect(&m_icon, &QSystemTrayIcon::activated, this,
            [this](QSystemTrayIcon::ActivationReason reason) {
                if (reason != QSystemTrayIcon::Trigger)
                    return;
                if (m_review->isEnabled())
                    emit reviewChosen();
                else
                    emit windowChosen();
            });
    setCount(0);
    m_icon.show(); // where there is no tray yet, it appears with the tray
}

void TrayIcon::addActions(const QList<QAction*>& actions)
{
    m_menu.addSeparator();
    m_menu.addActions(actions);
}

bool TrayIcon::isReachable() const
{
    return m_icon.isVisible() && QSystemTrayIcon::isSystemTrayAvailable();
}

QIcon TrayIcon::badged(const QIcon& icon, int count)
{
    QIcon result;
    for (const int side : {16, 22, 24, 32, 48, 64})
        result.addPixmap(badgedPixmap(icon, count, side));
    return result;
}

void TrayIcon::setCount(int count)
{
    m_icon.setIcon(badged(theme::applicationIcon(), count));
    m_icon.setToolTip(count == 0   ? tr("Sallyport: nothing waits")
                      : count == 1 ? tr("Sallyport: 1 request waits for your answer")
                                   : tr("Sallyport: %1 requests wait for your answer").arg(count));
    m_review->setText(count == 0   ? tr("No &questions")
                      : count == 1 ? tr("&Review 1 question")
                                   : tr("&Review %1 questions").arg(count));
    m_review->setEnabled(count > 0);
}

} // namespace sallyport::ui::approvals

#include "ui/widgets/toast.h"

#include <algorithm>

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>

#include "ui/theme/tones.h"

namespace sallyport::ui {

namespace {

constexpr int LifetimeMs = 10'000;
constexpr int Margin = 16;

} // namespace

Toast::Toast(QWidget* parent)
    : QFrame(parent)
    , m_text(new QLabel(this))
    , m_undo(new QPushButton(tr("&Undo"), this))
{
    setObjectName(QStringLiteral("toast"));
    setFrameShape(QFrame::NoFrame);
    m_text->setObjectName(QStringLiteral("toastText"));
    m_text->setTextFormat(Qt::PlainText);
    m_undo->setObjectName(QStringLiteral("toastUndo"));
    m_undo->setAutoDefault(false);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(14, 8, 10, 8);
    row->setSpacing(14);
    row->addWidget(m_text, 1);
    row->addWidget(m_undo);
    m_timer.setSingleShot(true);
    m_timer.setInterval(LifetimeMs);
    connect(&m_timer, &QTimer::timeout, this, &QWidget::hide);
    connect(m_undo, &QPushButton::clicked, this, &Toast::takeUndo);
    parent->installEventFilter(this);
    hide();
}

void Toast::showMessage(const QString& text, std::function<void()> undo)
{
    m_action = std::move(undo);
    m_text->setText(text);
    m_undo->setVisible(static_cast<bool>(m_action));
    dress();
    place();
    show();
    raise();
    m_timer.start();
}

// Inverted, so that it stands out of either theme.
void Toast::dress()
{
    const theme::Tones& tones = theme::tonesOf(parentWidget()->palette());
    QPalette colors = m_text->palette();
    colors.setColor(QPalette::WindowText, tones.window);
    m_text->setPalette(colors);
}

void Toast::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme::tonesOf(parentWidget()->palette()).text);
    painter.drawRoundedRect(QRectF(rect()), 8, 8);
}

void Toast::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::StyleChange && isVisible())
        dress();
    QFrame::changeEvent(event);
}

void Toast::takeUndo()
{
    const auto action = std::move(m_action);
    m_action = {};
    hide();
    if (action)
        action();
}

void Toast::place()
{
    const QWidget* area = parentWidget();
    const int most = std::min(560, area->width() - 2 * Margin);
    const int undoWidth = m_action ? m_undo->sizeHint().width() + 14 : 0;
    const QFontMetrics metrics(m_text->font());
    const int textRoom = std::max(most - undoWidth - 24, 80);
    const int textWidth = metrics.horizontalAdvance(m_text->text());
    const bool wraps = textWidth > textRoom;
    m_text->setWordWrap(wraps);
    const int width = wraps ? most : std::min(most, textWidth + undoWidth + 30);
    const int height = wraps ? layout()->totalHeightForWidth(width) : sizeHint().height();
    setGeometry((area->width() - width) / 2, area->height() - height - Margin, width, height);
}

bool Toast::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == parentWidget() && event->type() == QEvent::Resize && isVisible())
        place();
    return QFrame::eventFilter(watched, event);
}

void Toast::enterEvent(QEnterEvent* event)
{
    m_timer.stop();
    QFrame::enterEvent(event);
}

void Toast::leaveEvent(QEvent* event)
{
    m_timer.start();
    QFrame::leaveEvent(event);
}

} // namespace sallyport::ui

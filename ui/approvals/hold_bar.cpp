#include "ui/approvals/hold_bar.h"

#include <algorithm>

#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>

#include "ui/approvals/question_book.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"

namespace sallyport::ui::approvals {

namespace {

constexpr int BarHeight = 4;
constexpr int TickMs = 200;
constexpr UnixMillis LowMs = 5'000;
// A question that was asked again has been open for longer than one budget.
constexpr UnixMillis LongestBudgetMs = 25'000;

} // namespace

HoldBar::HoldBar(QWidget* parent)
    : QWidget(parent)
    , m_text(theme::bodyLabel({}, this))
{
    m_text->setObjectName(QStringLiteral("holdText"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, BarHeight + 6, 0, 0);
    column->addWidget(m_text);
    m_timer.setInterval(TickMs);
    connect(&m_timer, &QTimer::timeout, this, &HoldBar::tick);
}

void HoldBar::setQuestion(const api::Question& question)
{
    const bool isSame = question.id == m_question.id && question.heldUntil == m_question.heldUntil;
    m_question = question;
    if (!isSame && question.heldUntil)
        m_budgetFrom = std::max(question.askedAt, *question.heldUntil - LongestBudgetMs);
    tick();
}

QString HoldBar::text() const
{
    return m_text->text();
}

void HoldBar::tick()
{
    const UnixMillis now = nowUnixMillis();
    const bool isHeld = QuestionBook::isHeld(m_question, now);
    m_fraction = 0;
    theme::Tone tone = theme::Tone::Muted;
    if (isHeld) {
        const UnixMillis left = *m_question.heldUntil - now;
        const auto budget = std::max<UnixMillis>(*m_question.heldUntil - m_budgetFrom, 1);
        m_fraction = std::clamp(static_cast<double>(left) / static_cast<double>(budget), 0.0, 1.0);
        m_text->setText(
            m_question.waiting > 1
                ? tr("%n requests are held for %1 more. Afterwards your answer serves their retry.",
                     nullptr, m_question.waiting)
                      .arg(leftText(left))
                : tr("The request is held for %1 more. Afterwards your answer serves its retry.")
                      .arg(leftText(left)));
        tone = left < LowMs ? theme::Tone::Warn : theme::Tone::Muted;
    } else {
        m_text->setText(
            tr("Nothing is held any more: it was told to try again. Your answer serves that."));
    }
    theme::setLabelTone(m_text, tone);
    if (isHeld && isVisible())
        m_timer.start();
    else
        m_timer.stop();
    update();
}

void HoldBar::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    tick();
}

void HoldBar::hideEvent(QHideEvent* event)
{
    QWidget::hideEvent(event);
    m_timer.stop();
}

void HoldBar::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    const theme::Tones& tones = theme::tonesOf(palette());
    const QRectF track(0, 0, width(), BarHeight);
    painter.setBrush(tones.raised);
    painter.drawRoundedRect(track, BarHeight / 2.0, BarHeight / 2.0);
    if (m_fraction <= 0)
        return;
    QRectF filled = track;
    filled.setWidth(std::max<qreal>(track.width() * m_fraction, BarHeight));
    const bool isLow = m_question.heldUntil && *m_question.heldUntil - nowUnixMillis() < LowMs;
    painter.setBrush(isLow ? tones.warn : tones.accent);
    painter.drawRoundedRect(filled, BarHeight / 2.0, BarHeight / 2.0);
}

} // namespace sallyport::ui::approvals

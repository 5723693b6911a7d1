#include "ui/widgets/verdict_look.h"

#include <algorithm>

#include <QApplication>
#include <QCoreApplication>
#include <QIconEngine>
#include <QPainter>
#include <QPainterPath>

namespace sallyport::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("VerdictLook", text);
}

// All marks are drawn in a square of 16.
void drawCheck(QPainter& p)
{
    p.drawEllipse(QRectF(1.5, 1.5, 13, 13));
    p.drawPolyline(QPolygonF{{4.8, 8.4}, {7.1, 10.7}, {11.3, 5.8}});
}

void drawCross(QPainter& p)
{
    p.drawEllipse(QRectF(1.5, 1.5, 13, 13));
    p.drawLine(QPointF(5.4, 5.4), QPointF(10.6, 10.6));
    p.drawLine(QPointF(10.6, 5.4), QPointF(5.4, 10.6));
}

void drawHourglass(QPainter& p)
{
    p.drawLine(QPointF(3.5, 1.8), QPointF(12.5, 1.8));
    p.drawLine(QPointF(3.5, 14.2), QPointF(12.5, 14.2));
    p.drawPolyline(QPolygonF{{4.6, 1.8}, {4.6, 4.4}, {8, 8}, {11.4, 4.4}, {11.4, 1.8}});
    p.drawPolyline(QPolygonF{{4.6, 14.2}, {4.6, 11.6}, {8, 8}, {11.4, 11.6}, {11.4, 14.2}});
}

void drawWarning(QPainter& p)
{
    p.drawPolygon(QPolygonF{{8, 1.8}, {14.6, 13.8}, {1.4, 13.8}});
    p.drawLine(QPointF(8, 6.2), QPointF(8, 9.4));
    p.drawPoint(QPointF(8, 11.7));
}

void drawDash(QPainter& p)
{
    p.drawEllipse(QRectF(1.5, 1.5, 13, 13));
    p.drawLine(QPointF(5, 8), QPointF(11, 8));
}

void drawQuestion(QPainter& p)
{
    p.drawEllipse(QRectF(1.5, 1.5, 13, 13));
    QPainterPath hook;
    hook.moveTo(5.9, 6.3);
    hook.cubicTo(6.0, 3.9, 10.1, 3.9, 10.1, 6.4);
    hook.cubicTo(10.1, 7.9, 8, 7.9, 8, 9.4);
    p.drawPath(hook);
    p.drawPoint(QPointF(8, 11.7));
}

class MarkEngine : public QIconEngine
{
public:
    MarkEngine(Mark mark, theme::Tone tone)
        : m_mark(mark)
        , m_tone(tone)
    {
    }

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override
    {
        const QPalette palette = QApplication::palette();
        const QColor color = mode == QIcon::Disabled
                                 ? palette.color(QPalette::Disabled, QPalette::ButtonText)
                                 : theme::toneColor(theme::tonesOf(palette), m_tone);
        paintMark(*painter, m_mark, rect, color);
    }

    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override
    {
        QPixmap pixmap(size);
        pixmap.fill(Qt::transparent);
        QPainter painter(&pixmap);
        paint(&painter, QRect({}, size), mode, state);
        return pixmap;
    }

    [[nodiscard]] QIconEngine* clone() const override { return new MarkEngine(*this); }

private:
    Mark m_mark;
    theme::Tone m_tone;
};

} // namespace

Look lookOf(const api::Row& row)
{
    switch (row.state) {
    case api::RowState::Held:
        return {tr("Waiting"), Mark::Hourglass, theme::Tone::Warn};
    case api::RowState::Open:
        return {tr("Allowed, open"), Mark::Check, theme::Tone::Good};
    case api::RowState::Done:
        return {tr("Allowed"), Mark::Check, theme::Tone::Good};
    case api::RowState::Denied:
        return {tr("Denied"), Mark::Cross, theme::Tone::Bad};
    case api::RowState::Failed:
        return {tr("Failed"), Mark::Warning, theme::Tone::Warn};
    case api::RowState::Withdrawn:
        return {tr("Withdrawn"), Mark::Dash, theme::Tone::Muted};
    }
    return {};
}

Look lookOf(api::Action action)
{
    if (action == api::Action::Allow)
        return {tr("Allow"), Mark::Check, theme::Tone::Good};
    return {tr("Deny"), Mark::Cross, theme::Tone::Bad};
}

QString stepName(api::Step step)
{
    switch (step) {
    case api::Step::Floor:
        return tr("Floor");
    case api::Step::Denied:
        return tr("Denied hosts");
    case api::Step::Gate:
        return tr("Allowed hosts");
    case api::Step::Handler:
        return tr("Handler");
    case api::Step::Rule:
        return tr("Rule");
    case api::Step::Default:
        return tr("Default");
    case api::Step::Answer:
        return tr("Your answer");
    case api::Step::Protocol:
        return tr("Protocol check");
    case api::Step::Credential:
        return tr("Credential");
    }
    return {};
}

void paintMark(QPainter& painter, Mark mark, const QRectF& into, const QColor& color)
{
    const qreal side = std::min(into.width(), into.height());
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.translate(into.center() - QPointF(side / 2, side / 2));
    painter.scale(side / 16, side / 16);
    painter.setPen(QPen(color, 1.5, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.setBrush(Qt::NoBrush);
    switch (mark) {
    case Mark::Check:
        drawCheck(painter);
        break;
    case Mark::Cross:
        drawCross(painter);
        break;
    case Mark::Hourglass:
        drawHourglass(painter);
        break;
    case Mark::Warning:
        drawWarning(painter);
        break;
    case Mark::Dash:
        drawDash(painter);
        break;
    case Mark::Question:
        drawQuestion(painter);
        break;
    }
    painter.restore();
}

QIcon markIcon(Mark mark, theme::Tone tone)
{
    return QIcon(new MarkEngine(mark, tone));
}

} // namespace sallyport::ui

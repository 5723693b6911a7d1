#pragma once

// How a verdict looks everywhere: a word, a mark and a tone, never a colour alone.

#include <QIcon>
#include <QRectF>
#include <QString>

#include "engine/api/types.h"
#include "ui/theme/tones.h"

class QPainter;

namespace sallyport::ui {

enum class Mark
{
    Check,
    Cross,
    Hourglass,
    Warning,
    Dash,
    Question,
};

struct Look
{
    QString word;
    Mark mark = Mark::Dash;
    theme::Tone tone = theme::Tone::Muted;
};

[[nodiscard]] Look lookOf(const api::Row& row);
[[nodiscard]] Look lookOf(api::Action action);

// "Rule", "Denied hosts", … as the policy page calls the steps.
[[nodiscard]] QString stepName(api::Step step);

// Fits itself into the rectangle's largest centred square.
void paintMark(QPainter& painter, Mark mark, const QRectF& into, const QColor& color);

// Follows the application's palette at the time of painting.
[[nodiscard]] QIcon markIcon(Mark mark, theme::Tone tone);

} // namespace sallyport::ui

#pragma once

#include <QIcon>
#include <QPixmap>
#include <QString>

#include "ui/theme/tones.h"

class QPainter;
class QRectF;

namespace sallyport::ui::theme {

// An icon of resources/icons/NAME.svg, drawn in the given tone of the application's current
// palette, so that it follows the theme without being set again.
[[nodiscard]] QIcon icon(const QString& name, Tone tone = Tone::Text);

// The same, painted straight into a rectangle in one colour.
void paintIcon(QPainter& painter, const QString& name, const QRectF& into, const QColor& color);

// The application's own icon, in its own colours.
[[nodiscard]] QIcon applicationIcon();

} // namespace sallyport::ui::theme

#include "ui/widgets/page_scroll.h"

#include <algorithm>

#include <QEvent>
#include <QLayout>

namespace sallyport::ui {

PageScroll::PageScroll(QWidget* parent)
    : QScrollArea(parent)
{
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::NoFocus);
}

void PageScroll::setContent(QWidget* content)
{
    setWidget(content);
    content->setAutoFillBackground(false);
    viewport()->setAutoFillBackground(false);
    content->installEventFilter(this);
    fit();
}

int PageScroll::contentHeight(int width) const
{
    QLayout* layout = widget() ? widget()->layout() : nullptr;
    if (layout == nullptr)
        return 0;
    layout->activate();
    return layout->hasHeightForWidth() ? layout->totalHeightForWidth(width)
                                       : layout->totalSizeHint().height();
}

void PageScroll::fit()
{
    if (widget() == nullptr)
        return;
    const int width = viewport()->width();
    widget()->resize(width, std::max(contentHeight(width), viewport()->height()));
}

void PageScroll::resizeEvent(QResizeEvent* event)
{
    QScrollArea::resizeEvent(event);
    fit();
}

bool PageScroll::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == widget() && event->type() == QEvent::LayoutRequest)
        fit();
    return QScrollArea::eventFilter(watched, event);
}

} // namespace sallyport::ui

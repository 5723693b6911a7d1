#pragma once

#include <QScrollArea>

namespace sallyport::ui {

// A scroll area for pages of wrapping text: its content is as wide as there is room and as high as
// its layout then needs, which QScrollArea alone gets wrong for labels that wrap.
class PageScroll : public QScrollArea
{
    Q_OBJECT

public:
    explicit PageScroll(QWidget* parent = nullptr);

    // The content has a layout. Takes ownership.
    void setContent(QWidget* content);
    // What the content needs at this width.
    [[nodiscard]] int contentHeight(int width) const;

protected:
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void fit();
};

} // namespace sallyport::ui

#pragma once

#include <QList>
#include <QTextLayout>
#include <QWidget>

namespace sallyport::ui {

// Text with bold and toned parts that wraps anywhere and is never HTML, so that nothing of a
// guest's can become markup. Screen readers get it as the widget's accessible name.
class Headline : public QWidget
{
    Q_OBJECT

public:
    struct Part
    {
        QString text; // plain, already safe()
        bool isBold = false;
        bool isMuted = false;
    };

    explicit Headline(QWidget* parent = nullptr);

    void setParts(const QList<Part>& parts);
    // All parts, one after the other.
    [[nodiscard]] QString text() const { return m_layout.text(); }
    // Relative to the application's font; set before parts.
    void setPointSizeFactor(qreal factor);

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] bool hasHeightForWidth() const override { return true; }
    [[nodiscard]] int heightForWidth(int width) const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void applyFormats();
    qreal layOut(qreal width) const;

    QList<Part> m_parts;
    qreal m_factor = 1.0;
    mutable QTextLayout m_layout;
};

} // namespace sallyport::ui

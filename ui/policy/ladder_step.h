#pragma once

#include <QWidget>

class QLabel;
class QVBoxLayout;

namespace sallyport::ui::policy {

// One step of the ladder: a number on a line that joins it to its neighbours, a title, a sentence,
// and whatever belongs to it.
class LadderStepView : public QWidget
{
    Q_OBJECT

public:
    LadderStepView(int number, const QString& title, QWidget* parent = nullptr);

    void setText(const QString& text);
    [[nodiscard]] QString text() const;
    // Ends the line here.
    void setLast() { m_isLast = true; }
    void addContent(QWidget* content);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    int m_number;
    bool m_isLast = false;
    QLabel* m_title;
    QLabel* m_text;
    QVBoxLayout* m_column;
};

} // namespace sallyport::ui::policy

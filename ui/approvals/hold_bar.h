#pragma once

#include <QTimer>
#include <QWidget>

#include "engine/api/types.h"

class QLabel;

namespace sallyport::ui::approvals {

// How long the request is still held, as a bar that runs out and a sentence that says what happens
// then. Nothing is decided by its end: the question stays.
class HoldBar : public QWidget
{
    Q_OBJECT

public:
    explicit HoldBar(QWidget* parent = nullptr);

    void setQuestion(const api::Question& question);
    // The part of the budget that is left, 0 to 1.
    [[nodiscard]] double fraction() const { return m_fraction; }
    [[nodiscard]] QString text() const;

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    void tick();

    QLabel* m_text;
    QTimer m_timer;
    api::Question m_question;
    UnixMillis m_budgetFrom = 0;
    double m_fraction = 0;
};

} // namespace sallyport::ui::approvals

#pragma once

#include <functional>
#include <optional>

#include <QWidget>

#include "engine/api/json.h"
#include "engine/api/types.h"
#include "ui/approvals/question_book.h"
#include "ui/policy/rule_book.h"

class QLabel;
class QLineEdit;
class QPushButton;
class QStackedWidget;

namespace sallyport::ui {
class EngineLink;
class PageScroll;
} // namespace sallyport::ui
namespace sallyport::ui::theme {
class Banner;
}

namespace sallyport::ui::approvals {

class AnswerForm;
class Arming;
class QuestionCard;
class QuestionList;

// One question at a time, with the others in a list beside it. Non-modal; it comes up by itself
// without taking the keyboard, stays above where the platform allows, and hides when nothing is
// open. Esc and the close button leave every question as it is. GUI thread.
class QuestionWindow : public QWidget
{
    Q_OBJECT

public:
    QuestionWindow(EngineLink& link, QuestionBook& book, QWidget* parent = nullptr);

    // The window over which it first comes up; outlives this one.
    void setOver(const QWidget* window) { m_over = window; }
    // Milliseconds in which a question that just appeared cannot be answered.
    void setArmingDelay(int milliseconds);
    // Shows the window without activating it. The question that is shown stays, where one is.
    void comeUp(api::QuestionId id);
    // Shows and activates it, by the person's wish. 0: whatever is most urgent.
    void open(api::QuestionId idOr0);
    // 0 when none is shown.
    [[nodiscard]] api::QuestionId current() const { return m_current; }

signals:
    // Something was done that is worth a toast; `undo` may be empty.
    void told(const QString& text, const std::function<void()>& undo);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void closeEvent(QCloseEvent* event) override;
    void showEvent(QShowEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void place();
    QWidget* makeQuestionPage();
    QWidget* makeEmptyPage();
    QWidget* makeFooter();
    QWidget* makeReasonRow();
    QPushButton* addButton(const QString& text, const char* objectName);

    void onAdded(qint64 id);
    void onUpdated(qint64 id);
    void onRemoved(qint64 id, QuestionBook::End end);
    void onLinkState();
    void refreshList();
    void present(api::QuestionId id);
    void presentNothing();
    void arm();
    void updateButtons();
    void fitHeight();

    void give(api::Action action);
    void giveDenyWithReason();
    void denyAll();
    void send(const api::Answer& answer, bool isOneOfMany);
    void onAnswered(const api::Question& question,
                    const api::Answer& answer,
                    const Result<api::Json>& reply,
                    bool isOneOfMany);
    void takeBack(const api::Rule& rule);
    void setReasonShown(bool isShown);

    EngineLink& m_link;
    QuestionBook& m_book;
    policy::RuleBook m_rules; // to take back all that an answer wrote
    api::QuestionId m_current = 0;
    const QWidget* m_over = nullptr;
    bool m_isPlaced = false; // from then on where the person puts it
    bool m_isSending = false;

    QLabel* m_count = nullptr;
    QWidget* m_side = nullptr;
    QuestionList* m_list = nullptr;
    QStackedWidget* m_pages = nullptr;
    PageScroll* m_scroll = nullptr;
    theme::Banner* m_lost = nullptr;
    QuestionCard* m_card = nullptr;
    AnswerForm* m_form = nullptr;
    QLabel* m_problem = nullptr;
    QWidget* m_footer = nullptr;
    QWidget* m_reasonRow = nullptr;
    QLineEdit* m_reason = nullptr;
    QPushButton* m_deny = nullptr;
    QPushButton* m_allow = nullptr;
    QPushButton* m_denyReason = nullptr;
    QPushButton* m_sendReason = nullptr;
    QPushButton* m_denyAll = nullptr;
    Arming* m_arming = nullptr;
};

} // namespace sallyport::ui::approvals

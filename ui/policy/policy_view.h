#pragma once

#include <QWidget>

#include "engine/api/types.h"

namespace sallyport::ui {
class EngineLink;
}

namespace sallyport::ui::policy {

class PolicyPage;

// The ladder of one sandbox, drawn as the steps it is, with editors where a step can be changed,
// and the table of rules. Every change goes to the engine at once; the next request obeys. GUI
// thread.
class PolicyView : public QWidget
{
    Q_OBJECT

public:
    explicit PolicyView(EngineLink& link, QWidget* parent = nullptr);
    ~PolicyView() override;

    // 0 shows the rules of all sandboxes, without a ladder.
    void setSandbox(qint64 idOr0);
    // Selects a rule, scrolls to it and marks it for a moment.
    void showRule(qint64 rule);
    // Opens the form with this rule filled in (its id is ignored); nothing is written yet.
    void proposeRule(const api::Rule& rule);

private:
    PolicyPage* m_page;
};

} // namespace sallyport::ui::policy

#include "ui/approvals/question_window.h"

#include <algorithm>

#include <QAccessible>
#include <QCloseEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScreen>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "ui/approvals/answer_form.h"
#include "ui/approvals/arming.h"
#include "ui/approvals/question_card.h"
#include "ui/approvals/question_list.h"
#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/policy/rule_text.h"
#include "ui/theme/icon.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/page_scroll.h"
#include "ui/widgets/verdict_look.h"

namespace sallyport::ui::approvals {

namespace {

constexpr int CardWidth = 640;
constexpr int SideWidth = 236;
constexpr int MostReasonBytes = 500; // of api::Answer

} // namespace

QuestionWindow::QuestionWindow(EngineLink& link, QuestionBook& book, QWidget* parent)
    : QWidget(parent, Qt::Window | Qt::WindowStaysOnTopHint)
    , m_link(link)
    , m_book(book)
    , m_rules(link)
{
    setObjectName(QStringLiteral("questionWindow"));
    setAttribute(Qt::WA_QuitOnClose, false);
    setFocusPolicy(Qt::StrongFocus);

    m_side = new QWidget(this);
    m_side->setFixedWidth(SideWidth);
    auto* sideColumn = new QVBoxLayout(m_side);
    sideColumn->setContentsMargins(theme::Gap, theme::Pad, theme::Gap, theme::Pad);
    m_count = theme::headingLabel({}, m_side);
    m_count->setObjectName(QStringLiteral("questionCount"));
    m_count->setContentsMargins(theme::Gap, 0, 0, 0);
    m_list = new QuestionList(m_side);
    m_list->setObjectName(QStringLiteral("questionList"));
    m_list->setAccessibleName(tr("Open questions"));
    m_list->setStyleSheet(QStringLiteral("QListView { border: none; background: transparent; }"));
    sideColumn->addWidget(m_count);
    sideColumn->addWidget(m_list, 1);

    m_pages = new QStackedWidget(this);
    m_pages->addWidget(makeQuestionPage());
    m_pages->addWidget(makeEmptyPage());
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    // The list stands at the right, so that nothing moves under the pointer when it appears.
    row->addWidget(m_pages, 1);
    row->addWidget(m_side);

    m_arming = new Arming(this, {m_deny, m_allow, m_denyReason, m_sendReason, m_denyAll});
    m_arming->neverByEnter(m_allow);
    connect(m_arming, &Arming::armed, this, &QuestionWindow::updateButtons);
    connect(m_form, &AnswerForm::validChanged, this, &QuestionWindow::updateButtons);
    connect(m_list, &QuestionList::chosen, this, &QuestionWindow::present);
    connect(&book, &QuestionBook::added, this, &QuestionWindow::onAdded);
    connect(&book, &QuestionBook::updated, this, &QuestionWindow::onUpdated);
    connect(&book, &QuestionBook::removed, this, &QuestionWindow::onRemoved);
    connect(&link, &EngineLink::stateChanged, this, &QuestionWindow::onLinkState);
    presentNothing();
}

QWidget* QuestionWindow::makeQuestionPage()
{
    auto* page = new QWidget(this);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_lost = new theme::Banner(theme::Tone::Bad, page);
    m_lost->setObjectName(QStringLiteral("questionLost"));
    column->addWidget(m_lost);

    auto* content = new QWidget;
    auto* inner = new QVBoxLayout(content);
    inner->setContentsMargins(theme::PagePad, theme::PagePad, theme::PagePad, theme::Pad);
    inner->setSpacing(theme::Pad);
    m_card = new QuestionCard(content);
    m_form = new AnswerForm(m_link, content);
    inner->addWidget(m_card);
    inner->addWidget(m_form);
    inner->addStretch(1);
    m_scroll = new PageScroll(page);
    m_scroll->setContent(content);
    column->addWidget(m_scroll, 1);

    m_problem = theme::bodyLabel({}, page);
    m_problem->setObjectName(QStringLiteral("questionProblem"));
    m_problem->setContentsMargins(theme::PagePad, 0, theme::PagePad, theme::Gap);
    theme::setLabelTone(m_problem, theme::Tone::Bad);
    m_problem->hide();
    column->addWidget(m_problem);
    column->addWidget(makeReasonRow());
    column->addWidget(makeFooter());
    return page;
}

QWidget* QuestionWindow::makeReasonRow()
{
    m_reasonRow = new QWidget(this);
    m_reason = new QLineEdit(m_reasonRow);
    m_reason->setObjectName(QStringLiteral("denyReasonEdit"));
    m_reason->setMaxLength(MostReasonBytes);
    m_reason->setPlaceholderText(tr("Use the mirror at mirror.example.com instead"));
    auto* label = theme::mutedLabel(tr("&Reason, which the program in the sandbox reads"), this);
    label->setBuddy(m_reason);
    m_sendReason = addButton(tr("Deny with this reason"), "sendReasonButton");
    theme::makeDanger(m_sendReason);
    auto* row = new QHBoxLayout;
    row->addWidget(m_reason, 1);
    row->addWidget(m_sendReason);
    auto* column = new QVBoxLayout(m_reasonRow);
    column->setContentsMargins(theme::PagePad, 0, theme::PagePad, theme::Pad);
    column->setSpacing(4);
    column->addWidget(label);
    column->addLayout(row);
    m_reasonRow->hide();
    connect(m_reason, &QLineEdit::returnPressed, this, &QuestionWindow::giveDenyWithReason);
    connect(m_sendReason, &QPushButton::clicked, this, &QuestionWindow::giveDenyWithReason);
    return m_reasonRow;
}

QWidget* QuestionWindow::makeFooter()
{
    m_footer = new QWidget(this);
    m_denyAll = addButton({}, "denyAllButton");
    m_denyReason = addButton(tr("Deny with a r&eason…"), "denyReasonButton");
    m_allow = addButton(tr(" &Allow"), "allowButton");
    m_allow->setAccessibleName(tr("Allow"));
    m_allow->setIcon(markIcon(Mark::Check, theme::Tone::Good));
    m_deny = addButton(tr(" &Deny"), "denyButton");
    m_deny->setAccessibleName(tr("Deny"));
    m_deny->setIcon(markIcon(Mark::Cross, theme::Tone::Bad));
    for (QPushButton* button : {m_allow, m_deny})
        button->setMinimumWidth(104);
    auto* row = new QHBoxLayout(m_footer);
    row->setContentsMargins(theme::PagePad, 12, theme::PagePad, theme::Pad);
    row->setSpacing(theme::Gap);
    row->addWidget(m_denyAll);
    row->addStretch(1);
    row->addWidget(m_denyReason);
    row->addWidget(m_allow);
    row->addWidget(m_deny);
    for (QPushButton* button : {m_allow, m_deny, m_denyReason, m_sendReason})
        button->installEventFilter(this);
    connect(m_allow, &QPushButton::clicked, this, [this] { give(api::Action::Allow); });
    connect(m_deny, &QPushButton::clicked, this, [this] { give(api::Action::Deny); });
    connect(m_denyAll, &QPushButton::clicked, this, &QuestionWindow::denyAll);
    connect(m_denyReason, &QPushButton::clicked, this,
            [this] { setReasonShown(!m_reasonRow->isVisible()); });
    return m_footer;
}

QWidget* QuestionWindow::makeEmptyPage()
{
    auto* page = new QWidget(this);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(theme::PagePad, theme::PagePad, theme::PagePad, theme::PagePad);
    auto* title = theme::headingLabel(tr("Nothing waits for you"), page);
    title->setAlignment(Qt::AlignHCenter);
    auto* text = theme::bodyLabel(tr("When a sandbox wants something that no rule decides, "
                                     "the question comes up here. Its request waits meanwhile."),
                                  page);
    text->setAlignment(Qt::AlignHCenter);
    theme::setLabelTone(text, theme::Tone::Muted);
    auto* picture = new QLabel(page);
    picture->setPixmap(theme::icon(QStringLiteral("check"), theme::Tone::Muted).pixmap(40, 40));
    picture->setAlignment(Qt::AlignHCenter);
    column->addStretch(1);
    column->addWidget(picture);
    column->addWidget(title);
    column->addWidget(text);
    column->addStretch(1);
    return page;
}

QPushButton* QuestionWindow::addButton(const QString& text, const char* objectName)
{
    auto* button = new QPushButton(text, this);
    button->setObjectName(QLatin1String(objectName));
    button->setAutoDefault(false);
    return button;
}

void QuestionWindow::setArmingDelay(int milliseconds)
{
    m_arming->setDelay(milliseconds);
}

void QuestionWindow::comeUp(api::QuestionId id)
{
    if (m_current == 0 || !isVisible())
        present(id);
    if (isVisible()) {
        raise();
        return;
    }
    setAttribute(Qt::WA_ShowWithoutActivating, true);
    place();
    show();
    raise();
}

// Over the window that the person looks at, else in the middle of the screen; where they moved it,
// it stays.
void QuestionWindow::place()
{
    if (m_isPlaced)
        return;
    m_isPlaced = true;
    const bool isOver = m_over != nullptr && m_over->isVisible() && !m_over->isMinimized();
    const QRect screenArea = screen()->availableGeometry();
    QRect area(QPoint(), size());
    area.moveCenter(isOver ? m_over->frameGeometry().center() : screenArea.center());
    area.moveLeft(std::clamp(area.left(), screenArea.left(),
                             std::max(screenArea.left(), screenArea.right() - area.width())));
    area.moveTop(std::clamp(area.top(), screenArea.top(),
                            std::max(screenArea.top(), screenArea.bottom() - area.height())));
    move(area.topLeft());
}

void QuestionWindow::open(api::QuestionId idOr0)
{
    const bool isOpen = idOr0 != 0 && m_book.find(idOr0) != nullptr;
    if (const auto id = isOpen ? std::optional(idOr0) : m_book.next())
        present(*id);
    setAttribute(Qt::WA_ShowWithoutActivating, false);
    if (!isVisible())
        place();
    show();
    setWindowState(windowState() & ~Qt::WindowMinimized);
    raise();
    activateWindow();
}

void QuestionWindow::present(api::QuestionId id)
{
    const api::Question* question = m_book.find(id);
    if (question == nullptr)
        return;
    if (id != m_current || !isVisible()) {
        m_current = id;
        m_form->setQuestion(*question);
        setReasonShown(false);
        m_reason->clear();
        m_problem->hide();
        m_denyAll->setText(tr("Deny all from %1").arg(safe(question->sandboxName, 24)));
        m_scroll->ensureVisible(0, 0);
        arm();
        QAccessibleEvent alert(this, QAccessible::Alert);
        QAccessible::updateAccessibility(&alert);
    }
    m_card->setQuestion(*question);
    setAccessibleName(QuestionCard::sentence(*question));
    m_pages->setCurrentIndex(0);
    refreshList();
    fitHeight();
}

void QuestionWindow::presentNothing()
{
    m_current = 0;
    m_pages->setCurrentIndex(1);
    refreshList();
    fitHeight();
}

void QuestionWindow::refreshList()
{
    const int count = m_book.count();
    m_list->setQuestions(m_book.all(), m_current);
    m_count->setText(count == 1 ? tr("1 question") : tr("%1 questions").arg(count));
    m_side->setVisible(count > 1);
    setWindowTitle(count == 0   ? tr("Approvals — Sallyport")
                   : count == 1 ? tr("A sandbox asks — Sallyport")
                                : tr("%1 questions — Sallyport").arg(count));
    const api::Question* shown = m_book.find(m_current);
    m_denyAll->setVisible(shown != nullptr && count > 1);
}

void QuestionWindow::fitHeight()
{
    const int width = CardWidth + (m_side->isHidden() ? 0 : SideWidth);
    int height = 320;
    if (m_current != 0) {
        height = m_scroll->contentHeight(CardWidth) + m_footer->sizeHint().height();
        for (const QWidget* part :
             {static_cast<QWidget*>(m_lost), static_cast<QWidget*>(m_problem), m_reasonRow}) {
            if (!part->isHidden())
                height += part->sizeHint().height();
        }
    }
    const QScreen* area = screen();
    const int most = area ? area->availableGeometry().height() * 9 / 10 : 700;
    resize(isVisible() ? std::max(this->width(), width) : width, std::min(height, most));
}

void QuestionWindow::arm()
{
    m_arming->disarm();
    setFocus();
}

void QuestionWindow::updateButtons()
{
    const bool canAnswer = m_arming->isArmed() && !m_isSending && m_current != 0 &&
                           m_link.state() == EngineLink::State::Connected;
    for (QPushButton* button : {m_deny, m_denyReason, m_sendReason, m_denyAll})
        button->setEnabled(canAnswer);
    m_allow->setEnabled(canAnswer && m_form->isValid());
    const QWidget* focused = focusWidget();
    if (canAnswer && (focused == nullptr || focused == this))
        m_deny->setFocus();
}

void QuestionWindow::onAdded(qint64 id)
{
    refreshList();
    fitHeight();
    if (m_current == 0 && isVisible())
        present(id);
}

void QuestionWindow::onUpdated(qint64 id)
{
    const api::Question* question = m_book.find(id);
    if (id == m_current && question != nullptr)
        m_card->setQuestion(*question);
    refreshList();
}

void QuestionWindow::onRemoved(qint64 id, QuestionBook::End end)
{
    if (id != m_current) {
        refreshList();
        return;
    }
    m_current = 0;
    m_isSending = false;
    if (end == QuestionBook::End::Withdrawn)
        emit told(tr("The question has gone: its client gave up."), {});
    else if (end == QuestionBook::End::AnsweredElsewhere)
        emit told(tr("The question has gone: a rule or another window answered it."), {});
    if (const auto next = m_book.next(); next && isVisible()) {
        present(*next);
        return;
    }
    presentNothing();
    hide();
}

void QuestionWindow::onLinkState()
{
    const bool isLost = m_link.state() != EngineLink::State::Connected;
    m_lost->setText(tr("The engine does not answer"),
                    tr("Nothing leaves any sandbox meanwhile. You can answer when it is back."));
    m_lost->setVisible(isLost);
    m_isSending = false;
    updateButtons();
}

void QuestionWindow::setReasonShown(bool isShown)
{
    m_reasonRow->setVisible(isShown);
    if (isShown)
        m_reason->setFocus();
    fitHeight();
}

void QuestionWindow::give(api::Action action)
{
    if (m_arming->isArmed() && m_current != 0)
        send(m_form->answer(action), false);
}

void QuestionWindow::giveDenyWithReason()
{
    if (!m_arming->isArmed() || m_current == 0)
        return;
    api::Answer answer = m_form->answer(api::Action::Deny);
    QString reason = m_reason->text().trimmed();
    while (reason.toUtf8().size() > MostReasonBytes)
        reason.chop(1);
    answer.reason = fromQt(reason);
    send(answer, false);
}

void QuestionWindow::denyAll()
{
    const api::Question* shown = m_book.find(m_current);
    if (shown == nullptr || !m_arming->isArmed())
        return;
    const api::SandboxId sandbox = shown->sandbox;
    int count = 0;
    for (const api::Question& question : m_book.all()) {
        if (question.sandbox != sandbox)
            continue;
        api::Answer answer;
        answer.question = question.id;
        answer.reach = question.method.empty() ? api::Reach::Host : api::Reach::MethodAndHost;
        answer.lifetime = api::Lifetime::Once;
        send(answer, true);
        ++count;
    }
    emit told(tr("Denied all %1 questions of this sandbox, this once.").arg(count), {});
}

void QuestionWindow::send(const api::Answer& answer, bool isOneOfMany)
{
    const api::Question* found = m_book.find(answer.question);
    if (found == nullptr || (m_isSending && !isOneOfMany))
        return;
    m_isSending = true;
    m_problem->hide();
    updateButtons();
    m_book.answer(answer, this,
                  [this, question = *found, answer, isOneOfMany](const Result<api::Json>& reply) {
                      onAnswered(question, answer, reply, isOneOfMany);
                  });
}

void QuestionWindow::onAnswered(const api::Question& question,
                                const api::Answer& answer,
                                const Result<api::Json>& reply,
                                bool isOneOfMany)
{
    m_isSending = false;
    if (!reply && reply.error().code != Error::Code::NotFound) {
        m_problem->setText(tr("Not answered: %1").arg(safe(reply.error().text, 300)));
        m_problem->show();
        updateButtons();
        return;
    }
    updateButtons();
    if (!reply || isOneOfMany)
        return;
    const bool isAllowed = answer.action == api::Action::Allow;
    if (reply->contains("rule") && !reply->at("rule").is_null()) {
        if (const auto rule = api::fromJson<api::Rule>(reply->at("rule"))) {
            const QString sentence =
                policy::ruleSentence(*rule, safe(question.sandboxName, 40), nowUnixMillis());
            emit told(tr("Rule written: %1.").arg(sentence),
                      [this, rule = *rule] { takeBack(rule); });
            return;
        }
    }
    emit told(isAllowed ? tr("Allowed, this once.") : tr("Denied, this once."), {});
}

// One answer can write two rules (a path and what is below it); they carry the same time.
void QuestionWindow::takeBack(const api::Rule& rule)
{
    std::vector<api::RuleId> ids = {rule.id};
    for (const api::Rule& each : m_rules.applyingTo(0)) {
        const bool isTwin = each.id != rule.id && each.origin == api::RuleOrigin::Answer &&
                            each.createdAt == rule.createdAt && each.sandbox == rule.sandbox &&
                            each.action == rule.action && each.match.method == rule.match.method;
        if (isTwin)
            ids.push_back(each.id);
    }
    for (const api::RuleId id : ids)
        m_link.call("rules.remove", {{"rule", id}}, this, [](const Result<api::Json>&) {});
}

void QuestionWindow::keyPressEvent(QKeyEvent* event)
{
    if (event->key() != Qt::Key_Escape) {
        QWidget::keyPressEvent(event);
        return;
    }
    if (m_reasonRow->isVisible()) {
        setReasonShown(false);
        m_deny->setFocus();
    } else {
        hide();
    }
}

void QuestionWindow::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    fitHeight(); // the fonts are known only now
}

void QuestionWindow::closeEvent(QCloseEvent* event)
{
    event->ignore();
    hide();
}

bool QuestionWindow::eventFilter(QObject* watched, QEvent* event)
{
    const bool isOnto = event->type() == QEvent::Enter || event->type() == QEvent::FocusIn;
    const bool isOff = event->type() == QEvent::Leave || event->type() == QEvent::FocusOut;
    if (watched == m_allow && isOnto)
        m_form->setPreviewedAction(api::Action::Allow);
    else if ((watched == m_allow && isOff && !m_allow->hasFocus()) ||
             (watched != m_allow && isOnto))
        m_form->setPreviewedAction(api::Action::Deny);
    return QWidget::eventFilter(watched, event);
}

} // namespace sallyport::ui::approvals

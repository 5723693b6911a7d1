#include "ui/approvals/approval_center.h"

#include <QDBusConnection>
#include <QMainWindow>

#include "ui/approvals/notifier.h"
#include "ui/approvals/question_book.h"
#include "ui/approvals/question_window.h"
#include "ui/approvals/tray_icon.h"
#include "ui/bridge/engine_link.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/toast.h"

namespace sallyport::ui::approvals {

namespace {

// Where a toast covers no status bar.
QWidget* inside(QWidget* main)
{
    const auto* window = qobject_cast<QMainWindow*>(main);
    return window && window->centralWidget() ? window->centralWidget() : main;
}

} // namespace

struct ApprovalCenter::Parts
{
    Parts(EngineLink& engine, QWidget* main)
        : link(engine)
        , mainWindow(main)
        , book(engine)
        , window(engine, book)
        , notifier(book, QDBusConnection::sessionBus())
        , windowToast(new Toast(&window))
        , mainToast(main ? new Toast(inside(main)) : nullptr)
    {
    }

    EngineLink& link;
    QWidget* mainWindow;
    QuestionBook book;
    QuestionWindow window;
    Notifier notifier;
    TrayIcon tray;
    Toast* windowToast;
    Toast* mainToast;
};

ApprovalCenter::ApprovalCenter(EngineLink& link, QWidget* mainWindow)
    : QObject(mainWindow)
    , m_parts(std::make_unique<Parts>(link, mainWindow))
{
    m_parts->window.setOver(mainWindow);
    m_parts->window.setWindowIcon(mainWindow ? mainWindow->windowIcon() : QIcon());
    connect(&m_parts->book, &QuestionBook::countChanged, this, [this](int count) {
        m_parts->tray.setCount(count);
        emit openCountChanged(count);
    });
    connect(&m_parts->book, &QuestionBook::added, this, [this](qint64 id, bool isNew) {
        const api::Question* question = m_parts->book.find(id);
        if (question && (isNew || QuestionBook::isHeld(*question, nowUnixMillis())))
            m_parts->window.comeUp(id);
    });
    connect(&m_parts->notifier, &Notifier::denyChosen, this, &ApprovalCenter::denyOnce);
    connect(&m_parts->notifier, &Notifier::reviewChosen, this, [this](qint64 id) {
        showQuestion(id);
        emit reviewRequested();
    });
    connect(&m_parts->tray, &TrayIcon::reviewChosen, this, [this] {
        showQuestions();
        emit reviewRequested();
    });
    connect(&m_parts->tray, &TrayIcon::windowChosen, this, [this] {
        if (m_parts->mainWindow == nullptr)
            return;
        m_parts->mainWindow->show();
        m_parts->mainWindow->raise();
        m_parts->mainWindow->activateWindow();
    });
    connect(&m_parts->window, &QuestionWindow::told, this, &ApprovalCenter::tell);
}

ApprovalCenter::~ApprovalCenter() = default;

int ApprovalCenter::openCount() const
{
    return m_parts->book.count();
}

bool ApprovalCenter::hasTray() const
{
    return m_parts->tray.isReachable();
}

void ApprovalCenter::addTrayActions(const QList<QAction*>& actions)
{
    m_parts->tray.addActions(actions);
}

void ApprovalCenter::say(const QString& title, const QString& body)
{
    m_parts->notifier.say(title, body);
}

void ApprovalCenter::showQuestions()
{
    m_parts->window.open(0);
}

void ApprovalCenter::showQuestion(qint64 question)
{
    m_parts->window.open(question);
}

QWidget* ApprovalCenter::questionWindow() const
{
    return &m_parts->window;
}

// From a notification: nothing but this question, nothing that lasts.
void ApprovalCenter::denyOnce(qint64 question)
{
    api::Answer answer;
    answer.question = question;
    answer.reach = api::Reach::ThisRequest;
    answer.lifetime = api::Lifetime::Once;
    m_parts->book.answer(answer, this, [this](const Result<api::Json>& reply) {
        if (!reply && reply.error().code != Error::Code::NotFound)
            tell(tr("Not answered: %1").arg(safe(reply.error().text, 200)), {});
    });
}

// After the handlers of what was just answered: the window may have hidden itself meanwhile.
void ApprovalCenter::tell(const QString& text, const std::function<void()>& undo)
{
    const bool isUp = m_parts->window.isVisible() && m_parts->book.count() > 0;
    Toast* toast =
        isUp || m_parts->mainToast == nullptr ? m_parts->windowToast : m_parts->mainToast;
    toast->showMessage(text, undo);
}

} // namespace sallyport::ui::approvals

#include "ui/window/status_line.h"

#include <QAction>
#include <QLabel>
#include <QStyle>
#include <QToolButton>

#include "ui/bridge/engine_facts.h"
#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/sandboxes/sandbox_text.h"
#include "ui/theme/widgets.h"

namespace sallyport::ui::window {

StatusLine::StatusLine(EngineLink& link, EngineFacts& facts, QAction* questions, QWidget* parent)
    : QStatusBar(parent)
    , m_link(link)
    , m_facts(facts)
    , m_engine(theme::mutedLabel({}, this))
    , m_accelerator(theme::mutedLabel({}, this))
    , m_questions(new QToolButton(this))
    , m_mode(theme::mutedLabel({}, this))
{
    setSizeGripEnabled(false);
    m_engine->setObjectName(QStringLiteral("statusEngine"));
    m_accelerator->setObjectName(QStringLiteral("statusAccelerator"));
    m_mode->setObjectName(QStringLiteral("statusMode"));
    m_questions->setObjectName(QStringLiteral("statusQuestions"));
    m_questions->setFocusPolicy(Qt::NoFocus); // the keyboard has the action
    m_questions->setToolButtonStyle(Qt::ToolButtonTextOnly);
    m_questions->setToolTip(questions->shortcut().toString(QKeySequence::NativeText));
    connect(m_questions, &QToolButton::clicked, questions, &QAction::trigger);
    addWidget(m_engine);
    addWidget(m_accelerator);
    addPermanentWidget(m_questions);
    addPermanentWidget(m_mode);
    connect(&m_link, &EngineLink::stateChanged, this, &StatusLine::refreshEngine);
    connect(&m_facts, &EngineFacts::infoChanged, this, &StatusLine::refreshEngine);
    refreshEngine();
    setQuestionCount(0);
    setSandbox(nullptr);
}

void StatusLine::refreshEngine()
{
    const api::EngineInfo& info = m_facts.info();
    switch (m_link.state()) {
    case EngineLink::State::Connecting:
        m_engine->setText(tr("Starting the engine…"));
        break;
    case EngineLink::State::Connected:
        m_engine->setText(m_endsWithWindow ? tr("Engine running, also without this window")
                                           : tr("Engine running"));
        break;
    case EngineLink::State::Lost:
        m_engine->setText(tr("Engine lost: all egress is blocked"));
        break;
    }
    const bool connected = m_link.isConnected();
    theme::setLabelTone(m_engine, m_link.state() == EngineLink::State::Lost ? theme::Tone::Bad
                                                                            : theme::Tone::Muted);
    m_engine->setToolTip(connected
                             ? tr("Version %1, process %2").arg(toQt(info.version)).arg(info.pid)
                             : m_link.problem());
    m_accelerator->setVisible(connected && !info.accelerator.empty());
    const bool slow = info.accelerator == "tcg";
    m_accelerator->setText(slow ? tr("No KVM: guests are slow") : tr("KVM"));
    theme::setLabelTone(m_accelerator, slow ? theme::Tone::Warn : theme::Tone::Muted);
    m_accelerator->setToolTip(toQt(info.acceleratorReason));
}

void StatusLine::setEndsWithWindow(bool ends)
{
    if (m_endsWithWindow == ends)
        return;
    m_endsWithWindow = ends;
    refreshEngine();
}

void StatusLine::setQuestionCount(int count)
{
    m_questions->setText(count == 0   ? tr("No questions")
                         : count == 1 ? tr("1 question waits")
                                      : tr("%1 questions wait").arg(count));
    m_questions->setProperty("tone", count > 0 ? QStringLiteral("warn") : QString());
    m_questions->style()->unpolish(m_questions);
    m_questions->style()->polish(m_questions);
}

void StatusLine::setSandbox(const api::Sandbox* sandbox)
{
    m_mode->setVisible(sandbox != nullptr);
    if (sandbox == nullptr)
        return;
    const bool open = sandbox->defaultAction == api::DefaultAction::Allow;
    m_mode->setText(
        open ? tr("Default: ALLOW — everything gets out")
             : tr("Default: %1").arg(sandboxes::defaultActionWord(sandbox->defaultAction)));
    m_mode->setToolTip(sandboxes::defaultActionText(sandbox->defaultAction));
    theme::setLabelTone(m_mode, open ? theme::Tone::Bad : theme::Tone::Muted);
}

} // namespace sallyport::ui::window

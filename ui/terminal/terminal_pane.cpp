#include "ui/terminal/terminal_pane.h"

#include <QAction>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/terminal/terminal_view.h"
#include "ui/theme/icon.h"
#include "ui/theme/widgets.h"

namespace sallyport::ui::terminal {

TerminalPane::TerminalPane(EngineLink& link, qint64 sandbox, QWidget* parent)
    : QWidget(parent)
    , m_session(link, sandbox)
    , m_view(new TerminalView(this))
    , m_ended(new theme::Banner(theme::Tone::Muted, this))
{
    m_ended->setObjectName(QStringLiteral("terminalEnded"));
    auto* restart =
        new QAction(theme::icon(QStringLiteral("refresh")), tr("Start a new &shell"), this);
    connect(restart, &QAction::triggered, this, [this] {
        start();
        m_view->setFocus();
    });
    m_ended->addButton(restart, QStringLiteral("terminalRestart"));

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_view, 1);
    column->addWidget(m_ended);
    setFocusProxy(m_view);

    connect(&m_session, &TerminalSession::output, m_view, &TerminalView::feed);
    connect(&m_session, &TerminalSession::stateChanged, this, &TerminalPane::follow);
    connect(m_view, &TerminalView::typed, &m_session, &TerminalSession::write);
    connect(m_view, &TerminalView::resized, &m_session, &TerminalSession::resize);
}

void TerminalPane::start()
{
    if (!isVisible()) {
        m_wantsStart = true;
        return;
    }
    m_wantsStart = false;
    m_view->reset();
    m_session.start(m_view->screen().columns(), m_view->screen().rows());
}

void TerminalPane::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    if (m_wantsStart)
        QMetaObject::invokeMethod(this, &TerminalPane::start, Qt::QueuedConnection);
}

void TerminalPane::follow()
{
    const TerminalSession::State state = m_session.state();
    const bool ended = state == TerminalSession::State::Ended;
    m_view->setActive(state == TerminalSession::State::Starting ||
                      state == TerminalSession::State::Running);
    m_ended->setText(tr("This terminal has ended"), m_session.reason());
    m_ended->setVisible(ended);
    emit stateChanged();
}

} // namespace sallyport::ui::terminal

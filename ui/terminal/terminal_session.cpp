#include "ui/terminal/terminal_session.h"

#include <algorithm>

#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"

namespace sallyport::ui::terminal {

namespace {

constexpr std::size_t MostPieceBytes = std::size_t{32} << 10U;
constexpr int ResizeDelayMs = 60;

} // namespace

TerminalSession::TerminalSession(EngineLink& link, qint64 sandbox, QObject* parent)
    : QObject(parent)
    , m_link(link)
    , m_sandbox(sandbox)
{
    connect(&m_link, &EngineLink::stateChanged, this, [this](EngineLink::State state) {
        if (state == EngineLink::State::Lost && m_state != State::Idle)
            end(tr("The engine went away."));
    });
    m_resize.setSingleShot(true);
    m_resize.setInterval(ResizeDelayMs);
    connect(&m_resize, &QTimer::timeout, this, &TerminalSession::sendSize);
}

// The connection closes with us, and the engine hangs up what was started on it.
TerminalSession::~TerminalSession() = default;

void TerminalSession::start(int columns, int rows)
{
    if (m_state == State::Starting || m_state == State::Running)
        return;
    m_columns = columns;
    m_rows = rows;
    m_stream = 0;
    m_sending = false;
    m_input.clear();
    auto channel = EngineChannel::open(m_link.socket());
    if (!channel) {
        setState(State::Ended, toQt(channel.error().text));
        return;
    }
    m_channel = std::move(*channel);
    connect(m_channel.get(), &EngineChannel::eventArrived, this, &TerminalSession::eventArrived);
    connect(m_channel.get(), &EngineChannel::closed, this, [this](const QString& reason) {
        end(tr("The connection to the engine was lost: %1").arg(reason));
    });
    setState(State::Starting);

    api::ExecRequest request;
    request.sandbox = m_sandbox;
    request.pty = true;
    // A login shell: it reads the profile with the sandbox's CA variables and a prompt.
    request.argv = {"/bin/sh", "-c", "exec \"${SHELL:-/bin/bash}\" -l"};
    request.columns = columns;
    request.rows = rows;
    request.environment = {{"COLORTERM", "truecolor"}};
    m_channel->call("exec.start", api::toJson(request), this, [this](const auto& reply) {
        if (!reply) {
            end(toQt(reply.error().text));
            return;
        }
        if (m_state != State::Starting)
            return; // its end came first
        m_stream = reply->value("stream", api::StreamId{0});
        setState(State::Running);
        sendInput();
        sendSize(); // it can have changed meanwhile
    });
}

void TerminalSession::setState(State state, const QString& reason)
{
    m_state = state;
    m_reason = reason;
    emit stateChanged();
}

void TerminalSession::end(const QString& reason)
{
    if (m_state == State::Ended)
        return;
    m_input.clear();
    if (m_channel) {
        // Not deleted here: we are called by it.
        m_channel->disconnect(this);
        m_channel.release()->deleteLater();
    }
    setState(State::Ended, reason);
}

void TerminalSession::eventArrived(const std::string& event, const api::Json& parameters)
{
    // One stream a connection, so what comes is ours.
    if (event == "exec.output") {
        const auto piece = api::fromJson<api::ExecOutput>(parameters);
        if (piece)
            emit output(piece->bytes);
    } else if (event == "exec.exit") {
        const auto exit = api::fromJson<api::ExecExit>(parameters);
        if (!exit)
            end(toQt(exit.error().text));
        else if (!exit->error.empty())
            end(toQt(exit->error));
        else if (exit->signal != 0)
            end(tr("The shell was ended by signal %1.").arg(exit->signal));
        else
            end(tr("The shell ended with status %1.").arg(exit->status));
    }
}

void TerminalSession::write(std::string_view bytes)
{
    if (m_state != State::Starting && m_state != State::Running)
        return;
    // Also bounds what a program can make the terminal answer to its queries.
    if (m_input.size() + bytes.size() > MostPendingInput)
        return;
    m_input += bytes;
    sendInput();
}

// One piece at a time, since the answer says that the guest took it.
void TerminalSession::sendInput()
{
    if (m_state != State::Running || m_sending || m_input.empty())
        return;
    const std::size_t size = std::min(m_input.size(), MostPieceBytes);
    const QByteArray piece(m_input.data(), static_cast<qsizetype>(size));
    m_input.erase(0, size);
    m_sending = true;
    m_channel->call("exec.input", {{"stream", m_stream}, {"bytes", piece.toBase64().toStdString()}},
                    this, [this](const auto&) {
                        m_sending = false;
                        sendInput();
                    });
}

void TerminalSession::resize(int columns, int rows)
{
    m_columns = columns;
    m_rows = rows;
    m_resize.start();
}

void TerminalSession::sendSize()
{
    if (m_state == State::Running)
        m_channel->call("exec.resize",
                        {{"stream", m_stream}, {"columns", m_columns}, {"rows", m_rows}}, this, {});
}

} // namespace sallyport::ui::terminal

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <QObject>
#include <QTimer>

#include "engine/api/types.h"
#include "ui/bridge/engine_channel.h"

namespace sallyport::ui {
class EngineLink;
}

namespace sallyport::ui::terminal {

// One login shell in a sandbox, on a pty, over a connection of its own (see EngineChannel for why).
// It ends with the shell, with the sandbox, or with the engine; start() begins a new one. GUI
// thread.
class TerminalSession : public QObject
{
    Q_OBJECT

public:
    enum class State
    {
        Idle,
        Starting,
        Running,
        Ended,
    };

    // What waits for the guest at most; more is dropped.
    static constexpr std::size_t MostPendingInput = std::size_t{4} << 20U;

    TerminalSession(EngineLink& link, qint64 sandbox, QObject* parent = nullptr);
    ~TerminalSession() override;

    void start(int columns, int rows);
    [[nodiscard]] State state() const { return m_state; }
    // Why it ended, for a person.
    [[nodiscard]] QString reason() const { return m_reason; }

    // Sent in order; what is written while it starts is sent once it runs.
    void write(std::string_view bytes);
    void resize(int columns, int rows);

signals:
    // Valid within the call.
    void output(std::string_view bytes);
    void stateChanged();

private:
    void setState(State state, const QString& reason = {});
    void end(const QString& reason);
    void eventArrived(const std::string& event, const api::Json& parameters);
    void sendInput();
    void sendSize();

    EngineLink& m_link;
    qint64 m_sandbox;
    std::unique_ptr<EngineChannel> m_channel;
    api::StreamId m_stream = 0;
    State m_state = State::Idle;
    QString m_reason;
    std::string m_input;
    bool m_sending = false;
    int m_columns = 80;
    int m_rows = 24;
    QTimer m_resize; // a window that is dragged does not flood the guest with sizes
};

} // namespace sallyport::ui::terminal

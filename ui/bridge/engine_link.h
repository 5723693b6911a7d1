#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>

#include "engine/api/json.h"
#include "engine/api/phases.h"
#include "engine/api/types.h"
#include "engine/api/settings.h"
#include "ui/bridge/engine_channel.h"
#include "ui/bridge/process_watch.h"

namespace sallyport::ui {

// The window's connection to the engine: calls go out, events come in as signals on the GUI thread.
// It connects by itself, starts the engine when none runs, and tries again when the connection is
// lost. While it is not Connected every call fails at once with Unavailable. All members: GUI
// thread.
class EngineLink : public QObject
{
    Q_OBJECT

public:
    enum class State
    {
        Connecting,
        Connected,
        Lost, // no engine answers, or it went away; all traffic is refused meanwhile
    };
    Q_ENUM(State)

    using Reply = EngineChannel::Reply;

    // `engineProgram` is what is started when nothing listens on the socket; empty: never start
    // one. It outlives the window; what it prints goes to engine.log beside the socket.
    EngineLink(std::filesystem::path socket,
               std::filesystem::path engineProgram,
               QObject* parent = nullptr);
    ~EngineLink() override;

    void open();
    // Tries at once, and may start the engine again.
    void retry();
    [[nodiscard]] State state() const { return m_state; }
    [[nodiscard]] bool isConnected() const { return m_state == State::Connected; }
    // The reason of the last failure, for the banner.
    [[nodiscard]] QString problem() const { return m_problem; }
    // For connections of one's own (EngineChannel::open).
    [[nodiscard]] const std::filesystem::path& socket() const { return m_socket; }

    // Calls a method of engine/api/methods.h. The reply is called once, on the GUI thread and after
    // this has returned, unless `context` has died.
    void call(const char* method, api::Json parameters, QObject* context, Reply reply);

signals:
    void stateChanged(sallyport::ui::EngineLink::State state);
    // Connected (again): models fetch everything anew.
    void connected();
    void sandboxChanged(const sallyport::api::Sandbox& sandbox);
    void sandboxRemoved(qint64 sandbox);
    void ruleChanged(const sallyport::api::Rule& rule);
    void ruleRemoved(qint64 rule);
    void questionChanged(const sallyport::api::Question& question);
    void rowStored(const sallyport::api::Row& row);
    // Rows were left out because the window did not keep up: list them anew.
    void rowsMissed();
    // The handlers or the module of a sandbox.
    void handlersChanged(qint64 sandbox);
    void phasesChanged(qint64 sandbox, const sallyport::api::Phases& phases);
    void handlerLineStored(const sallyport::api::HandlerLine& line);
    void credentialChanged(const sallyport::api::Credential& credential);
    void credentialRemoved(qint64 credential);
    void credentialAlarmed(const sallyport::api::CredentialAlarm& alarm);
    void vaultChanged(const sallyport::api::Vault& vault);
    // Bindings, who may use them, or what they hold; at most once a second.
    void bindingsChanged();
    // Set or reset, for all or for its sandbox.
    void settingChanged(const sallyport::api::Setting& setting);
    void execOutput(const sallyport::api::ExecOutput& output);
    void execExit(const sallyport::api::ExecExit& exit);

private:
    void setState(State state, const QString& problem);
    void tryConnect();
    void adopt(std::unique_ptr<EngineChannel> channel);
    void lose(const QString& reason);
    void ping();
    void startEngine();
    [[nodiscard]] QString engineLogTail() const;
    void deliver(const std::string& event, const api::Json& parameters);

    std::filesystem::path m_socket;
    std::filesystem::path m_engineProgram;
    std::unique_ptr<EngineChannel> m_channel;
    std::unique_ptr<ProcessWatch> m_process; // a killed engine is known at once
    QTimer m_ping;                           // and one that hangs, in a while
    QElapsedTimer m_unanswered;              // since the ping that waits; invalid: none does
    QTimer m_retry;
    QElapsedTimer m_sinceTrying; // since the first try of this series
    QElapsedTimer m_sinceStart;  // since the engine was last started by us; invalid: not yet
    State m_state = State::Connecting;
    QString m_problem;
};

} // namespace sallyport::ui

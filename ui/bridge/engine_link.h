#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include <QObject>
#include <QTimer>

#include "engine/api/client.h"
#include "engine/api/json.h"
#include "engine/api/types.h"

namespace sallyport::ui {

// The window's connection to the engine: calls go out, events come in as signals on the GUI thread.
// It connects by itself, starts the engine when none runs (startEngine), and tries again when the
// connection is lost. While it is not Connected every call fails at once with Unavailable. All
// members: GUI thread.
class EngineLink : public QObject
{
    Q_OBJECT

public:
    enum class State
    {
        Connecting,
        Connected,
        Lost, // it was connected; the engine refuses all traffic meanwhile
    };
    Q_ENUM(State)

    using Reply = std::function<void(Result<api::Json>)>;

    // `engineProgram` is what is started when nothing listens on the socket; empty: never start
    // one.
    EngineLink(std::filesystem::path socket,
               std::filesystem::path engineProgram,
               QObject* parent = nullptr);
    ~EngineLink() override;

    void open();
    [[nodiscard]] State state() const { return m_state; }
    // The reason of the last failure, for the banner.
    [[nodiscard]] QString problem() const { return m_problem; }

    // Calls a method of engine/api/methods.h. The reply is called once, on the GUI thread, unless
    // `context` has died.
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
    void execOutput(const sallyport::api::ExecOutput& output);
    void execExit(const sallyport::api::ExecExit& exit);

private:
    void setState(State state, const QString& problem);
    void tryConnect();
    void deliver(const std::string& event, const api::Json& parameters);

    std::filesystem::path m_socket;
    std::filesystem::path m_engineProgram;
    std::unique_ptr<api::Client> m_client;
    QTimer m_retry;
    State m_state = State::Connecting;
    QString m_problem;
};

} // namespace sallyport::ui

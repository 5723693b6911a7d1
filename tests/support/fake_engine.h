#pragma once

// An engine of cardboard for tests of the window and for screenshots: it speaks the API on a
// socket, keeps what it is given in memory, and does what a test tells it. It starts no sandbox and
// fetches nothing. GUI thread.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <QLocalServer>
#include <QLocalSocket>
#include <QObject>
#include <QTemporaryDir>

#include "engine/api/json.h"
#include "engine/api/types.h"

namespace sallyport::test {

class FakeEngine : public QObject
{
    Q_OBJECT

public:
    using Handler = std::function<Result<api::Json>(const api::Json& parameters)>;

    FakeEngine();
    ~FakeEngine() override;

    [[nodiscard]] std::string socketPath() const;
    void listen();
    // Drops all connections and stops listening, as a killed engine does.
    void vanish();

    // What the methods answer from.
    api::EngineInfo info;
    std::vector<api::Check> checks;
    std::vector<api::Sandbox> sandboxes;
    std::vector<api::Rule> rules;
    std::vector<api::Question> questions;
    std::vector<api::Row> rows; // oldest first
    std::map<std::int64_t, std::vector<api::LadderStep>> ladders;

    // Replaces the answer of a method.
    void answer(const std::string& method, Handler handler);
    // Calls that came, in order.
    struct Call
    {
        std::string method;
        api::Json parameters;
    };
    [[nodiscard]] const std::vector<Call>& calls() const { return m_calls; }
    [[nodiscard]] int callCount(const std::string& method) const;
    [[nodiscard]] api::Json lastParameters(const std::string& method) const;

    void emitEvent(const std::string& event, const api::Json& parameters);
    void changeSandbox(const api::Sandbox& sandbox); // stores and sends it
    void removeSandbox(api::SandboxId id);
    void changeQuestion(const api::Question& question);
    void storeRow(const api::Row& row);

    // To every connection that started a program.
    void execOutput(const std::string& bytes);
    void execExit(int status, const std::string& error = {});
    // What the programs were sent, together.
    [[nodiscard]] const std::string& execInput() const { return m_execInput; }

    // Fills it with a busy day of two sandboxes, as for a picture.
    void fillWithExample();

private:
    void accept();
    void readFrom(QLocalSocket* socket);
    void handle(QLocalSocket* socket, const std::string& line);
    Result<api::Json>
    call(QLocalSocket* socket, const std::string& method, const api::Json& parameters);
    static void send(QLocalSocket* socket, const api::Json& message);
    void addDefaults();
    [[nodiscard]] api::Sandbox* findSandbox(const api::Json& parameters);

    QTemporaryDir m_directory;
    std::unique_ptr<QLocalServer> m_server;
    std::vector<QLocalSocket*> m_connections;
    std::vector<QLocalSocket*> m_subscribers;
    std::map<QLocalSocket*, std::int64_t> m_streams;
    std::map<std::string, Handler> m_handlers;
    std::vector<Call> m_calls;
    std::string m_execInput;
    std::int64_t m_lastId = 100;
};

} // namespace sallyport::test

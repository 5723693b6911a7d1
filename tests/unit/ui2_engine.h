#pragma once

// An engine for tests of the log, the policy page and the question window: a real socket and the
// real wire format, in the test's own thread, over values that the test holds.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <QObject>
#include <QSocketNotifier>
#include <QTemporaryDir>

#include "engine/api/json.h"
#include "engine/api/phases.h"
#include "engine/api/types.h"
#include "ui/bridge/engine_link.h"

namespace sallyport::test {

class LineEngine : public QObject
{
public:
    using Handler = std::function<Result<api::Json>(const api::Json& parameters)>;

    LineEngine();
    ~LineEngine() override;

    // A link that is connected to this engine.
    [[nodiscard]] ui::EngineLink& link() { return *m_link; }
    void openLink();
    // As when the connection breaks: the link comes back by itself.
    void hangUp();
    // As when the engine is killed and does not come back.
    void stop();

    void handle(const std::string& method, Handler handler) { m_handlers[method] = handler; }
    void emitEvent(const std::string& event, const api::Json& parameters);

    // What the engine holds; the default handlers read and write these.
    std::vector<api::Sandbox> sandboxes;
    std::vector<api::Rule> rules;
    std::vector<api::Question> questions;
    std::vector<api::Row> rows;         // by id
    std::vector<api::Handler> handlers; // of every sandbox
    api::Phases phases;                 // of every sandbox
    // Every call but previews, in order: method and parameters.
    std::vector<std::pair<std::string, api::Json>> calls;
    [[nodiscard]] int callCount(const std::string& method) const;
    // The parameters of the latest call of this method; null when there was none.
    [[nodiscard]] api::Json lastCall(const std::string& method) const;

    // Adds and announces.
    void ask(const api::Question& question);
    void store(const api::Row& row);

private:
    struct Connection
    {
        int fd = -1;
        std::string input;
        std::unique_ptr<QSocketNotifier> notifier;
    };

    void addHandlers();
    void addPolicyHandlers();
    void addOutboundHandlers();
    void addPhaseHandlers();
    void accept();
    void read(Connection& connection);
    void serve(Connection& connection, const std::string& line);
    static void write(const Connection& connection, const api::Json& message);
    [[nodiscard]] Result<api::Json> list(const api::Json& parameters) const;

    QTemporaryDir m_directory;
    int m_listener = -1;
    std::unique_ptr<QSocketNotifier> m_accepting;
    std::vector<std::unique_ptr<Connection>> m_connections;
    std::map<std::string, Handler> m_handlers;
    std::unique_ptr<ui::EngineLink> m_link;
    api::RuleId m_nextRule = 100;
};

// Sample values.
[[nodiscard]] api::Sandbox sandbox(api::SandboxId id, const std::string& name);
[[nodiscard]] api::Handler handler(const std::string& host,
                                   const std::string& name,
                                   const std::string& params,
                                   const std::string& text);
// Held for 18 more seconds.
[[nodiscard]] api::Question question(api::QuestionId id,
                                     const std::string& method,
                                     const std::string& host,
                                     const std::string& path = "/");
[[nodiscard]] api::Row row(api::RowId id, api::RowState state, const std::string& host);
[[nodiscard]] bool contains(const api::RowFilter& filter, const api::Row& row);

} // namespace sallyport::test

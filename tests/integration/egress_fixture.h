#pragma once

// A door on loopback for tests: a thread that runs it, a gatekeeper that says what the test wants,
// listeners that stand for the guest's side, and real upstreams (nginx, or a script of the test's).

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <QProcess>
#include <QTemporaryDir>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/egress/door.h"

namespace sallyport::test {

// Decides as the test says; keeps every row. Methods without "network thread" are for the test's.
class ScriptedGatekeeper final : public egress::Gatekeeper
{
public:
    explicit ScriptedGatekeeper(boost::asio::io_context& context)
        : m_context(context)
    {
    }

    using Decide = std::function<policy::Decision(const policy::Request&)>;
    void setDecide(Decide decide);
    void allowAll();
    void setBudget(std::chrono::milliseconds budget) { m_budget = budget; }
    void refuseAddresses(bool refuse) { m_refuseAddresses = refuse; }
    void setMostUploadBytes(std::int64_t most) { m_mostUploadBytes = most; }
    // Of all that passes from now on; 0: any number.
    void setMostBytes(std::int64_t most) { m_bytesLeft = m_mostBytes = most; }

    // A real ladder decides, until the next setDecide().
    void setPolicy(std::shared_ptr<const policy::Snapshot> policy);
    [[nodiscard]] std::vector<api::HandlerLine> handlerLines() const;

    // Answers every question that is open.
    void answer(const egress::AskOutcome& outcome);
    [[nodiscard]] int openQuestions() const { return m_open; }
    [[nodiscard]] int withdrawn() const { return m_withdrawn; }

    // The sandbox's credentials from now on.
    void setKit(std::shared_ptr<const secret::Kit> kit);
    [[nodiscard]] std::vector<api::CredentialAlarm> alarms() const;

    [[nodiscard]] std::vector<api::RowDetail> rows() const;
    // The newest row; fails the test's wait by staying empty.
    [[nodiscard]] api::RowDetail lastRow() const;
    void forgetRows();

    // Network thread.
    policy::Decision decide(api::SandboxId sandbox, const policy::Request& request) override;
    policy::Decision peek(api::SandboxId sandbox, const policy::Request& request) override;
    boost::asio::awaitable<egress::AskOutcome> ask(api::SandboxId sandbox,
                                                   const policy::Request& request,
                                                   const policy::Decision& decision,
                                                   api::RowId row) override;
    policy::Decision
    checkAddress(api::SandboxId sandbox, const policy::Address& address, int port) override;
    std::optional<std::string>
    spend(api::SandboxId, const policy::Host&, int, std::int64_t bytes) override
    {
        m_bytesLeft -= bytes;
        return m_mostBytes > 0 && m_bytesLeft <= 0
                   ? std::optional<std::string>("the test's budget is used up")
                   : std::nullopt;
    }
    std::int64_t mostUploadBytes(api::SandboxId) override { return m_mostUploadBytes; }
    std::shared_ptr<const secret::Kit> credentials(api::SandboxId sandbox) override;
    void alarm(api::CredentialAlarm alarm) override;
    api::RowId addRow(const api::Row& row) override;
    void updateRow(api::RowDetail detail) override;
    void addHandlerLine(const api::HandlerLine& line) override;

private:
    struct Question
    {
        explicit Question(boost::asio::io_context& context)
            : timer(context)
        {
        }
        boost::asio::steady_timer timer;
        std::optional<egress::AskOutcome> outcome;
    };

    boost::asio::io_context& m_context;
    mutable std::mutex m_mutex; // guards the members down to m_alarms
    Decide m_decide;
    std::shared_ptr<const policy::Snapshot> m_policy;
    std::vector<api::HandlerLine> m_handlerLines;
    std::map<api::RowId, api::RowDetail> m_rows;
    std::shared_ptr<const secret::Kit> m_kit;
    std::vector<api::CredentialAlarm> m_alarms;
    std::vector<std::shared_ptr<Question>> m_questions; // network thread
    std::atomic<std::chrono::milliseconds> m_budget{std::chrono::milliseconds(25000)};
    std::atomic<bool> m_refuseAddresses{false};
    std::atomic<std::int64_t> m_mostUploadBytes{0};
    std::atomic<std::int64_t> m_mostBytes{0};
    std::atomic<std::int64_t> m_bytesLeft{0};
    std::atomic<int> m_open{0};
    std::atomic<int> m_withdrawn{0};
};

[[nodiscard]] policy::Decision
verdict(policy::Verdict verdict, api::Step step = api::Step::Rule, std::string reason = "test");

// A server whose connections are each run by a function on a thread of its own.
class ScriptedServer
{
public:
    using Script = std::function<void(int socket)>;
    explicit ScriptedServer(Script script);
    ~ScriptedServer();
    [[nodiscard]] int port() const { return m_port; }
    [[nodiscard]] int connections() const { return m_connections; }

private:
    int m_port = 0; // before the listener, which sets it
    UniqueFd m_listener;
    std::atomic<int> m_connections{0};
    std::thread m_thread;
};

// Makes Qt start the process by fork() and not by vfork(), which the thread sanitizer can't follow.
void useFork(QProcess& process);

struct CurlResult
{
    int exitCode = -1;
    QByteArray out; // body, and what -w printed
    QByteArray error;
};

class EgressFixture
{
public:
    static constexpr api::SandboxId Sandbox = 7;

    explicit EgressFixture(const egress::DoorLimits& limits = {});
    ~EgressFixture();

    [[nodiscard]] ScriptedGatekeeper& keeper() { return *m_keeper; }
    // What names resolve to on the upstream side; 127.0.0.1 until set, empty fails.
    void resolveTo(const std::string& name, std::vector<std::string> addresses);

    // A port on loopback whose connections reach the door as if the guest had gone to name:port.
    [[nodiscard]] int frontFor(const std::string& name, int port);
    // The same for a literal or a made-up pool address.
    [[nodiscard]] int frontForAddress(const std::string& address, int port);
    // A connected socket to such a front, with a receive time-out of five seconds.
    [[nodiscard]] UniqueFd connectTo(int front) const;

    // curl with the sandbox's certificate trusted and name:port led to the door.
    [[nodiscard]] CurlResult
    curl(const std::string& name, int port, QStringList arguments, int timeoutMs = 60000);
    void startCurl(QProcess& process, const std::string& name, int port, QStringList arguments);

    [[nodiscard]] QString caFile() const { return m_folder.filePath("sandbox-ca.pem"); }
    [[nodiscard]] QString path(const QString& name) const { return m_folder.filePath(name); }

    // Starts nginx once: TLS with HTTP/2, TLS with HTTP/1.1 alone, plain, HTTP/2 without TLS.
    void startNginx();
    [[nodiscard]] int h2Port() const { return m_nginxH2; }
    [[nodiscard]] int h1Port() const { return m_nginxH1; }
    [[nodiscard]] int plainPort() const { return m_nginxPlain; }
    [[nodiscard]] int plainH2Port() const { return m_nginxPlainH2; }

    [[nodiscard]] boost::asio::io_context& context() { return m_context; }
    // Runs on the network thread and waits for it.
    void onNetwork(const std::function<void(egress::Door&)>& action);

private:
    [[nodiscard]] int listenFor(const policy::Address& address, int port);
    void makeCertificates();

    QTemporaryDir m_folder;
    boost::asio::io_context m_context;
    std::unique_ptr<ScriptedGatekeeper> m_keeper;
    std::mutex m_namesMutex; // guards m_names
    std::map<std::string, std::vector<std::string>> m_names;
    std::shared_ptr<dns::AddressPool> m_pool;
    std::unique_ptr<egress::Door> m_door;
    std::map<std::pair<std::string, int>, int> m_fronts;
    std::unique_ptr<ScriptedServer> m_sink; // reads whole uploads for nginx
    QProcess m_nginx;
    int m_nginxH2 = 0;
    int m_nginxH1 = 0;
    int m_nginxPlain = 0;
    int m_nginxPlainH2 = 0;
    std::thread m_thread;
};

// HTTP/2 frames as raw bytes.
namespace h2 {
[[nodiscard]] std::string preface(); // with empty SETTINGS
[[nodiscard]] std::string frame(int type, int flags, int stream, std::string_view payload);
// HEADERS with END_STREAM, without compression.
[[nodiscard]] std::string get(int stream, std::string_view authority, std::string_view path);
// The same with a body to come.
[[nodiscard]] std::string post(int stream, std::string_view authority, std::string_view path);
[[nodiscard]] std::string reset(int stream);
// The bytes of the DATA frames of a stream, of those frames that came whole.
[[nodiscard]] std::string data(std::string_view bytes, int stream);
// Whether a frame of that type and stream is among what came.
[[nodiscard]] bool holds(std::string_view bytes, int type, int stream);
} // namespace h2

// Raw client helpers.
void sendAll(int socket, std::string_view bytes);
// Until `until` has come, the other side ended, or five seconds; what came.
std::string readUntil(int socket, std::string_view until);
std::string readToEnd(int socket);
// Answers one request with the head that came.
void answerWithHead(int socket);
UniqueFd connectToLoopback(int port);

} // namespace sallyport::test

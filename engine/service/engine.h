#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include "engine/api/server.h"
#include "engine/api/types.h"
#include "engine/base/paths.h"
#include "engine/base/result.h"
#include "engine/egress/door.h"
#include "engine/log/egress_log.h"
#include "engine/handler/runtime.h"
#include "engine/log/handler_log.h"
#include "engine/sandbox/manager.h"
#include "engine/sandbox/platform.h"
#include "engine/service/binding_book.h"
#include "engine/service/budget_book.h"
#include "engine/service/credential_book.h"
#include "engine/service/door_keeper.h"
#include "engine/service/exec_sessions.h"
#include "engine/service/front_desk.h"
#include "engine/service/handler_book.h"
#include "engine/service/phase_book.h"
#include "engine/service/policy_book.h"
#include "engine/service/settings_book.h"
#include "engine/service/sleeper.h"
#include "engine/store/budgets.h"
#include "engine/store/store.h"

namespace sallyport::service
{

struct EngineOptions
{
    Paths paths;
    std::filesystem::path jailBinary;
    std::filesystem::path handlerBinary; // sallyport-handlerd
    std::string acceleratorOverride;        // "kvm", "tcg" or empty
    std::optional<std::chrono::milliseconds> holdTime; // in place of the default of approval.holdTime
};

// The engine, assembled: it owns every part and knows which part talks to which. One network thread runs the door, the API
// and all decisions; blocking calls (jail, libvirt, files) run on two workers; the store has its own writer and reader.
class Engine
{
public:
    // Opens the store and the API's socket. Exists when another engine of this user runs.
    [[nodiscard]] static Result<std::unique_ptr<Engine>> open(EngineOptions options);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // Runs until a client or a signal (SIGTERM, SIGINT, SIGHUP) ends it. Sandboxes go on unless the client said otherwise.
    void run();

private:
    Engine(EngineOptions options, api::EngineLock lock, std::unique_ptr<store::Store> store, std::unique_ptr<log::EgressLog> log);

    [[nodiscard]] Status start();
    void listenToParts();
    void end(bool stopSandboxes);
    [[nodiscard]] boost::asio::awaitable<void> shutDown(bool stopSandboxes);
    // Puts what the settings say into force, in the part that it is for.
    void applySetting(std::string_view name);
    void applyAuthorities();
    // Compiles the module of a sandbox that runs, so that its first request need not wait for that.
    void warmModule(api::SandboxId sandbox);
    void putModuleInForce(api::SandboxId sandbox, const std::string& name);
    [[nodiscard]] api::Json handlersEnvironment(api::SandboxId sandbox) const;
    void putEnvironmentInForce(api::SandboxId sandbox, const std::string& name);
    void putEnvironmentsInForce();
    void forgetForHandlers(const std::string& credential);
    // A text of a handler's, who may know values, as the log and the person may see it.
    [[nodiscard]] std::string withoutValues(api::SandboxId sandbox, std::string text);
    void addHandlerLine(api::SandboxId sandbox, const std::string& handler, const handler::LogLine& line);
    // Runs the hook of the sandbox's module, where its class has it.
    void runHook(api::SandboxId sandbox, const std::string& hook);
    [[nodiscard]] boost::asio::awaitable<void> putToSleep(api::SandboxId sandbox, std::chrono::seconds after);
    void broadcast(std::string_view event, const api::Json& parameters);
    void announceSandbox(const api::Sandbox& sandbox);
    [[nodiscard]] api::Sandbox withQuestions(api::Sandbox sandbox) const;

    // Each group of methods, bound in a file of its own.
    void bindEngineMethods();
    void bindSandboxMethods();
    void bindExecMethods();
    void bindPolicyMethods();
    void bindPhaseMethods();
    void bindHandlerMethods();
    void bindHostMethods();
    void bindHandlerTools();
    void bindApprovalMethods();
    void bindLogMethods();
    void bindCredentialMethods();
    void bindSettingsMethods();
    void bindBindingMethods();
    void bindUseMethods();
    void bindContentMethods();

    [[nodiscard]] api::EngineInfo info() const;
    [[nodiscard]] Result<api::SandboxId> sandboxIn(const api::Json& parameters) const;
    [[nodiscard]] PhaseBook::Parts phaseParts();
    [[nodiscard]] Result<api::Json> setPolicy(api::Json parameters);
    // What a module does to its sandbox: a setter by its name in the API, and its arguments in order as JSON.
    [[nodiscard]] Result<std::string> operateForHandler(api::SandboxId sandbox, const std::string& name, const std::string& json);
    [[nodiscard]] Result<api::Json> hostChange(api::SandboxId sandbox, const std::string& name, const api::Json& argument) const;
    // `draft` in place of the module in force; fetches go out only where that is asked for.
    [[nodiscard]] boost::asio::awaitable<Result<api::TrialResult>>
    tryHandler(api::SandboxId sandbox, api::TrialRequest request, std::optional<std::string> draft, bool isToSend);
    [[nodiscard]] api::Json moduleJson(const api::Module& module) const;
    [[nodiscard]] api::Json handlersOf(api::SandboxId sandbox) const;
    [[nodiscard]] Result<api::CredentialId> credentialIn(const api::Json& parameters) const;

    // The handlers on a sandbox's ladder: those that were set or declared, and what its bindings put there.
    [[nodiscard]] std::vector<api::Handler> handlersOnLadder(api::SandboxId sandbox) const;
    void listenToBindings();
    void bindingsChanged();
    [[nodiscard]] boost::asio::awaitable<void> keepBudgets();
    void saveBudgets();
    [[nodiscard]] boost::asio::awaitable<Result<UniqueFd>> connectToSandbox(api::SandboxId id, int port);
    struct ContentTarget
    {
        std::int64_t store = 0;
        std::string name;
        std::string key;
    };
    [[nodiscard]] Result<ContentTarget> contentIn(api::BindingKind kind, const api::Json& parameters) const;
    [[nodiscard]] boost::asio::awaitable<Result<api::Json>> listContents(api::BindingKind kind, api::Json parameters);
    [[nodiscard]] boost::asio::awaitable<Result<api::Json>> getContent(api::BindingKind kind, api::Json parameters);
    [[nodiscard]] boost::asio::awaitable<Result<api::Json>>
    putContent(api::BindingKind kind, std::uint64_t connection, api::Json parameters);

    // In the order in which they depend on each other; the loop goes last, after all that has handlers in it.
    EngineOptions m_options;
    boost::asio::io_context m_loop;
    boost::asio::thread_pool m_workers{2};
    api::EngineLock m_lock;
    std::unique_ptr<store::Store> m_store;
    std::unique_ptr<log::EgressLog> m_log;
    std::unique_ptr<log::HandlerLog> m_handlerLog;
    std::unique_ptr<api::Server> m_server;
    std::unique_ptr<SettingsBook> m_settings;
    std::unique_ptr<BudgetBook> m_budgets;
    std::unique_ptr<HandlerBook> m_handlers;
    std::unique_ptr<PolicyBook> m_book;
    std::unique_ptr<FrontDesk> m_desk;
    std::unique_ptr<CredentialBook> m_credentials;
    std::unique_ptr<BindingBook> m_bindings;
    std::unique_ptr<DoorKeeper> m_keeper;
    std::unique_ptr<handler::Runtime> m_runtime;
    std::unique_ptr<egress::Door> m_door;
    std::unique_ptr<sandbox::Platform> m_platform;
    std::unique_ptr<sandbox::Manager> m_sandboxes;
    std::unique_ptr<PhaseBook> m_phases;
    std::unique_ptr<ExecSessions> m_exec;
    std::unique_ptr<Sleeper> m_sleeper;
    std::set<api::SandboxId> m_running; // whose onStart was run
    static constexpr int MostTrials = 4;
    int m_trials = 0;
    bool m_isEnding = false;
};

} // namespace sallyport::service

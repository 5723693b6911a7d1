#include "engine/service/engine.h"

#include <algorithm>
#include <chrono>
#include <csignal>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "engine/base/log.h"
#include "engine/secret/secret_text.h"
#include "engine/service/door_limits.h"
#include "engine/service/handler_limits.h"
#include "engine/service/hook_call.h"
#include "engine/service/module_check.h"
#include "engine/service/proxy_settings.h"

namespace sallyport::service
{
namespace asio = boost::asio;
namespace
{
approval::Desk::Options deskOptions(const SettingsBook& settings)
{
    approval::Desk::Options options;
    options.holdBudgetMs = settings.number("approval.holdTime");
    options.inboxMs = settings.number("approval.inboxTime");
    options.onceMs = settings.number("approval.onceTime");
    options.mostQuestions = static_cast<std::size_t>(settings.number("approval.questions"));
    options.mostPerMinute = static_cast<std::size_t>(settings.number("approval.questionsPerMinute"));
    return options;
}

// For the answers to who waited, before their connections are closed.
constexpr std::chrono::milliseconds AnswerTime{100};
} // namespace

Result<std::unique_ptr<Engine>> Engine::open(EngineOptions options)
{
    auto lock = api::EngineLock::take(options.paths.runtime);
    if (!lock)
        return tl::unexpected(lock.error());
    auto store = store::Store::open(options.paths.database());
    if (!store)
        return fail("open the database", store.error());
    auto log = log::EgressLog::open(**store);
    if (!log)
        return fail("open the log", log.error());
    std::unique_ptr<Engine> engine(new Engine(std::move(options), std::move(*lock), std::move(*store), std::move(*log)));
    if (auto started = engine->start(); !started)
        return tl::unexpected(started.error());
    return engine;
}

Engine::Engine(EngineOptions options, api::EngineLock lock, std::unique_ptr<store::Store> store, std::unique_ptr<log::EgressLog> log)
    : m_options(std::move(options))
    , m_lock(std::move(lock))
    , m_store(std::move(store))
    , m_log(std::move(log))
{
}

Engine::~Engine()
{
    // The log's listener posts to the loop; it must be silent before the loop goes.
    m_log->setListener({});
    m_handlerLog.reset();
    m_workers.join();
}

Status Engine::start()
{
    auto sandboxes = m_store->loadSandboxes();
    auto rules = m_store->loadRules();
    auto questions = m_store->loadQuestions();
    auto handlers = m_store->loadHandlers();
    auto modules = m_store->loadModules();
    if (!handlers || !modules)
        return fail("read the database", !handlers ? handlers.error() : modules.error());
    auto credentials = m_store->loadCredentials();
    if (!credentials)
        return fail("read the database", credentials.error());
    auto phases = m_store->loadPhases();
    if (!phases)
        return fail("read the database", phases.error());
    auto settings = m_store->loadSettings();
    if (!settings)
        return fail("read the database", settings.error());
    if (!sandboxes || !rules || !questions)
        return fail("read the database", !sandboxes ? sandboxes.error() : !rules ? rules.error() : questions.error());
    auto server = api::Server::listen(m_loop, m_options.paths.apiSocket(), std::move(m_lock));
    if (!server)
        return fail("open the engine's socket", server.error());
    m_server = std::move(*server);

    m_settings = std::make_unique<SettingsBook>(*m_store, *settings);
    if (m_options.holdTime)
        m_settings->setDefault("approval.holdTime", m_options.holdTime->count());
    m_settings->setCheck("budget.hosts", BudgetBook::checkHosts);
    m_settings->setCheck("proxy.url", checkProxyUrl);
    m_settings->setCheck("proxy.direct", checkDirectHosts);
    m_settings->setCheck("tls.authorities", [](const api::Json& value) -> Status {
        const auto authorities = tls::parseHostAuthorities(value.get_ref<const std::string&>());
        return authorities ? Status() : tl::unexpected(authorities.error());
    });
    m_settings->setCheck("handler.credentials", [this](const api::Json& value) -> Status {
        for (const api::Json& name : value)
            if (auto good = m_credentials->checkForHandlers(name.get_ref<const std::string&>()); !good)
                return good;
        return {};
    });
    auto used = m_store->loadBudgets();
    if (!used)
        return fail("read the database", used.error());
    m_budgets = std::make_unique<BudgetBook>(*m_settings, *used);
    asio::co_spawn(m_loop, keepBudgets(), asio::detached);
    auto handlerLog = log::HandlerLog::open(*m_store);
    if (!handlerLog)
        return tl::unexpected(handlerLog.error());
    m_handlerLog = std::move(*handlerLog);
    m_handlers = std::make_unique<HandlerBook>(*m_store, std::move(*handlers), std::move(*modules));
    m_book = std::make_unique<PolicyBook>(m_loop, *m_store, std::move(*rules));
    for (const api::Sandbox& sandbox : *sandboxes) {
        m_book->setHandlers(sandbox.id, m_handlers->of(sandbox.id));
        m_book->setModule(sandbox.id, m_handlers->settings(sandbox.id));
        if (sandbox.state == api::SandboxState::Running)
            m_running.insert(sandbox.id); // adopted, not started
        m_book->setSandbox(sandbox);
    }
    m_desk = std::make_unique<FrontDesk>(m_loop, *m_store, *m_book, deskOptions(*m_settings), *questions);
    auto placeholderKey = loadPlaceholderKey(m_options.paths.data / "placeholders.key");
    if (!placeholderKey)
        return tl::unexpected(placeholderKey.error());
    m_credentials = std::make_unique<CredentialBook>(
        m_loop, *m_store, m_options.paths.data / "vault.sealed", std::move(*placeholderKey), std::move(*credentials),
        [this](api::SandboxId id) {
            const auto sandbox = m_sandboxes->get(id);
            return sandbox ? sandbox->startedAt : std::nullopt;
        });
    auto depot = binding::Depot::open(m_options.paths.data / "bindings");
    if (!depot)
        return tl::unexpected(depot.error());
    m_bindings = std::make_unique<BindingBook>(m_loop, std::move(*depot));
    m_keeper = std::make_unique<DoorKeeper>(*m_book, *m_desk, *m_credentials, *m_settings, *m_budgets, *m_log, *m_handlerLog, *m_store, [this](api::SandboxId id) {
        const auto sandbox = m_sandboxes->get(id);
        return sandbox ? sandbox->name : std::string();
    });
    auto door = egress::Door::create(m_loop, *m_keeper, doorLimits(*m_settings), egress::UpstreamOptions{});
    if (!door)
        return fail("make the door", door.error());
    m_door = std::move(*door);
    applySetting("proxy.url");
    applySetting("tls.authorities");
    m_door->setBindings(m_bindings->bindings());
    handler::RuntimeOptions runtime;
    runtime.program = m_options.handlerBinary;
    m_runtime = std::make_unique<handler::Runtime>(m_loop.get_executor(), std::move(runtime));
    m_door->setHandlers(*m_runtime, [this](api::SandboxId sandbox, std::string name, std::string json) -> asio::awaitable<Result<std::string>> {
        co_return operateForHandler(sandbox, name, json);
    });
    for (const api::Sandbox& sandbox : *sandboxes)
        putModuleInForce(sandbox.id, sandbox.name);
    m_platform = std::make_unique<sandbox::Platform>(
        m_loop, m_workers, sandbox::Platform::Options{m_options.paths, m_options.jailBinary, m_options.acceleratorOverride});
    sandbox::Manager::Listener listener;
    listener.onChanged = [this](const api::Sandbox& sandbox) {
        announceSandbox(sandbox);
        if (sandbox.state == api::SandboxState::Running && m_running.insert(sandbox.id).second) {
            warmModule(sandbox.id);
            runHook(sandbox.id, "onStart");
        }
    };
    listener.onRemoved = [this](api::SandboxId id) {
        m_desk->sandboxStopped(id);
        m_book->removeSandbox(id);
        m_handlers->removeSandbox(id);
        m_runtime->removeSandbox(id);
        m_sleeper->remove(id);
        m_credentials->sandboxRemoved(id);
        m_settings->removeSandbox(id);
        m_phases->removeSandbox(id);
        m_budgets->removeSandbox(id);
        m_store->write([id](store::Database& database) { return store::budgets::remove(database, id); });
        m_bindings->bindings()->depot()->sandboxRemoved(id);
        broadcast("sandbox.removed", {{"sandbox", id}});
    };
    listener.onPolicyChanged = [this](const api::Sandbox& sandbox) {
        m_book->setHandlers(sandbox.id, handlersOnLadder(sandbox.id));
        m_book->setSandbox(sandbox);
        // Others' ladders name it, where it has services.
        const auto catalogue = m_bindings->bindings()->catalogue();
        for (const binding::CatalogueEntry& entry : catalogue->entries())
            if (entry.binding.owner == sandbox.id)
                return bindingsChanged();
    };
    listener.udpPorts = [this](api::SandboxId id) { return m_book->udpPorts(id); };
    listener.onStopped = [this](api::SandboxId id, bool isLastRunning) {
        m_desk->sandboxStopped(id);
        m_book->sandboxStopped(id, isLastRunning);
        if (m_running.erase(id) > 0)
            runHook(id, "onStop");
    };
    m_sandboxes = std::make_unique<sandbox::Manager>(*m_platform, *m_door, *m_store, std::move(*sandboxes), std::move(listener));
    m_phases = std::make_unique<PhaseBook>(*m_store, std::move(*phases), phaseParts());
    m_exec = std::make_unique<ExecSessions>(m_loop, *m_sandboxes,
                                            [this](api::SandboxId id) { return m_credentials->environmentOf(id); });
    Sleeper::Sources sources;
    sources.isRunning = [this](api::SandboxId id) { return m_sandboxes->agent(id) != nullptr; };
    sources.isBusy = [this](api::SandboxId id) {
        return m_exec->isAnyRunning(id) || m_door->connectionCount(id) > 0 || m_desk->openQuestions(id) > 0;
    };
    sources.putToSleep = [this](api::SandboxId id, std::chrono::seconds after) { asio::co_spawn(m_loop, putToSleep(id, after), asio::detached); };
    m_sleeper = std::make_unique<Sleeper>(m_loop, std::move(sources));
    m_keeper->setTraffic([this](api::SandboxId id) { m_sleeper->touch(id); });
    for (const api::Sandbox& sandbox : m_sandboxes->list())
        m_sleeper->set(sandbox.id, std::chrono::seconds(m_handlers->settings(sandbox.id).sleepAfterSeconds));
    listenToParts();
    listenToBindings();
    bindingsChanged();
    m_phases->resume();
    bindEngineMethods();
    bindSandboxMethods();
    bindExecMethods();
    bindPolicyMethods();
    bindPhaseMethods();
    bindHandlerMethods();
    bindHandlerTools();
    bindApprovalMethods();
    bindLogMethods();
    bindCredentialMethods();
    bindSettingsMethods();
    bindBindingMethods();
    return {};
}

void Engine::listenToParts()
{
    PolicyBook::Listener policy;
    policy.onRuleChanged = [this](const api::Rule& rule) { broadcast("rule.changed", api::toJson(rule)); };
    policy.onRuleRemoved = [this](api::RuleId rule) { broadcast("rule.removed", {{"rule", rule}}); };
    policy.onPolicyChanged = [this] {
        m_desk->policyChanged();
        m_sandboxes->udpPortsChanged();
    };
    m_book->setListener(std::move(policy));

    HandlerBook::Listener handlers;
    handlers.onHandlersChanged = [this](api::SandboxId sandbox, const std::vector<api::Handler>&) {
        m_book->setHandlers(sandbox, handlersOnLadder(sandbox));
    };
    handlers.onSettingsChanged = [this](api::SandboxId sandbox, const api::ModuleSettings& settings) {
        m_book->setModule(sandbox, settings);
        m_sleeper->set(sandbox, std::chrono::seconds(settings.sleepAfterSeconds));
    };
    handlers.onChanged = [this](api::SandboxId sandbox) {
        if (const auto known = m_sandboxes->get(sandbox))
            putModuleInForce(sandbox, known->name);
        broadcast("handlers.changed", {{"sandbox", sandbox}});
    };
    m_handlers->setListener(std::move(handlers));
    m_handlers->setCheck([this](api::SandboxId, std::string source) -> asio::awaitable<CheckedModule> {
        co_return checkedModule(co_await m_runtime->check(std::move(source)));
    });
    m_runtime->setLine([this](api::SandboxId sandbox, const handler::LogLine& line) { addHandlerLine(sandbox, {}, line); });
    m_settings->setListener([this](const api::Setting& setting, SettingsBook::Owner) {
        applySetting(setting.name);
        broadcast("settings.changed", api::toJson(setting));
    });
    CredentialBook::Listener credentials;
    credentials.onChanged = [this](const api::Credential& credential) {
        putEnvironmentsInForce();
        broadcast("credential.changed", api::toJson(credential));
    };
    credentials.onRemoved = [this](const api::Credential& credential) {
        forgetForHandlers(credential.name);
        putEnvironmentsInForce();
        broadcast("credential.removed", {{"credential", credential.id}});
    };
    credentials.onVaultChanged = [this](const api::Vault& vault) {
        putEnvironmentsInForce();
        applySetting("proxy.credential"); // its value can be had now, or no more
        broadcast("vault.changed", api::toJson(vault));
    };
    credentials.onAlarm = [this](const api::CredentialAlarm& alarm) { broadcast("credential.alarm", api::toJson(alarm)); };
    m_credentials->setListener(std::move(credentials));

    m_desk->setListener([this](const api::Question& question) {
        broadcast("approval.changed", api::toJson(question));
        // Its count of open questions stands with the sandbox.
        if (const auto sandbox = m_sandboxes->get(question.sandbox))
            announceSandbox(*sandbox);
    });
    m_desk->setAsksForBudget([this](api::SandboxId sandbox, const policy::Request& request) {
        return m_budgets->asksFor(sandbox, request, nowUnixMillis());
    });
    m_desk->setCanAsk(m_server->answererCount() > 0);
    m_server->onAnswerersChanged([this](std::size_t count) { m_desk->setCanAsk(count > 0); });

    // On the store's writer thread, after COMMIT: what is shown is stored. broadcast() takes any thread.
    m_handlerLog->setListener(
        [server = m_server.get()](const api::HandlerLine& line) { server->broadcast("handlers.line", api::toJson(line)); });
    m_log->setListener([server = m_server.get()](const api::Row& row) { server->broadcast("log.row", api::toJson(row)); });
}

asio::awaitable<void> Engine::keepBudgets()
{
    asio::steady_timer timer(m_loop);
    for (;;) {
        timer.expires_after(std::chrono::seconds(1));
        co_await timer.async_wait(asio::use_awaitable);
        saveBudgets();
    }
}

void Engine::saveBudgets()
{
    for (auto& [sandbox, used] : m_budgets->save())
        m_store->write([id = sandbox, text = std::move(used)](store::Database& database) { return store::budgets::save(database, id, text); });
}

void Engine::applySetting(std::string_view name)
{
    if (name.starts_with("door."))
        m_door->setLimits(doorLimits(*m_settings));
    else if (name.starts_with("approval."))
        m_desk->setOptions(deskOptions(*m_settings));
    else if (name.starts_with("budget."))
        m_budgets->settingsChanged();
    else if (name.starts_with("proxy."))
        m_door->setProxy(proxyPlan(*m_settings, ::getenv, [this](const std::string& credential) { return m_credentials->valueOf(credential); }));
    else if (name == "tls.authorities")
        applyAuthorities();
    else if (name == "handler.credentials")
        putEnvironmentsInForce();
    else if (name.starts_with("handler."))
        for (const api::Sandbox& sandbox : m_sandboxes->list())
            m_runtime->setLimits(sandbox.id, handlerLimits(*m_settings, sandbox.id));
}

void Engine::applyAuthorities()
{
    const auto authorities = tls::parseHostAuthorities(m_settings->text("tls.authorities"));
    const Status set = authorities ? m_door->setAuthorities(*authorities) : tl::unexpected(authorities.error());
    if (!set)
        log::error("settings", "tls.authorities is not in force: " + set.error().text);
}

void Engine::putModuleInForce(api::SandboxId sandbox, const std::string& name)
{
    m_runtime->setLimits(sandbox, handlerLimits(*m_settings, sandbox));
    putEnvironmentInForce(sandbox, name);
    m_runtime->setModule(sandbox, m_handlers->moduleInForce(sandbox));
}

// By the names of env: texts as they are; what stands for something else is an object with a kind.
api::Json Engine::handlersEnvironment(api::SandboxId sandbox) const
{
    api::Json environment = m_bindings->bindings()->environmentOf(sandbox);
    // What is bound by a name stays what it stands for.
    for (const auto& [name, value] :
         m_credentials->valuesForHandlers(sandbox, m_settings->list("handler.credentials", sandbox)))
        if (!environment.contains(name))
            environment[name] = value;
    return environment;
}

void Engine::putEnvironmentInForce(api::SandboxId sandbox, const std::string& name)
{
    // A value is bytes; what is no text of Unicode is none for JavaScript either.
    std::string json = handlersEnvironment(sandbox).dump(-1, ' ', false, api::Json::error_handler_t::replace);
    m_runtime->setEnvironment(sandbox, name, json);
    secret::wipe(json);
}

void Engine::putEnvironmentsInForce()
{
    if (m_sandboxes)
        for (const api::Sandbox& sandbox : m_sandboxes->list())
            putEnvironmentInForce(sandbox.id, sandbox.name);
}

void Engine::warmModule(api::SandboxId sandbox)
{
    std::string source = m_handlers->moduleInForce(sandbox);
    if (!source.empty())
        asio::co_spawn(m_loop, m_runtime->check(std::move(source)), asio::detached);
}

void Engine::runHook(api::SandboxId sandbox, const std::string& hook)
{
    const std::vector<std::string> hooks = m_handlers->settings(sandbox).hooks;
    if (std::find(hooks.begin(), hooks.end(), hook) == hooks.end())
        return;
    const auto call = std::make_shared<HookCall>(
        *m_runtime, sandbox, m_bindings->bindings(),
        [this, sandbox](const std::string& name, const std::string& json) { return operateForHandler(sandbox, name, json); },
        [this, sandbox, hook](const handler::LogLine& line) { addHandlerLine(sandbox, hook, line); });
    asio::co_spawn(m_loop, call->run(hook), [call](const std::exception_ptr&) {});
}

void Engine::addHandlerLine(api::SandboxId sandbox, const std::string& handler, const handler::LogLine& line)
{
    if (m_isEnding) // the log may be closed already
        return;
    api::HandlerLine row;
    row.sandbox = sandbox;
    row.handler = handler;
    row.level = static_cast<api::LineLevel>(line.level);
    row.text = withoutValues(sandbox, line.text);
    row.line = line.line;
    row.column = line.column;
    m_keeper->addHandlerLine(row);
}

std::string Engine::withoutValues(api::SandboxId sandbox, std::string text)
{
    const auto kit = m_credentials->kitOf(sandbox);
    return kit ? kit->withPlaceholders(text).value_or(text) : text;
}

// Another one that is named so later has not been granted.
void Engine::forgetForHandlers(const std::string& credential)
{
    std::vector<SettingsBook::Owner> owners{std::nullopt};
    for (const api::Sandbox& sandbox : m_sandboxes->list())
        owners.emplace_back(sandbox.id);
    for (const SettingsBook::Owner owner : owners) {
        std::vector<std::string> names = m_settings->list("handler.credentials", owner);
        if (std::erase(names, credential) == 0)
            continue;
        // An empty list of a sandbox's own would hide what is granted to all.
        if (names.empty())
            static_cast<void>(m_settings->reset("handler.credentials", owner));
        else
            static_cast<void>(m_settings->set("handler.credentials", names, owner));
    }
}

asio::awaitable<void> Engine::putToSleep(api::SandboxId sandbox, std::chrono::seconds after)
{
    using Level = handler::LogLine::Level;
    addHandlerLine(sandbox, "sleepAfter",
                   {Level::Info, fmt::format("nothing went on for {} s, so the sandbox is stopped", after.count()), 0, 0});
    if (const auto stopped = co_await m_sandboxes->stop(sandbox, false); !stopped)
        addHandlerLine(sandbox, "sleepAfter", {Level::Error, stopped.error().text, 0, 0});
}

void Engine::broadcast(std::string_view event, const api::Json& parameters)
{
    m_server->broadcast(event, parameters);
}

api::Sandbox Engine::withQuestions(api::Sandbox sandbox) const
{
    sandbox.openQuestions = m_desk->openQuestions(sandbox.id);
    return sandbox;
}

void Engine::announceSandbox(const api::Sandbox& sandbox)
{
    broadcast("sandbox.changed", api::toJson(withQuestions(sandbox)));
}

void Engine::run()
{
    asio::signal_set signals(m_loop, SIGTERM, SIGINT, SIGHUP);
    signals.async_wait([this](const boost::system::error_code& error, int number) {
        if (error)
            return;
        log::info("engine", fmt::format("ending by signal {}; sandboxes go on, their traffic is refused until an engine is back", number));
        end(false);
    });
    asio::co_spawn(m_loop, m_credentials->open(), asio::detached);
    for (const api::SandboxId sandbox : m_running)
        warmModule(sandbox);
    asio::co_spawn(m_loop, m_sandboxes->adoptRunning(), asio::detached);
    log::info("engine", fmt::format("version {}, listening on {}", SALLYPORT_VERSION, m_options.paths.apiSocket().string()));
    m_loop.run();
    m_store->flush();
}

void Engine::end(bool stopSandboxes)
{
    if (std::exchange(m_isEnding, true))
        return;
    asio::co_spawn(m_loop, shutDown(stopSandboxes), asio::detached);
}

asio::awaitable<void> Engine::shutDown(bool stopSandboxes)
{
    if (stopSandboxes) {
        co_await m_sandboxes->stopAll();
        if (auto ended = co_await m_platform->quit(); !ended)
            log::warning("engine", ended.error().text);
    } else {
        m_desk->standDown();
        asio::steady_timer answers(m_loop, AnswerTime);
        boost::system::error_code ignored;
        co_await answers.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    co_await m_door->shutdown();
    saveBudgets();
    co_await m_server->shutdown();
    m_loop.stop();
}

} // namespace sallyport::service
